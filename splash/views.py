"""What a phone can be shown, as values. No HTML, no clock, no network.

A `View` says which page and what is true of this device; a `Look` says in which language and
size. The portal chooses both; `splash.pages` turns them into bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from splash import content
from splash.calculator import Typed

Language: TypeAlias = Literal["vi", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")

MOST_FAULT_CHARACTERS: Final = 300
MOST_QUESTION_CHARACTERS: Final = 600
"""What the forms ask for, and what is taken of them."""

PRIZE_DAYS: Final = 30
"""An entry of a prize draw is deleted so long after prizes were given."""
DRAW_DAYS: Final = 90
"""And at the latest so long after it came."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is shown. It travels in the address, because phones lose cookies."""

    language: Language = "vi"
    large: bool = False


LOOKS: Final = tuple(Look(language, large) for language in LANGUAGES for large in (False, True))


def look_of(parameters: Mapping[str, str]) -> Look:
    """The look an address asks for; what it does not know is Vietnamese in the usual size."""
    return Look(
        language="en" if parameters.get("lang") == "en" else "vi",
        large=parameters.get("text") == "large",
    )


def in_other_language(look: Look) -> Look:
    return replace(look, language="en" if look.language == "vi" else "vi")


def in_other_size(look: Look) -> Look:
    return replace(look, large=not look.large)


def fields_of(look: Look) -> tuple[tuple[str, str], ...]:
    """What an address or a form says so that the next page looks the same."""
    language = (("lang", look.language),) if look.language != "vi" else ()
    return language + ((("text", "large"),) if look.large else ())


def query(look: Look) -> str:
    """The same, to be put after a path: `?lang=en`, or nothing."""
    return f"?{urlencode(fields_of(look))}" if fields_of(look) else ""


@dataclass(frozen=True, slots=True)
class Splash:
    """The page of a captive device, with the one green button."""

    ended: bool = False
    """A turn has just run out."""
    turn_minutes: int | None = None
    """How long a turn is today; None: as the site says."""


@dataclass(frozen=True, slots=True)
class Status:
    """The device is online."""

    seconds_left: int
    until: str | None
    """Local time of the end, `21:40`; None while the clock is not to be trusted."""
    turn_minutes: int | None = None
    """How long a turn is today; None: as the site says."""
    outage: "NoInternet | None" = None
    """The line is down; the turn runs on."""


@dataclass(frozen=True, slots=True)
class Left:
    """The person has just disconnected the device."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The full rules."""


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is recorded, and what is not."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the device, in words. Times are local: `22/11/2026 19:05`."""

    began: str | None
    """None if nobody had set the clock."""
    ended: str | None
    """None while it goes on."""
    conditions: str | None
    """The version of the rules agreed to; None if staff opened the network."""
    sent: str
    received: str


@dataclass(frozen=True, slots=True)
class MyData:
    """All that is recorded about this device."""

    turns: tuple[Turn, ...] = ()
    """The newest first; not more than a page holds."""
    all_turns: int = 0
    events: int = 0
    """Lines of the event log that name the device."""
    blocked_since: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What was recorded about this device has been deleted."""

    withdrawn: bool = False
    """The person took the agreement back, too, and is not online any more."""


@dataclass(frozen=True, slots=True)
class Federation:
    """About the federation. Its website link leads here before login."""


@dataclass(frozen=True, slots=True)
class Articles:
    """All articles, a page at a time."""

    number: int = 1


@dataclass(frozen=True, slots=True)
class Article:
    """One article; `NotFound` is shown if there is none called `slug`."""

    slug: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something this house is told."""

    id: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that is on."""

    id: str


Said: TypeAlias = Literal[
    "", "nothing chosen", "nothing written", "too long", "not agreed", "no name", "no number",
    "too many",
]  # fmt: skip
"""Why a form is shown again; empty when it is shown for the first time."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A question with a few answers to choose from; the totals, once the device has answered."""

    id: str
    counts: tuple[int, ...] | None = None
    """How many chose each option; None: not answered yet, the form is shown."""
    before: bool = False
    """It had been answered before: this time nothing was counted."""
    said: Said = ""


@dataclass(frozen=True, slots=True)
class Quiz:
    """All questions of a quiz."""

    id: str
    said: Said = ""


@dataclass(frozen=True, slots=True)
class QuizResult:
    """Which answers were right, and why."""

    id: str
    choices: tuple[int | None, ...]
    """The option chosen for each question, counted from 0; None where none was."""

    def right(self, quiz: content.Quiz) -> int:
        """How many of them are right."""
        answers = (question.answer for question in quiz.questions)
        return sum(chosen == answer for chosen, answer in zip(self.choices, answers, strict=True))


@dataclass(frozen=True, slots=True)
class Draw:
    """The form for a prize draw, which asks for a name and a number, and for consent."""

    id: str
    said: Said = ""


@dataclass(frozen=True, slots=True)
class DrawEntered:
    """The entry is kept; with the code it can be deleted."""

    id: str
    code: str


@dataclass(frozen=True, slots=True)
class LeaveDraw:
    """The form for a code; `deleted` says what became of the one that was sent."""

    deleted: bool | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The form to report that the network does not work."""

    said: Said = ""


@dataclass(frozen=True, slots=True)
class FaultReported:
    """It is written down."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The form to ask the union something."""

    said: Said = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """It is written down."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answer, as everybody may read them."""

    question: str
    answer: str
    day: str | None
    """`22/11/2026`; None if nobody had set the clock."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What others have asked."""

    answered: tuple[Answered, ...] = ()


@dataclass(frozen=True, slots=True)
class Calculator:
    """The form for wages and overtime, and the result of what was typed."""

    typed: Typed | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An item in which the words were found, and where they stand."""

    kind: str
    id: str
    title: content.Words
    snippet: tuple[tuple[str, bool], ...]
    """Parts of its text, and whether each is what was looked for."""


@dataclass(frozen=True, slots=True)
class Search:
    """The search box, and what was found; `found` is None before anything was looked for."""

    typed: str = ""
    found: tuple[Hit, ...] | None = None


Refused: TypeAlias = Literal["", "wrong", "too many"]
"""Why somebody is not let in; empty before anything was typed."""


@dataclass(frozen=True, slots=True)
class TechnicianDoor:
    """Asks who puts the gateway up for the name of the site."""

    said: Refused = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of the self-test, in the language of the page."""

    good: bool
    looked: bool
    """Nobody could look if not."""
    subject: str
    found: str
    advice: str
    """Empty where nothing needs doing."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test found, for who puts the gateway up."""

    code: str
    """The site's, as it is on the work order: `HP-001-U`."""
    checks: tuple[Checked, ...] = ()
    made: str | None = None
    """Local time of the test, `19:05 22/11/2026`; None if there was none yet."""
    running_seconds: int | None = None
    """How long a test runs that runs now."""
    failed: bool = False
    """The last one ended without a result."""
    minutes_left: int = 0
    """Until this page is closed."""
    too_often: bool = False
    """Another one was wished for too soon."""

    @property
    def wrong(self) -> tuple[Checked, ...]:
        return tuple(each for each in self.checks if not each.good)

    @property
    def to_know(self) -> tuple[Checked, ...]:
        """What works, and has something to be said about it; what nobody could look at."""
        return tuple(e for e in self.checks if e.good and (e.advice or not e.looked))

    @property
    def right(self) -> tuple[Checked, ...]:
        return tuple(e for e in self.checks if e.good and e.looked and not e.advice)


@dataclass(frozen=True, slots=True)
class Closed:
    """Outside the opening hours."""

    opens: str | None
    """Local time the network opens again, `05:00`; None if that cannot be said."""


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """The device has used what the site allows a device in a day."""

    hours: str
    """How much that is: `8`, or `1,5`."""
    opens: str | None
    """Local time from which it may be online again, `00:00`; None if that cannot be said."""


@dataclass(frozen=True, slots=True)
class Full:
    """As many devices are open as the site allows."""

    minutes: int
    """When to try again."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Staff have blocked this device."""


@dataclass(frozen=True, slots=True)
class BlockedName:
    """The site's block list has the name that was asked for; which one, nobody is told."""


@dataclass(frozen=True, slots=True)
class NoInternet:
    """The line is down."""

    since: str | None
    """Local time it was noticed, `19:05`; None while the clock is not to be trusted."""
    saved: tuple[str, str] | None = None
    """Local time and day at which the release was made; None for what belongs to no release."""


@dataclass(frozen=True, slots=True)
class UnknownDevice:
    """The kernel does not know which device asked."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something of ours went wrong."""

    reference: str
    """A short code, the same as in the log, that the person can read out on the telephone."""
    status: Literal[500, 503] = 500
    """503 if trying again may help (the firewall refused), 500 for a bug."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no such page."""


View: TypeAlias = (
    Splash
    | Status
    | Left
    | Conditions
    | Privacy
    | MyData
    | Erased
    | Federation
    | Articles
    | Article
    | Notice
    | Campaign
    | Poll
    | Quiz
    | QuizResult
    | Draw
    | DrawEntered
    | LeaveDraw
    | Fault
    | FaultReported
    | Ask
    | Asked
    | Answers
    | Calculator
    | Search
    | TechnicianDoor
    | SelfTest
    | Closed
    | DailyLimit
    | Full
    | Blocked
    | BlockedName
    | NoInternet
    | UnknownDevice
    | Failure
    | NotFound
)

ITEM_PATHS: Final[Mapping[str, str]] = {
    "article": "/a/",
    "notice": "/notices/",
    "campaign": "/campaign/",
    "poll": "/poll/",
    "quiz": "/quiz/",
}
"""Where an item of this kind is found, by its name after that."""


def path_of(view: View) -> str:
    """Where the same page is found again, so that its language and size can be switched."""
    match view:
        case Article(id) | Notice(id) | Campaign(id) | Poll(id) | Quiz(id):
            return ITEM_PATHS[type(view).__name__.lower()] + id
        case QuizResult(id, choices):
            return f"/quiz/{id}/{'.'.join('x' if n is None else str(n) for n in choices)}"
        case Draw(id):
            return f"/quiz/{id}/draw"
        case Articles(number):
            return "/articles" if number == 1 else f"/articles/{number}"
        case Erased(withdrawn):
            return "/my-data/withdrawn" if withdrawn else "/my-data/deleted"
        case _:
            return _PATHS.get(type(view), "/")  # The portal answers `/` with whatever is true.


TECHNICIAN_PATH: Final = "/technician"

_PATHS: Final[Mapping[type[View], str]] = {
    Status: "/status",
    Conditions: "/rules",
    Privacy: "/privacy",
    MyData: "/my-data",
    Federation: "/union",
    LeaveDraw: "/draw/leave",
    Fault: "/fault",
    FaultReported: "/fault/reported",
    Ask: "/ask",
    Asked: "/ask/sent",
    Answers: "/answers",
    Calculator: "/calculator",
    Search: "/search",
    TechnicianDoor: TECHNICIAN_PATH,
    SelfTest: TECHNICIAN_PATH,
    BlockedName: "/blocked-name",
}


def address_of(view: View, look: Look) -> str:
    """Where the same page is found in this look; a search says again what was typed."""
    fields: tuple[tuple[str, str], ...] = ()
    match view:
        case Search(typed) if typed:
            fields = (("q", typed),)
        case Calculator(Typed() as typed):
            fields = typed.fields
    told = urlencode(fields + fields_of(look))
    return path_of(view) + (f"?{told}" if told else "")
