"""A gateway from power to power cut. A program for the virtual machine; what stays is on its disk.

    python -m tests.vm.one_life first|desk|again|last

Says, as JSON after the word `fact`, what it found on the disk, how long the daemon took to serve,
and how the phones' turns stand. Then staff publish one article after the other and say so, until
the power is cut. In the life `desk` there are only staff, and the `last` one only looks.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NoReturn

from portal import control
from portal.config import load
from portal.content_desk import open_press
from portal.demo.addresses import DOWNLOAD, PORTAL_HOST, WEBSITE4
from portal.demo.lab import API_URI
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from portal.demo.walk import WAYS
from splash.content import Words
from splash.publishing import Press, carry_out
from splash.workflow import Actor, Role
from tests.netns.content import ARTICLE, ITEMS
from tests.vm.wifi import WifiLab

DISK: Final = Path("/run/flash")
_CONFIGURATION = DISK / "portal.toml"
STAYS, LEAVES = "02:00:5e:30:00:01", "02:00:5e:30:00:02"
"""Phones: the turn of one is longer than all lives, that of the other ends in the dark."""
LEAVES_MINUTES: Final = 5

SETTINGS: Final = {
    "session": {"length": "720m"},
    "fairness": {"down_mbit": 50, "up_mbit": 20},
    "storage": {"data_dir": str(DISK / "data")},
}
_AUTHOR: Final = Actor("hoa", frozenset[Role](("author",)))
_APPROVER: Final = Actor("minh", frozenset[Role](("approver",)))
_CHECK = "http://connectivitycheck.gstatic.com/generate_204"


def main(life: str) -> int:
    _mount()
    if life == "desk":
        press = open_press(load(_CONFIGURATION))
        _tell({"life": life, **_on_disk(press)})
        _publish_for_ever(press)
    _serve(life)
    return 0


def _serve(life: str) -> None:
    first = life == "first"
    with WifiLab(phones=2) as lab:
        lab.start_internet()
        lab.start_dns_dhcp(api_uri=API_URI)
        lab.start_access_points()
        stays, leaves = lab.phone(STAYS), lab.phone(LEAVES)
        shutil.copy(lab.write_configuration(SETTINGS), _CONFIGURATION)
        (DISK / "data").mkdir(mode=0o700, exist_ok=True)
        os.sync()  # As whoever installed it would have: that is not what is tested.
        press = open_press(load(_CONFIGURATION))
        facts: dict[str, Any] = {"life": life, **_on_disk(press)}
        stays.join()
        leaves.join()

        powered = time.monotonic()
        lab.start_portal(SETTINGS, https=True)
        facts["rules"] = _since(powered)
        if first:
            _tap(stays)
            lab.portal_command("grant", LEAVES, "--minutes", str(LEAVES_MINUTES))
        else:
            assert not WAYS["UDP"](leaves, WEBSITE4, 0.5), "its turn is over, and it passes"
        stays.wait_until(lambda: WAYS["UDP"](stays, WEBSITE4, 1), "the turn goes on", log="wpa")
        facts["first_packet"] = _since(powered)
        page = leaves.open(_CHECK)
        assert isinstance(page, Answer), page
        facts["first_page"] = _since(powered)
        stays.fetch(f"http://{DOWNLOAD}/bytes/200000")
        facts["turns"] = facts["restored"] = _turns(lab)
        facts["events"] = _events()
        facts["import"] = _import()
        _tell(facts)
        if life != "last":
            _publish_for_ever(press, lab)


def _tell(facts: dict[str, Any]) -> None:
    print("fact", json.dumps(facts), flush=True)


def _import() -> float:
    """How long this machine takes to load the daemon: a yardstick."""
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "import portal.daemon"], check=True)
    return _since(begun)


def _since(moment: float) -> float:
    return round(time.monotonic() - moment, 1)


def _mount() -> None:
    for module in ("virtio_blk", "ext4"):
        subprocess.run(["modprobe", module], check=True)
    DISK.mkdir(exist_ok=True)
    subprocess.run(["mount", "/dev/vda", DISK], check=True)


def _on_disk(press: Press) -> dict[str, object]:
    """What the daemon will find."""
    data = DISK / "data"
    damaged = {}
    for file in sorted(data.rglob("*.db")):
        with closing(sqlite3.connect(file)) as db:
            [[verdict]] = db.execute("PRAGMA integrity_check").fetchall()
        if verdict != "ok":
            damaged[file.name] = verdict
    key = press.signer.public_key
    faults = {n: press.releases.verify(n, key) for n in press.releases.numbers()}
    return {
        "damaged": damaged,
        "kept_aside": [path.name for path in data.rglob("*.broken-*")],
        "shown": press.releases.active_number(),
        "faults": {n: found for n, found in faults.items() if found},
        "recorded": max((release.n for release in press.store.releases()), default=0),
    }


def _tap(phone: Phone) -> None:
    page = phone.open(_CHECK)
    assert isinstance(page, Answer), page
    after = phone.tap(page)
    assert isinstance(after, Answer), after
    assert after.url == f"http://{PORTAL_HOST}/status", after.url


def _turns(lab: WifiLab) -> dict[str, object]:
    """By MAC address: seconds left, and the Unix time at which that was so."""
    sessions = control.ask(lab.folder / "run/control.sock", {"command": "sessions"})["sessions"]
    return {
        row["mac"]: {"left": row["seconds_left"], "at": time.time(), "name": row["pseudonym"]}
        for row in sessions
    }


def _events() -> int:
    with closing(sqlite3.connect(DISK / "data/sessions.db")) as db:
        [[count]] = db.execute("SELECT count(*) FROM events").fetchall()
    return int(count)


def _publish_for_ever(press: Press, lab: WifiLab | None = None) -> NoReturn:
    """Staff write, approve and publish; each release is one article larger."""
    number = len(press.store.items())
    while True:
        number += 1
        words = replace(ITEMS[ARTICLE], title=Words(f"Tin số {number}"), audio=None)
        print("publishing", flush=True)
        now = time.time()
        made = press.store.create(words, _AUTHOR, now)
        press.store.act("submit", made.item.id, 1, _AUTHOR, now)
        press.store.act("approve", made.item.id, 1, _APPROVER, now)
        release = carry_out(press, "publish", made.item.id, 1, _APPROVER, now)
        _tell({"published": release.n} | ({"turns": _turns(lab)} if lab else {}))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
