"""The commands `portal poster`, `portal rules-page`, `portal handover` and their options. What they
do is in `portal.paper_work`, which needs the extra `[paper]`."""

import argparse
from collections.abc import Callable
from pathlib import Path


class CannotPrint(Exception):
    """Nothing was written; the text says why."""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the three to `portal`."""
    for name, help in (
        ("poster", "Write the poster of this house, with the QR code of its Wi-Fi."),
        ("rules-page", "Write the rules that are in force, for the wall."),
        ("handover", "Write the handover sheet, with the result of the self-test."),
    ):
        sheet = command(name, does, help)
        sheet.set_defaults(what=name)
        sheet.add_argument(
            "-o", "--output", type=Path, required=True, metavar="FILE", help="the PDF to write"
        )
        sheet.add_argument(
            "--font",
            type=Path,
            nargs="+",
            default=[],
            metavar="FILE",
            help="a TrueType font to print with, and its bold one",
        )
        sheet.add_argument(
            "--site", metavar="ID", help="of a file of many houses: this one, by its id or code"
        )
        if name == "handover":
            sheet.add_argument(
                "--selftest",
                type=Path,
                metavar="FILE",
                help="what `portal doctor --save` wrote; else the one in data_dir, if there is one",
            )


def does(options: argparse.Namespace) -> None:
    """Write the sheet."""
    # Not at the top: the daemon is a command of the same program, and has no use for all this.
    try:
        from portal import paper_work
    except ImportError as error:
        if error.name == "paper":
            raise CannotPrint(
                "a router's package has nothing that prints: do this where its image was made, with"
                " --config and the site's file"
            ) from None
        raise CannotPrint(f"this needs {error.name}; install union-portal[paper]") from None
    paper_work.write(options)
