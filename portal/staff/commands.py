"""The commands about accounts of staff, `portal staff …`, for whoever looks after the gateway.

They work on the file itself, so that the first administrator can be made before anybody signs in.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import unicodedata
from collections.abc import Callable
from contextlib import closing
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal.config import Config, load
from portal.machine import StartError, become_owner_of

if TYPE_CHECKING:
    from portal.staff.accounts import Account, Accounts

Ask = Callable[[str], str]
"""Asks for a password, without showing it."""

ROLES = ("author", "approver", "administrator", "house_owner")


def add(parser: argparse.ArgumentParser, config: Callable[[argparse.ArgumentParser], None]) -> None:
    """Give `portal staff` its commands; `config` adds `--config` to each."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def action(name: str, does: Callable[..., int | None], help: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(does=does)
        config(sub)
        return sub

    make = action("add", add_account, "Make an account; asks for its password.")
    make.add_argument(
        "--role", choices=ROLES, action="append", required=True, help="may be given again"
    )
    make.add_argument(
        "--site", action="append", default=[], metavar="ID", help="a house owner's house"
    )
    change = action("passwd", change_password, "Set a new password.")
    change.add_argument(
        "--new-code", action="store_true", help="also let the code app be set up again"
    )
    for sub in (make, change):
        sub.add_argument(
            "--password-stdin", action="store_true", help="read the password from a pipe"
        )
    remove = action("remove", remove_account, "Remove an account, and end its sign-ins.")
    for sub in (make, change, remove):
        sub.add_argument("name", metavar="NAME", help="the account's name")
    everybody = action("list", list_accounts, "List the accounts.")
    everybody.add_argument("--json", action="store_true", help="print JSON")
    action("serve", serve, "Serve the pages of staff, on a machine that is no gateway.")


def add_account(options: argparse.Namespace, ask: Ask = getpass) -> None:
    config = _config(options)
    with _accounts(config) as accounts:
        password = _new_password(options, ask)
        account = _told(
            lambda: accounts.add(options.name, password, options.role, options.site, time.time())
        )
        _write_down(config, "add_account", account)
    print(f"{account.name} may sign in at http://{_address(config)}/ ({_roles(account)})")
    if account.needs_code:
        print("the first sign-in shows a picture for the code app of a telephone")


def change_password(options: argparse.Namespace, ask: Ask = getpass) -> None:
    config = _config(options)
    with _accounts(config) as accounts:
        account = _named(accounts, options.name)
        password = _new_password(options, ask)
        _told(lambda: accounts.change_password(account.id, password))
        if options.new_code:
            accounts.forget_code(account.id)
        _write_down(config, "change_password", account)
    print(f"{account.name} has a new password; every sign-in has ended")


def remove_account(options: argparse.Namespace) -> None:
    config = _config(options)
    with _accounts(config) as accounts:
        account = _named(accounts, options.name)
        _told(lambda: accounts.remove(account.id))
        _write_down(config, "remove_account", account)
    print(f"{account.name} is removed")


def list_accounts(options: argparse.Namespace) -> None:
    from portal.staff.words import when

    with _accounts(_config(options)) as accounts:
        found = accounts.all()
    if options.json:
        rows: list[dict[str, Any]] = [
            {
                "name": account.name,
                "roles": sorted(account.roles),
                "sites": list(account.sites),
                "code_app": account.has_code,
                "made": account.made,
                "signed_in": account.signed_in,
            }
            for account in found
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return
    if not found:
        print("no account yet; make the first: portal staff add NAME --role administrator")
    for account in found:
        last = when(account.signed_in) if account.signed_in else "never"
        code = ", code app set up" if account.has_code else ""
        print(f"{account.name}: {_roles(account)}; signed in {last}{code}")


def serve(options: argparse.Namespace) -> int:
    """Take the address, then become the staff site."""
    from portal import staff_site

    config = load(options.config)
    if missing := staff_site.missing():
        raise StartError(f"{', '.join(missing)} missing; install union-portal[publish]")
    listening = asyncio.run(staff_site.listen_at(config.staff.listen, config.interfaces.phones))
    listening.set_inheritable(True)
    command = [sys.executable, "-m", "portal.staff", "--config", str(options.config.absolute())]
    print(f"serving http://{_address(config)}/", file=sys.stderr)
    root = str(Path(__file__).parents[2])
    os.execve(
        command[0],
        [*command, "--listening", str(listening.fileno())],
        {**os.environ, "PYTHONPATH": root},
    )


def _config(options: argparse.Namespace) -> Config:
    """The configuration; from here on root is whoever owns `data_dir`."""
    config = load(options.config)
    become_owner_of(config.storage.data_dir)
    return config


def _accounts(config: Config) -> "closing[Accounts]":
    from content_cache.sqlite_files import NewerStore
    from portal.staff.accounts import Accounts

    path = config.storage.data_dir / "staff.db"
    try:
        return closing(Accounts(path))
    except NewerStore as error:
        raise StartError(f"{path}: {error}") from None


def _named(accounts: "Accounts", name: str) -> "Account":
    account = accounts.named(name)
    if account is None:
        known = ", ".join(each.name for each in accounts.all()) or "none"
        raise StartError(f"there is no account {name!r}; known are: {known}")
    return account


def _told(does: Callable[[], Any]) -> Any:
    """Do it, and say what is wrong as the other commands do."""
    from portal.staff.accounts import AccountProblem

    try:
        return does()
    except AccountProblem as problem:
        raise StartError(f"{problem}; nothing was changed") from None


def _new_password(options: argparse.Namespace, ask: Ask) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = ask("New password: ")
    if unicodedata.normalize("NFC", ask("Once more: ")) != unicodedata.normalize("NFC", password):
        raise StartError("the two passwords differ; nothing was changed")
    return password


def _write_down(config: Config, action: str, account: "Account") -> None:
    from splash.content_store import ContentStore

    with closing(ContentStore(config.storage.data_dir / "content.db")) as content:
        note = f"{account.name} ({_roles(account)})"
        content.write_audit("portal staff", action, time.time(), note=note)


def _roles(account: "Account") -> str:
    sites = f" of {', '.join(account.sites)}" if account.sites else ""
    return ", ".join(role for role in ROLES if role in account.roles) + sites


def _address(config: Config) -> str:
    host, port = config.staff.listen
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
