"""Values of a file that came from anywhere. Each reader takes anything, and may raise `Wrong`."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from splash.content import Words

_MOST: Final = 10**18
_MOST_ITEMS: Final = 100_000


class Wrong(Exception):
    """Why a file, or a part of it, is not taken."""

    def __init__(self, vi: str, en: str) -> None:
        self.problems = [Words(vi, en)]
        super().__init__(en)

    @classmethod
    def all(cls, problems: list[Words]) -> "Wrong":
        wrong = cls("", "")
        wrong.problems = problems
        return wrong


def counts(value: object) -> dict[str, int]:
    return {text(name): count(n) for name, n in mapping(value).items()}


def mapping(value: object) -> Mapping[Any, Any]:
    if not isinstance(value, dict) or len(value) > _MOST_ITEMS:
        raise Wrong("không đúng dạng, hoặc quá lớn", "is not an object, or too large a one")
    return value


def listed(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise Wrong("không phải danh sách, hoặc quá dài", "is not a list, or too long a one")
    return value


def count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise Wrong(f"{str(value)[:40]!r} không phải số đếm", f"{str(value)[:40]!r} is not a count")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise Wrong(f"{str(value)[:40]!r} không phải số", f"{str(value)[:40]!r} is not a number")
    return value


def text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
        raise Wrong("có chỗ không phải một dòng chữ", "has something in it that is no line of text")
    return value


def day(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise Wrong(
            f"{str(value)[:40]!r} không phải ngày như 2026-03-31",
            f"{str(value)[:40]!r} is not a day like 2026-03-31",
        )
    return date.fromisoformat(value)


def mapping_of(value: object, keys: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise Wrong(
            "không phải tệp xuất của một địa điểm, hoặc không đầy đủ",
            f"{what} is not an export of a site, or not a whole one",
        )
    return value


def json_of(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Wrong(
            "không phải tệp xuất của một địa điểm (không phải JSON)",
            "is not an export of a site: no JSON",
        ) from None
