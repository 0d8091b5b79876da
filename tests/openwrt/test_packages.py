"""The packages, made for this machine's C library, unpacked and run.

Nothing of .venv is on the way: what is imported lies in the package, or is of the standard library
as OpenWrt's packages that ours names have it. Runs under the Python of either release.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.openwrt.packaging import bytecode, gateway, wheels
from deploy.openwrt.packaging.targets import ARCHITECTURES, RELEASES
from tests.unit.openwrt import apk_reader

# One worker builds them, once.
pytestmark = [pytest.mark.openwrt, pytest.mark.xdist_group("packages")]

ROOT = Path(__file__).parents[2]
MOST_BYTES = 4_000_000
"""What may be added to an image, compressed."""

SPLIT = {
    **dict.fromkeys(("_codecs_cn", "_codecs_hk", "_codecs_jp", "unicodedata"), "codecs"),
    **dict.fromkeys(("cgi", "cgitb"), "cgi"),
    **dict.fromkeys(("ctypes", "_ctypes"), "ctypes"),
    **dict.fromkeys(("dbm", "_dbm", "_gdbm"), "dbm"),
    **dict.fromkeys(("decimal", "_decimal"), "decimal"),
    **dict.fromkeys(("lzma", "_lzma"), "lzma"),
    **dict.fromkeys(("multiprocessing", "_multiprocessing"), "multiprocessing"),
    **dict.fromkeys(("curses", "_curses"), "ncurses"),
    **dict.fromkeys(("_hashlib", "_ssl"), "openssl"),
    **dict.fromkeys(("doctest", "pydoc", "pydoc_data"), "pydoc"),
    **dict.fromkeys(("sqlite3", "_sqlite3"), "sqlite3"),
    **dict.fromkeys(("uuid", "_uuid"), "uuid"),
    **dict.fromkeys(("ensurepip", "venv"), "venv"),
    **dict.fromkeys(("xml", "xmlrpc", "_elementtree", "pyexpat"), "xml"),
    **dict.fromkeys(("idlelib", "tkinter", "turtledemo", "webbrowser"), "none of OpenWrt's"),
    **{name: name for name in ("asyncio", "distutils", "email", "lib2to3", "logging", "readline")},
    **{name: name for name in ("unittest", "urllib")},
}
"""Where OpenWrt's feed (lang/python/python3/files, branches 24.10 and 25.12) puts what is not in
python3-light."""

EXTRAS = {
    "Pillow": "PIL",
    "Protego": "protego",
    "XlsxWriter": "xlsxwriter",
    "lxml_html_clean": "lxml_html_clean",
    "python-docx": "docx",
}
"""Names by which libraries are imported, where they are not their own."""

IMPORT_ALL = """\
import importlib, pkgutil, sys
home, allowed, split = sys.argv[1], set(sys.argv[2].split()), eval(sys.argv[3])

class OnlyAsOnTheRouter:
    def find_spec(self, name, path=None, target=None):
        package = split.get(name.partition(".")[0])
        if package is not None and f"python3-{package}" not in allowed:
            raise ModuleNotFoundError(f"{name} is of python3-{package}", name=name)

sys.meta_path.insert(0, OnlyAsOnTheRouter())
import portal.__main__, portal.daemon, firewall.shaping_kernel, nacl.signing, nftables
for package in ("portal", "splash", "firewall", "content_cache", "reports"):
    for module in pkgutil.walk_packages([f"{home}/{package}"], f"{package}."):
        if not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:
                print("missing", error.name)
for module in list(sys.modules.values()):
    if file := getattr(module, "__file__", None):
        print("loaded", file)
"""

NETWORK = """\
set -e
ip link set lo up
for name in phones uplink; do
    ip link add $name type veth peer name $name-end
    ip link set $name up
    ip link set $name-end up
done
ip addr add 10.1.0.1/20 dev phones
ip addr add 192.0.2.1/24 dev uplink
exec "$@"
"""


CLEAN = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin")


@dataclass(frozen=True)
class Installed:
    """A root with the packages, and the Python of its release."""

    root: Path
    python: str
    minor: str

    @property
    def home(self) -> Path:
        return self.root / gateway.HOME

    @property
    def path(self) -> str:
        """Where modules are; OpenWrt's Python looks into its site-packages by itself."""
        return f"{self.home}:{self.root}/usr/lib/python{self.minor}/site-packages"

    def portal(self, *arguments: str) -> list[str]:
        """/usr/bin/portal, by busybox, with this root's places in it."""
        launcher = self.root / "usr/bin/portal"
        text = launcher.read_text()
        here = self.root / "portal-here"
        here.write_text(
            text.replace("/usr/lib/union-portal", self.path).replace(
                "/usr/bin/python3", f"{self.python} -S"
            )
        )
        assert text.count("/usr/lib/union-portal") == text.count("/usr/bin/python3") == 1
        return [*CLEAN, "busybox", "sh", str(here), *arguments]

    def command(self, *arguments: str) -> list[str]:
        return [*CLEAN, f"PYTHONPATH={self.path}", self.python, "-S", "-P", *arguments]


def said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of both releases."""
    folder = tmp_path_factory.mktemp("packages")
    build(ROOT, folder)
    return folder


def build(source: Path, output: Path) -> None:
    script = str(source / "deploy/openwrt/build-packages")
    said([sys.executable, script, "--arch", "x86_64_glibc", "--output", str(output)])


@pytest.fixture(scope="module", params=RELEASES)
def installed(
    request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    release = RELEASES[request.param]
    root = tmp_path_factory.mktemp(f"root-{release.python}")
    for package in sorted((built / release.name / "x86_64_glibc").iterdir()):
        unpack = unpack_ipk if release.format == "ipk" else unpack_apk
        unpack(package, root)
    return Installed(root, bytecode.interpreter(release.python, ROOT / "build"), release.python)


def unpack_ipk(package: Path, root: Path) -> None:
    """As opkg does, with plain tar."""
    data = subprocess.run(
        ["tar", "-xzOf", package, "./data.tar.gz"], check=True, capture_output=True
    )
    subprocess.run(["tar", "-xz", "-C", root], check=True, input=data.stdout)


def unpack_apk(package: Path, root: Path) -> None:
    read = apk_reader.read(package.read_bytes())
    for path, content in read.contents.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def test_the_installed_portal_says_its_version(installed: Installed) -> None:
    assert re.fullmatch(r"portal \d+\.\d+\.\d+\n", said(installed.portal("--version")))


def test_everything_that_is_imported_is_in_the_packages_or_in_those_they_name(
    installed: Installed,
) -> None:
    depends = " ".join(gateway.STDLIB)

    out = said(installed.command("-c", IMPORT_ALL, str(installed.home), depends, repr(SPLIT)))

    lines = [line.partition(" ") for line in out.splitlines()]
    missing = {name for what, _, name in lines if what == "missing"}
    assert missing <= names_of_extras(), "more is missing than what only staff and reports need"
    loaded = {file for what, _, file in lines if what == "loaded"}
    python = f"/usr/lib/python{installed.minor}/"
    foreign = {file for file in loaded if not file.startswith(str(installed.root))}
    assert {file for file in foreign if python not in file or "-packages" in file} == set()
    ours = {file for file in loaded if file.startswith(str(installed.home))}
    assert {Path(file).suffix for file in ours} == {".pyc", ".so"}


def names_of_extras() -> set[str]:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = settings["options.extras_require"]
    lines = [line for name in ("publish", "reports", "paper") for line in extras[name].split("\n")]
    names = {re.split(r"[<>=]", line)[0] for line in lines if line}
    # lxml comes with others; our package `paper` is left out with the library it draws by.
    return {EXTRAS.get(name, name) for name in names} | {"lxml", "paper"}


def test_the_installed_portal_checks_shapes_runs_and_shows_its_page(
    installed: Installed, tmp_path: Path
) -> None:
    config = tmp_path / "portal.toml"
    config.write_text(
        f"""
[site]
id = "hp-001"
name = "Khu trọ"
[organisation]
name = "LĐLĐ"
unit = "Ban"
[interfaces]
phones = "phones"
uplink = "uplink"
[staff]
site = false
[storage]
data_dir = "{tmp_path / "data"}"
run_dir = "{tmp_path / "run"}"
"""
    )
    for name in ("data", "run"):
        (tmp_path / name).mkdir()
    portal = " ".join(installed.portal())
    shaping = " ".join(installed.command("-m", "firewall.shaping_kernel"))
    script = f"""
{portal} check --config {config}
{shaping} phones uplink 50 10
{portal} run --config {config} &
daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
for attempt in $(seq 200); do
    {portal} status --config {config} 2>/dev/null && break
    kill -0 $daemon
done
curl -fsSL --max-time 10 -H 'Host: wifi.congdoan.home.arpa' http://10.1.0.1:2080/
"""

    out = said(["unshare", "--net", "sh", "-c", NETWORK, "sh", "sh", "-ec", script])

    assert "nftables accepts its rules" in out
    assert re.search(r"^(cake|fq_codel|pfifo)$", out, re.MULTILINE)
    assert re.search(r"^firewall +stands$", out, re.MULTILINE)
    assert "Chúng tôi ghi gì về bạn?" in out


@pytest.mark.parametrize(("language", "says"), [("", "cấu hình"), ("LANG=en_US.UTF-8", "configu")])
def test_the_doctor_of_a_router_speaks_vietnamese(
    installed: Installed, language: str, says: str
) -> None:
    env, *rest = installed.portal("doctor", "--config", "/none")
    command = [env, rest[0], *([language] if language else []), *rest[1:]]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert done.stdout.startswith(f"FAIL  {says}")


def test_a_router_has_no_demonstration_and_says_so(installed: Installed) -> None:
    done = subprocess.run(installed.portal("demo"), capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stderr == "portal: the demonstration is not in a router's package\n"


def test_both_packages_together_fit_beside_a_system(built: Path) -> None:
    sizes = {
        str(folder.relative_to(built)): sum(file.stat().st_size for file in folder.iterdir())
        for folder in built.glob("*/*")
    }

    assert len(sizes) == len(RELEASES)
    assert {name: size for name, size in sizes.items() if size >= MOST_BYTES} == {}


def test_packages_are_the_same_byte_for_byte_wherever_they_are_built(
    built: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "a folder of another name"
    for name in (*gateway.OURS, "deploy"):
        shutil.copytree(ROOT / name, elsewhere / name, ignore=shutil.ignore_patterns("__pycache__"))
    (elsewhere / "build").symlink_to(ROOT / "build")
    for file in elsewhere.rglob("*"):
        os.utime(file, (1, 1))
    epoch = said(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]).strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", epoch)
        patch.setenv("TZ", "Asia/Ho_Chi_Minh")
        build(elsewhere, tmp_path / "again")

    first, second = contents(built), contents(tmp_path / "again")
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_what_carried_libraries_ask_for_is_carried_or_left_out_for_a_reason(built: Path) -> None:
    family = ARCHITECTURES["x86_64_glibc"]
    asked = set()
    for release in RELEASES.values():
        name = f"{family.name}-{release.python}"
        lock = ROOT / f"deploy/openwrt/locks/{name}.txt"
        carried = wheels.have(lock, release.python, family, ROOT / "build/wheels" / name)
        asked |= {name for wheel in carried.values() for name in requirements(wheel)}

    assert asked - set(gateway.CARRIED) - set(gateway.NOT_CARRIED) == set()


def requirements(wheel: Path) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(path).decode()
    for line in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE):
        if not re.search(r'extra ==|platform_|python_version < "3.11"', line):
            name = re.split(r"[ ;<>=!~\[(]", line)[0]
            yield re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("release", RELEASES)
def test_an_install_makes_the_user_and_starts_what_every_package_starts(
    built: Path, tmp_path: Path, release: str
) -> None:
    """Under busybox, with stand-ins that say what they were called for."""
    (package,) = (built / release / "x86_64_glibc").glob("union-portal*")
    if RELEASES[release].format == "ipk":
        with tarfile.open(package) as outer:
            control = outer.extractfile("./control.tar.gz")
            assert control is not None
            with tarfile.open(fileobj=io.BytesIO(control.read())) as inner:
                file = inner.extractfile("./postinst")
                assert file is not None
                script = file.read().decode()
    else:
        script = apk_reader.read(package.read_bytes()).package["scripts"]["post-install"]
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/functions.sh").write_text(
        'add_group_and_user() { echo "user for $pkgname"; }\n'
        'default_postinst() { echo "postinst of ${pkgname:-$(basename ${1%.*})}"; }\n'
    )
    place = tmp_path / "union-portal.postinst"
    place.write_text(script)

    clean = ["env", "-i", f"IPKG_INSTROOT={tmp_path}", "PATH=/usr/bin:/bin"]
    out = said([*clean, "busybox", "sh", str(place), "configure"])

    user = [] if release == "24.10" else ["user for union-portal"]
    assert out.splitlines() == [*user, "postinst of union-portal"]
