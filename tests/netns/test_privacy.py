"""After a day of use, nothing that the program wrote tells who used it or for what.

Phones join, look around, accept, ask for names and pages, come back, leave, have themselves
forgotten; staff grant and block; the daemon is killed and started again. Then every file it
wrote, and its log, is searched. (dnsmasq's lease file is not the program's: docs/privacy.md.)
"""

import json
import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import pytest
from nacl.public import PrivateKey, SealedBox

from portal.demo.addresses import DOWNLOAD, PORTAL_HOST, WEBSITE
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from splash.example import SITE
from tests.netns.content import ARTICLE, POLL, QUIZ, publish

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("privacy")]

NAMES = (DOWNLOAD, "connectivitycheck.gstatic.com", "captive.apple.com")
SECRET_PATH = "bytes/4321"
AGENT = "PrivateBrowser/77"


def in_every_notation(mac: str) -> Iterator[bytes]:
    """An address as people, switches, databases and C write it."""
    digits = mac.replace(":", "")
    for text in (
        mac,
        mac.replace(":", "-"),
        digits,
        ".".join(digits[i : i + 4] for i in (0, 4, 8)),
        str(int(digits, 16)),
    ):
        yield text.encode()
        yield text.upper().encode()
    yield bytes.fromhex(digits)


def of_address(address: str) -> Iterator[bytes]:
    yield address.encode()
    yield ip_address(address).packed
    yield ip_address(address).exploded.encode()


def of_name(name: str) -> Iterator[bytes]:
    yield name.encode()
    yield b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))


def told(files: dict[str, bytes], secrets: dict[str, list[bytes]]) -> list[tuple[str, str]]:
    """Which file tells which secret."""
    return [
        (file, secret)
        for file, content in files.items()
        for secret, forms in secrets.items()
        if any(form in content for form in forms)
    ]


def written(lab: Lab) -> dict[str, bytes]:
    """Every file of the program, its log included."""
    folders = [lab.folder / "data", lab.folder / "run"]
    files = {
        str(path.relative_to(lab.folder)): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "content" not in path.parts  # What staff have published.
    }
    return files | {"log": lab.gateway.read_log("portal").encode()}


def use(phone: Phone) -> None:
    """What a person does in an evening."""
    home = f"http://{PORTAL_HOST}"
    headers = {"User-Agent": AGENT}
    phone.join()
    phone.open(f"http://{NAMES[1]}/generate_204")
    for path in ("/rules", "/privacy", "/articles", f"/a/{ARTICLE}", "/captive-portal/api"):
        assert isinstance(phone.fetch(home + path, headers=headers), Answer)
    splash = phone.open(home + "/")
    assert isinstance(splash, Answer)
    accepted = phone.tap(splash)
    assert isinstance(accepted, Answer)
    assert accepted.status == 200
    for name in NAMES:
        phone.fetch(f"http://{name}/{SECRET_PATH}", headers=headers)
    phone.fetch(f"https://{WEBSITE}/")
    assert isinstance(phone.open(home + "/my-data"), Answer)
    for path, typed in (
        (f"/poll/{POLL}", {"choice": "0"}),
        (f"/quiz/{QUIZ}", {"q0": "1"}),
        ("/fault", {"kind": "slow"}),
        ("/ask", {"text": "Bao giờ có thêm điểm phát?"}),
    ):
        form = phone.open(home + path)
        assert isinstance(form, Answer)
        sent = phone.tap(form, path, typed)
        assert isinstance(sent, Answer)
        assert sent.status == 200


def forget(phone: Phone, what: str) -> None:
    page = phone.open(f"http://{PORTAL_HOST}/my-data")
    assert isinstance(page, Answer)
    done = phone.tap(page, f"/my-data/{what}")
    assert isinstance(done, Answer)
    assert done.status == 200


def check_the_gateway(site: Lab, phone: Phone) -> None:
    """As a technician does, with the phone of somebody who is online."""
    site.portal_command("technician")
    door = phone.open(f"http://{PORTAL_HOST}/technician")
    assert isinstance(door, Answer)
    entered = phone.tap(door, "/technician", {"site": "demo"})
    assert isinstance(entered, Answer)
    assert 'name="test"' in entered.body
    site.portal_command("doctor", "--save")


def secrets_of(phones: list[Phone]) -> dict[str, list[bytes]]:
    """What must not be found, by what it is called in a failure."""
    secrets: dict[str, list[bytes]] = {}
    for phone in phones:
        assert phone.ip4 is not None
        assert phone.ip6 is not None
        secrets[f"MAC address of {phone.name}"] = list(in_every_notation(phone.mac))
        secrets[f"IPv4 address of {phone.name}"] = list(of_address(phone.ip4))
        secrets[f"IPv6 address of {phone.name}"] = list(of_address(phone.ip6))
    for name in (*NAMES, WEBSITE):
        secrets[f"name {name}"] = list(of_name(name))
    for text in (ARTICLE, SECRET_PATH, AGENT, "generate_204"):
        secrets[text] = [text.encode()]
    return secrets


@pytest.fixture
def site(site: Lab) -> Lab:
    """The site, with a poll and a quiz beside the article that is read."""
    publish(site)
    return site


def test_a_day_of_use_leaves_no_address_and_no_name(site: Lab) -> None:
    phones = [site.phone() for _ in range(4)]
    keeps, deletes, withdraws, unruly = phones
    for phone in phones:
        use(phone)
    site.portal_command("grant", keeps.mac, "--minutes", "30")
    site.portal_command("block", unruly.mac, "--reason", "too loud")
    site.portal_command("sessions")
    check_the_gateway(site, keeps)
    forget(deletes, "delete")
    forget(withdraws, "withdraw")
    while_running = written(site)
    site.portal_kill()
    after_a_crash = written(site)
    site.portal_restart()
    site.gateway.must("nft", "flush", "ruleset")
    site.masquerade()
    site.gateway.wait_until(
        lambda: "stand again" in site.gateway.read_log("portal"), "the rules are put back"
    )
    phones.append(site.phone())
    use(phones[-1])
    site.portal_stop()
    at_the_end = written(site)

    secrets = secrets_of(phones)
    assert {"data/sessions.db", "data/answers.db", "data/selftest.json"} <= at_the_end.keys()
    for files in (while_running, after_a_crash, at_the_end):
        # How often an article was read is counted, for all together.
        assert set(told(files, secrets)) <= {
            ("data/answers.db", ARTICLE),
            ("data/answers.db-wal", ARTICLE),
        }
    votes = asked(site, "SELECT choice, length(mark) FROM vote", "answers.db")
    assert votes == [(0, 16)] * 3  # Who had everything deleted had the votes taken back.


def test_when_the_poll_closes_nothing_tells_the_voters_apart(site: Lab) -> None:
    phone = site.phone()
    use(phone)
    marks = [mark for (mark,) in asked(site, "SELECT mark FROM vote", "answers.db")]
    secrets = [secret for (secret,) in asked(site, "SELECT secret FROM poll_secret", "answers.db")]

    publish(site, without=POLL)

    site.gateway.wait_until(
        lambda: asked(site, "SELECT count(*) FROM poll_secret", "answers.db") == [(0,)],
        "the poll is closed",
    )
    assert asked(site, "SELECT poll, choice, n FROM tally", "answers.db") == [(POLL, 0, 1)]
    site.portal_stop()
    assert len(marks) == len(secrets) == 1
    assert told(written(site), {"vote": [bytes(marks[0]), bytes(secrets[0])]}) == []  # type: ignore[call-overload]


def test_deletion_reaches_the_file(site: Lab, phone: Phone) -> None:
    use(phone)
    names = {name for (name,) in asked(site, "SELECT pseudonym FROM sessions")}

    forget(phone, "withdraw")
    site.portal_stop()

    assert len(names) == 1
    assert asked(site, "SELECT count(*) FROM sessions") == [(0,)]
    assert told(written(site), {"pseudonym": [name.encode() for name in names]}) == []


def test_the_sealed_record_is_closed_to_the_router(lab: Lab) -> None:
    key = PrivateKey.generate()
    public = bytes(key.public_key).hex()
    lab.start_internet()
    lab.start_dns_dhcp()
    lab.start_portal({"privacy": {"profile": "sealed", "public_key": public}})
    publish(lab)
    phone = lab.phone()
    use(phone)
    forget(phone, "withdraw")
    lab.portal_stop()

    files = written(lab)
    [record] = (content for file, content in files.items() if file.endswith(".sealed"))
    lines = [b64decode(line) for line in record.split()]
    entries = [json.loads(SealedBox(key).decrypt(line)) for line in lines]
    assert [(entries[i]["what"], entries[i]["mac"]) for i in (0, -1)] == [
        ("admitted", phone.mac),
        ("withheld", phone.mac),
    ]
    assert phone.ip4 in entries[0]["addresses"]
    secrets = secrets_of([phone])
    del secrets[ARTICLE]  # How often an article was read is counted, for all together.
    assert told(files, secrets) == []


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A search that cannot fail proves nothing."""
    mac = "02:ab:5e:10:0c:01"
    for form in in_every_notation(mac):
        assert told({"f": b"x" + form + b"y"}, {"mac": list(in_every_notation(mac))})
    assert told({"f": b"\x09connected\x07example"}, {"n": list(of_name("connected.example"))})
    assert not told({"f": SITE.name.encode()}, {"mac": list(in_every_notation(mac))})


def asked(site: Lab, question: str, file: str = "sessions.db") -> list[tuple[object, ...]]:
    path = site.folder / "data" / file
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(question).fetchall()
