"""The commands `portal report` and `portal export` and their options. What they do is in
`portal.report_work`, which needs the extra `[reports]`."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

FORMATS = ("docx", "xlsx", "csv", "json", "html")
COST_KINDS = ("monthly", "repair", "installation", "equipment")


class CannotReport(Exception):
    """Nothing was written; the text says why."""


def add(
    add_parser: Callable[..., argparse.ArgumentParser],
    with_config: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Add both commands to `portal`."""
    report = add_parser("report", help="Write the report on a period.", allow_abbrev=False)
    report.set_defaults(does=does, what="report")
    with_config(report)
    _period(report)
    report.add_argument(
        "--compare", nargs=2, type=_day, metavar=("FROM", "TO"), help="beside another period"
    )
    report.add_argument(
        "--site", action="append", default=[], metavar="ID", help="only this one; may be repeated"
    )
    report.add_argument(
        "--read",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="exports of sites, or folders of them, beside what this machine knows",
    )
    report.add_argument("--format", choices=FORMATS, help="else as the name of the file ends")
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="what to write")
    _record(report)
    more = report.add_subparsers(metavar="COMMAND")
    cost = more.add_parser("cost", help="Enter what was paid.", allow_abbrev=False)
    costs = cost.add_subparsers(required=True, metavar="COMMAND")
    added = costs.add_parser("add", help="Put a cost at the end of reports.toml.")
    added.set_defaults(what="cost-add")
    added.add_argument("--site", dest="of", required=True, metavar="ID", help="where")
    added.add_argument("--kind", required=True, choices=COST_KINDS, help="what for")
    added.add_argument("--amount", required=True, type=_dong, metavar="N", help="in đồng")
    added.add_argument("--first", required=True, type=_day, metavar="DAY", help="paid on, or from")
    added.add_argument("--last", type=_day, metavar="DAY", help="end of a monthly fee")
    added.add_argument("--note", default="", metavar="TEXT", help="like the number of the bill")
    listed = costs.add_parser("list", help="Check reports.toml and list its costs.")
    listed.set_defaults(what="cost-list")
    export = add_parser(
        "export", help="Write this site's totals into one signed file.", allow_abbrev=False
    )
    export.set_defaults(does=does, what="export")
    with_config(export)
    _period(export)
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="what to write")
    export.add_argument("--key", action="store_true", help="print the key of this site instead")


def does(options: argparse.Namespace) -> int | None:
    """Do what the command says."""
    # Not at the top: the daemon is a command of the same program, and has no use for all this.
    try:
        from portal.report_work import DOES
    except ImportError as error:
        raise CannotReport(f"this needs {error.name}; install union-portal[reports]") from None
    return DOES[options.what](options)


def _period(command: argparse.ArgumentParser) -> None:
    command.add_argument("--from", dest="first", type=_day, metavar="DAY", help="like 2026-01-01")
    command.add_argument("--to", dest="last", type=_day, metavar="DAY", help="its last day")


def _record(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="what staff entered; else reports.toml beside portal.toml",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it like 2026-03-31") from (
            None
        )


def _dong(text: str) -> int:
    digits = text.replace(".", "").replace("_", "")
    if not digits.isdecimal() or len(digits) > 12:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount; write it like 250000")
    return int(digits)
