"""The commands of the keyholders: `portal lawful-keys` and `portal lawful-export`.

For a machine that is not the router: they need PyNaCl and no portal.toml.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firewall.changes import mac_address
from portal.lawful_error import LawfulError
from portal.schedule import SITE_TIME

if TYPE_CHECKING:
    from nacl.signing import SigningKey

    from portal.lawful_export import Request


Ask = Callable[[str], str]
"""Asks for a passphrase, without showing it."""


def add(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both commands to `portal`."""
    keys = add_parser("lawful-keys", help="Make the keys of the sealed record.")
    keys.set_defaults(does=make_keys)
    keys.add_argument("what", choices=["approver", "site"], help="whose key to make")
    keys.add_argument(
        "names", nargs="+", metavar="NAME", help="the approver's name; or approvers' key files"
    )
    keys.add_argument("--output", type=Path, required=True, metavar="FILE", help="a new file")
    export = add_parser("lawful-export", help="Open what a lawful request asks of a sealed record.")
    export.set_defaults(does=export_record)
    for option, metavar, words in (
        ("--reference", "TEXT", "number and date of the request"),
        ("--authority", "TEXT", "who made it"),
        ("--site", "ID", "the site's [site] id"),
        ("--from", "TIME", "like 2026-11-23T19:00, in the site's time"),
        ("--to", "TIME", "like 2026-11-23T20:00"),
    ):
        export.add_argument(option, required=True, metavar=metavar, help=words)
    export.add_argument("--mac", type=mac_address, metavar="MAC", help="this device only")
    export.add_argument("--address", metavar="IP", help="who had this address in the house")
    export.add_argument("--public-address", metavar="IP", help="while the uplink had this address")
    export.add_argument("--port", type=int, metavar="N", help="who left by this source port")
    for option, words in (
        ("--records", "folder with a copy of data_dir/sealed"),
        ("--key", "the site's key file"),
        ("--register", "the register of requests; made if it is not there"),
        ("--output", "a new file for the answer"),
    ):
        export.add_argument(option, type=Path, required=True, metavar="PATH", help=words)
    export.add_argument(
        "--approver", type=Path, action="append", required=True, metavar="FILE",
        help="an approver's key file; give two",
    )  # fmt: skip


def make_keys(options: argparse.Namespace, ask: Ask = getpass) -> None:
    """Make an approver's key, or a site's from the files of its approvers."""
    keys = _keys()
    if options.what == "site":
        made = keys.make_site([_read(Path(file)) for file in options.names])
    elif len(options.names) != 1:
        raise LawfulError("give the one name of the approver")
    else:
        [name] = options.names
        passphrase = ask(f"New passphrase of {name}: ")
        if ask("Once more: ") != passphrase:
            raise LawfulError("the two passphrases differ; nothing was made")
        made = keys.make_approver(name, passphrase)
    _write_new(options.output, made)
    if options.what == "site":
        print(f'[privacy]\nprofile = "sealed"\npublic_key = "{made["public_key"]}"')
    else:
        print(f"{options.output}: keep it with its owner, and a copy elsewhere")


def export_record(options: argparse.Namespace, ask: Ask = getpass) -> None:
    """Answer a request, with two approvers present."""
    keys = _keys()
    from portal import lawful_export

    request = lawful_export.Request(
        options.reference,
        options.authority,
        options.site,
        _time(getattr(options, "from")),
        _time(options.to),
        options.mac,
        options.address,
        options.public_address,
        options.port,
    )
    lawful_export.check(request)
    print(
        f"{request.authority}, {request.reference}: {request.site}, {getattr(options, 'from')}"
        f" to {options.to}, {_whom(request)}"
    )
    if options.output.exists():
        raise LawfulError(f"{options.output} is there already; name a new file")
    site_key = _read(options.key)
    approvers: dict[str, SigningKey] = {}
    for file in options.approver:
        document = _read(file)
        name = str(document.get("approver", file))
        approvers[name] = keys.open_approver(document, ask(f"Passphrase of {name}: "))
    exported = lawful_export.export(
        request, options.records, site_key, approvers, options.register, time.time()
    )
    _write_new(options.output, exported)
    answer = exported["answer"]
    print(f"{options.output}: {len(answer['turns'])} turns; entry {exported['entry']['n']} of"
          f" {options.register}")  # fmt: skip
    if request.port is not None and answer["turns_without_ports"]:
        print(
            f"{answer['turns_without_ports']} turns had no block of ports for a time: their"
            " devices cannot be found by a port, nor ruled out"
        )
    if answer["lines_that_could_not_be_opened"]:
        print(f"{answer['lines_that_could_not_be_opened']} lines could not be opened")


def _whom(request: "Request") -> str:
    named = (
        request.mac,
        request.address,
        None if request.public_address is None else f"behind {request.public_address}",
        None if request.port is None else f"source port {request.port}",
    )
    return ", ".join(filter(None, named)) or "every device"


def _keys() -> Any:
    try:
        from portal import lawful_keys
    except ImportError:
        raise LawfulError("this needs PyNaCl; install python3-nacl or, by pip, PyNaCl") from None
    return lawful_keys


def _time(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise LawfulError(f"{text!r} is not a time; write it like 2026-11-23T19:00") from None
    return (found if found.tzinfo else found.replace(tzinfo=SITE_TIME)).timestamp()


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LawfulError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise LawfulError(f"{path} is not a key file")
    return document


def _write_new(path: Path, document: object) -> None:
    """Write for the owner alone, and never over another file."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise LawfulError(f"{path} is there already; name a new file") from None
    except OSError as error:
        raise LawfulError(f"{path} cannot be written: {error.strerror}") from None
    with os.fdopen(file, "w", encoding="utf-8") as new:
        json.dump(document, new, ensure_ascii=False, indent=2)
        new.write("\n")
