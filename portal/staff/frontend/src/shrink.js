// Makes a photo small enough for a phone's network before it leaves this computer, and sends it.

const LONGEST_SIDE = 1600;

export function kilobytes(bytes) {
  return bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`;
}

// A smaller picture, turned as the camera was held, without what the camera wrote into it. What
// the browser cannot read is given back as it is: the server says what is wrong with it.
export async function shrink(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file;
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const small = await new Promise((done) => canvas.toBlob(done, "image/webp", 0.85));
  return small && small.size < file.size ? small : file;
}

// {name, bytes, …} of the picture or sound as the server keeps it.
// Throws an Error whose message is for the person at the screen.
export async function send(file, use, failed) {
  const form = new FormData();
  form.append("use", use);
  form.append("file", file, "file");
  let answer;
  try {
    answer = await fetch("/media", {
      method: "POST", body: form, headers: { Accept: "application/json" },
    });
  } catch {
    throw new Error(failed);
  }
  const told = await answer.json().catch(() => ({}));
  // Who is not signed in any more gets the page of the sign-in.
  if (!answer.ok || !told.name) throw new Error(told.problem ?? failed);
  return told;
}
