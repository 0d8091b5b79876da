"""One signed file of totals: what goes in comes out, and what was changed does not."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content_cache.signing import Signer
from reports.export import opened, signed
from reports.facts import (
    Day,
    Devices,
    Item,
    Month,
    Period,
    Place,
    Poll,
    ReportError,
    SiteFacts,
    begins,
)

MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
FACTS = SiteFacts(
    place=Place(id="hp-001", name="Khu trọ Đồng Xuân", former_names=("Nhà trọ ông Mẫu",), rooms=16),
    period=MARCH,
    made=begins(date(2026, 4, 2)),
    keep_days=90,
    source="thang-3.json",
    days=(
        Day(
            day=date(2026, 3, 5),
            sessions=3,
            seconds=3600.5,
            up_bytes=10,
            down_bytes=20,
            minutes={20: 2, 40: 1},
            peak=0,
            watched=86400.0,
            outages=1,
            outage_seconds=60.25,
            faults={"slow": 2},
            views={"luong": 4},
            scores={("thi", 5): 1},
        ),
    ),
    devices=(Devices(month=Month(2026, 3), part=MARCH, devices=2, at_most=2, sessions=3),),
    polls={"gio": Poll((1, 0, 2))},
    items={"gio": Item("poll", "Mấy giờ mở?", ("Sáng", "Chiều", "Tối"))},
    undated={"sessions": 1},
    mended=1,
)
SIGNER = Signer(b"k" * 32)


def changed(**what: Any) -> bytes:
    """An export signed with something else in it."""
    told = json.loads(json.loads(signed(FACTS, SIGNER))["export"])
    text = json.dumps(told | what)
    signature = SIGNER.signature(b"union-portal site export\n", text.encode())
    envelope = {"key": SIGNER.public_key, "export": text, "signature": signature}
    return json.dumps(envelope).encode()


def problems(data: bytes) -> list[str]:
    with pytest.raises(ReportError) as caught:
        opened(data, "tep.json")
    return caught.value.problems


def test_an_export_says_what_it_was_made_of() -> None:
    export = opened(signed(FACTS, SIGNER), "thang-3.json")

    assert export.facts == FACTS
    assert export.key == SIGNER.public_key


def test_an_export_holds_totals_and_no_device() -> None:
    text = signed(FACTS, SIGNER).decode()

    assert "pseudonym" not in text
    assert "conditions" not in text


def test_a_changed_file_is_refused() -> None:
    data = signed(FACTS, SIGNER).replace(b'sessions\\":3', b'sessions\\":9', 1)

    assert problems(data) == [
        "tep.json: was changed after it was signed, or is damaged; ask for it again"
    ]


def test_a_bundle_of_content_is_no_export() -> None:
    assert problems(b'{"key": "", "manifest": "", "signature": ""}') == [
        "tep.json: it is not an export of a site, or not a whole one"
    ]


def test_every_problem_of_a_signed_file_is_told() -> None:
    data = changed(
        made=float("nan"),
        days=[{"day": "2026-03-05", "sessions": -1}],
        keep_days="90",
        polls={"gio": [True]},
    )

    assert problems(data) == [
        "tep.json: made: 'nan' is not a number",
        "tep.json: keep_days: '90' is not a count",
        "tep.json: days: '-1' is not a count",
        "tep.json: polls: 'True' is not a count",
    ]


def test_days_outside_the_period_or_told_twice_are_refused() -> None:
    assert problems(changed(days=[{"day": "2026-04-01"}])) == [
        "tep.json: days: 2026-04-01 is not in the period of the file"
    ]
    assert problems(changed(days=[{"day": "2026-03-01"}, {"day": "2026-03-01"}])) == [
        "tep.json: days: a day is told twice"
    ]
    assert problems(changed(days=[{"day": "2026-03-01", "mac": "x"}])) == [
        "tep.json: days: 2026-03-01 has mac in it, which no day has"
    ]


def test_an_export_of_a_clock_that_was_behind_is_refused() -> None:
    early = signed(replace(FACTS, made=begins(date(2026, 3, 20))), SIGNER)

    assert problems(early) == [
        "tep.json: says it was made before its last day (2026-03-31) was over; the clock of that"
        " site was wrong. Set it, and export again"
    ]


@given(st.binary(max_size=300))
def test_any_bytes_are_an_export_or_have_words(data: bytes) -> None:
    assert problems(data)


@given(
    st.sampled_from(["site", "from", "days", "devices", "polls", "items", "undated", "format"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)
def test_whatever_a_signed_file_holds_it_is_read_or_has_words(field: str, value: object) -> None:
    with suppress(ReportError):
        opened(changed(**{field: value}), "tep.json")
