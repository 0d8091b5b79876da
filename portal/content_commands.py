"""The commands `portal content ...` and their options. What they do is in `portal.content_work`."""

import argparse
from pathlib import Path

from splash.content import KINDS


def add(content: argparse.ArgumentParser) -> None:
    """Give `portal content` its own commands."""
    commands = content.add_subparsers(dest="what", required=True, metavar="COMMAND")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help, description=help, allow_abbrev=False)
        made.add_argument(
            "--config",
            type=Path,
            default=argparse.SUPPRESS,  # As it was given before the command, or not.
            metavar="FILE",
            help="portal.toml to use",
        )
        return made

    listed = command("list", "List every item, or every release.")
    listed.add_argument("--kind", choices=sorted(KINDS), help="only these")
    listed.add_argument(
        "--overdue", action="store_true", help="only live articles whose review is past"
    )
    listed.add_argument("--releases", action="store_true", help="releases instead of items")
    listed.add_argument("--json", action="store_true", help="print JSON")
    imported = command("import", "Make drafts of Markdown articles and quiz files.")
    imported.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a file or a folder")
    imported.add_argument("--samples", action="store_true", help="also what is shipped")
    published = command("publish", "Release what is live, and show it.")
    published.add_argument(
        "--to", type=Path, metavar="DIR", help="and put it there, to be copied to a web space"
    )
    rolled_back = command("rollback", "Show an earlier release again, byte for byte.")
    rolled_back.add_argument("release", type=int, metavar="N", help="its number")
    for writes in (imported, published, rolled_back):
        writes.add_argument("--by", metavar="NAME", help="who does it; else your login name")
    for changes in (published, rolled_back):
        changes.add_argument("--note", default="", metavar="TEXT", help="why, for the audit trail")
    verified = command("verify", "Check every byte of every release, and who signed it.")
    verified.add_argument(
        "folder", nargs="?", type=Path, metavar="DIR", help="of the release in DIR instead"
    )
    command("key", "Print the key that gateways are to believe.")
    mirrored = command("mirror", "Copy articles of websites; mirror.toml says which.")
    mirrored.add_argument("--source", metavar="NAME", help="only this one of mirror.toml")
    mirrored.add_argument(
        "--try",
        dest="tries",
        nargs="?",
        const=Path(),
        type=Path,
        metavar="DIR",
        help="keep nothing; show the first three articles, as pages in DIR too",
    )
    mirrored.add_argument(
        "--publish", action="store_true", help="then release what needed no person, if anything"
    )
    mirrored.add_argument("--json", action="store_true", help="print the report as JSON")


def does(options: argparse.Namespace) -> int | None:
    """Do what the command says."""
    # Not at the top: the daemon is a command of the same program, and has no use for all this.
    from portal.content_work import DOES

    return DOES[options.what](options)
