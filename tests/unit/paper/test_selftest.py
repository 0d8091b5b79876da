"""selftest.json: what cannot be used is told with everything that is wrong with it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from paper.selftest import Finding, SelfTestProblem, parse

VI = {"subject": "đồng hồ", "found": "đúng", "advice": ""}
GOOD: dict[str, Any] = {
    "made": "2026-11-26T02:30:00+00:00",
    "site": "hp-001",
    "version": "0.1.0",
    "model": "GL.iNet GL-MT3000",
    "findings": [{"check": "clock", "good": True, "looked": True, "vi": VI, "en": VI}],
}


def refused(document: object) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(SelfTestProblem) as problem:
        parse(text)
    return str(problem.value)


def test_a_result_is_read_at_the_site_s_time() -> None:
    test = parse(json.dumps(GOOD))

    assert test.made == datetime(2026, 11, 26, 2, 30, tzinfo=UTC)
    assert f"{test.made:%H:%M}" == "09:30"
    assert test.findings == (Finding(True, True, "đồng hồ", "đúng", ""),)


@pytest.mark.parametrize("model", [None, ""])
def test_a_model_may_be_unknown(model: object) -> None:
    assert parse(json.dumps(GOOD | {"model": model})).model == ""
    assert parse(json.dumps({k: v for k, v in GOOD.items() if k != "model"})).model == ""


def test_what_nobody_looked_at_is_known_as_that() -> None:
    finding = {"good": True, "looked": False, "vi": {"subject": "a", "found": "b"}}

    assert parse(json.dumps(GOOD | {"findings": [finding]})).findings == (
        Finding(True, False, "a", "b", ""),
    )


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"made": NaN,}'])
def test_what_is_not_json_says_how_to_make_it_anew(text: str) -> None:
    assert refused(text).startswith("is not JSON (")
    assert refused(text).endswith("; make it anew with `portal doctor --save`")


def test_another_document_is_no_result() -> None:
    assert refused([]).startswith("is not the result of a self-test;")


@pytest.mark.parametrize(
    "made", [None, 7, "gestern", "2026-11-26T02:30:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_has_to_be_one_with_its_offset(made: object) -> None:
    assert refused(GOOD | {"made": made}).startswith(
        "made is no time like 2026-11-26T09:30:00+07:00;"
    )


def test_everything_that_is_wrong_is_told_at_once() -> None:
    broken = {"made": "x", "site": 7, "version": "1", "findings": [7, {"good": True}, {"good": 1}]}

    assert refused(broken) == (
        "made is no time like 2026-11-26T09:30:00+07:00; site is no text; findings.0.good is"
        " neither true nor false; findings.1.vi is missing; findings.2.good is neither true nor"
        " false; make it anew with `portal doctor --save`"
    )


@pytest.mark.parametrize("findings", [None, {}, [GOOD] * 201])
def test_findings_are_a_list_that_fits(findings: object) -> None:
    assert refused(GOOD | {"findings": findings}).startswith("findings is no list of at most 200;")
