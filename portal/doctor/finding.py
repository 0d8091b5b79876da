"""What the doctor found, as values and in words. No look is taken here."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from portal.doctor.wording import Language
from portal.doctor.words import SUBJECTS, WORDS

LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words of one language. `advice` is empty where nothing needs doing."""

    check: str
    """The same in every language."""
    subject: str
    good: bool
    found: str
    advice: str = ""
    looked: bool = True
    """Nobody could look if not; then it is good, for all that is known."""

    def __str__(self) -> str:
        sign = "FAIL" if not self.good else "ok  " if self.looked else "--  "
        line = f"{sign}  {self.subject}: {self.found}"
        return f"{line}\n      -> {self.advice}" if self.advice else line

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one look; `how` is what was found, `values` fill its words."""

    subject: str
    good: bool
    how: str
    values: Mapping[str, object] = field(default_factory=dict)
    looked: bool = True

    def told(self, language: Language) -> Told:
        number = 0 if language == "en" else 1
        values = {name: _plain(value, language) for name, value in self.values.items()}
        found, advice = WORDS[f"{self.subject} {self.how}"][number]
        return Told(
            self.subject,
            SUBJECTS[self.subject][number].format_map(values),
            self.good,
            found.format_map(values),
            advice.format_map(values),
            self.looked,
        )


_MOST_SAID: Final = 4000


def _plain(value: object, language: Language) -> object:
    """A value as a terminal may show it: what servers and other programs say is their choice.

    A measure has three digits, and before its fraction a comma where one is read in Vietnamese.
    """
    if isinstance(value, float):
        shown = f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
        return shown.replace(".", ",") if language == "vi" else shown
    if isinstance(value, int | None):
        return value
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in str(value)[:_MOST_SAID])


def unseen(subject: str, how: str, **values: object) -> Finding:
    """Nobody could look: the words say what is missing."""
    return Finding(subject, good=True, how=how, values=values, looked=False)


def language_of(locale: str) -> Language:
    """The language of a locale: `vi_VN.UTF-8` is Vietnamese, all others are read in English."""
    return "vi" if locale.partition("_")[0].partition(".")[0].lower() == "vi" else "en"
