"""The operator's command `portal`. Exit codes: 0 done, 1 failed, 2 usage or configuration,
3 the firewall refused."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from content_cache.toml_file import FileProblems
from firewall.enforcer import EnforcementError
from portal import (
    __version__,
    backup_commands,
    content_commands,
    control,
    doctor_commands,
    gateway_commands,
    lawful_commands,
    paper_commands,
    report_commands,
    setup_commands,
    site_commands,
)
from portal.backup import PENDING, BackupProblem
from portal.config import Config, ConfigurationError, load
from portal.discreet import DiscreetFormatter
from portal.lawful_error import LawfulError
from portal.lean import without_init
from portal.machine import StartError
from portal.paper_commands import CannotPrint
from portal.report_commands import CannotReport
from portal.staff import commands as staff_commands

DEFAULT_CONFIG = Path("/etc/portal/portal.toml")

FAILED, USAGE, FIREWALL = 1, 2, 3

_CANNOT = (
    *(StartError, control.NotRunning, LawfulError, BackupProblem),
    *(CannotPrint, CannotReport),
)
"""What says in its own words why nothing was done."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    try:
        try:
            return _done(argv)
        finally:
            sys.stdout.flush()  # Here, where a pipe that nobody reads is no surprise.
    except BrokenPipeError:  # `| head` has read enough.
        _leave_stdout()
        return FAILED
    except OSError as error:  # A full disk, most likely, below a file or below stdout.
        _leave_stdout()
        where = f"{error.filename}: " if error.filename else "this cannot be written: "
        return _say(f"{where}{error.strerror or error}", FAILED)


def _done(argv: Sequence[str] | None) -> int:
    options = parser().parse_args(argv)
    try:
        return int(options.does(options) or 0)
    except FileProblems as error:
        return _say(error, USAGE)
    except EnforcementError as error:
        return _say(f"the firewall refused; nothing was changed\n{error}", FIREWALL)
    except control.Refused as error:
        return _say(error, FIREWALL if error.by_firewall else FAILED)
    except _CANNOT as error:
        return _say(error, FAILED)
    except PermissionError as error:
        where = error.filename or "this"
        return _say(f"no permission for {where}; run it as root, or in group portal", FAILED)
    except KeyboardInterrupt:
        return FAILED


@cache
def parser() -> argparse.ArgumentParser:
    """Every command and its options; docs/commands.md describes them (a test compares)."""
    top = argparse.ArgumentParser(
        prog="portal", description="Captive portal gateway.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"portal {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str,
        does: Callable[[argparse.Namespace], int | None],
        help: str,
        *,
        reads: bool = False,
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        sub.set_defaults(does=does)
        _with_config(sub)
        if reads:
            sub.add_argument("--json", action="store_true", help="print JSON")
        return sub

    command("run", _run, "Run the gateway in the foreground.")
    demo = commands.add_parser(
        "demo", help="Run the whole system on this machine, in namespaces of its own."
    )
    demo.set_defaults(does=_demo)
    demo.add_argument("--once", action="store_true", help="stop after the walk")
    command("check", _check, "Try the configuration and the rules; change nothing.")
    command("ruleset", _ruleset, "Print the nftables rules this configuration makes.")
    command("dnsmasq", _dnsmasq, "Print what dnsmasq has to know of this configuration.")
    uci = commands.add_parser("uci", help="Make portal.toml of what `uci export portal` prints.")
    uci.set_defaults(does=_uci)
    uci.add_argument("--output", type=Path, metavar="FILE", help="instead of the screen")
    uci.add_argument("--unfinished", action="store_true", help="let required settings be missing")
    command("cleanup", _cleanup, "Remove every rule of ours; needs no running gateway.")
    gateway_commands.add(command)
    backup_commands.add(command)
    privacy = command("privacy", _privacy, "Write what a lawyer needs to know of this gateway.")
    privacy.add_argument("what", choices=["annex"], help="the impact assessment's annex")
    privacy.add_argument("--output", type=Path, metavar="FILE", help="instead of the screen")
    content_commands.add(
        command("content", content_commands.does, "Publish and check what the pages show.")
    )
    lawful_commands.add(commands.add_parser)
    report_commands.add(commands.add_parser, _with_config)
    doctor_commands.add(command)
    site_commands.add(commands.add_parser)
    setup_commands.add(commands.add_parser)
    paper_commands.add(command)
    staff = commands.add_parser("staff", help="Accounts of staff, and their pages.")
    staff_commands.add(staff, _with_config)
    return top


def _with_config(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="portal.toml to use"
    )


def _run(options: argparse.Namespace) -> int:
    without_init("aiohttp", __version__="")
    # Not at the top: the other commands do without all this.
    from content_cache.articles import ArticlesError
    from portal import daemon
    from splash.texts import TextsError

    stderr = logging.StreamHandler()
    stderr.setFormatter(DiscreetFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[stderr])
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    _finish_restore(options.config.absolute())
    config = load(options.config)
    try:
        asyncio.run(daemon.run(config, options.config.absolute()))
    except (TextsError, ArticlesError) as error:
        raise StartError(str(error)) from None
    except BaseExceptionGroup as group:
        raise _foreseen(group) or group from None
    return 0


def _finish_restore(config_file: Path) -> None:
    """Carry out what is left of a restore that was cut short, so that nothing is half old."""
    if not config_file.with_name(PENDING).exists():
        return
    from portal import restore_work

    try:
        restore_work.finish(config_file)
    except PermissionError:
        raise StartError(
            "a restore was cut short; carry out the rest as root: portal restore --finish"
        ) from None


def _foreseen(group: BaseExceptionGroup[BaseException]) -> Exception | None:
    """The error in `group` that has words for people, if there is nothing else in it.

    Anything else is a bug, and its traceback is wanted.
    """
    foreseen, rest = group.split((StartError, EnforcementError, ConfigurationError))
    if foreseen is None or rest is not None:
        return None
    error: BaseException = foreseen
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Exception)
    return error


def _demo(options: argparse.Namespace) -> int:
    try:
        from portal.demo.__main__ import main as demo
    except ModuleNotFoundError as error:
        if error.name != "portal.demo":
            raise
        raise StartError("the demonstration is not in a router's package") from None

    return demo(["--once"] if options.once else [])


def _check(options: argparse.Namespace) -> int:
    from portal.doctor.gateway import check_rules
    from portal.machine import problems

    config = load(options.config)
    if missing := problems(config):
        raise ConfigurationError(str(options.config), missing)
    check_rules(config)
    print(f"{options.config}: good; nftables accepts its rules; nothing was changed")
    return 0


def _ruleset(options: argparse.Namespace) -> None:
    from firewall.ruleset import render
    from portal.plan import plan_of

    print(render(plan_of(load(options.config))), end="")


def _dnsmasq(options: argparse.Namespace) -> None:
    from portal import dns, machine

    config = load(options.config)
    blocked = machine.block_list(config)
    gateway = machine.addresses_of(config.interfaces.phones) if blocked else []
    if blocked and not gateway:
        line = (
            f'interfaces.phones = "{config.interfaces.phones}"   has no address here that'
            " blocked names could lead to; run this on the gateway"
        )
        raise ConfigurationError(str(options.config), [line])
    print(dns.render(config, blocked, gateway), end="")


def _uci(options: argparse.Namespace) -> None:
    from content_cache.durable import sync_names, write_whole
    from portal.uci import to_toml

    export = sys.stdin.buffer.read().decode(errors="replace")
    toml = to_toml(export, unfinished=options.unfinished)
    if options.output is None:
        print(toml, end="")
        return
    try:
        if not options.output.exists() or options.output.read_bytes() != toml.encode():
            write_whole(options.output, toml.encode())  # Flash wears out by writing.
            sync_names(options.output.parent)
    except OSError as error:
        raise StartError(f"{options.output} cannot be written: {error.strerror}") from None


def _cleanup(options: argparse.Namespace) -> int:
    from firewall import shaping_kernel
    from firewall.drivers import open_enforcer

    config = _config_or_none(options.config)
    if config is not None and gateway_commands.is_running(config):
        return _say("the portal is running and would put its rules back; stop it first", FAILED)

    async def remove() -> None:
        enforcer = open_enforcer(config.firewall.driver if config else "nftables")
        try:
            await enforcer.remove()
        finally:
            await enforcer.close()

    asyncio.run(remove())
    shaping_kernel.remove()
    print("no rule of the portal is left; phones pass as the router's own firewall says")
    return 0


def _privacy(options: argparse.Namespace) -> None:
    import time
    from datetime import date

    from portal.annex import annex
    from portal.conditions import conditions_of
    from portal.library import Library

    config = load(options.config)
    shelf = Library(config.content_store, config.site.id, time.time).first()
    conditions = conditions_of(config, shelf.edition)
    text = annex(config, __version__, conditions, date.today())
    if options.output is None:
        print(text, end="")
        return
    try:
        options.output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StartError(f"{options.output} cannot be written: {error.strerror}") from None


def _config_or_none(path: Path) -> Config | None:
    """The configuration if it is good: cleaning up must not depend on it."""
    try:
        return load(path)
    except ConfigurationError:
        return None


def _leave_stdout() -> None:
    """What is still held back for it goes nowhere, and without a word at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: object, code: int) -> int:
    print(f"portal: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
