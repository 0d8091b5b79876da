"""The control socket: what operators ask of a running daemon, and its answers.

One line of JSON each way over a Unix socket in the run directory, for root and the group
`portal`. `serve` is the daemon's side, `ask` the command's.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from firewall.changes import MacAddress, Usage, mac_address
from firewall.enforcer import EnforcementError
from portal import technician
from portal.events import (
    AccessGranted,
    EquipmentBlocked,
    EquipmentUnblocked,
    Event,
    SessionWithdrawn,
)
from portal.machine import StartError
from portal.runner import Overloaded, Runner
from portal.session import Device, Pseudonym
from portal.technician import Window

_MOST_BYTES = 4096
_ASK_SECONDS = 15.0

MOST_MINUTES = 7 * 24 * 60
"""How long staff may grant at most; as long as `session.length` may be."""

log = logging.getLogger("portal.control")

Answer = dict[str, Any]


class NotRunning(Exception):
    """No daemon listens in this run directory."""


class Refused(Exception):
    """The daemon said no; the text says why. `by_firewall`: it was the firewall that refused."""

    def __init__(self, why: str, *, by_firewall: bool = False) -> None:
        super().__init__(why)
        self.by_firewall = by_firewall


class Control:
    """Answers questions about `runner`, and passes on what operators want done."""

    def __init__(
        self,
        runner: Runner,
        device: Callable[[MacAddress], Device],
        addresses_of: Callable[[MacAddress], frozenset[str]],
        usage: Callable[[], Awaitable[Mapping[MacAddress, Usage]]],
        status: Callable[[], Answer],
        metrics: Callable[[], Awaitable[str]],
        window: Window,
    ) -> None:
        self._runner = runner
        self._device = device
        self._addresses_of = addresses_of
        self._usage = usage
        self._status = status
        self._metrics = metrics
        self._window = window

    async def answer(self, question: Any) -> Answer:
        """The answer to one question, as it goes over the socket."""
        try:
            match question:
                case {"command": "status"}:
                    return {"ok": True, **self._status()}
                case {"command": "metrics"}:
                    return {"ok": True, "text": await self._metrics()}
                case {"command": "sessions"}:
                    return {"ok": True, "sessions": await self._sessions()}
                case {"command": "technician", "minutes": minutes}:
                    self._window.open(_whole(minutes, technician.MOST_MINUTES))
                    return {"ok": True, "done": "open", "seconds_left": self._window.seconds_left}
                case {"command": "technician", "close": True}:
                    self._window.close()
                    return {"ok": True, "done": "closed"}
                case {"command": "grant", "mac": str(mac), **rest}:
                    seconds = _seconds(rest.get("minutes"))
                    return await self._do(
                        mac, lambda device: AccessGranted(device, seconds), "granted"
                    )
                case {"command": "revoke", "mac": str(mac)}:
                    return await self._do(
                        mac, lambda device: SessionWithdrawn(device.mac, "staff"), "revoked"
                    )
                case {"command": "block", "mac": str(mac), **rest}:
                    why = _text(rest.get("reason"))
                    return await self._do(
                        mac, lambda device: EquipmentBlocked(device, why), "blocked"
                    )
                case {"command": "unblock", "mac": str(mac)}:
                    return await self._do(
                        mac, lambda device: EquipmentUnblocked(device.pseudonyms), "unblocked"
                    )
                # Staff pages know devices by their names alone.
                case {"command": "revoke" | "block", "pseudonym": str(name), **rest}:
                    mac = self._mac_of(name)
                    return await self.answer({"command": question["command"], "mac": mac, **rest})
                case {"command": "unblock", "pseudonym": str(name)}:
                    return await self._unblock(Pseudonym(name))
                case _:
                    return {"ok": False, "error": "unknown command"}
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        except Overloaded:
            return {"ok": False, "error": "too much is waiting; try again in a moment"}
        except EnforcementError as error:
            return {"ok": False, "error": str(error), "by_firewall": True}

    async def _do(self, mac: str, event: Callable[[Device], Event], done: str) -> Answer:
        device = self._device(mac_address(mac))
        before = self._runner.state
        here = bool(self._addresses_of(device.mac))
        step = await self._runner.submit(event(device))
        if step.refusal == "blocked":
            return {"ok": False, "error": f"{device.mac} is blocked; unblock it first"}
        if step.refusal == "full":
            most = self._runner.policy.max_devices
            return {"ok": False, "error": f"{most} devices are open, as session.max_devices says"}
        if not step.facts:
            what = "is not blocked" if done == "unblocked" else "has no session"
            known = device.mac in before.sessions or here
            hint = "" if known else "; no device with this address is on the network"
            return {"ok": False, "error": f"{device.mac} {what}{hint}"}
        session = step.state.sessions.get(device.mac)
        left = {"seconds_left": session.seconds_remaining(self._runner.now())} if session else {}
        return {"ok": True, "done": done, "mac": device.mac, "here": here, **left}

    def _mac_of(self, name: str) -> MacAddress:
        sessions = self._runner.state.sessions.items()
        found = [mac for mac, session in sessions if session.pseudonym == name]
        if not found:
            raise ValueError("the device has no session any more")
        return found[0]

    async def _unblock(self, name: Pseudonym) -> Answer:
        step = await self._runner.submit(EquipmentUnblocked((name,)))
        if not step.facts:
            return {"ok": False, "error": "the device is not blocked"}
        return {"ok": True, "done": "unblocked"}

    async def _sessions(self) -> list[Answer]:
        usage = await self._usage()
        now = self._runner.now()
        rows = []
        for mac, session in sorted(self._runner.state.sessions.items(), key=lambda s: s[1].ends):
            used = usage.get(mac, Usage(0, 0))
            rows.append(
                {
                    "mac": mac,
                    "addresses": sorted(self._addresses_of(mac)),
                    "pseudonym": session.pseudonym,
                    "seconds_so_far": int(now - session.started),
                    "seconds_left": session.seconds_remaining(now),
                    "up_bytes": used.up_bytes,
                    "down_bytes": used.down_bytes,
                }
            )
        return rows


async def serve(path: Path, answer: Callable[[Any], Awaitable[Answer]]) -> None:
    """Listen at `path` until cancelled.

    Raises:
        StartError: the socket cannot be made.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                line = await reader.readline()
                try:
                    question = json.loads(line)
                except (ValueError, RecursionError):
                    question = None
                writer.write(json.dumps(await answer(question)).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError) as error:
            log.info("an operator's command went away: %s", error)
        finally:
            writer.close()

    server = await asyncio.start_unix_server(talk, sock=_bound(path), limit=_MOST_BYTES)
    async with server:
        await server.serve_forever()


def _seconds(minutes: object) -> float | None:
    """How long a grant lasts; None is the usual length."""
    return None if minutes is None else _whole(minutes, MOST_MINUTES) * 60.0


def _whole(minutes: object, most: int) -> int:
    if type(minutes) is not int or not 1 <= minutes <= most:
        raise ValueError(f"{minutes!r} is not a number of minutes from 1 to {most}")
    return minutes


def _text(reason: object) -> str:
    """What SQLite can store: a shell may pass on bytes that are no UTF-8."""
    return str(reason or "").encode(errors="replace").decode()


def _bound(path: Path) -> socket.socket:
    """A socket at `path` in place of any that a killed daemon left there."""
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)  # Root and the group only, from the first moment.
    try:
        path.unlink(missing_ok=True)
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise StartError(f"{path} cannot be listened on: {error.strerror or error}") from None
    finally:
        os.umask(before)
    return listening


def ask(path: Path, question: Mapping[str, Any]) -> Answer:
    """Ask the daemon at `path`; blocks.

    Raises:
        NotRunning: nobody listens there.
        PermissionError: this user may not.
        Refused: the daemon said no.
    """
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(_ASK_SECONDS)
        try:
            channel.connect(str(path))
            channel.sendall(json.dumps(question).encode() + b"\n")
            line = channel.makefile("rb").readline()
        except (FileNotFoundError, ConnectionRefusedError):
            raise NotRunning(f"no portal is running (nobody listens at {path})") from None
        except PermissionError as error:
            error.filename = path  # connect(2) does not say.
            raise
        except TimeoutError:
            raise Refused("the portal is running but does not answer") from None
        except ConnectionError:
            line = b""
    if not line:
        raise Refused("the portal went away without an answer")
    answer: Answer = json.loads(line)
    if not answer.pop("ok", False):
        raise Refused(answer["error"], by_firewall=answer.get("by_firewall", False))
    return answer
