"""The result of the self-test, as `portal doctor --save` wrote it. Pure: text in, value out."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal.schedule import SITE_TIME

MOST_BYTES: Final = 1_000_000
_MOST_FINDINGS: Final = 200
AGAIN: Final = "make it anew with `portal doctor --save`"


class SelfTestProblem(Exception):
    """It cannot be used; the text says why, and finishes "FILE: "."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check, in Vietnamese."""

    good: bool
    looked: bool
    """False where nobody could look; then it is good, for all that is known."""
    subject: str
    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    made: datetime
    """At the site's time."""
    site: str
    version: str
    model: str
    """The router's; empty if it is not known."""
    findings: tuple[Finding, ...]


def parse(text: str) -> SelfTest:
    """The result in a file.

    Raises:
        SelfTestProblem: everything that is wrong, and what to do.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SelfTestProblem(f"is not JSON ({error}); {AGAIN}") from None
    if not isinstance(document, dict):
        raise SelfTestProblem(f"is not the result of a self-test; {AGAIN}")
    problems: list[str] = []
    made = _moment(document.get("made"), problems)
    texts = {name: _text(document, name, name, problems) for name in ("site", "version", "model")}
    findings = document.get("findings")
    if not isinstance(findings, list) or len(findings) > _MOST_FINDINGS:
        problems.append(f"findings is no list of at most {_MOST_FINDINGS}")
        findings = []
    found = tuple(_finding(n, each, problems) for n, each in enumerate(findings))
    if problems or made is None:
        raise SelfTestProblem("; ".join([*problems[:8], AGAIN]))
    return SelfTest(made, texts["site"], texts["version"], texts["model"], found)


def _moment(value: object, problems: list[str]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(SITE_TIME)
    except (ValueError, OverflowError):
        pass
    problems.append("made is no time like 2026-11-26T09:30:00+07:00")
    return None


def _finding(n: int, value: object, problems: list[str]) -> Finding:
    label = f"findings.{n}"
    if not isinstance(value, dict) or not isinstance(value.get("good"), bool):
        problems.append(f"{label}.good is neither true nor false")
        return Finding(False, False, "", "", "")
    told = value.get("vi")
    if not isinstance(told, dict):
        problems.append(f"{label}.vi is missing")
        told = {"subject": "", "found": "", "advice": ""}
    subject, found, advice = (
        _text(told, name, f"{label}.vi.{name}", problems) for name in ("subject", "found", "advice")
    )
    return Finding(value["good"], value.get("looked") is not False, subject, found, advice)


def _text(table: dict[str, Any], name: str, label: str, problems: list[str]) -> str:
    value = table.get(name, "" if name in ("model", "advice") else None)
    if value is None and name == "model":
        return ""
    if not isinstance(value, str):
        problems.append(f"{label} is no text")
        return ""
    return value
