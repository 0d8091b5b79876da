"""Writes a backup beside what is on this machine, for renames to bring into place."""

import os
import pwd
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO, Final

from portal.backup import UCI_NAME, BackupProblem, Contents
from portal.backup_file import Found, verify
from portal.backup_places import Places, Swap, swap_of
from portal.backup_work import Progress

USER: Final = "portal"


def stage(
    file: BinaryIO,
    contents: Contents,
    places: Places,
    passphrase: str | None,
    unfinished: ExitStack,
) -> list[Swap]:
    """Write everything beside what is there, and bring it to the disk.

    `contents` is what an earlier reading of `file` found, and `unfinished` removes what was
    written unless it is told otherwise.

    Raises:
        BackupProblem: the file changed since; nothing was changed.
    """
    token, stamp = secrets.token_hex(4), _stamp(places)
    names = {member.name for member in contents.members}
    swaps = {name: swap_of(place, token, stamp) for name, place in places.folders.items()}
    swaps = {name: swap for name, swap in swaps.items() if _has(name, names)}
    for name, place in places.files.items():
        if name in names and (name != UCI_NAME or place.parent.is_dir()):
            swaps[name] = swap_of(place, token, stamp)
    for swap in swaps.values():
        unfinished.callback(remove, swap.staged)
    user = _daemon_user(places)
    modes = {member.name: (member.mode, member.own) for member in contents.members}
    progress = Progress("restore", contents.size)

    def write(found: Found) -> None:
        root, _, rest = found.name.partition("/")
        swap = swaps.get(found.name) or swaps.get(root)
        if swap is None or found.name not in modes:
            return
        path = swap.staged / rest if root in places.folders else swap.staged
        mode, own = modes[found.name]
        _write(path, found, mode, _owner(own, user))
        progress.more(found.size)

    for name in places.folders.keys() & swaps.keys():
        _make_folder(swaps[name].staged)
    again = verify(file, passphrase, write)
    if again.contents != contents:
        raise BackupProblem("the file changed while it was read; nothing was changed")
    for folder, number in contents.active.items():
        _show(swaps, folder, number)
    for name in places.folders.keys() & swaps.keys():
        _give(swaps[name].staged, user)
    os.sync()  # All of it, before the note says that it is there.
    return list(swaps.values())


def _has(folder: str, names: set[str]) -> bool:
    return any(name.startswith(f"{folder}/") for name in names)


def _stamp(places: Places) -> str:
    """A name for the old that is not taken."""
    stamp = plain = time.strftime("%Y%m%d-%H%M%S")
    number = 1
    while any(os.path.lexists(swap_of(at, "", stamp).aside) for _, at in places.all()):
        number += 1
        stamp = f"{plain}-{number}"
    return stamp


def _make_folder(path: Path) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.mkdir(mode=0o700)


def _owner(own: str, user: tuple[int, int] | None) -> tuple[int, int] | None:
    if user is None or not own:
        return None
    return user if own == "user" else (-1, user[1])


def _write(path: Path, found: Found, mode: int, user: tuple[int, int] | None) -> None:
    """A new file. What the daemon owns is made its own; nobody may do more than before."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(number, "wb") as file:
        for piece in found.pieces:
            file.write(piece)
        file.flush()
        if user is not None and os.geteuid() == 0:
            os.fchown(file.fileno(), *user)
        os.fchmod(file.fileno(), 0o600 | mode & 0o044)


def _show(swaps: dict[str, Swap], folder: str, number: int) -> None:
    """Make the link of the store that says which release is shown."""
    root, _, rest = folder.partition("/")
    if root not in swaps:
        return
    store = swaps[root].staged / rest
    if (store / f"releases/{number}/bundle.json").is_file():
        (store / "active").symlink_to(f"releases/{number}")


def _give(folder: Path, user: tuple[int, int] | None) -> None:
    """Folders are the daemon's, and only then may it look into the topmost."""
    for at, _, _ in os.walk(folder, topdown=False):
        if user is not None and os.geteuid() == 0:
            os.chown(at, *user, follow_symlinks=False)
        os.chmod(at, 0o750)


def _daemon_user(places: Places) -> tuple[int, int] | None:
    """Who owned the data before; else the system's user `portal`."""
    data = places.folders["data"]
    if data.is_dir():
        owner = data.stat()
        return owner.st_uid, owner.st_gid
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        if os.geteuid() == 0:
            print(f"there is no user {USER} here; the files are root's", file=sys.stderr)
        return None
    return user.pw_uid, user.pw_gid


def sweep(swaps: Sequence[Swap]) -> None:
    """Remove what a killed restore had written; the note, not this, says what counts."""
    mine = {swap.staged for swap in swaps}
    for swap in swaps:
        for left in swap.target.parent.glob(f"{swap.target.name}.restored-*"):
            if left not in mine:
                remove(left)


def remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()
