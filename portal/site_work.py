"""Makes this router the router of a house: UCI settings, and what follows from them.

What is set is decided in `portal.site_change`; what follows (networks, radio, addresses, firewall)
is the work of one program of the router's, `APPLY`, which reads settings that are not committed
yet. They are committed last: so a router that loses power in the middle, or on which anything
fails, does not know its house, and whoever tries again begins anew.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from portal import site_change
from portal.site_change import LINE, PACKAGE, Sections
from portal.site_file import House, Wan

SITES: Final = Path("/usr/share/portal/sites.toml")
"""The houses this router's image was made for: part of the image, so that an upgrade brings the
newer list, and no backup carries it."""
APPLY: Final = "/usr/libexec/portal/apply"

_UCI_SECONDS: Final = 30
_APPLY_SECONDS: Final = 180
_MOST_SHOWN: Final = 500


class CannotSetUp(Exception):
    """This router could not be made a house's; the text says why."""


def write(
    house: House, *, replace: bool = False, applying: Callable[[], object] = lambda: None
) -> bool:
    """Set the router to be the house's; whether anything was changed.

    It has effect with `take_effect`. `applying` is called when the settings are right and the
    longer part begins.

    Raises:
        AnotherHouse: it is another's, and `replace` was not said. Nothing was changed.
        CannotSetUp: it cannot be set, or this is no OpenWrt router; the router is no house's
            that it was not before.
    """
    current = _exported(PACKAGE)
    lines = site_change.changes(current, house, replace=replace)
    # The line of another house is not this one's, whether its file says so or not.
    wan = house.wan or (Wan() if site_change.is_of_another(current, house) else None)
    line = site_change.changes_of_line(_exported(LINE), wan) if wan else []
    if not lines and not line:
        return False
    try:
        _stage([*line, *lines])
        applying()
        if _exported(PACKAGE).get("router", {}).get("managed") == "1":
            _must(APPLY, "--no-reload", seconds=_APPLY_SECONDS)
        _must("uci", "commit", LINE)
        _must("uci", "commit", PACKAGE)
    except CannotSetUp:
        _take_back()
        raise
    os.sync()
    return True


def has_a_house() -> bool:
    """Whether this router knows its house. What was only staged when somebody was killed is not
    known: it is taken back.

    Raises:
        CannotSetUp: this is no OpenWrt router.
    """
    _take_back()
    return bool(_exported(PACKAGE).get("site", {}).get("id"))


def start_the_gateway() -> None:
    """Have procd run what it should now; it ends us.

    Raises:
        CannotSetUp: it failed.
    """
    _must("/etc/init.d/portal", "start")


def take_effect() -> None:
    """Have every service that follows what was changed do so: networks, radio, ourselves.

    Raises:
        CannotSetUp: it failed; the settings stay, and a restart of the router does it.
    """
    _must("reload_config")


def _exported(package: str) -> Sections:
    return site_change.read_export(_must("uci", "export", package))


def _stage(lines: Sequence[str]) -> None:
    """Have `uci` take `lines` down, for what asks it; nothing is on the flash yet."""
    done = _run(["uci", "batch"], _UCI_SECONDS, "".join(f"{line}\n" for line in lines))
    # It goes on after a refusal, and says nothing of that in its exit code.
    if done.returncode or done.stderr.strip():
        raise CannotSetUp(f"uci refused: {_end(done.stderr)}")


def _take_back() -> None:
    for package in (LINE, PACKAGE):
        _run(["uci", "-q", "revert", package], _UCI_SECONDS)


def _must(*words: str, seconds: float = _UCI_SECONDS) -> str:
    """What a program prints; its failure is ours."""
    done = _run(words, seconds)
    if done.returncode:
        said = _end(done.stderr or done.stdout)
        raise CannotSetUp(f"{' '.join(words)} failed ({done.returncode}): {said}")
    return done.stdout


def _run(words: Sequence[str], seconds: float, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program; no shell reads `words`. It goes on to its end if somebody ends us."""
    try:
        return subprocess.run(
            words,
            input=said,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            start_new_session=True,
            check=False,
        )
    except FileNotFoundError:
        raise CannotSetUp(f"{words[0]} is not here: this is no router with our package") from None
    except subprocess.TimeoutExpired:
        raise CannotSetUp(f"{words[0]} did not end within {seconds:.0f} s") from None
    except OSError as error:
        raise CannotSetUp(f"{words[0]} cannot be run: {error.strerror}") from None


def _end(text: str) -> str:
    return text.strip()[-_MOST_SHOWN:]
