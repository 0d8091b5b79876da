"""What goes into the packages, and what they ask of OpenWrt's feed.

`union-portal`: our code and the libraries it carries, as byte-code in one folder; and
everything of deploy/openwrt/root, as it lies there. `python3-nftables`: nftables' own Python
binding, which OpenWrt does not package.
"""

import fnmatch
import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.openwrt.packaging import bytecode, elf, wheels
from deploy.openwrt.packaging.package import File, Package
from deploy.openwrt.packaging.targets import Target
from deploy.openwrt.packaging.wheels import CannotBuild

NAME: Final = "union-portal"
HOME: Final = "usr/lib/union-portal"
USER: Final = "portal=842:portal=842"
"""Number and name: a router set up anew has the same one, and its kept files the same owner."""

OURS: Final = ("portal", "splash", "firewall", "content_cache", "reports")
LEFT_OUT: Final = (
    "portal/demo/*",
    # Staff's site needs the extra [publish], which is no library for a router.
    *("portal/staff/frontend/*", "portal/staff/static/*", "portal/staff/templates/*"),
    *("*/README.md", "*/__pycache__/*"),
)
"""What of our packages no router needs."""

CARRIED: Final = (
    *("aiohappyeyeballs", "aiohttp", "aiosignal", "attrs", "cffi", "click", "frozenlist", "idna"),
    *("jinja2", "markupsafe", "mistune", "multidict", "pluggy", "propcache", "pynacl", "pyroute2"),
    *("qrcodegen", "sqlite-fts4", "sqlite-utils", "typing-extensions", "yarl"),
)
"""Every library that `union-portal` brings, with those that these need."""

NOT_CARRIED: Final = {
    "click-default-group": "only sqlite-utils' command uses it",
    "pip": "only sqlite-utils' command uses it, to install plugins",
    "pycparser": "cffi reads no C when what it loads was compiled before",
    "python-dateutil": "only sqlite-utils' recipes for its command use it",
    "tabulate": "only sqlite-utils' command uses it",
}
"""Libraries that those of `CARRIED` name and do without, and why."""

_TRIMMED: Final = (
    *("*.c", "*.h", "*.hash", "*.pxd", "*.pyi", "*.pyx", "*.typed", "*/.hash/*", "*.dist-info/*"),
    *("bin/*", "*.data/*", "*/tests/*"),
    *("aiohttp/pytest_plugin.py", "aiohttp/test_utils.py", "multidict/_testcapi*"),
    # Web sockets: nobody speaks them here, and aiohttp has them in Python too.
    "aiohttp/_websocket/*.so",
    # PyNaCl's library was made by it and needs _cffi_backend.so alone.
    "cffi/*",
    # Of pyroute2, interfaces and queues alone are asked for (`firewall.shaping_kernel`).
    *(
        f"pyroute2/{part}*"
        for part in (
            *("bsd/", "cli/", "conntrack", "decoder/", "devlink", "dhcp/", "ethtool/", "ext/"),
            *("fixtures/", "inotify/", "ipdb/", "ipset", "ipvs/", "iwutil", "lab/", "minimal"),
            *("ndb/", "nftables/", "nslink/", "plan9/", "remote/", "wirouting/", "wiset"),
        )
    ),
    *(
        f"pyroute2/netlink/{part}*"
        for part in (
            *("connector/", "devlink/", "diag/", "event/", "generic/", "ipq/", "nfnetlink/"),
            *("nl80211/", "taskstats/", "uevent/"),
        )
    ),
    "sqlite_utils/cli.py",
)
"""What of the libraries is never loaded on a router."""

_EMPTIED: Final = (
    # It imports all the rest of the library: twice the memory, and twice the flash. The parts that
    # stay name each other in full.
    "pyroute2/__init__.py",
    "sqlite_utils/recipes.py",
)
"""Modules whose content nobody here uses, and whose name others import."""

STDLIB: Final = (
    *("python3-asyncio", "python3-codecs", "python3-ctypes", "python3-decimal", "python3-email"),
    *("python3-light", "python3-logging", "python3-multiprocessing", "python3-openssl"),
    *("python3-sqlite3", "python3-unittest", "python3-urllib", "python3-uuid"),
)
"""What OpenWrt splits the standard library into, as far as anything here imports it:
multiprocessing and unittest are pyroute2's wish, uuid is sqlite-utils'."""
ROUTER: Final = (
    *("dnsmasq-full", "kmod-ifb", "kmod-nft-netdev", "kmod-sched-cake", "kmod-veth"),
    *("nftables-json", "procd-ujail", "python3-nftables"),
)

BINDING_VERSION: Final = "1.0.6"
_BINDING: Final = {
    "__init__.py": "311e5687d5aff2f97900bca92c7d768d1cb5711f31f0fb13816dba22eb3b6337",
    "nftables.py": "9e79867f9c19941f08e1723e250be8791acb2ecd963405cd847868712d971947",
    "schema.json": "c0f3ea8eba4398c730990b1d25fd82f86316ab606fee8e6ed71151ceb278a870",
}
"""SHA-256 of the binding as Debian 12's python3-nftables has it: py/ of nftables, unchanged."""
DEBIAN_BINDING: Final = Path("/usr/lib/python3/dist-packages/nftables")


def gateway(
    root: Path, target: Target, version: str, libraries: Mapping[str, Path], command: str
) -> Package:
    """`union-portal` for `target`, from the repository at `root`.

    `libraries` are the carried wheels by name; `command` runs the target's Python.
    """
    sources = dict(_ours(root))
    for wheel in libraries.values():
        for path, content in wheels.members(wheel):
            if not _matches(path, _TRIMMED):
                sources[_library_path(path)] = b"" if path in _EMPTIED else _lean(content)
    code = bytecode.compiled(sources, f"/{HOME}", command)
    licences = licence_texts(libraries)
    files = [File(f"{HOME}/{path}", content) for path, content in sorted(code.items())]
    files.append(File(f"{HOME}/LICENSES.txt", licences))
    files.extend(_verbatim(root / "deploy/openwrt/root"))
    return Package(
        name=NAME,
        version=version,
        architecture=target.architecture,
        description="Captive portal gateway for workers' boarding houses",
        licence="GPL-2.0-or-later",
        files=tuple(files),
        depends=(
            f"libpython3-{target.release.python}",
            *ROUTER,
            *sorted((*STDLIB, *target.family.from_feed.values())),
        ),
        conffiles=tuple(f"/{file.path}" for file in files if file.path.startswith("etc/config/")),
        user=USER,
        service="portal",
    )


def binding(folder: Path, target: Target, command: str) -> Package:
    """`python3-nftables` for `target`, from the binding in `folder`.

    Raises:
        CannotBuild: there is another one, or none.
    """
    site = f"usr/lib/python{target.release.python}/site-packages"
    sources = {}
    for name, wanted in _BINDING.items():
        try:
            content = (folder / name).read_bytes()
        except FileNotFoundError:
            raise CannotBuild(f"{folder / name} is missing; install python3-nftables") from None
        if hashlib.sha256(content).hexdigest() != wanted:
            raise CannotBuild(
                f"{folder / name} is not nftables {BINDING_VERSION}'s, as Debian 12 has it"
            )
        sources[f"nftables/{name}"] = content
    code = bytecode.compiled(sources, f"/{site}", command)
    return Package(
        name="python3-nftables",
        version=f"{BINDING_VERSION}-r1",
        architecture="all",
        description="Python binding of libnftables, from the source of nftables",
        licence="GPL-2.0-only",
        section="lang",
        files=tuple(File(f"{site}/{path}", content) for path, content in sorted(code.items())),
        depends=(
            f"libpython3-{target.release.python}",
            *("nftables-json", "python3-ctypes", "python3-light"),
        ),
    )


def licence_texts(libraries: Mapping[str, Path]) -> bytes:
    """What the carried libraries' authors ask to be passed on, each text once."""
    owners: dict[str, list[str]] = {}
    for name, wheel in sorted(libraries.items()):
        for path, content in wheels.members(wheel):
            name_of = path.rpartition("/")[2].upper()
            if ".dist-info/" in path and name_of.startswith(("LICEN", "NOTICE", "COPYING")):
                owners.setdefault(content.decode(), []).append(name)
    return "\n".join(f"== {', '.join(names)}\n\n{text}" for text, names in owners.items()).encode()


def _ours(root: Path) -> Iterator[tuple[str, bytes]]:
    for package in OURS:
        for file in sorted((root / package).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.is_file() and not _matches(path, LEFT_OUT):
                yield path, file.read_bytes()


def _library_path(path: str) -> str:
    """Compiled modules lose the tag of one build of Python: OpenWrt's may have another."""
    if not path.endswith(".so"):
        return path
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}.so"


def _lean(content: bytes) -> bytes:
    return elf.loadable(content) if content.startswith(b"\x7fELF") else content


def _verbatim(folder: Path) -> Iterator[File]:
    """Files as they lie on the router. Configuration is for root alone, as OpenWrt installs it."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            path = file.relative_to(folder).as_posix()
            mode = 0o755 if os.access(file, os.X_OK) else 0o644
            yield File(path, file.read_bytes(), 0o600 if path.startswith("etc/config/") else mode)


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
