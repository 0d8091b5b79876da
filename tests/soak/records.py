"""What the kernel, the daemon and the log say, read from outside."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from firewall.changes import mac_address
from portal import control
from portal.demo.lab import Lab
from portal.pseudonyms import Pseudonyms
from tests.soak.model import LEEWAY_SECONDS, House, Turn, Window

_EXACT_SECONDS = 0.05
_WHOLE_SECONDS = 1.2
_FAMILIES = ("inet", "netdev")


def rules_stand(lab: Lab) -> bool:
    return all(
        lab.gateway.run("nft", "list", "set", family, "portal", "granted").returncode == 0
        for family in _FAMILIES
    )


def kernel_set(lab: Lab, family: str) -> dict[str, float]:
    """Who passes in one of the two tables, and for how many seconds still (whole ones)."""
    said = lab.gateway.must("nft", "--json", "list", "set", family, "portal", "granted")
    [found] = (entry["set"] for entry in json.loads(said)["nftables"] if "set" in entry)
    elements = [element["elem"] for element in found.get("elem", ())]
    return {element["val"]: element["expires"] for element in elements}


class Names:
    """The pseudonyms of devices, by the keys that the daemon keeps; none before it has named one.

    The keys are the daemon's to make, and are read anew each time.
    """

    def __init__(self, lab: Lab, macs: Sequence[str]) -> None:
        path = lab.folder / "data" / "pseudonym-keys.json"
        self.macs: dict[str, str] = {}
        if json.loads(path.read_text())["months"]:
            keys, now = Pseudonyms(path), time.time()
            self.macs = {keys.device(mac_address(mac), now).pseudonym: mac for mac in macs}


def log_file(lab: Lab) -> Path:
    return lab.folder / "data" / "sessions.db"


def _rows(lab: Lab, query: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(f"file:{log_file(lab)}?mode=ro", uri=True, timeout=5)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query).fetchall()


@dataclass(frozen=True, slots=True)
class Accord:
    """Who passes, by everyone who should know. `exact`: nobody's turn was ending just then."""

    open: int
    exact: bool
    quarrels: tuple[str, ...]


def accord(lab: Lab, house: House, names: Names) -> Accord:
    """Compare the kernel's two sets, the daemon, the log and the model; the daemon runs."""
    begun = time.monotonic()
    ends: dict[str, dict[str, float]] = {}
    for family in _FAMILIES:
        left = kernel_set(lab, family)
        ends[family] = {mac: time.monotonic() + s - LEEWAY_SECONDS for mac, s in left.items()}
    sessions = control.ask(lab.folder / "run" / "control.sock", {"command": "sessions"})
    ends["daemon"] = {
        row["mac"]: time.monotonic() + row["seconds_left"] for row in sessions["sessions"]
    }
    told = {who: set(found) for who, found in ends.items()}
    told["log"] = {
        names.macs.get(row["pseudonym"], "?")
        for row in _rows(lab, "SELECT pseudonym FROM sessions WHERE ended_wall IS NULL")
    }
    now = time.monotonic()
    house.pass_time(now)
    surely, maybe = house.passing(Window(begun, now))
    quarrels = [
        f"{who}: {len(missing)} missing, {len(strange)} too many"
        f" ({', '.join(sorted(missing | strange)[:3])})"
        for who, found in told.items()
        if (missing := surely - found) | (strange := found - maybe)
    ]
    quarrels += [
        f"{who}: {mac} ends at {end:.1f}, not {turn.ends.earliest:.1f}"
        for who, found in ends.items()
        for mac, end in found.items()
        if (turn := house.running(mac)) and not turn.ends.holds(end, _WHOLE_SECONDS)
    ]
    return Accord(len(surely), surely == maybe, tuple(quarrels))


def wrong_rows(lab: Lab, house: House, names: Names) -> list[str]:
    """What the log's rows have otherwise than the model: one for each turn, with its times."""
    rows: dict[str, list[sqlite3.Row]] = {}
    for row in _rows(lab, "SELECT * FROM sessions ORDER BY started, id"):
        rows.setdefault(names.macs.get(row["pseudonym"], row["pseudonym"]), []).append(row)
    wrong = [f"{mac}: nobody we know" for mac in rows.keys() - house.turns.keys()]
    for mac, turns in house.turns.items():
        found = rows.get(mac, [])
        if len(found) != len(turns):
            wrong.append(f"{mac}: {len(found)} rows for {len(turns)} turns")
            continue
        for row, turn in zip(found, turns, strict=True):
            wrong += [f"{mac}: {what}" for what in _wrong_times(row, turn)]
    return wrong


def _wrong_times(row: sqlite3.Row, turn: Turn) -> list[str]:
    wrong = []
    if not turn.started.holds(row["started"], _EXACT_SECONDS):
        wrong.append(f"started {row['started']:.2f}, not {turn.started.earliest:.2f}")
    if not turn.ends.holds(row["ends"], _EXACT_SECONDS):
        wrong.append(f"ends {row['ends']:.2f}, not {turn.ends.earliest:.2f}")
    if row["end_reason"] != turn.reason:
        wrong.append(f"ended as {row['end_reason']}, not {turn.reason}")
    elif turn.over is not None:
        lasted = Window(
            turn.over.earliest - turn.started.latest, turn.over.latest - turn.started.earliest
        )
        if not lasted.holds(row["seconds"], _EXACT_SECONDS):
            wrong.append(f"lasted {row['seconds']:.2f} s, not {lasted.earliest:.2f} s")
    return wrong


def wrong_events(lab: Lab, expected: Counter[str]) -> list[str]:
    """Gaps and doubles in the numbers of events, and kinds that are not there as often as done."""
    events = _rows(lab, "SELECT epoch, n, kind FROM events ORDER BY epoch, n")
    numbers: dict[int, list[int]] = {}
    for event in events:
        numbers.setdefault(event["epoch"], []).append(event["n"])
    wrong = [
        f"epoch {epoch}: not every number from 1 to {found[-1]} once"
        for epoch, found in numbers.items()
        if found != list(range(1, len(found) + 1))
    ]
    if list(numbers) != list(range(1, len(numbers) + 1)):
        wrong.append(f"epochs are {list(numbers)}")
    kinds = Counter(event["kind"] for event in events)
    wrong += [
        f"{kinds[kind]} events {kind}, not {often}"
        for kind, often in expected.items()
        if kinds[kind] != often
    ]
    return wrong


def counted_bytes(lab: Lab) -> int:
    """What the log says that all devices sent."""
    [row] = _rows(lab, "SELECT coalesce(sum(up_bytes), 0) AS sent FROM sessions")
    return int(row["sent"])
