"""The page of rules says what `/rules` says, and which version it is."""

import pytest

from paper.rules import Block, Rules, blocks, rules
from splash.content import Conditions, Words
from splash.edition import PLAIN, Edition, Shown
from tests.unit.paper.places import TEXTS, place

WRITTEN = Conditions(
    short=(Words("Điều một", "One"), Words("Điều hai", "Two")),
    body=Words("<h2>Chương 1</h2><p>Một <strong>đoạn</strong>.</p>"),
)


def of(conditions: Conditions, revision: int = 1) -> Rules:
    shown = Shown("noi-quy", conditions, "2026-11-22", revision)
    return rules(place(), TEXTS, Edition(conditions=shown), "2026-11-22.1")


def test_shipped_rules_say_that_nobody_has_approved_them() -> None:
    shipped = rules(place(), TEXTS, PLAIN, "0.2-mau")

    assert shipped.badge == "BÀI MẪU – chưa phê duyệt"
    assert len(shipped.points) == 5
    assert shipped.intro == "Khi bấm “Đồng ý và vào mạng”, bạn đồng ý với 5 điều sau."
    assert shipped.version == f"Bản {TEXTS['vi'].version}, ngày 25/11/2026."
    assert shipped.conditions == "0.2-mau"
    assert "Mỗi lần dùng 4 giờ. Hết giờ bấm lại, không mất tiền." in shipped.facts


def test_rules_of_staff_have_the_version_that_people_agree_to() -> None:
    written = of(WRITTEN)

    assert written.badge == ""
    assert written.points == ("Điều một", "Điều hai")
    assert written.blocks == (Block("heading", "Chương 1"), Block("text", "Một đoạn."))
    assert written.version == "Bản 2026-11-22.1, ngày 22/11/2026."


def test_the_fingerprint_is_that_of_what_is_agreed_to() -> None:
    again = of(WRITTEN, revision=2)
    other = of(Conditions(short=(Words("Điều một"), Words("Điều khác")), body=WRITTEN.body))

    assert len(of(WRITTEN).fingerprint) == 19
    assert again.fingerprint == of(WRITTEN).fingerprint
    assert other.fingerprint != of(WRITTEN).fingerprint


def test_without_a_telephone_nobody_is_told_to_call() -> None:
    silent = rules(place(phone=""), TEXTS, PLAIN, "0.2-mau")

    assert not any("khiếu nại: " in text for text in silent.more)
    assert silent.foot == (
        "Chịu trách nhiệm nội dung: Nguyễn Văn Mẫu, Ban Tuyên giáo – Nữ công.",
        "Địa chỉ: Số 2, đường Mẫu",
    )


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>a<br />b &amp; c</p>", [Block("text", "a b & c")]),
        (
            '<ol start="3"><li>a</li><li><p>b</p><p>c</p></li></ol><p>d</p>',
            [
                Block("item", "a", "3."),
                Block("item", "b", "4."),
                Block("text", "c"),
                Block("text", "d"),
            ],
        ),
        (
            "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>",
            [Block("item", "a", "–"), Block("item", "b", "1."), Block("item", "c", "–")],
        ),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td><p>d</p></td></tr></table>",
            [Block("text", "a | b"), Block("text", "c | d")],
        ),
        (
            '<figure><img src="/m/x.png" alt="Sơ đồ" /><figcaption>Hình 1</figcaption></figure>',
            [Block("text", "[Sơ đồ]"), Block("text", "Hình 1")],
        ),
        ("<blockquote>a</blockquote>", [Block("text", "a")]),
        ("a", [Block("text", "a")]),
        ("", []),
    ],
)
def test_html_of_staff_becomes_paragraphs(html: str, found: list[Block]) -> None:
    assert list(blocks(html)) == found
