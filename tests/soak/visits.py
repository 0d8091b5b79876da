"""What people of the soak do with their phones: open our page and tap one of its buttons."""

import gzip
import time
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bench.browsing import CHECK, Doing, Failed, Response, fetch, splash
from bench.site import CrowdPhone
from portal.demo.addresses import PORTAL_HOST
from portal.demo.browser import forms
from tests.soak.model import Window

ANSWER_SECONDS = 10.0

Outcome: TypeAlias = Literal["done", "no button", "no page"]


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of it, and when it was decided on."""

    outcome: Outcome
    when: Window


def tap(phone: CrowdPhone, path: str, *, captive: bool) -> Doing[Visit]:
    """Tap the button that leads to `path`.

    A captive phone is led to the page by its check; an open one asks for it by name.
    """
    sent = time.monotonic()
    until = sent + ANSWER_SECONDS
    outcome: Outcome = "no page"
    try:
        if captive:
            page = yield from splash(phone, until)
        else:
            page = yield from fetch(phone, f"http://{PORTAL_HOST}/status", until=until)
        found = [form for form in forms(_text(page), page.url) if form.url.endswith(path)]
        outcome = "no button"
        if found:
            sent = time.monotonic()
            answer = yield from fetch(phone, found[0].url, found[0].fields, until)
            outcome = "done" if answer.status == 303 else "no button"
    except Failed:
        outcome = "no page"
    return Visit(outcome, Window(sent, time.monotonic()))


def look(phone: CrowdPhone) -> Doing[None]:
    """A captive check, wherever it leads; there may be no daemon, or no line."""
    try:
        yield from fetch(phone, CHECK, until=time.monotonic() + ANSWER_SECONDS)
    except Failed:
        return


def _text(page: Response) -> str:
    packed = page.headers.get("content-encoding") == "gzip"
    return (gzip.decompress(page.body) if packed else page.body).decode()
