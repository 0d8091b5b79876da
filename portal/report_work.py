"""What `portal report` and `portal export` do; `portal.report_commands` has the options."""

import argparse
import importlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from content_cache.manifest import BundleError
from content_cache.signing import signer_of
from portal import report_making as making
from portal.config import load
from portal.machine import become_owner_of
from portal.report_commands import FORMATS, CannotReport
from portal.tables import table
from reports import export as exports
from reports import record, record_file
from reports.entries import as_tables, current
from reports.facts import Period, ReportError

WRITERS: Final = {
    "docx": "reports.document",
    "xlsx": "reports.workbook",
    "csv": "reports.csv_file",
    "json": "reports.json_file",
    "html": "reports.html_page",
}
_KEY_FILE: Final = "export.key"


def write_report(options: argparse.Namespace) -> None:
    """Write the report."""
    with _told("no report was written"):
        period = _period(options)
        form = _form(options)
        entered = _entered(options)
        files = list(making.in_folders(options.read))
        config = None if files and not options.config.exists() else load(options.config)
        recorded = config is not None and (
            not files or (config.storage.data_dir / "sessions.db").exists()
        )
        wanted = making.Wanted(
            period=period,
            before=None if options.compare is None else Period(*options.compare),
            sites=frozenset(options.site),
            organisation=config.organisation.name if config else entered.document.body or "………",
            unit=config.organisation.unit if config else "………",
        )
        own = making.own_of(config) if config is not None and recorded else None
        made = making.make(wanted, own, entered, files, time.time())
        data: bytes = importlib.import_module(WRITERS[form]).written(made)
        _write(options.output, data)
    if made.period != period:
        print(f"the period was cut to {made.period.last}: later days are not over yet")
    for note in made.notes:
        print(note.en or note.vi)
    sites = "1 site" if len(made.sites) == 1 else f"{len(made.sites)} sites"
    print(f"{options.output}: {sites}, {made.period.first} to {made.period.last}")


def write_export(options: argparse.Namespace) -> None:
    """Write the signed totals of this site, or print its key."""
    config = load(options.config)
    with _told("nothing was exported"):
        folder = config.storage.data_dir
        if options.key:
            become_owner_of(folder)
            print(signer_of(folder / _KEY_FILE).public_key)
            return
        period, now = _period(options), time.time()
        if options.output is None:
            raise ReportError(["-o is missing; name the file to write, like hp-001-2026-03.json"])
        over = making.over(period, now)
        facts = making.own_of(config).gather(over, now)
        if not facts.days:
            raise ReportError([f"nothing was recorded from {over.first} to {over.last}"])
        user, group = os.geteuid(), os.getegid()
        become_owner_of(folder)
        try:
            signer = signer_of(folder / _KEY_FILE)
        finally:
            os.seteuid(user)
            os.setegid(group)
        _write(options.output, exports.signed(facts, signer))
    if over != period:
        print(f"the period was cut to {over.last}: later days are not over yet")
    print(
        f"{options.output}: {facts.place.id}, {over.first} to {over.last}, {len(facts.days)} days"
        f" with records; key {signer.public_key}"
    )


def add_cost(options: argparse.Namespace) -> None:
    """Put a cost at the end of the record."""
    path = _record_path(options)
    with _told("nothing was entered"):
        cost = record.Cost(
            site=options.of,
            kind=options.kind,
            amount=options.amount,
            first=options.first,
            last=options.last,
            note=record.text(options.note) if options.note.strip() else "",
        )
        record_file.add_cost(path, cost, _on_the_page(options))
    print(f"{path}: {cost.kind} of {cost.amount} đồng for {cost.site}")


def list_costs(options: argparse.Namespace) -> None:
    """Check the record, and list its costs."""
    path = _record_path(options)
    with _told("the record cannot be used"):
        entered = record_file.load(path, _on_the_page(options))
    rows = [
        {
            "site": cost.site,
            "kind": cost.kind,
            "amount": f"{cost.amount:,}",
            "first": str(cost.first),
            "last": cost.last and str(cost.last),
            "note": cost.note,
        }
        for cost in entered.costs
    ]
    print(table(rows) if rows else f"{path}: no cost is entered")


DOES: Final[dict[str, Callable[[argparse.Namespace], None]]] = {
    "report": write_report,
    "cost-add": add_cost,
    "cost-list": list_costs,
    "export": write_export,
}


def _period(options: argparse.Namespace) -> Period:
    missing = [
        f"{name} is missing; write a day like 2026-01-01"
        for name, value in (("--from", options.first), ("--to", options.last))
        if value is None
    ]
    if missing:
        raise ReportError(missing)
    return Period(options.first, options.last)


def _form(options: argparse.Namespace) -> str:
    if options.output is None:
        raise ReportError(["-o is missing; name the file to write, like bao-cao.docx"])
    form = options.format or options.output.suffix.lstrip(".").lower()
    if form not in FORMATS:
        raise ReportError([f"{options.output}: what format? give --format {'|'.join(FORMATS)}"])
    return str(form)


def _record_path(options: argparse.Namespace) -> Path:
    beside: Path = options.config.with_name("reports.toml")
    chosen: Path | None = options.record
    return chosen or beside


def _on_the_page(options: argparse.Namespace) -> record.Tables:
    """What staff entered on the page of this machine; nothing beside a file that was named."""
    if options.record is not None or not options.config.exists():
        return {}
    return as_tables(current(load(options.config).storage.data_dir / "entered.db"))


def _entered(options: argparse.Namespace) -> record.Record:
    if options.record is not None and not options.record.exists():
        raise ReportError([f"{options.record} is not there"])
    return record_file.load(_record_path(options), _on_the_page(options))


def _write(path: Path, data: bytes) -> None:
    """The whole file or nothing; over an earlier one."""
    unfinished = path.with_name(f".{path.name}.new")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise ReportError([f"{path} cannot be written: {error.strerror}"]) from None


@contextmanager
def _told(failed: str) -> Iterator[None]:
    try:
        yield
    except (ReportError, BundleError) as error:
        lines = list(error.problems)
        if len(lines) == 1:
            raise CannotReport(f"{failed}: {lines[0]}") from None
        raise CannotReport(
            "\n".join([f"{failed}; {len(lines)} problems", *(f"  {line}" for line in lines)])
        ) from None
    except ValueError as error:
        raise CannotReport(f"{failed}: {error}") from None
