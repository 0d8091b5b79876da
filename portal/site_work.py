"""Makes this router the router of a house: UCI settings, then whatever follows from them.

What is set is decided in `portal.site_change`; what follows (network, radio, addresses, firewall)
is the work of one program of the router's, `APPLY`. A mark on the flash says between the two that
it has to run, so that a power cut there is made good by running either again.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from portal import site_change
from portal.site_change import LINE, PACKAGE, Sections
from portal.site_file import House

SITES: Final = Path("/etc/portal/sites.toml")
"""The houses this router's image was made for."""
APPLY: Final = Path("/usr/libexec/portal/apply")
MARK: Final = Path("/etc/portal/apply-pending")

_UCI_SECONDS: Final = 30
_APPLY_SECONDS: Final = 240
_MOST_SHOWN: Final = 500


class CannotSetUp(Exception):
    """This router could not be made a house's; the text says why."""


def write(house: House, *, replace: bool = False) -> bool:
    """Set the router to be the house's; whether anything was changed.

    Raises:
        AnotherHouse: it is another's, and `replace` was not said. Nothing was changed.
        CannotSetUp: it cannot be written, or this is no OpenWrt router; what was before is left.
    """
    lines = site_change.changes(_exported(PACKAGE), house, replace=replace)
    line = site_change.changes_of_line(_exported(LINE), house.wan) if house.wan else []
    if not lines and not line:
        return False
    try:
        MARK.parent.mkdir(parents=True, exist_ok=True)
        MARK.touch()
    except OSError as error:
        raise CannotSetUp(f"{MARK} cannot be written: {error.strerror}") from None
    _set(LINE, line)
    _set(PACKAGE, lines)  # Last: from here on the router knows its house.
    os.sync()
    return True


def _exported(package: str) -> Sections:
    return site_change.read_export(_uci("export", package))


def _set(package: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    try:
        # `uci batch` goes on after a refusal, and says nothing of it in its exit code.
        if said := _uci("batch", said_by="".join(f"{line}\n" for line in lines)):
            raise CannotSetUp(f"uci refused: {said[:_MOST_SHOWN]}")
        _uci("commit", package)
    except CannotSetUp:
        _uci("revert", package)
        raise


def is_applied() -> bool:
    """Whether what was set last is in force, as far as this is known."""
    return not MARK.exists()


def apply() -> None:
    """Bring network, radio and firewall to what is set.

    Raises:
        CannotSetUp: it failed; the settings stay, and running this again goes on.
    """
    rest = _run([str(APPLY)], _APPLY_SECONDS)
    if rest.returncode:
        said = (rest.stderr or rest.stdout).strip()[-_MOST_SHOWN:]
        raise CannotSetUp(f"{APPLY} failed ({rest.returncode}): {said}")
    MARK.unlink(missing_ok=True)


def _uci(*words: str, said_by: str | None = None) -> str:
    """What `uci` prints; for what it is told by `said_by`, what it complains of."""
    done = _run(["uci", *words], _UCI_SECONDS, said_by)
    if done.returncode:
        said = done.stderr.strip()[:_MOST_SHOWN]
        raise CannotSetUp(f"uci {' '.join(words)} failed: {said}")
    return done.stdout if said_by is None else done.stderr.strip()


def _run(
    words: Sequence[str], seconds: float, said: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program; no shell reads `words`. It outlives us if somebody ends us meanwhile."""
    try:
        return subprocess.run(
            words,
            input=said or "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError:
        raise CannotSetUp(
            f"{words[0]} is not here: this is no router with our package; `--show` prints what"
            " would be set"
        ) from None
    except subprocess.TimeoutExpired:
        raise CannotSetUp(f"{words[0]} did not end within {seconds:.0f} s") from None
    except OSError as error:
        raise CannotSetUp(f"{words[0]} cannot be run: {error.strerror}") from None
