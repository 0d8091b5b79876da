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
from portal.lawful_turns import Turn, turns_of
from portal.sealing import day_of

_LONGEST_TURN = timedelta(days=8).total_seconds()
_MOST_SECONDS_FOR_ALL = timedelta(days=1).total_seconds()


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, by whom. Times are Unix seconds; `address` is one in the house.

    `public_address` and `port` are how the Internet saw the device: the uplink's address, and
    the source port.
    """

    reference: str
    authority: str
    site: str
    begin: float
    end: float
    mac: str | None = None
    address: str | None = None
    public_address: str | None = None
    port: int | None = None


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
            "without a device or an address in the house, ask for one day at most: the others"
            " are not part of the request"
        )
    if request.port is not None and not 0 < request.port < 65536:
        raise LawfulError(f"{request.port} is not a port; write a number from 1 to 65535")


def asked_for(request: Request, turns: Sequence[Turn]) -> list[Turn]:
    """Those of `turns` that the request is about."""
    port = request.port
    return [
        turn
        for turn in turns
        if _concerns(request, turn) and (port is None or turn.had(port, request.begin, request.end))
    ]


def without_ports(request: Request, turns: Sequence[Turn]) -> int:
    """How many turns a port could not have found, because their devices had no block."""
    return sum(_concerns(request, turn) and turn.without_ports for turn in turns)


def _concerns(request: Request, turn: Turn) -> bool:
    """Whether the request is about this turn, its port apart."""
    public = request.public_address
    return (
        turn.begin <= request.end
        and (turn.end or turn.ends_by) >= request.begin
        and request.mac in (None, turn.mac)
        and (request.address is None or request.address in turn.addresses)
        and (public is None or public in turn.public_addresses)
    )


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
    turns = turns_of(entries)
    answer: dict[str, Any] = {
        "request": _in_words(request),
        "turns": [_row(turn) for turn in asked_for(request, turns)],
        "turns_without_ports": without_ports(request, turns),
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
    blocks = [
        {
            **asdict(block),
            "begin": _utc(block.begin),
            "end": None if block.end is None else _utc(block.end),
        }
        for block in turn.blocks
    ]
    return {**asdict(turn), **times, "blocks": blocks}


def _in_words(request: Request) -> dict[str, Any]:
    return {**asdict(request), "begin": _utc(request.begin), "end": _utc(request.end)}


def _hash(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def _utc(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
