"""The templates of the pages: read once, and asked which of our words they need."""

import re
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from markupsafe import Markup

from splash import calculator
from splash.speech import day, digits
from splash.views import View

TEMPLATES: Final = Path(__file__).parent / "templates"


def template_of(view: View) -> str:
    """`NoInternet` is shown by `no_internet.html`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(view).__name__).lower() + ".html"


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["parted"] = _parted
    made.filters["digits"] = digits
    made.filters["day"] = day
    made.filters["host"] = _host
    made.filters["capitalised"] = _capitalised
    made.filters["dong"] = calculator.written
    return made


@cache
def texts_asked_for() -> frozenset[str]:
    """The names of all texts that templates ask for, so that a missing one is found at start.

    Parsing all templates takes longer than all else at start; they never change meanwhile.
    """
    templates = environment()
    names = set()
    for template in templates.list_templates(extensions=["html"]):
        source = (TEMPLATES / template).read_text(encoding="utf-8")
        for call in templates.parse(source).find_all(nodes.Call):
            match call.node, call.args:
                case nodes.Name(name="t" | "lines"), [nodes.Const(value=name)]:
                    names.add(str(name))
    return frozenset(names)


def _capitalised(text: str) -> str:
    """With a large first letter, and the others as they are: `DHCP` stays."""
    return text[:1].upper() + text[1:]


def _host(address: str) -> str:
    """`congdoan.example` of `https://congdoan.example/tin/1`."""
    return urlsplit(address).hostname or address


def _parted(line: Markup) -> tuple[Markup, Markup]:
    """`Công an: 113` as the two sides of its first colon; all on the left if there is none."""
    left, colon, right = line.partition(": ")
    return (left, right) if colon else (line, Markup(""))
