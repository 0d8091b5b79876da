"""The router's `upgrade`, under busybox ash: what comes up stays, what does not is taken back.

The package manager and the init script are stand-ins that act on the folder which is the router's
root. The `.ipk` is a real one; apk's stand-in takes the same under its own name.
"""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.openwrt.packaging import ipk
from deploy.openwrt.packaging.package import File, Package

pytestmark = [pytest.mark.openwrt, pytest.mark.xdist_group("upgrade")]

SCRIPT = Path(__file__).parents[2] / "deploy/openwrt/root/usr/libexec/portal/upgrade"
HOME = "usr/lib/union-portal"

OPKG = r"""#!/bin/sh
echo "opkg $*" >>/tmp/calls
INFO=/usr/lib/opkg/info/union-portal.list
case $1 in
    files)
        echo "Package union-portal is installed on root and has the following files:"
        cat $INFO
        ;;
    install)
        for file; do :; done
        [ "${file%.apk}" = "$file" ] || exit 1
        . /usr/bin/lay
        ;;
esac
"""
APK = r"""#!/bin/sh
echo "apk $*" >>/tmp/calls
INFO=/lib/apk/db/installed
case $1 in
    info) sed 's|^/||' $INFO ;;
    add)
        for file; do :; done
        . /usr/bin/lay
        ;;
esac
"""
LAY = r"""
for each in portal portal-hold; do  # As default_prerm does.
    [ ! -e /etc/init.d/$each ] || { /etc/init.d/$each disable; /etc/init.d/$each stop; }
done
tar -xzOf "$file" ./data.tar.gz >/tmp/data
names=$(tar -tzf /tmp/data | sed -n 's|^\./\(.*[^/]\)$|/\1|p')
cat $INFO | while read -r name; do rm -f "$name"; done
if [ -e /tmp/flash-is-full ]; then tar -xzf /tmp/data -C / ./usr/bin; exit 1; fi
if [ -e /tmp/power-cut-early ]; then kill -9 -1; sleep 9; fi
tar -xzf /tmp/data -C /
printf '%s\n' "$names" >$INFO
if [ -e /usr/lib/opkg/status ]; then echo "union-portal: $file" >/usr/lib/opkg/status; fi
if [ -e /tmp/power-cut ]; then kill -9 -1; sleep 9; fi
for each in portal portal-hold; do /etc/init.d/$each enable; done
/etc/init.d/portal start
"""
HOLD = r"""#!/bin/sh /etc/rc.common
START=18
start() { touch /tmp/held; }
stop() { :; }
"""
INIT = r"""#!/bin/sh /etc/rc.common
START=70
start() { cp /usr/lib/union-portal/version /tmp/running; }
stop() { rm -f /tmp/running; }
"""
RC_COMMON = r"""#!/bin/sh
. "$1"
link=/etc/rc.d/S$START$(basename "$(readlink -f "$1")")
case $2 in
    enable) mkdir -p /etc/rc.d; ln -sf "$1" "$link" ;;
    disable) rm -f "$link" ;;
    start) start; wait ;;
    stop) stop ;;
esac
"""
PORTAL = r"""#!/bin/sh
case $1 in
    --version) echo "portal $(cat /usr/lib/union-portal/version)" ;;
    status)
        [ -e /tmp/running ] || exit 1
        case $(cat /usr/lib/union-portal/health) in
            good) ;;
            falls) n=$(cat /tmp/n 2>/dev/null || echo 0); echo $((n + 1)) >/tmp/n
                   [ $((n % 3)) != 2 ] || exit 1 ;;
            *) exit 1 ;;
        esac
        echo '{"version": "x", "firewall": "stands"}'
        ;;
esac
"""


def package(version: str, health: str = "good") -> Package:
    return Package(
        "union-portal",
        version,
        "all",
        "A stand-in.",
        "GPL-2.0-or-later",
        (
            File("usr/bin/portal", PORTAL.encode(), 0o755),
            File("etc/init.d/portal", INIT.encode(), 0o755),
            File("etc/init.d/portal-hold", HOLD.encode(), 0o755),
            File("etc/config/portal", f"# of {version}\n".encode()),
            File("usr/libexec/portal/upgrade", SCRIPT.read_bytes(), 0o755),
            File(f"{HOME}/version", f"{version}\n".encode()),
            File(f"{HOME}/health", f"{health}\n".encode()),
            File(f"{HOME}/only_in_{version.replace('.', '_')}.pyc", b"code"),
        ),
    )


@dataclass
class Router:
    root: Path
    manager: str
    said: list[str] = field(default_factory=list)

    def bring(self, made: Package) -> str:
        """Put a package on the router; its name there."""
        name = f"/tmp/{made.name}-{made.version}.{'apk' if self.manager == 'apk' else 'ipk'}"
        (self.root / name[1:]).write_bytes(ipk.write(made, 0))
        return name

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = 'mount --bind "$0" "$0"; mount -t proc proc "$0/proc"; chroot "$0" "$@"'
        return subprocess.run(
            [
                *("unshare", "--mount", "--pid", "--fork", "sh", "-c", command, str(self.root)),
                *("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
                *("PORTAL_UPGRADE_SECONDS=1", "PORTAL_UPGRADE_PAUSE=0.05", *words),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def upgrade(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = self.run("/usr/libexec/portal/upgrade", *words)
        self.said = done.stderr.replace("upgrade: ", "").splitlines()
        return done

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    @property
    def running(self) -> str:
        path = self.root / "tmp/running"
        return path.read_text().strip() if path.exists() else "nothing"

    @property
    def enabled(self) -> list[str]:
        """Init scripts that start at the next boot."""
        return sorted(link.name for link in (self.root / "etc/rc.d").iterdir())

    def boot(self) -> str:
        """Start again, as after a power cut; returns which init script held the phones."""
        shutil.rmtree(self.root / "tmp")
        shutil.rmtree(self.root / "var/run")
        for folder in ("tmp", "var/run"):
            (self.root / folder).mkdir()
        held = ""
        for link in self.enabled:
            self.run(f"/etc/rc.d/{link}", "start")
            if not held and (self.root / "tmp/held").exists():
                held = link
        return held

    def files(self) -> dict[str, bytes]:
        """What is of the gateway, the package manager's records among it."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for folder in (HOME, "usr/bin", "usr/lib/opkg", "lib/apk", "etc", "usr/libexec")
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file() and not path.is_symlink()
        }


@pytest.fixture(params=["opkg", "apk"])
def router(request: pytest.FixtureRequest, tmp_path: Path) -> Router:
    root, manager = tmp_path / "root", request.param
    for folder in ("bin", "proc", "tmp", "dev", "var/run", "usr/bin", "etc/init.d", "etc/config"):
        (root / folder).mkdir(parents=True)
    (root / "dev/null").touch()
    busybox = shutil.which("busybox")
    assert busybox, "scripts/setup --test installs busybox-static"
    shutil.copy(busybox, root / "bin/busybox")
    subprocess.run(["chroot", root, "/bin/busybox", "--install", "-s", "/bin"], check=True)
    stand_ins = {
        "usr/bin/uci": "#!/bin/sh\ncat /tmp/site 2>/dev/null || echo hp-001\n",
        "usr/bin/logger": "#!/bin/sh\n",
        f"usr/bin/{manager}": OPKG if manager == "opkg" else APK,
        "usr/bin/lay": LAY,
        "etc/rc.common": RC_COMMON,
    }
    records = {
        "opkg": ("usr/lib/opkg/info/union-portal.list", "usr/lib/opkg/status"),
        "apk": ("lib/apk/db/installed", "etc/apk/world"),
    }
    for record in records[manager]:
        (root / record).parent.mkdir(parents=True, exist_ok=True)
        (root / record).touch()
    for name, text in stand_ins.items():
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    made = Router(root, manager)
    first = made.bring(package("1.0"))
    made.run("sh", "-c", f"INFO=/{records[manager][0]} file={first}; . /usr/bin/lay")
    assert made.running == "1.0", made.run("sh", "-c", "cat /tmp/calls").stdout
    (root / "etc/config/portal").write_text("config site 'site'\n")
    return made


def test_a_version_that_comes_up_stays(router: Router) -> None:
    done = router.upgrade(router.bring(package("1.1")))

    assert done.returncode == 0, done.stderr
    assert router.running == "1.1"
    assert router.said[-1] == (
        "portal 1.1 is well; back to portal 1.0: /usr/libexec/portal/upgrade --rollback"
    )
    assert not list((router.root / "etc/init.d").glob("portal-undo*"))
    assert router.enabled == ["S18portal-hold", "S70portal"]
    assert not (router.root / "var/run/portal-upgrade").exists()


@pytest.mark.parametrize("health", ["bad", "falls"])
def test_a_version_that_does_not_come_up_or_falls_again_is_taken_back(
    router: Router, health: str
) -> None:
    before = router.files()

    done = router.upgrade(router.bring(package("1.1", health)))

    assert done.returncode == 1
    assert router.running == "1.0"
    assert router.said[-2:] == [
        "portal 1.1 is not well: putting back portal 1.0",
        "portal 1.0 is back, and well",
    ]
    after = router.files()
    settings = after.pop("etc/config/portal")
    assert settings == b"# of 1.1\n"  # The stand-in knows no conffiles; we touch no settings.
    assert after == {name: data for name, data in before.items() if name != "etc/config/portal"}


def test_a_package_manager_that_fails_halfway_leaves_what_was_there(router: Router) -> None:
    before = router.files()
    (router.root / "tmp/flash-is-full").touch()

    done = router.upgrade(router.bring(package("1.1")))

    assert done.returncode == 1
    assert "the package manager failed: putting back portal 1.0" in router.said
    assert router.enabled == ["S18portal-hold", "S70portal"]
    assert router.running == "1.0"
    after = router.files()
    assert {**before, "etc/config/portal": b""} == {**after, "etc/config/portal": b""}


def test_back_by_hand_is_whole_and_forward_again_too(router: Router) -> None:
    before = router.files()
    newer = router.bring(package("1.1"))
    assert router.upgrade(newer).returncode == 0
    assert (router.root / HOME / "only_in_1_1.pyc").exists()

    back = router.upgrade("--rollback")

    assert (back.returncode, router.running) == (0, "1.0")
    after = router.files()
    assert {**before, "etc/config/portal": b""} == {**after, "etc/config/portal": b""}
    assert router.upgrade(newer).returncode == 0
    assert router.running == "1.1"


def test_what_else_was_installed_since_is_not_forgotten(router: Router) -> None:
    assert router.upgrade(router.bring(package("1.1"))).returncode == 0
    record = router.root / ("usr/lib/opkg/status" if router.manager == "opkg" else "etc/apk/world")
    record.write_text("another package\n")

    assert router.upgrade("--rollback").returncode == 0

    assert record.read_text() == "another package\n"
    assert "other packages changed since: the package manager still names the newer version" in (
        router.said
    )
    assert router.running == "1.0"


@pytest.mark.parametrize(
    ("cut", "health", "runs"),
    [("power-cut", "good", "1.1"), ("power-cut", "bad", "1.0"), ("power-cut-early", "good", "1.0")],
    ids=["installed, good", "installed, bad", "everything removed"],
)
def test_an_upgrade_that_the_power_ended_is_looked_after_at_the_next_boot(
    router: Router, cut: str, health: str, runs: str
) -> None:
    (router.root / "tmp" / cut).touch()
    router.upgrade(router.bring(package("1.1", health)))
    assert router.enabled == ["S17portal-undo-hold", "S99portal-undo"]

    held = router.boot()

    assert held == "S17portal-undo-hold"  # Before there was a network.
    assert router.running == runs
    assert router.enabled == ["S18portal-hold", "S70portal"]
    assert not list((router.root / "etc/init.d").glob("portal-undo*"))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "usage: upgrade FILE.ipk|FILE.apk, upgrade --rollback"),
        (("hello",), 2, "usage: upgrade FILE.ipk|FILE.apk, upgrade --rollback"),
        (("/tmp/none.ipk",), 1, "/tmp/none.ipk is not there, or empty"),
        (("--rollback",), 1, "nothing is kept that could be put back"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    router: Router, words: tuple[str, ...], code: int, says: str
) -> None:
    before = router.files()

    done = router.upgrade(*words)

    assert (done.returncode, router.said) == (code, [says.replace("upgrade: ", "")])
    assert (router.files(), router.running) == (before, "1.0")


def test_only_one_at_a_time(router: Router) -> None:
    lock = router.root / "var/run/portal-upgrade"
    lock.mkdir()
    newer = router.bring(package("1.1"))

    for number in ("", "1\n"):
        (lock / "pid").write_text(number)
        assert router.upgrade(newer).returncode == 1
        assert router.said == ["another upgrade is under way"]
    (lock / "pid").write_text("99999\n")  # Of one that was killed.
    assert router.upgrade(newer).returncode == 0


def test_before_a_site_is_set_nothing_is_waited_for(router: Router) -> None:
    (router.root / "tmp/site").touch()

    assert router.upgrade(router.bring(package("1.1", "bad"))).returncode == 0
    assert "no site is set yet: nothing to wait for" in router.said


def test_the_script_is_posix_shell() -> None:
    checked = subprocess.run(
        ["shellcheck", "-s", "sh", SCRIPT], capture_output=True, text=True, check=False
    )

    assert checked.stdout == ""
