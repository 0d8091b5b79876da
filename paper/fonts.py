"""Finds fonts that have every Vietnamese letter. They are embedded, so any printer has them."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

from paper.sheet import FontProblem, letters_of

Kind: TypeAlias = Literal["sans", "serif"]

VIETNAMESE: Final = frozenset(
    [
        *map(chr, range(0x20, 0x7F)),
        *"ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯư",
        *map(chr, range(0x1EA0, 0x1EFA)),
        *"–…“”‘’·",
    ]
)

_FAMILIES: Final[Mapping[Kind, Sequence[tuple[str, str, str]]]] = {
    "sans": (
        ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf"),
        ("arial.ttf", "arialbd.ttf", "ariali.ttf"),
        ("Arial.ttf", "Arial Bold.ttf", "Arial Italic.ttf"),
        ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf"),
        ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"),
    ),
    "serif": (
        ("times.ttf", "timesbd.ttf", "timesi.ttf"),
        ("Times New Roman.ttf", "Times New Roman Bold.ttf", "Times New Roman Italic.ttf"),
        ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf", "LiberationSerif-Italic.ttf"),
        ("NotoSerif-Regular.ttf", "NotoSerif-Bold.ttf", "NotoSerif-Italic.ttf"),
        ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif-Italic.ttf"),
    ),
}
"""Regular, bold, italic by the names of their files; the first that has the letters is taken.
Liberation of 2022 and before lacks most of Vietnamese."""
_OF_SYMBOLS: Final = (
    *("NotoSansSymbols2-Regular.ttf", "NotoSansSymbols-Regular.ttf", "NotoEmoji-Regular.ttf"),
    *("DejaVuSans.ttf", "Symbola.ttf", "seguisym.ttf", "seguiemj.ttf"),
)


@dataclass(frozen=True, slots=True)
class Family:
    regular: Path
    bold: Path
    italic: Path
    symbols: tuple[Path, ...] = ()
    """Where a letter is taken from that the others lack."""


def find(kind: Kind, chosen: Sequence[Path] = ()) -> Family:
    """The family to print with: `chosen` (regular, and bold if there is a second), or the
    system's.

    Raises:
        FontProblem: what to install or to name.
    """
    files = _files()
    symbols = tuple(files[name] for name in _OF_SYMBOLS if name in files)
    if chosen:
        for path in chosen:
            if missing := _missing(path):
                raise FontProblem(f"{path}: lacks Vietnamese letters, like {missing[0]}")
        return Family(chosen[0], chosen[-1], chosen[0], symbols)
    for names in _FAMILIES[kind]:
        if all(name in files and not _missing(files[name]) for name in names):
            regular, bold, italic = (files[name] for name in names)
            return Family(regular, bold, italic, symbols)
    raise FontProblem(
        "no font here has every Vietnamese letter; install Noto or DejaVu (apt-get install"
        " fonts-noto-core), or name a TrueType file with --font"
    )


@cache
def _missing(path: Path) -> tuple[str, ...]:
    """The Vietnamese letters that the font lacks, in their order."""
    return tuple(sorted(VIETNAMESE - letters_of(path), reverse=True))


@cache
def _files() -> dict[str, Path]:
    """TrueType files of the system and the user by their names; of two, the first found."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if name.endswith(".ttf"):
                    found.setdefault(name, Path(path, name))
    return found


def _folders() -> Iterator[Path]:
    home = Path(os.path.expanduser("~"))  # Path.home() fails where a user has none.
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts")
        yield home / "AppData/Local/Microsoft/Windows/Fonts"
        return
    yield from map(Path, ("/usr/share/fonts", "/usr/local/share/fonts"))
    yield from (home / ".local/share/fonts", home / ".fonts")
    yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
