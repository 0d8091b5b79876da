"""What goes into the gateway's package, without compiling or downloading anything."""

import importlib.machinery
import importlib.util
import marshal
import re
import struct
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

from deploy.openwrt.packaging import bytecode, command, elf, gateway, wheels
from deploy.openwrt.packaging.package import Package
from deploy.openwrt.packaging.targets import ARCHITECTURES, RELEASES, USUAL, Target
from deploy.openwrt.packaging.wheels import CannotBuild, Pin

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "deploy/openwrt/locks").glob("*.txt"))
TARGET = Target(
    RELEASES["25.12"], "arm_cortex-a7_neon-vfpv4", ARCHITECTURES["arm_cortex-a7_neon-vfpv4"]
)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Package:
    def as_it_is(sources: Mapping[str, bytes], place: str, command: str) -> dict[str, bytes]:
        assert place == "/usr/lib/union-portal"
        return dict(sources)

    monkeypatch.setattr(bytecode, "compiled", as_it_is)
    return gateway.gateway(ROOT, TARGET, "1.2.3-r4", {}, "python3.13")


def test_the_package_has_our_code_and_what_its_pages_are_made_of(package: Package) -> None:
    paths = {file.path.removeprefix("usr/lib/union-portal/") for file in package.files}

    wanted = {
        *("portal/__main__.py", "portal/daemon.py", "firewall/ruleset.nft.in"),
        *("reports/layouts/nd30.json", "content_cache/articles.py"),
        *(p.relative_to(ROOT).as_posix() for p in (ROOT / "splash/templates").iterdir()),
        *(p.relative_to(ROOT).as_posix() for p in (ROOT / "splash/articles").rglob("*.md")),
    }
    assert wanted - paths == set()


def test_the_package_has_no_demonstration_and_no_pages_of_staff(package: Package) -> None:
    paths = [file.path.removeprefix("usr/lib/union-portal/") for file in package.files]

    assert [
        path for path in paths if re.match(r"portal/(demo|staff/(static|templates))/", path)
    ] == []
    assert [path for path in paths if path.endswith("README.md") or "__pycache__" in path] == []


def test_files_for_the_router_are_taken_as_they_lie(package: Package) -> None:
    folder = ROOT / "deploy/openwrt/root"
    lying = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}

    taken = {file.path: file for file in package.files if not file.path.startswith(gateway.HOME)}
    assert {path: file.content for path, file in taken.items()} == {
        path: file.read_bytes() for path, file in lying.items()
    }
    for path, file in taken.items():
        runs = lying[path].stat().st_mode & 0o100
        assert file.mode == (0o600 if path.startswith("etc/config/") else 0o755 if runs else 0o644)
    assert package.conffiles == tuple(f"/{path}" for path in taken if "etc/config/" in path)


def test_the_package_asks_for_the_very_python_it_was_compiled_for(package: Package) -> None:
    assert {"libpython3-3.13", "python3-light", "python3-asyncio", "nftables-json"} < set(
        package.depends
    )
    assert {"python3-pynacl", "python3-cffi"} < set(package.depends), "there is no wheel for armv7"
    assert package.user == "portal=842:portal=842"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_file_pins_everything_that_is_carried_there(lock: Path) -> None:
    families = {family.name: family for family in ARCHITECTURES.values()}
    family = families[lock.stem.rpartition("-")[0]]

    pinned = [pin.name for pin in wheels.read_lock(lock)]

    assert pinned == [name for name in gateway.CARRIED if name not in family.from_feed]


def test_every_target_carries_the_same_versions() -> None:
    """Tests on Debian say something of routers only then."""
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for pin in wheels.read_lock(lock):
            versions.setdefault(pin.name, set()).add(pin.version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
    assert len(LOCKS) == len(RELEASES) * len({family.name for family in ARCHITECTURES.values()})


def test_what_the_gateway_needs_is_carried() -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    needed = settings["options"]["install_requires"].split("\n")
    names = {re.split(r"[<>=]", line)[0].lower() for line in needed if line}

    assert names - set(gateway.CARRIED) == set()
    assert set(gateway.CARRIED) & set(gateway.NOT_CARRIED) == set()


def test_the_readme_names_what_the_router_s_feed_must_have() -> None:
    readme = (ROOT / "deploy/openwrt/README.md").read_text(encoding="utf-8")
    said = readme.partition("**What the router's feed must have**")[2].partition("Not needed:")[0]

    own = set(gateway.ROUTER) - {"python3-nftables"}  # That one is ours.
    assert {name for name in own if name not in said} == set()
    parts = {name.removeprefix("python3") for name in gateway.STDLIB}
    assert {part for part in parts if part not in said} == set()


def test_a_lock_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    pins = (Pin("aiohttp", "3.14.5", "0" * 64), Pin("yarl", "1.25.1", "1" * 64))
    lock = tmp_path / "lock.txt"
    lock.write_text(wheels.lock_text(pins[::-1]))

    assert wheels.read_lock(lock) == pins


@pytest.mark.parametrize("line", ["aiohttp", "aiohttp==3.14.5", "aiohttp==3 --hash=md5:00"])
def test_a_line_of_a_lock_file_that_pins_nothing_is_refused(tmp_path: Path, line: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"# head\n{line}\n")

    with pytest.raises(CannotBuild, match=r"line 2: .* is no pin; write NAME==VERSION"):
        wheels.read_lock(lock)


def test_a_missing_lock_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotBuild, match="--lock"):
        wheels.read_lock(tmp_path / "lock.txt")


def test_bytecode_has_asserts_and_no_docstrings_and_hangs_on_no_time() -> None:
    source = (
        b'"""Module."""\nclass A:\n    """Class."""\ndef f():\n    """F."""\n    assert 0, "so"\n'
    )

    code = bytecode.compiled({"a/b.py": source, "a/t.txt": b"x"}, "/usr/lib/x", sys.executable)

    assert sorted(code) == ["a/b.pyc", "a/t.txt"]
    head, body = code["a/b.pyc"][:16], marshal.loads(code["a/b.pyc"][16:])
    assert head == (
        importlib.util.MAGIC_NUMBER + struct.pack("<I", 1) + importlib.util.source_hash(source)
    )
    assert body.co_filename == "/usr/lib/x/a/b.py"
    space: dict[str, object] = {"__name__": "b"}
    exec(body, space)
    assert (space["__doc__"], space["A"].__doc__, space["f"].__doc__) == ("", "", "")
    with pytest.raises(AssertionError, match="so"):
        space["f"]()  # type: ignore[operator]


def test_what_does_not_compile_is_told() -> None:
    with pytest.raises(CannotBuild, match="SyntaxError"):
        bytecode.compiled({"a.py": b"print 1\n"}, "/usr/lib/x", sys.executable)


def test_a_python_that_is_not_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotBuild, match=r"no Python 3\.99 here.*scripts/setup --openwrt"):
        bytecode.interpreter("3.99", tmp_path)


def test_a_library_without_its_section_table_still_loads(tmp_path: Path) -> None:
    found = importlib.util.find_spec("markupsafe._speedups")
    assert found is not None
    assert found.origin is not None
    whole = Path(found.origin).read_bytes()
    cut = tmp_path / "_speedups.so"
    cut.write_bytes(elf.loadable(whole))

    loader = importlib.machinery.ExtensionFileLoader("_speedups", str(cut))
    spec = importlib.util.spec_from_loader("_speedups", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)

    assert cut.stat().st_size < len(whole)
    assert "_escape_inner" in dir(module)


def test_a_library_of_32_bits_ends_with_its_last_loaded_byte() -> None:
    head = b"\x7fELF\x01\x01" + bytes(22) + struct.pack("<II", 52, 0x500)
    head += bytes(6) + struct.pack("<HHHHH", 32, 1, 40, 7, 6)
    segment = struct.pack("<IIIII", 1, 0, 0, 0, 0x123) + bytes(12)
    library = head + segment + bytes(0x600)

    cut = elf.loadable(library)

    assert len(cut) == 0x123
    assert struct.unpack_from("<I", cut, 32) == (0,)
    assert struct.unpack_from("<HH", cut, 48) == (0, 0)


def test_a_text_is_no_library() -> None:
    with pytest.raises(ValueError, match="no little-endian ELF"):
        elf.loadable(b"#!/bin/sh\n")


def test_unless_asked_otherwise_one_architecture_of_each_kind_is_built() -> None:
    assert [(one.release.name, one.architecture) for one in command.targets(None, None)] == [
        (release, architecture) for release in ("24.10", "25.12") for architecture in USUAL
    ]
    assert len(command.targets(["24.10"], ["x86_64", "aarch64_generic"])) == 2


def test_a_binding_that_is_not_the_known_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotBuild, match="install python3-nftables"):
        gateway.binding(tmp_path, TARGET, sys.executable)
    (tmp_path / "__init__.py").write_text("import os")
    with pytest.raises(CannotBuild, match=r"is not nftables 1\.0\.6's"):
        gateway.binding(tmp_path, TARGET, sys.executable)
