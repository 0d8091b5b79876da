"""`build-image.sh` under busybox ash, around a stand-in for OpenWrt's ImageBuilder: a Makefile that
writes down what it was asked and packs FILES into an image. The real one has not run here.
"""

import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy/openwrt/build-image.sh"

pytestmark = pytest.mark.openwrt

SITE = """
[site]
id = "hp-001"
name = "Khu trọ bà Sáu 'Cầu Rào'"
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[wan]
proto = "pppoe"
vlan = 35
username = "hp001"
password = "bí mật"
"""
SITES = """
[organisation]
name = "LĐLĐ"
unit = "Ban Tuyên giáo"
[[sites]]
id = "hp-001"
name = "Khu trọ Hồng Phong"
[[sites]]
id = "hp-002"
name = "Khu trọ Cầu Rào"
"""
MAKEFILE = r"""
image:
	@printf '%s\n' "$(PROFILE)" "$(PACKAGES)" "$(EXTRA_IMAGE_NAME)" "$(ADD_LOCAL_KEY)" >asked
	@ls packages >packed
	@cat $(LISTS) >lists
	@test ! -e fails || { echo no space left; exit 1; }
	@tar -C $(FILES) -cf $(BIN_DIR)/openwrt-$(EXTRA_IMAGE_NAME)-$(PROFILE)-squashfs-sysupgrade.bin .
	@head -c $$(cat padding 2>/dev/null || echo 0) /dev/zero \
		>>$(BIN_DIR)/openwrt-$(EXTRA_IMAGE_NAME)-$(PROFILE)-squashfs-sysupgrade.bin
"""
NAMES = {
    "24.10": ("union-portal_0.1.0-r1_{}.ipk", "python3-nftables_1.0.6-r1_all.ipk"),
    "25.12": ("union-portal-0.1.0-r1.apk", "python3-nftables-1.0.6-r1.apk"),
}
GL = "glinet_gl-mt3000"
LISTS = {"24.10": "repositories.conf", "25.12": "repositories"}


@dataclass
class Bench:
    """A folder with an ImageBuilder, packages and site files."""

    folder: Path
    release: str

    @property
    def builder(self) -> Path:
        return self.folder / "builder"

    @property
    def output(self) -> Path:
        return self.folder / "images"

    def build(self, profile: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *("busybox", "ash", SCRIPT, profile, "--imagebuilder", self.builder),
                *("--packages", self.folder / "packages", "--output", self.output, *words),
            ],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        return (self.builder / "asked").read_text().splitlines()

    def image(self) -> dict[str, tuple[int, str]]:
        """Mode and text of each file in the one image there is."""
        [image] = self.output.rglob("*.bin")
        with tarfile.open(image) as tar:
            return {
                member.name.removeprefix("./"): (member.mode & 0o777, text.read().decode())
                for member in tar
                if (text := tar.extractfile(member)) is not None
            }


@pytest.fixture(params=["24.10", "25.12"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, request.param)
    add_packages(bench, "aarch64_cortex-a53")
    (bench.builder / "include").mkdir(parents=True)
    (bench.builder / "packages").mkdir()
    (bench.builder / "Makefile").write_text(f"LISTS := {LISTS[bench.release]}{MAKEFILE}")
    (bench.builder / ".config").write_text(
        'CONFIG_TARGET_BOARD="mediatek"\nCONFIG_TARGET_SUBTARGET="filogic"\n'
    )
    (bench.builder / "include/version.mk").write_text(
        "VERSION_NUMBER:=$(call qstrip,$(CONFIG_VERSION_NUMBER))\n"
        f"VERSION_NUMBER:=$(if $(VERSION_NUMBER),$(VERSION_NUMBER),{bench.release}.5)\n"
    )
    known = (GL, "cudy_wr3000-v1", "cudy_wr3000e-v1")
    (bench.builder / ".targetinfo").write_text(
        "".join(f"Target-Profile: DEVICE_{profile}\n" for profile in known)
    )
    (bench.builder / LISTS[bench.release]).write_text(
        "src/gz core https://feed.example/core\nsrc imagebuilder file:packages\n"
    )
    (bench.folder / "SITE.toml").write_text(SITE)
    (bench.folder / "SITES.toml").write_text(SITES)
    return bench


def add_packages(bench: Bench, architecture: str) -> None:
    folder = bench.folder / "packages" / bench.release / architecture
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES[bench.release]:
        (folder / name.format(architecture)).write_bytes(b"x" * 4096)


def test_one_house_s_image_knows_its_house_at_the_first_boot(bench: Bench) -> None:
    done = bench.build(GL, "--site", "SITE.toml")

    assert done.returncode == 0, done.stderr
    profile, packages, label, key = bench.asked()
    assert (profile, label, key) == (GL, "portal-hp-001", "1")
    assert {"union-portal", "-dnsmasq", "dnsmasq-full", "-nftables-nojson", "nftables-json"} <= set(
        packages.split()
    )
    expected = [name.format("aarch64_cortex-a53") for name in NAMES[bench.release]]
    assert (bench.builder / "packed").read_text().split() == sorted(expected)
    mode, script = bench.image()["etc/uci-defaults/90-portal-site"]
    assert mode == 0o600
    assert "set portal.site.name='Khu trọ bà Sáu '\\''Cầu Rào'\\'''" in script
    assert "set network.wan.password='bí mật'" in script
    assert "set portal.router.managed='1'" in script
    assert "bí mật" not in done.stdout + done.stderr


def test_the_result_is_named_measured_and_summed(bench: Bench) -> None:
    done = bench.build(GL, "--site", "SITE.toml")

    folder = bench.output / bench.release / f"{GL}-hp-001"
    assert done.stdout.splitlines()[-1] == str(folder)
    [image] = folder.glob("*.bin")
    assert image.stat().st_mode & 0o777 == 0o600
    assert f"KiB  {image.name}" in done.stdout
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("kept", ["", "hp-007"])
def test_the_script_of_the_first_boot_does_what_it_says(bench: Bench, kept: str) -> None:
    """Sourced by busybox ash as OpenWrt does it, with a `uci` that writes down what it is told."""
    (bench.folder / "kept").write_text(kept)
    bench.build(GL, "--site", "SITE.toml")
    _, script = bench.image()["etc/uci-defaults/90-portal-site"]
    (bench.folder / "script").write_text(script)
    uci = bench.folder / "uci"
    uci.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n*"get network.wan.device") echo eth0.7; exit ;;\n'
        f'*"get portal.site.id") cat {bench.folder}/kept; exit ;;\nesac\n'
        f'echo "$@" >>{bench.folder}/told\n'
        f'[ "$2" != batch ] || cat >>{bench.folder}/told\n'
    )
    uci.chmod(0o755)

    subprocess.run(
        ["busybox", "ash", "-c", f'( . "{bench.folder}/script" ) && rm {bench.folder}/script'],
        env={"PATH": f"{bench.folder}:/usr/bin:/bin"},
        check=True,
    )

    assert not (bench.folder / "script").exists()
    if kept:  # An upgrade that kept the configuration of a house.
        assert not (bench.folder / "told").exists()
        return
    told = (bench.folder / "told").read_text().splitlines()
    assert told[0] == "-q batch"
    assert "set portal.site.id='hp-001'" in told
    assert told[-2:] == ["set network.wan.device=eth0.35", "commit network"]


def test_an_image_for_many_houses_asks_for_the_code(bench: Bench) -> None:
    done = bench.build(GL, "--sites", "SITES.toml")

    assert done.returncode == 0, done.stderr
    assert "2 houses" in done.stdout
    image = bench.image()
    assert image["usr/share/portal/sites.toml"] == (0o600, SITES)
    assert "portal.router.managed='1'" in image["etc/uci-defaults/90-portal-site"][1]


def test_passwords_of_lines_are_not_put_on_every_router(bench: Bench) -> None:
    line = '{ proto = "pppoe", username = "u", password = "geheim" }'
    (bench.folder / "SITES.toml").write_text(f"{SITES}wan = {line}\n")

    done = bench.build(GL, "--sites", "SITES.toml")

    assert done.returncode == 1
    assert "hp-002: wan.password   would be on every router" in done.stderr
    assert "geheim" not in done.stdout + done.stderr


def test_files_of_the_operator_lie_in_the_image(bench: Bench) -> None:
    shadow = bench.folder / "more/etc/shadow"
    shadow.parent.mkdir(parents=True)
    shadow.write_text("root:$5$x:0:0:99999:7:::\n")

    with_password = bench.build(GL, "--site", "SITE.toml", "--files", "more")

    assert bench.image()["etc/shadow"] == (0o600, shadow.read_text())
    assert "WARNING" not in with_password.stderr
    assert "root has no password" in bench.build(GL, "--site", "SITE.toml", "--dry-run").stderr


def test_a_model_that_is_too_small_is_refused_with_the_reason(bench: Bench) -> None:
    done = bench.build("cudy_wr3000-v1", "--site", "SITE.toml")

    assert done.returncode == 1
    assert "Cudy WR3000 v1 is too small: 16 MiB of flash, of which 15 MiB" in done.stderr
    assert not (bench.builder / "asked").exists()


def test_everything_that_is_missing_is_said_at_once(bench: Bench) -> None:
    shutil.rmtree(bench.folder / "packages")
    (bench.builder / ".config").write_text('CONFIG_TARGET_BOARD="ath79"\n')
    (bench.builder / ".targetinfo").write_text("")
    (bench.folder / "SITE.toml").write_text(SITE.replace("hp-001", "HP 1"))
    other = {"24.10": "25.12", "25.12": "24.10"}[bench.release]

    done = bench.build(
        "cudy_wr3000-v1", "--site", "SITE.toml", "--release", other, "--files", "nothing"
    )

    assert done.returncode == 1
    for words in (
        f"--release {other}, but ",
        "is for ath79/; Cudy WR3000 v1 needs mediatek/filogic",
        "knows no profile cudy_wr3000-v1",
        "has no union-portal; run deploy/openwrt/build-packages",
        "has no python3-nftables",
        "is too small",
        'site.id = "HP 1"   not an identifier',
        "nothing is no folder",
    ):
        assert words in done.stderr
    assert not (bench.builder / "asked").exists()
    assert not bench.output.exists()


def test_without_an_imagebuilder_it_says_which_to_unpack(bench: Bench) -> None:
    done = subprocess.run(
        ["busybox", "ash", SCRIPT, GL, "--site", "SITE.toml", "--release", bench.release],
        cwd=bench.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"openwrt-imagebuilder-{bench.release}.N-mediatek-filogic.Linux" in done.stderr


def test_a_dry_run_builds_nothing_and_says_what_it_would(bench: Bench) -> None:
    done = bench.build(GL, "--site", "SITE.toml", "--dry-run")

    assert done.returncode == 0, done.stderr
    assert re.search(rf"^make -C \S+/builder 'image' 'PROFILE={GL}'", done.stdout, re.MULTILINE)
    assert "in the image: /etc/uci-defaults/90-portal-site" in done.stdout
    assert list((bench.builder / "packages").iterdir()) == []
    assert not bench.output.exists()


def test_packages_of_an_earlier_version_do_not_stay_in_the_imagebuilder(bench: Bench) -> None:
    old = NAMES[bench.release][0].format("aarch64_cortex-a53").replace("0.1.0", "0.0.9")
    (bench.builder / "packages" / old).touch()
    (bench.builder / "packages/union-portal-other.txt").touch()

    bench.build(GL, "--site", "SITE.toml")

    packed = (bench.builder / "packed").read_text().split()
    assert old not in packed
    assert "union-portal-other.txt" in packed


def test_an_apk_under_another_name_is_not_taken(bench: Bench) -> None:
    folder = bench.folder / "packages" / bench.release / "aarch64_cortex-a53"
    for package in folder.glob("union-portal*"):
        package.rename(folder / "union-portal_0.1.0.apk")

    assert "has no union-portal" in bench.build(GL, "--site", "SITE.toml").stderr


def test_offline_the_feeds_are_not_asked_and_come_back(bench: Bench) -> None:
    before = (bench.builder / LISTS[bench.release]).read_text()

    bench.build(GL, "--site", "SITE.toml", "--offline")

    assert (bench.builder / "lists").read_text() == "src imagebuilder file:packages\n"
    assert (bench.builder / LISTS[bench.release]).read_text() == before


def test_an_image_that_became_too_large_is_told(bench: Bench) -> None:
    (bench.builder / "padding").write_text(str(50 << 20))

    done = bench.build("cudy_wr3000e-v1", "--site", "SITE.toml")

    assert done.returncode == 1
    assert "is too large for Cudy WR3000E v1" in done.stderr


def test_what_the_imagebuilder_said_when_it_failed_is_shown(bench: Bench) -> None:
    (bench.builder / "fails").touch()

    done = bench.build(GL, "--site", "SITE.toml")

    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "all it said is in" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--site", "a", "--sites", "b"], "say one"),
        ([], "say whose image it is"),
        (["--site"], "--site wants a value"),
        (["--sit", "a"], "unknown option --sit"),
        (["--site", "a", "--release", "23.05"], "write 24.10 or 25.12"),
    ],
)
def test_bad_usage_is_told(tmp_path: Path, words: list[str], said: str) -> None:
    done = subprocess.run(
        ["busybox", "ash", SCRIPT, GL, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert said in done.stderr


def test_an_unknown_model_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    done = subprocess.run(
        ["busybox", "ash", SCRIPT, "tplink", "--site", "x"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "no model tplink in models.tsv; known are glinet_gl-mt3000" in done.stderr


def test_shellcheck_finds_nothing() -> None:
    subprocess.run(["shellcheck", SCRIPT], check=True)


def test_every_model_that_is_said_to_fit_can_be_built() -> None:
    pages = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    models = (ROOT / "deploy/openwrt/models.tsv").read_text(encoding="utf-8")
    row = r"\| (\d+) MB NAND\S* / (?:≥ )?(\d+) MB\S* \| `([a-z0-9_-]+)` \|"
    said = {profile: (flash, ram) for flash, ram, profile in re.findall(row, pages)}
    known = {fields[0]: (fields[4], fields[5]) for fields in map(str.split, models.splitlines())}

    assert set(re.findall(r"\| `([a-z0-9_-]+)` \|", pages)) == set(said)
    assert said == {profile: known[profile] for profile in said}
