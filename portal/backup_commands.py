"""The commands `portal backup` and `portal restore`. What they do is in `portal.backup_work` and
`portal.restore_work`."""

import argparse
import sys
import unicodedata
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from portal.backup import UCI_NAME, BackupProblem
from portal.backup_lock import LEAST_PASSPHRASE

if TYPE_CHECKING:
    from portal.restore_work import Opened

Ask = Callable[[str], str]
"""Asks for a passphrase, without showing it."""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Make them; `command(name, does, help)` makes one."""
    backup = command("backup", make, "Write all of this site into one file.")
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")
    backup.add_argument(
        "--no-passphrase",
        action="store_true",
        help="do not ask for one: whoever has the file can use what is in it",
    )
    restore = command("restore", restored, "Put a backup in place of what is on this machine.")
    restore.add_argument("file", type=Path, nargs="?", metavar="FILE", help="from portal backup")
    restore.add_argument("--check", action="store_true", help="read all of it, and change nothing")
    restore.add_argument(
        "--replace", action="store_true", help="keep what is here aside, under another name"
    )
    restore.add_argument(
        "--into",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder that the backup may write to, besides the usual; may be given again",
    )
    restore.add_argument(
        "--finish", action="store_true", help="only carry out what is left of an earlier one"
    )
    for each in (backup, restore):
        each.add_argument(
            "--passphrase-file", type=Path, metavar="FILE", help="its first line, instead of asking"
        )


def make(options: argparse.Namespace, ask: Ask = getpass) -> None:
    """Make a backup."""
    from portal import backup_work

    passphrase = _new_passphrase(options, ask)
    contents, strange = backup_work.make(options.file, options.config, passphrase)
    for path in strange:
        print(f"left out, for no file of the portal is called so: {path}", file=sys.stderr)
    size = options.file.stat().st_size / 1e6
    print(f"{options.file}: {len(contents.members)} files, {size:.1f} MB")
    if passphrase is None:
        print(
            "It is not locked: whoever has it holds the keys of the pseudonyms, the accounts of"
            " staff and the keys that sign. Keep it as safe as the router."
        )
    else:
        print("Without the passphrase nobody can open it, and nobody can give you another one.")


def restored(options: argparse.Namespace, ask: Ask = getpass) -> None:
    """Put a backup in place, look at one, or finish what was begun."""
    from portal import restore_work
    from portal.backup_work import UCI

    if options.finish:
        old = restore_work.finish(options.config.absolute())
        print(_old(old) if old else "nothing is left to be done")
        return
    if options.file is None:
        raise BackupProblem("name the file of the backup")
    passphrase = _passphrase(options, ask)
    if options.check:
        opened = restore_work.check(options.file, passphrase)
        print(_listed(opened))
        return
    opened, old = restore_work.restore(
        options.file, options.config, passphrase, replace=options.replace, into=options.into
    )
    about = opened.verified.about
    print(f"{about.name} ({about.site}) is here, as it was on {about.made}")
    if old:
        print(_old(old))
    names = {member.name for member in opened.verified.contents.members}
    if UCI_NAME in names and UCI.parent.is_dir():
        print("next: /usr/libexec/portal/apply, then /etc/init.d/portal restart, and portal doctor")
    else:
        print("next: portal check, start the gateway, and portal doctor")


def _old(paths: list[Path]) -> str:
    return "\n".join(
        ["what was here before is kept; delete it when all is well:", *(f"  {p}" for p in paths)]
    )


def _listed(opened: "Opened") -> str:
    about, contents = opened.verified.about, opened.verified.contents
    width = max(len(member.name) for member in contents.members)
    lines = [
        f"  {member.name:{width}}  {member.size:>12,}"
        + (f"  schema {member.schema}" if member.schema is not None else "")
        for member in contents.members
        if "/files/" not in member.name
    ]
    pool = [member.size for member in contents.members if "/files/" in member.name]
    if pool:
        lines.append(f"  {f'{len(pool)} files of releases':{width}}  {sum(pool):>12,}")
    shown = ", ".join(f"release {number} is shown" for number in contents.active.values())
    return "\n".join(
        [
            f"{about.name} ({about.site}), made {about.made} by portal {about.program},"
            f" {'locked' if opened.verified.sealed else 'not locked'}",
            *lines,
            f"every byte of {len(contents.members)} files is as it was written"
            + (f"; {shown}" if shown else ""),
        ]
    )


def _new_passphrase(options: argparse.Namespace, ask: Ask) -> str | None:
    if options.passphrase_file is not None:
        passphrase = _from_file(options.passphrase_file)
    elif options.no_passphrase:
        return None
    elif ask is getpass and not sys.stdin.isatty():
        raise BackupProblem("nobody can be asked; give --passphrase-file or --no-passphrase")
    else:
        passphrase = ask("New passphrase (nothing: the file is not locked): ")
        if not passphrase:
            return None
        if ask("Once more: ") != passphrase:
            raise BackupProblem("the two passphrases differ; nothing was made")
    if len(passphrase) < LEAST_PASSPHRASE:
        raise BackupProblem(f"a passphrase has at least {LEAST_PASSPHRASE} characters")
    return _plain(passphrase)


def _passphrase(options: argparse.Namespace, ask: Ask) -> str | None:
    from portal import restore_work

    if not restore_work.is_locked(options.file):
        return None
    if options.passphrase_file is not None:
        return _from_file(options.passphrase_file)
    return _plain(ask("Passphrase of the backup: "))


def _from_file(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except PermissionError:
        raise
    except OSError as error:
        raise BackupProblem(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BackupProblem(f"{path} is not UTF-8 text; save it as UTF-8") from None
    if not lines or not lines[0]:
        raise BackupProblem(f"{path} has no passphrase in its first line")
    return _plain(lines[0])


def _plain(passphrase: str) -> str:
    """The same letters, however a keyboard puts their marks on."""
    return unicodedata.normalize("NFC", passphrase)
