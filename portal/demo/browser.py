"""What a person does in a sign-in window, without one: find the form's button and tap it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass(frozen=True, slots=True)
class Form:
    """A form as a browser would send it when its first button is tapped."""

    url: str
    method: str
    fields: Mapping[str, str]


def forms(html: str, url: str) -> tuple[Form, ...]:
    """All forms of the page `html` that was found at `url`."""
    reader = _Reader(url)
    reader.feed(html)
    reader.close()
    return tuple(reader.forms)


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.forms: list[Form] = []
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {}
            method = told.get("method", "get").lower()
            self.forms.append(Form(urljoin(self._url, told.get("action", "")), method, self._open))
        elif self._open is not None and tag in ("input", "button") and "name" in told:
            ticked = told.get("type") not in ("checkbox", "radio") or "checked" in told
            if ticked:
                self._open[told["name"]] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
