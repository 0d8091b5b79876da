"""The access point fetches content from a web space on the Internet, by real https.

Whatever the web space does, what was shown stays, and the reason is told.
"""

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from content_cache.catalogue import Catalogue
from content_cache.releases import Releases
from content_cache.signing import Signer
from portal.demo.addresses import DOWNLOAD, INTERNET4, WEBSITE, WEBSITE4
from portal.demo.lab import Lab
from splash.publishing import Press, publish_to, roll_back
from tests.unit.content_cache.bundles import (
    KEY,
    MADE,
    SIGNER,
    SITE,
    STRANGER,
    BundleItem,
    article,
    published,
    released,
)
from tests.unit.splash.contents import NOTICE, QUIZ
from tests.unit.splash.staff import QUYEN, store_in
from tests.unit.splash.test_publishing import NOW, Organisation, put_live

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("content")]

PORT = 8443
SOURCE = f"https://{WEBSITE}:{PORT}/wifi/"
LARGE = article("lon", content=random.Random(1).randbytes(300_000))
MOST_BYTES = 2_000_000


class World:
    """A gateway, and a web space that shows what is published."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.web = lab.folder / "web"
        self.web.mkdir()
        certificate = lab.authority.sign("web", [WEBSITE])
        lab.gateway.resolv_conf.write_text(f"nameserver {INTERNET4}\n")
        self.trust = {"SSL_CERT_FILE": str(lab.authority.certificate)}
        lab._module(
            lab.internet,
            "tests.netns.web_space",
            *(certificate.chain, certificate.key, self.web, WEBSITE4, str(PORT)),
        )
        self.begin()

    def begin(self) -> None:
        """Everything anew for the next test."""
        self.turn = self.lab.folder / f"turn-{random.randbytes(4).hex()}"
        self.made, self.store = Releases(self.turn / "made"), Releases(self.turn / "content")
        self.wifi = self.web / "wifi"
        if self.wifi.exists():
            self.wifi.rename(self.turn.with_suffix(".old"))
        self.faults({})

    def faults(self, faults: dict[str, list[str]]) -> None:
        (self.web / "faults.json").write_text(json.dumps(faults))

    def publish(self, number: int, *items: BundleItem, signer: Signer = SIGNER) -> None:
        released(self.made, number, *items, signer=signer)
        published(self.made, number, self.wifi)

    def large_file(self) -> str:
        files = self.made.release(max(self.made.numbers())).manifest.files
        return max((name for name in files if name.endswith(".gz")), key=lambda name: files[name])

    def fetch(
        self, *options: str, source: str = SOURCE, most_bytes: int = MOST_BYTES
    ) -> subprocess.CompletedProcess[str]:
        return self.lab.gateway.run(
            *(Path(".venv/bin/python").absolute(), "-m", "content_cache.fetch"),
            *(str(self.store.folder), source, KEY, str(most_bytes), *options),
            env=self.trust,
        )

    def fetched(self, number: int) -> None:
        done = self.fetch()
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{number}\n", "")
        self.shows(number)

    def refused(self, words: str, *options: str, keeps: int, most_bytes: int = MOST_BYTES) -> None:
        done = self.fetch(*options, most_bytes=most_bytes)
        assert (done.returncode, done.stdout) == (1, "")
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        self.shows(keeps)

    def shows(self, number: int) -> None:
        assert self.store.active_number() == number
        assert self.store.verify(number, KEY) == []

    def requests(self) -> list[list[str]]:
        lines = self.lab.internet.read_log("web_space").splitlines()
        return [line.split(" ") for line in lines if line.startswith("/")]


@pytest.fixture(scope="module")
def laboratory() -> Iterator[World]:
    with Lab() as lab:
        lab.start_internet()
        yield World(lab)


@pytest.fixture
def world(laboratory: World) -> World:
    laboratory.begin()
    return laboratory


def test_a_release_is_fetched_shown_and_asked_for_only_once(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    before = len(world.requests())

    again = world.fetch()

    assert (again.returncode, again.stdout) == (0, "")
    [[path, status, _, tag]] = world.requests()[before:]
    assert (path, status) == ("/wifi/bundle.json", "304")
    assert tag.startswith('"')
    catalogue = Catalogue(world.store.release(1).index)
    assert [found.item.id for found in catalogue.search("luong toi thieu", SITE, MADE, 5)] == [
        "luong-toi-thieu"
    ]
    catalogue.close()


def test_what_staff_published_and_went_back_to_reaches_the_gateway(world: World) -> None:
    with closing(store_in(world.lab.folder / f"staff-{world.turn.name}")) as kept:
        press = Press(kept, world.made, SIGNER, Organisation())
        put_live(press, NOTICE)
        publish_to(press, world.wifi, NOW, "tuan")
        world.fetched(1)
        put_live(press, QUIZ)
        publish_to(press, world.wifi, NOW + 1, "tuan")
        world.fetched(2)
        roll_back(press, 1, QUYEN, NOW + 2)
        number = publish_to(press, world.wifi, NOW + 3, "quyen")

    world.fetched(number)
    back, first = world.store.release(number).manifest, world.made.release(1).manifest
    assert number == 3
    assert (back.files, back.index) == (first.files, first.index)


def test_only_new_files_are_fetched_and_the_earlier_release_is_kept(world: World) -> None:
    world.publish(1, LARGE)
    world.fetched(1)
    world.publish(2, LARGE, article("moi", content=b'{"body": "new"}'))
    before = len(world.requests())

    world.fetched(2)

    asked = {path for path, *_ in world.requests()[before:]}
    assert f"/wifi/files/{world.large_file()}" not in asked
    assert len(asked) == 3  # The manifest, the catalogue, one article.
    assert world.store.numbers() == [1, 2]
    assert world.store.verify(1, KEY) == []


def test_after_a_cut_the_rest_is_fetched_and_not_the_beginning_again(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    large = f"/wifi/files/{world.large_file()}"
    world.faults({large: ["cut", "100000"]})
    world.refused("cannot be fetched", keeps=1)
    world.faults({})

    world.fetched(2)

    [(status, asked)] = [(row[1], row[2]) for row in world.requests()[-9:] if row[0] == large][-1:]
    assert status == "206"
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= 100_000


def test_a_server_without_ranges_sends_all_of_it_again(world: World) -> None:
    world.publish(1, LARGE)
    large = f"/wifi/files/{world.large_file()}"
    world.faults({large: ["cut", "100000"]})
    assert world.fetch().returncode == 1
    world.faults({large: ["whole", ""]})

    world.fetched(1)


def test_what_waits_from_another_day_and_is_wrong_is_fetched_from_the_start(world: World) -> None:
    world.publish(1, LARGE)
    incoming = world.store.folder / "incoming"
    incoming.mkdir(parents=True)
    (incoming / f"{world.large_file()}.part").write_bytes(b"something else")

    world.fetched(1)


def test_a_release_of_a_stranger_is_refused(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    released(Releases(world.turn / "foreign"), 2, signer=STRANGER)
    published(Releases(world.turn / "foreign"), 2, world.wifi)

    world.refused(f"is signed by another key, {STRANGER.public_key}", keeps=1)


def test_a_changed_manifest_is_refused(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    path = world.wifi / "bundle.json"
    path.write_bytes(path.read_bytes().replace(b"release", b"Release"))

    world.refused("the signature does not fit", keeps=1)


def test_a_changed_file_is_refused_and_fetched_when_it_is_right(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    path = world.wifi / "files" / world.large_file()
    right = path.read_bytes()
    path.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    world.refused("has other bytes than its name says", keeps=1)
    path.write_bytes(right)

    world.fetched(2)


def test_a_truncated_file_is_refused_and_fetched_when_it_is_whole(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    path = world.wifi / "files" / world.large_file()
    right = path.read_bytes()
    path.write_bytes(right[:1000])
    world.refused(f"ends after 1000 of {len(right)} bytes", keeps=1)
    world.refused("the server answers 416", keeps=1)
    path.write_bytes(right)

    world.fetched(2)


def test_a_lower_release_is_refused(world: World) -> None:
    world.publish(1)
    world.publish(2, LARGE)
    world.fetched(2)
    published(world.made, 1, world.wifi)

    world.refused("release 1: is older than release 2, which is here", keeps=2)


def test_the_same_release_with_other_bytes_is_refused(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    released(Releases(world.turn / "other"), 1, LARGE)
    published(Releases(world.turn / "other"), 1, world.wifi)

    world.refused("release 1: is another one than release 1 here", keeps=1)


def test_a_release_that_is_too_large_is_refused_before_it_is_fetched(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    before = len(world.requests())

    world.refused("at most 200000 are taken ([content] max_mb)", keeps=1, most_bytes=200_000)

    assert len(world.requests()) == before + 1


@pytest.mark.parametrize(
    "to",
    [
        f"https://{DOWNLOAD}:{PORT}/wifi/",
        f"https://{WEBSITE}/wifi/",
        f"http://{WEBSITE}:{PORT}/wifi/",
        f"//{DOWNLOAD}:{PORT}/wifi/",
        "file:///etc/passwd",
        "https://[",
    ],
)
@pytest.mark.parametrize("what", ["bundle.json", "files/"])
def test_a_redirect_to_another_place_is_not_followed(world: World, to: str, what: str) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    world.faults({f"/wifi/{what}": ["redirect", to]})

    world.refused("only its own host is followed", keeps=1)


def test_a_redirect_on_its_own_host_is_followed(world: World) -> None:
    world.publish(1, LARGE)
    world.faults({"/old/files/": ["moved", "/wifi/files/"], "/old/": ["moved", "/wifi/"]})

    done = world.fetch(source=f"https://{WEBSITE}:{PORT}/old/")

    assert (done.returncode, done.stdout) == (0, "1\n")
    world.shows(1)


def test_a_server_that_leads_in_circles_is_left(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.faults({"/wifi/": ["redirect", "/wifi/bundle.json"]})

    world.refused("leads on and on", keeps=1)


@pytest.mark.parametrize("what", ["bundle.json", "files/"])
def test_a_server_that_dribbles_is_left_when_the_time_is_over(world: World, what: str) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    world.faults({f"/wifi/{what}": ["dribble", ""]})

    world.refused("not done after 2 s", "--within", "2", keeps=1)


@pytest.mark.parametrize(
    ("what", "words"), [("bundle.json", "bundle.json: more than"), ("files/", "goes on after")]
)
def test_an_answer_without_end_is_left(world: World, what: str, words: str) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    world.faults({f"/wifi/{what}": ["endless", ""]})

    world.refused(words, keeps=1)

    assert sum(path.stat().st_size for path in world.store.folder.rglob("*")) < 2 * MOST_BYTES


def test_a_server_whose_certificate_nobody_signed_is_not_heard(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    trusted, world.trust = world.trust, {}
    try:
        world.refused("certificate verify failed", keeps=1)
    finally:
        world.trust = trusted


def test_a_damaged_file_is_found_and_mended(world: World) -> None:
    world.publish(1, LARGE)
    world.fetched(1)
    path = world.store.file(world.large_file())
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    mended = world.fetch("--check")

    assert (mended.returncode, mended.stdout) == (0, "1\n")
    world.shows(1)


def test_staff_who_went_back_are_not_overruled_until_there_is_something_new(world: World) -> None:
    world.publish(1)
    world.fetched(1)
    world.publish(2, LARGE)
    world.fetched(2)
    world.store.activate(1, KEY)

    assert world.fetch("--check").stdout == ""
    world.shows(1)
    world.publish(3, LARGE, article("moi"))
    world.fetched(3)


def test_the_daemon_fetches_by_itself_and_says_why_it_cannot(world: World) -> None:
    world.publish(1)
    lab = world.lab
    lab.start_dns_dhcp()
    lab.write_configuration(
        {"content": {"store": str(world.store.folder), "source_url": SOURCE, "public_key": KEY}}
    )
    environment = ("env", *(f"{name}={value}" for name, value in world.trust.items()))
    try:
        lab.portal_restart(under=environment)
        lab.gateway.wait_until(lambda: world.store.active_number() == 1, "it is shown")
        (world.wifi / "bundle.json").write_text("{}")
        lab.portal_restart(under=environment)
        lab.gateway.wait_until(
            lambda: (
                "the content stays as it is: bundle.json: must" in lab.gateway.read_log("portal")
            ),
            "the reason is told",
            log="portal",
        )
        status = json.loads(lab.portal_command("status", "--json").stdout)
        assert status["content_release"] == 1
        assert status["content_age_seconds"] >= 0
        assert status["content_source"].startswith("bundle.json: must")
    finally:
        lab.portal_stop()

    world.shows(1)
