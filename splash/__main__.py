"""Writes every page as a file, to be looked at in a browser: `python3 -m splash FOLDER`."""

import sys
from pathlib import Path

from content_cache import articles
from splash import example
from splash.pages import Pages
from splash.texts import TextsError
from splash.views import LOOKS


def preview(folder: Path) -> list[Path]:
    """Write all pages of the example site, in every language and size; return the files."""
    pages = Pages(example.SITE, "example", example.ARTICLES, example.EDITION)
    files = []
    for open, named in ((False, example.CAPTIVE), (True, example.OPEN)):
        for name, view in named.items():
            for look in LOOKS:
                size = "-large" if look.large else ""
                file = folder / f"{name}.{look.language}{size}.html"
                file.write_bytes(pages.page(view, look, open=open).plain())
                files.append(file)
    return files


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: python3 -m splash FOLDER   (a folder that exists)")
    try:
        written = preview(Path(sys.argv[1]))
    except (TextsError, articles.ArticlesError) as error:
        sys.exit(str(error))
    print(f"{len(written)} pages in {sys.argv[1]}")
