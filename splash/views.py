"""What a phone can be shown, as values. No HTML, no clock, no network.

A `View` says which page and what is true of this device; a `Look` says in which language and
size. The portal chooses both; `splash.pages` turns them into bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["vi", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("vi", "en")


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


def query(look: Look) -> str:
    """What to put after a path so that the next page looks the same: `?lang=en`, or nothing."""
    parts = []
    if look.language != "vi":
        parts.append(f"lang={look.language}")
    if look.large:
        parts.append("text=large")
    return f"?{'&'.join(parts)}" if parts else ""


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
    """All articles."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article; `NotFound` is shown if there is none called `slug`."""

    slug: str


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


def path_of(view: View) -> str:
    """Where the same page is found again, so that its language and size can be switched."""
    match view:
        case Article(slug):
            return f"/a/{slug}"
        case Status():
            return "/status"
        case Conditions():
            return "/rules"
        case Privacy():
            return "/privacy"
        case MyData():
            return "/my-data"
        case Erased(withdrawn):
            return "/my-data/withdrawn" if withdrawn else "/my-data/deleted"
        case Federation():
            return "/union"
        case Articles():
            return "/articles"
        case BlockedName():
            return "/blocked-name"
        case _:
            return "/"  # The portal answers `/` with whatever is true of the device by then.
