"""The commands that ask the running gateway, or tell it what to do with a device."""

import argparse
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from firewall.changes import mac_address
from portal import control
from portal.config import Config, load
from portal.tables import table
from portal.technician import MOST_MINUTES, USUAL_MINUTES


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Make them; `command(name, does, help, reads=...)` makes one."""
    command("status", _status, "Say how the running gateway is.", reads=True)
    sessions = command("sessions", _sessions, "List who is online.", reads=True)
    sessions.add_argument(
        "--all", action="store_true", help="list what the session log holds, ended ones too"
    )
    grant = command("grant", _tell, "Let a device pass without a tap.")
    grant.add_argument(
        "--minutes", type=_up_to(control.MOST_MINUTES), help="instead of the usual length"
    )
    revoke = command("revoke", _tell, "End the session of a device.")
    block = command("block", _tell, "Never let a device pass again.")
    block.add_argument("--reason", default="", metavar="TEXT", help="kept in the log")
    unblock = command("unblock", _tell, "Let a blocked device be like the others.")
    technician = command("technician", _technician, "Let technicians see the self-test.")
    which = technician.add_mutually_exclusive_group()
    which.add_argument(
        "--minutes",
        type=_up_to(MOST_MINUTES),
        default=USUAL_MINUTES,
        help=f"how long; {USUAL_MINUTES} if not given",
    )
    which.add_argument("--close", action="store_true", help="close it now")
    told = {"grant": grant, "revoke": revoke, "block": block, "unblock": unblock}
    for name, parser in told.items():
        parser.add_argument(
            "mac", type=_mac, metavar="MAC", help="the device, like 02:00:5e:10:00:01"
        )
        parser.set_defaults(command=name)


def _status(options: argparse.Namespace) -> None:
    status = _ask(options, {"command": "status"})
    if options.json:
        print(json.dumps(status, ensure_ascii=False))
        return
    width = max(len(name) for name in status)
    for name, value in status.items():
        print(f"{name.replace('_', ' '):{width}}  {'-' if value is None else value}")


def _sessions(options: argparse.Namespace) -> None:
    if options.all:
        rows = _logged_sessions(load(options.config))
    else:
        rows = _ask(options, {"command": "sessions"})["sessions"]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        print("nobody is online" if not options.all else "the log holds no session")
    else:
        print(table(rows))


def _logged_sessions(config: Config) -> list[dict[str, Any]]:
    import sqlite_utils

    path = config.storage.data_dir / "sessions.db"
    if not path.exists():
        raise control.Refused(f"{path} is not there; no gateway has run with this configuration")
    db = sqlite_utils.Database(f"file:{path}?mode=ro")
    try:
        return list(
            db.query(
                "SELECT pseudonym, conditions, datetime(started_wall, 'unixepoch') AS started_utc,"
                " datetime(ended_wall, 'unixepoch') AS ended_utc, seconds, end_reason,"
                " up_bytes, down_bytes FROM sessions ORDER BY id"
            )
        )
    except sqlite3.Error as error:
        raise control.Refused(f"{path} cannot be read: {error}") from None


def _tell(options: argparse.Namespace) -> None:
    question = {"command": options.command, "mac": options.mac}
    if options.command == "grant":
        question["minutes"] = options.minutes
    if options.command == "block":
        question["reason"] = options.reason
    answer = _ask(options, question)
    left = answer.get("seconds_left")
    until = f", {-(-left // 60)} minutes left" if left is not None else ""
    absent = "" if answer["here"] else "; no device with this address is on the network now"
    print(f"{answer['mac']} {answer['done']}{until}{absent}")


def _technician(options: argparse.Namespace) -> None:
    if options.close:
        _ask(options, {"command": "technician", "close": True})
        print("the technician's page is closed")
        return
    answer = _ask(options, {"command": "technician", "minutes": options.minutes})
    host = load(options.config).portal.host
    left = -(-answer["seconds_left"] // 60)
    print(f"for {left} minutes, on a phone in this Wi-Fi: http://{host}/technician")


def _ask(options: argparse.Namespace, question: dict[str, Any]) -> control.Answer:
    config = load(options.config)
    return control.ask(config.storage.run_dir / "control.sock", question)


def is_running(config: Config) -> bool:
    """Whether a gateway with this configuration runs on this machine."""
    try:
        control.ask(config.storage.run_dir / "control.sock", {"command": "status"})
    except control.NotRunning:
        return False
    except control.Refused:
        return True
    return True


def _mac(text: str) -> str:
    try:
        return mac_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _up_to(most: int) -> Callable[[str], int]:
    """Reads a number of minutes."""

    def minutes(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number of minutes from 1 to {most}"
            )
        return int(text)

    return minutes
