"""What a page says, in its language and about its site: our own words, and those of staff.

Text goes in, safe HTML comes out; which of it is shown, the templates decide.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup, escape

from splash import texts, views
from splash.content import Words
from splash.edition import spoken
from splash.site import Site
from splash.texts import Texts
from splash.views import Language, Look

_LINK_HERE: Final = re.compile(r'<a href="/[^"?#]*(?=")')
_LINK_ELSEWHERE: Final = re.compile(r'<a href="https?:[^>]*>(.*?)</a>', re.DOTALL)


class Said:
    """What staff have written, in the language there is; told where it is not the page's."""

    def __init__(self, look: Look, open: bool, later: Markup) -> None:
        self._language: Language = look.language
        self._open = open
        self._later = later  # What follows a link that leads nowhere yet.
        self._query = views.query(look)

    def plain(self, words: Words) -> str:
        return spoken(words, self._language)[0]

    def inline(self, words: Words) -> Markup:
        return self._marked(*spoken(words, self._language), Markup("span"))

    def block(self, words: Words) -> Markup:
        """HTML of staff, which has been checked (`splash.markup`).

        Links to our pages keep the look; those to elsewhere lead nowhere before login, and say so.
        """
        text, language = spoken(words, self._language)
        text = _LINK_HERE.sub(rf"\g<0>{escape(self._query)}", text)
        if not self._open:
            text = _LINK_ELSEWHERE.sub(rf"<a>\1</a> <small>{self._later}</small>", text)
        return self._marked(Markup(text), language, Markup("div"))

    def of_item(self, item: Any) -> Words:
        """What lists call an item of the catalogue."""
        return Words(item.title_vi, item.title_en)

    def _marked(self, text: str, language: Language, element: Markup) -> Markup:
        if language == self._language:
            return escape(text)
        return Markup('<{0} lang="{1}">{2}</{0}>').format(element, language, text)


class Speech:
    """The words of one language, about one site."""

    def __init__(self, site: Site, words: Texts) -> None:
        self._entries = words.entries
        self._facts: dict[str, object] = {
            "org": site.org,
            "unit": site.unit,
            "site_name": site.name,
            "phone": dial(site.phone),
            "email": site.email,
            "address": site.address,
            "website": site.website_name,
            "host": site.host,
            "responsible": site.responsible,
            "speed": site.device_mbit,
            "date": day(words.date),
            "version": words.version,
        }

    def text(self, name: str, **values: object) -> Markup:
        """The text called `name`, filled; empty if nothing of it can be said here."""
        return Markup(" ").join(self._fill(name, self._facts | values))

    def lines(self, name: str) -> list[Markup]:
        """The lines of the list called `name`, filled."""
        return self._fill(name, self._facts)

    def category(self, slug: str) -> Markup:
        """What readers call a category; empty if the texts have no word for it."""
        name = f"category.{slug}"
        return self.text(name) if name in self._entries else Markup("")

    def _fill(self, name: str, values: Mapping[str, object]) -> list[Markup]:
        entry = self._entries[name]
        lines = (entry,) if isinstance(entry, str) else entry
        return [filled for line in lines if (filled := texts.fill(line, values))]


def digits(number: str) -> str:
    """A telephone number as it is dialled."""
    return re.sub(r"[^0-9+]", "", number)


def day(date: str) -> str:
    """`22/11/2026` of `2026-11-22`."""
    return "/".join(reversed(date.split("-")))


def dial(number: str) -> Markup | str:
    """A telephone number as a link that dials it; text without digits stays text."""
    dialled = digits(number)
    if not dialled:
        return number
    return Markup('<a class="tel" href="tel:{}">{}</a>').format(dialled, number)
