"""Opens what a lawful request asks of a sealed record, and no more; on the keyholders' machine.

Two approvers open it together. Every opening is first entered in a register, signed by both and
chained to the entry before by its hash; only then is the answer written.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from portal.lawful_error import LawfulError
from portal.lawful_keys import canonical, is_signed, open_site, sign
from portal.sealing import day_of

_LONGEST_TURN = timedelta(days=8).total_seconds()
_LEEWAY_SECONDS = 10.0  # A busy daemon ends a turn a little late.
_MOST_SECONDS_FOR_ALL = timedelta(days=1).total_seconds()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, by whom. Times are Unix seconds; `address` is one in the house."""

    reference: str
    authority: str
    site: str
    begin: float
    end: float
    mac: str | None = None
    address: str | None = None


@dataclass
class Turn:
    """How long a device passed.

    `ends_by` is when the kernel would have ended it by itself; `end` is None where the record
    has nothing of an end, because the daemon was dead by then.
    """

    mac: str
    begin: float
    ends_by: float
    end: float | None
    addresses: list[str]


def check(request: Request) -> None:
    """Refuse a request without a reference, or one that asks for more than it may.

    Raises:
        LawfulError: says what is wrong with it.
    """
    if not request.reference.strip() or not request.authority.strip():
        raise LawfulError("a request has a reference and the authority that made it")
    if request.begin >= request.end:
        raise LawfulError("the time asked for ends before it begins")
    everybody = request.mac is None and request.address is None
    if everybody and request.end - request.begin > _MOST_SECONDS_FOR_ALL:
        raise LawfulError(
            "without a device or an address, ask for one day at most: the others are not"
            " part of the request"
        )


def turns_of(entries: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """The turns that the entries of a record add up to."""
    turns: list[Turn] = []
    running: dict[str, Turn] = {}
    for entry in sorted(entries, key=lambda entry: float(entry["time"])):
        mac = entry["mac"]
        turn = running.get(mac)
        if turn is not None and turn.ends_by < entry["time"] - _LEEWAY_SECONDS:
            del running[mac]
            turn = None
        if entry["what"] == "admitted":
            ends_by = entry["time"] + entry["seconds"]
            if turn is None:
                turn = running[mac] = Turn(mac, entry["time"], ends_by, None, [])
                turns.append(turn)
            turn.ends_by = ends_by
        if turn is not None:
            turn.addresses = sorted({*turn.addresses, *entry["addresses"]})
            if entry["what"] == "withheld":
                turn.end = entry["time"]
                del running[mac]
    return turns


def asked_for(request: Request, turns: Sequence[Turn]) -> list[Turn]:
    """Those of `turns` that the request is about."""
    return [
        turn
        for turn in turns
        if turn.begin <= request.end
        and (turn.end or turn.ends_by) >= request.begin
        and request.mac in (None, turn.mac)
        and (request.address is None or request.address in turn.addresses)
    ]


def read_record(
    folder: Path, box: SealedBox[PrivateKey], request: Request
) -> tuple[list[Any], int]:
    """The entries of the site around the time asked for, and how many lines could not be opened.

    Raises:
        LawfulError: there is no file of that time.
    """
    first, last = day_of(request.begin - _LONGEST_TURN), day_of(request.end + _LONGEST_TURN)
    files = [f for f in sorted(folder.glob("*.sealed")) if first <= f.stem <= last]
    if not files:
        raise LawfulError(f"{folder} has no record from {first} to {last}")
    entries, unreadable = [], 0
    for line in (line for file in files for line in file.read_bytes().split(b"\n") if line):
        try:
            entry = json.loads(box.decrypt(base64.b64decode(line)))
        except (CryptoError, ValueError):
            unreadable += 1  # Cut off by a power cut, or sealed to another key.
            continue
        if entry["site"] == request.site:
            entries.append(entry)
    return entries, unreadable


def export(
    request: Request,
    records: Path,
    site_key: Mapping[str, Any],
    approvers: Mapping[str, SigningKey],
    register: Path,
    now: float,
) -> dict[str, Any]:
    """Enter the request in the register, and return the signed answer to it.

    Raises:
        LawfulError: nothing was opened, and nothing entered.
    """
    check(request)
    box = open_site(site_key, approvers)
    earlier = read_register(register, site_key["approvers"])
    entries, unreadable = read_record(records, box, request)
    answer: dict[str, Any] = {
        "request": _in_words(request),
        "turns": [_row(turn) for turn in asked_for(request, turns_of(entries))],
        "lines_that_could_not_be_opened": unreadable,
    }
    entered = {
        "n": len(earlier) + 1,
        "time": _utc(now),
        "request": answer["request"],
        "turns": len(answer["turns"]),
        "answer": _hash(answer),
        "previous": _hash(earlier[-1]) if earlier else "",
    }
    approvals = {name: sign(key, entered) for name, key in sorted(approvers.items())}
    entry = {**entered, "approvals": approvals}
    with register.open("ab") as file:
        file.write(canonical(entry) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return {"entry": entry, "answer": answer}


def read_register(path: Path, approvers: Mapping[str, str]) -> list[Any]:
    """The entries of a register, each signed by two approvers and chained to the one before.

    Raises:
        LawfulError: it was changed, or is not a register.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    entries: list[Any] = []
    for n, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            entered = {key: value for key, value in entry.items() if key != "approvals"}
            signed = [
                is_signed(approvers.get(name, ""), entered, signature)
                for name, signature in entry["approvals"].items()
            ]
            previous = _hash(entries[-1]) if entries else ""
            whole = (entry["n"], entry["previous"]) == (n, previous) and signed == [True, True]
        except (ValueError, KeyError, AttributeError, TypeError):
            whole = False
        if not whole:
            raise LawfulError(f"{path}: line {n} was changed, or lines before it were taken out")
        entries.append(entry)
    return entries


def is_genuine(exported: Mapping[str, Any], approvers: Mapping[str, str]) -> bool:
    """Whether two of `approvers` (name -> public key) signed this answer."""
    entry = dict(exported["entry"])
    signatures = entry.pop("approvals")
    signed = [is_signed(approvers.get(n, ""), entry, s) for n, s in signatures.items()]
    return signed == [True, True] and entry["answer"] == _hash(exported["answer"])


def _row(turn: Turn) -> dict[str, Any]:
    ended = None if turn.end is None else _utc(turn.end)
    times = {"begin": _utc(turn.begin), "end": ended, "ends_by": _utc(turn.ends_by)}
    return {**asdict(turn), **times}


def _in_words(request: Request) -> dict[str, Any]:
    return {**asdict(request), "begin": _utc(request.begin), "end": _utc(request.end)}


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _utc(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
