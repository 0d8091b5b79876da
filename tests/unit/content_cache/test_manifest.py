"""What a bundle says of itself is taken whole or refused with every reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content_cache import manifest
from content_cache.manifest import BundleError, Manifest, parse, read_object, shown

ONE, TWO = "a" * 64 + ".db", "0123456789abcdef" * 4
GOOD = Manifest(7, 1_790_000_000.0, ONE, {ONE: 4096, TWO: 0})


def problems(document: object) -> list[str]:
    written = document if isinstance(document, bytes) else json.dumps(document).encode()
    with pytest.raises(BundleError) as refused:
        parse(written)
    return list(refused.value.problems)


def changed(**fields: object) -> dict[str, object]:
    return {**json.loads(GOOD.to_json()), **fields}


def test_what_is_written_is_read() -> None:
    assert parse(GOOD.to_json().encode()) == GOOD
    assert GOOD.total_bytes == 4096


def test_equal_manifests_are_equal_texts() -> None:
    turned = Manifest(7, 1_790_000_000, ONE, {TWO: 0, ONE: 4096})

    assert turned.to_json() == GOOD.to_json()


@given(st.binary() | st.text().map(str.encode))
@example(b"")
@example(b"null")
@example(b"1e999")
@example(b"\xff\xfe")
@example(b"9" * 10_000)
@example(b"[" * 50_000)
@example(b'{"a":' * 50_000)
@example(b'{"format":1,"format":1}')
@example(b'{"\\ud800":1}')
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(BundleError) as refused:
        parse(data)

    assert all(problem.isascii() and problem.isprintable() for problem in refused.value.problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "format": st.just(1) | JSON,
            "release": st.integers(-1, 3) | JSON,
            "made": st.floats() | JSON,
            "index": st.just(ONE) | JSON,
            "files": st.dictionaries(st.sampled_from([ONE, TWO, "../x"]), JSON) | JSON,
            "more": JSON,
        },
    )
)
@example(changed())
def test_any_fields_are_read_or_refused(document: dict[str, object]) -> None:
    with suppress(BundleError):
        found = parse(json.dumps(document).encode())
        assert parse(found.to_json().encode()) == found


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b"x" * (manifest.MOST_MANIFEST_BYTES + 1), "bytes; at most 4194304 are read"),
        (b"\xff", "byte 0 is not UTF-8"),
        (b"[]", "is not a JSON object"),
        (b'{"made":NaN}', "is not JSON: NaN is no number"),
        (b'{"files":{"a":1,"a":2}}', "is not JSON: a name stands twice in one object"),
        (b'{"a":' * 50_000, "is nested too deeply"),
        (changed(format=2), "format = 2; this gateway reads format 1; a newer one may read it"),
        (changed(format=True), "format = True; this gateway reads format 1"),
        ({}, "format = None; this gateway reads format 1"),
        ({"format": 1}, "files is missing"),
        (changed(more=1), "'more' is unknown"),
        (changed(release=0), "release = 0 is not a number from 1"),
        (changed(release=True), "release = True is not a number from 1"),
        (changed(release=1.0), "release = 1.0 is not a number from 1"),
        (changed(release=10**10), "release = 10000000000 is not a number from 1"),
        (changed(made=-1), "made = -1 is not a time in Unix seconds"),
        (changed(made="now"), "made = now is not a time in Unix seconds"),
        (changed(made=True), "made = True is not a time in Unix seconds"),
        (changed(made=1e300), "made = 1e+300 is not a time in Unix seconds"),
        (changed(index=TWO + ".x"), "is none of its files"),
        (changed(index=["x"]), "index = ['x'] is none of its files"),
        (changed(files=[]), "files is not an object of names and sizes"),
        (changed(files={ONE: -1}), f"file {ONE}: -1 is not a size in bytes"),
        (changed(files={ONE: 1 << 40}), "is not a size in bytes up to 67108864"),
        (
            changed(files={ONE: 1} | {f"{n:064x}": 1 for n in range(20_000)}),
            "20001 files; at most 20000 are read",
        ),
    ],
)
def test_what_is_wrong_is_told(document: object, expected: str) -> None:
    assert any(expected.replace("'", "") in p.replace("'", "") for p in problems(document)), (
        problems(document)
    )


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 63,
        "A" * 64,
        "a" * 64 + ".",
        "a" * 64 + "..",
        "a" * 64 + ".toolong",
        "a" * 64 + "/x",
        "a" * 64 + "\n",
        "a" * 64 + ".db\0",
        "",
    ],
)
def test_a_name_that_leads_elsewhere_cannot_be_written(name: str) -> None:
    [problem] = problems(changed(files={ONE: 1, name: 1}))

    assert "a name is 64 hexadecimal digits, and perhaps an ending" in problem


def test_all_problems_come_at_once_and_not_without_an_end() -> None:
    found = problems(
        changed(release="x", made="x", files={f"file {n}": "x" for n in range(1000)}, more=1)
    )

    assert len(found) == 21
    assert found[-1] == "manifest: and 1984 more"


def test_a_foreign_value_is_one_short_line() -> None:
    assert shown("a\nb\x1b[0m") == r"a\nb\x1b[0m"
    assert shown("x" * 1000) == "x" * 77 + "..."
    assert shown("x" * 80) == "x" * 80
    assert shown(10**10_000) == "..."


def test_an_object_is_read_whatever_it_is_called() -> None:
    assert read_object(b'{"a":{"b":[1.5]}}', "x") == {"a": {"b": [1.5]}}


@pytest.mark.parametrize("piece", [b"[],", b"{},", b"0,", b'"":0,'])
def test_json_that_would_be_many_times_as_large_in_memory_is_not_read(piece: bytes) -> None:
    with pytest.raises(BundleError, match="more than 60000 values"):
        read_object(b'{"a":[' + piece * 60_000 + b"0]}", "x")
