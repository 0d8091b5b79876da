#!/bin/sh
# shellcheck shell=dash # For `local`, which busybox has too.
#
# Makes the image of a model, around OpenWrt's ImageBuilder: for one house, or for a list of
# houses of which a technician chooses by a code. Everything is looked at first, and all that is
# missing is said at once. README.md has the words.
set -eu
umask 022 # Folders of the image are everybody's, whatever the umask of who builds it.

usage() {
	cat <<END
usage: build-image.sh PROFILE --site SITE.toml | --sites SITES.toml [options]

  PROFILE               the model, as models.tsv and OpenWrt name it
  --site FILE           the image is one house's (docs/configuration.md, "Site files")
  --sites FILE          the image asks for the code of a house of this list
  --imagebuilder DIR    OpenWrt's ImageBuilder, unpacked; else looked for here and in build/
  --release RELEASE     24.10 or 25.12; else the ImageBuilder's
  --packages DIR        what build-packages made; else build/packages
  --extra "NAME ..."    packages of OpenWrt's feed beside ours; else "luci"
  --files DIR           files that lie in the image as they lie there, like etc/shadow
  --output DIR          where to; else build/images
  --offline             look for packages in the ImageBuilder alone, not in OpenWrt's feeds
  --dry-run             look at everything, build nothing, say what would be done
END
}

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=''
restore=''

# KiB of the image without ours: kernel, OpenWrt, LuCI, Python. An estimate, on the safe side.
base_kib=20480
# KiB that a gateway keeps beside the image: sessions, answers, two releases of the content.
kept_kib=16384
# KiB that building takes.
space_kib=1048576
ram_mib=256

missing=
lacks() { # what is missing, or wrong
	missing="$missing
  $*"
}

fail() {
	echo "build-image.sh: $*" >&2
	exit 2
}

clean() {
	[ -z "$work" ] || rm -rf "$work"
	[ -z "$restore" ] || mv "$restore.portal-kept" "$restore"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

absolute() { # FILE
	case $1 in
		/*) echo "$1" ;;
		*) echo "$PWD/$1" ;;
	esac
}

# Options

profile='' site='' sites='' builder='' release='' extra=luci files='' offline='' dry=''
packages=$root/build/packages
output=$root/build/images
while [ $# -gt 0 ]; do
	case $1 in
		--site | --sites | --imagebuilder | --release | --packages | --extra | --files | --output)
			[ $# -gt 1 ] || fail "$1 wants a value; --help says more"
			;;
	esac
	case $1 in
		--site) site=$(absolute "$2"); shift ;;
		--sites) sites=$(absolute "$2"); shift ;;
		--imagebuilder) builder=$(absolute "$2"); shift ;;
		--release) release=$2; shift ;;
		--packages) packages=$(absolute "$2"); shift ;;
		--extra) extra=$2; shift ;;
		--files) files=$(absolute "$2"); shift ;;
		--output) output=$(absolute "$2"); shift ;;
		--offline) offline=yes ;;
		--dry-run) dry=yes ;;
		-h | --help) usage; exit 0 ;;
		-*) fail "unknown option $1; --help names them" ;;
		*) [ -z "$profile" ] || fail "two models, $profile and $1; build one after the other"
			profile=$1 ;;
	esac
	shift
done
[ -n "$profile" ] || { usage >&2; exit 2; }
[ -n "$site" ] || [ -n "$sites" ] || fail "say whose image it is: --site SITE.toml or --sites SITES.toml"
[ -z "$site" ] || [ -z "$sites" ] || fail "--site and --sites: an image is one house's, or asks; say one"
case $release in
	"" | 24.10 | 25.12) ;;
	*) fail "--release $release is not known; write 24.10 or 25.12" ;;
esac

# The model

tab=$(printf '\t')
model=$(grep "^$profile$tab" "$here/models.tsv") || {
	known=$(sed -n 's/^\([^#][^	]*\)	.*/\1/p' "$here/models.tsv" | tr '\n' ' ')
	fail "no model $profile in models.tsv; known are $known"
}
IFS=$tab read -r profile target subtarget arch flash ram image_kib name <<END
$model
END

fits() { # FILES: whether the model is large enough, with our packages
	local ours file

	ours=0
	for file; do
		ours=$((ours + $(wc -c <"$file") / 1024))
	done
	[ "$ram" -ge "$ram_mib" ] || lacks "$name has $ram MiB of RAM; the gateway needs $ram_mib"
	[ "$image_kib" -eq 0 ] || [ "$((base_kib + ours + kept_kib))" -le "$image_kib" ] ||
		lacks "$name is too small: $flash MiB of flash, of which $((image_kib / 1024)) MiB hold the" \
			"image and what is kept; about $(((base_kib + ours + kept_kib) / 1024)) MiB are needed"
}

# ImageBuilder

find_builder() {
	local found

	for found in "$PWD" "$PWD"/openwrt-imagebuilder-"${release:-2}"*-"$target-$subtarget".Linux-* \
		"$root"/build/openwrt-imagebuilder-"${release:-2}"*-"$target-$subtarget".Linux-*; do
		if [ -f "$found/include/version.mk" ] && [ -f "$found/Makefile" ]; then
			builder=$found
			return 0
		fi
	done
	lacks "ImageBuilder for $target/$subtarget: unpack" \
		"openwrt-imagebuilder-${release:-24.10}.N-$target-$subtarget.Linux-x86_64.tar.zst of OpenWrt in build/," \
		"or say --imagebuilder DIR"
}

of_config() { # NAME: what the ImageBuilder's .config says
	sed -n "s/^CONFIG_$1=\"\(.*\)\"\$/\1/p" "$builder/.config"
}

look_at_builder() {
	local version theirs

	if [ ! -f "$builder/Makefile" ] || [ ! -f "$builder/include/version.mk" ] ||
		[ ! -f "$builder/.config" ]; then
		lacks "$builder is no unpacked ImageBuilder; it has Makefile, .config and include/version.mk"
		builder=
		return 0
	fi
	version=$(sed -n 's/^VERSION_NUMBER:=.*,\([0-9][0-9.]*\)[^)]*)$/\1/p' "$builder/include/version.mk")
	case $version in
		24.10 | 24.10.*) theirs=24.10 ;;
		25.12 | 25.12.*) theirs=25.12 ;;
		*) theirs='' ; lacks "$builder is of OpenWrt ${version:-of no release}; 24.10 and 25.12 are known" ;;
	esac
	if [ -n "$theirs" ] && [ "$theirs" != "${release:-$theirs}" ]; then
		lacks "--release $release, but $builder is of OpenWrt $version"
	fi
	release=${release:-$theirs}
	[ "$(of_config TARGET_BOARD)/$(of_config TARGET_SUBTARGET)" = "$target/$subtarget" ] ||
		lacks "$builder is for $(of_config TARGET_BOARD)/$(of_config TARGET_SUBTARGET);" \
			"$name needs $target/$subtarget"
	grep -q -x "Target-Profile: DEVICE_$profile" "$builder/.targetinfo" 2>/dev/null ||
		lacks "$builder knows no profile $profile; \`make info\` there lists what it knows"
}

# Our packages, under the one name by which each release finds them

one_package() { # NAME: prints the file
	local folder found file

	folder=$packages/$release/$arch
	found=
	for file in "$folder/$1"[-_][0-9]*; do
		[ -f "$file" ] || continue
		case $release:${file##*/} in
			24.10:"$1"_[0-9]*_*.ipk | 25.12:"$1"-[0-9]*-r[0-9]*.apk) ;;
			*) continue ;;
		esac
		[ -z "$found" ] || { echo many; return 0; }
		found=$file
	done
	echo "$found"
}

look_at_packages() {
	local each file

	ours=
	[ -n "$release" ] || return 0
	for each in union-portal python3-nftables; do
		file=$(one_package "$each")
		case $file in
			"") lacks "$packages/$release/$arch has no $each; run deploy/openwrt/build-packages" \
				"--openwrt $release --arch $arch" ;;
			many) lacks "$packages/$release/$arch has several versions of $each; leave one" ;;
			*) ours="$ours $each=$file" ;;
		esac
	done
}

# The house, or the houses

portal() {
	local python

	python=python3
	[ ! -x "$root/.venv/bin/python" ] || python=$root/.venv/bin/python
	PYTHONPATH=$root PYTHONDONTWRITEBYTECODE=1 "$python" -m portal "$@"
}

look_at_houses() {
	if [ -n "$site" ]; then
		portal site "$site" --show >"$work/first-boot" 2>"$work/said" || {
			lacks "$(sed 's/^portal: //' "$work/said")"
			return 0
		}
		label=$(sed -n '1s/^# \([A-Z0-9-]*\)-[A-Z0-9],.*/\1/p' "$work/first-boot" | tr '[:upper:]' '[:lower:]')
		return 0
	fi
	label=sites
	portal site --list --sites "$sites" >"$work/list" 2>"$work/said" || {
		lacks "$(sed 's/^portal: //' "$work/said")"
		return 0
	}
	houses=$(($(wc -l <"$work/list") - 1))
}

# What the machine has

look_at_machine() {
	local each folder free

	for each in make sha256sum tar; do
		command -v "$each" >/dev/null || lacks "the program $each; install it"
	done
	for folder in "${builder:-}" "$output"; do
		[ -n "$folder" ] || continue
		while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
		free=$(df -Pk "$folder" | awk 'NR == 2 { print $4 }')
		[ "$free" -ge "$space_kib" ] ||
			lacks "$folder has $((free / 1024)) MiB free; building takes $((space_kib / 1024))"
	done
	[ -z "$files" ] || [ -d "$files" ] || lacks "--files $files is no folder"
}

work=$(mktemp -d)
label='' houses='' ours=''
[ -n "$builder" ] || find_builder
[ -z "$builder" ] || look_at_builder
look_at_packages
# shellcheck disable=SC2046 # Paths without spaces are ours to ask for; see below.
fits $(for each in $ours; do echo "${each#*=}"; done)
look_at_houses
look_at_machine
case "$work$builder$packages$output$files" in
	*[[:space:]]*) lacks "a path with a space in it; OpenWrt's make cannot take it" ;;
esac
if [ -n "$missing" ]; then
	echo "build-image.sh: nothing was built:$missing" >&2
	exit 1
fi

# What is laid over the root. OpenWrt sources what is in uci-defaults once, and deletes it.

overlay=$work/files
mkdir -p "$overlay/etc/uci-defaults" "$overlay/usr/share/portal"
[ -z "$files" ] || cp -R "$files/." "$overlay/"
if [ -n "$site" ]; then
	cp "$work/first-boot" "$overlay/etc/uci-defaults/90-portal-site"
else
	cp "$sites" "$overlay/usr/share/portal/sites.toml"
	chmod 600 "$overlay/usr/share/portal/sites.toml"
	cat >"$overlay/etc/uci-defaults/90-portal-site" <<'END'
# The image is ours: its first boot sets up networks and radio, and asks for the house; not where
# one was kept.
if [ -z "$(uci -q get portal.site.id)" ]; then
	uci set portal.router.managed='1'
	uci commit portal
fi
END
fi
chmod 600 "$overlay/etc/uci-defaults/90-portal-site"
if [ -f "$overlay/etc/shadow" ]; then
	chmod 600 "$overlay/etc/shadow"
elif [ ! -s "$overlay/etc/dropbear/authorized_keys" ]; then
	echo "build-image.sh: WARNING: root has no password in this image, and whoever puts a cable into" >&2
	echo "  the router is root. Give it one: --files DIR with DIR/etc/shadow (README.md)" >&2
fi
[ ! -f "$overlay/etc/dropbear/authorized_keys" ] || chmod 600 "$overlay/etc/dropbear/authorized_keys"

wanted="union-portal python3-nftables -dnsmasq dnsmasq-full -nftables-nojson nftables-json $extra"
to=$output/$release/$profile-$label

make_image() {
	set -- image "PROFILE=$profile" "PACKAGES=$wanted" "FILES=$overlay" "BIN_DIR=$to" \
		"EXTRA_IMAGE_NAME=portal-$label" ADD_LOCAL_KEY=1
	if [ -n "$dry" ]; then
		printf 'make -C %s' "$builder"
		printf " '%s'" "$@"
		echo
		return 0
	fi
	make -C "$builder" "$@"
}

echo "$name: OpenWrt $release, $target/$subtarget, ${site:+house $label}${sites:+$houses houses}"
if [ -n "$dry" ]; then
	for each in $ours; do
		echo "cp ${each#*=} $builder/packages/"
	done
	(cd "$overlay" && find . -type f | sort | sed 's/^\./in the image: /')
	make_image
	exit 0
fi

mkdir -p "$builder/packages" "$to"
chmod 700 "$to" # Passwords of lines are in an image.
for each in $ours; do
	rm -f "$builder/packages/${each%%=*}"[-_][0-9]*
	cp "${each#*=}" "$builder/packages/"
done
rm -f "$to"/*
if [ -n "$offline" ]; then
	[ "$release" = 24.10 ] && lists=repositories.conf || lists=repositories
	cp "$builder/$lists" "$builder/$lists.portal-kept"
	restore=$builder/$lists
	# What the ImageBuilder has itself stays: file: and plain folders.
	grep -v '://' "$builder/$lists.portal-kept" >"$builder/$lists" || :
	grep 'file://' "$builder/$lists.portal-kept" >>"$builder/$lists" || :
fi
make_image >"$to/build.log" 2>&1 || {
	tail -n 25 "$to/build.log" >&2
	echo "build-image.sh: the ImageBuilder failed; all it said is in $to/build.log" >&2
	exit 1
}

# The result

images=$(cd "$to" && find . -type f \( -name '*.bin' -o -name '*.itb' -o -name '*.ubi' \
	-o -name '*.img' -o -name '*.img.gz' -o -name '*.tar' \) | sed 's/^\.\///' | sort)
[ -n "$images" ] || fail "the ImageBuilder made no image; look at $to/build.log"
large=
for each in $images; do
	kib=$((($(wc -c <"$to/$each") + 1023) / 1024))
	echo "$kib KiB  $each"
	[ "$image_kib" -eq 0 ] || [ "$((kib + kept_kib))" -le "$image_kib" ] || large=$each
done
# shellcheck disable=SC2086 # Names, one a word.
(cd "$to" && sha256sum $images >SHA256SUMS && chmod 600 -- $images)
if [ -n "$large" ]; then
	echo "build-image.sh: $large is too large for $name: of $image_kib KiB, $kept_kib are for what is kept" >&2
	exit 1
fi
echo "$to"
