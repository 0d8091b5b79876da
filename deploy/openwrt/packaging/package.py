"""What a package is, before either format: files, names it needs, and scripts.

The scripts are OpenWrt's own for every package: they call `default_postinst` and
`default_prerm` of the router's /lib/functions.sh, which start and stop what lies in
/etc/init.d, run /etc/uci-defaults, and make the user.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

APK_RECORDS: Final = "lib/apk/packages"
"""Where OpenWrt's scripts look for what apk's own database does not tell them."""


@dataclass(frozen=True, slots=True)
class File:
    """A regular file; it belongs to root. `path` has no leading slash."""

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Package:
    """One package for one architecture, the same in both formats.

    `user` is OpenWrt's Require-User, like `portal=842:portal=842`. `conffiles` are absolute
    paths that an upgrade leaves as they are on the router. `service` is the script in
    /etc/init.d that has to run anew after an upgrade.
    """

    name: str
    version: str
    architecture: str
    description: str
    licence: str
    files: tuple[File, ...]
    depends: tuple[str, ...] = ()
    conffiles: tuple[str, ...] = ()
    user: str = ""
    service: str = ""
    section: str = "net"
    maintainer: str = "union-portal"

    def __post_init__(self) -> None:
        if "\n" in self.description:
            # apk installs such a package and cannot read its own database any more.
            raise ValueError(f"{self.name}: the description must be one line")
        paths = [file.path for file in self.files]
        if doubled := sorted({path for path in paths if paths.count(path) > 1}):
            raise ValueError(f"{self.name}: twice in the package: {', '.join(doubled)}")
        if missing := sorted(set(self.conffiles) - {f"/{path}" for path in paths}):
            raise ValueError(f"{self.name}: conffiles that are not in it: {', '.join(missing)}")

    @property
    def size(self) -> int:
        """Bytes of all files, as they lie unpacked."""
        return sum(len(file.content) for file in self.files)


def folders(files: Iterable[File]) -> list[str]:
    """Every folder above the files but the root, sorted by bytes."""
    found = {
        str(parent)
        for file in files
        for parent in PurePosixPath(file.path).parents
        if str(parent) != "."
    }
    return sorted(found, key=str.encode)


def with_records(package: Package) -> Package:
    """The package as apk installs it, with what OpenWrt's scripts read beside the database."""
    stem = f"{APK_RECORDS}/{package.name}"
    files = list(package.files)
    if package.user:
        files.append(File(f"{stem}.rusers", f"{package.user}\n".encode()))
    listed = "".join(f"{path}\n" for path in sorted(f"/{file.path}" for file in files))
    files.append(File(f"{stem}.list", listed.encode()))
    if package.conffiles:
        contents = {f"/{file.path}": file.content for file in files}
        named = sorted(package.conffiles)
        sums = [f"{path} {hashlib.sha256(contents[path]).hexdigest()}\n" for path in named]
        files.append(File(f"{stem}.conffiles", "".join(f"{path}\n" for path in named).encode()))
        files.append(File(f"{stem}.conffiles_static", "".join(sums).encode()))
    return replace(package, files=tuple(files))


_FUNCTIONS: Final = """\
[ -s "${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "${IPKG_INSTROOT}/lib/functions.sh"
"""
_UNLESS_ASKED_NOT_TO: Final = '[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0\n'


def ipk_scripts() -> dict[str, str]:
    """The files of an .ipk's control part that are run. An upgrade runs both: stop, and start."""
    return {
        "postinst": f"#!/bin/sh\n{_UNLESS_ASKED_NOT_TO}{_FUNCTIONS}default_postinst $0 $@\n",
        "prerm": f"#!/bin/sh\n{_FUNCTIONS}default_prerm $0 $@\n",
    }


def apk_scripts(package: Package) -> dict[str, str]:
    """Scripts by apk's names.

    On an upgrade apk runs `post-upgrade` alone: nothing was stopped, and procd starts no service
    again whose command is what it was. It would be the older version that goes on.
    """
    names = f'export root="${{IPKG_INSTROOT}}"\nexport pkgname="{package.name}"\n'
    installed = f"{_UNLESS_ASKED_NOT_TO}{_FUNCTIONS}{names}add_group_and_user\ndefault_postinst\n"
    again = f'[ -n "$root" ] || /etc/init.d/{package.service} restart\n' if package.service else ""
    return {
        "post-install": f"#!/bin/sh\n{installed}",
        "post-upgrade": f"#!/bin/sh\nexport PKG_UPGRADE=1\n{installed}{again}",
        "pre-deinstall": f"#!/bin/sh\n{_FUNCTIONS}{names}default_prerm\n",
    }
