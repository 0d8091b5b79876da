from dataclasses import replace

from portal.staff.compare import Difference, Piece, differences
from portal.staff.words import Said
from splash.content import Notice, Poll, Words

NAME = "0" * 64 + ".webp"
BEFORE = Notice(Words("Mất nước"), Words("<p>Sáng mai mất nước.</p><p>Xin lỗi bà con.</p>"))


def test_the_same_words_do_not_differ() -> None:
    assert differences(BEFORE, replace(BEFORE)) == []


def test_only_the_words_that_changed_are_marked() -> None:
    after = replace(
        BEFORE, body=Words("<p>Chiều mai mất nước.</p><p>Xin lỗi <strong>bà con</strong>.</p>")
    )

    assert differences(BEFORE, after) == [
        Difference(
            Said("Nội dung", "Text"),
            (
                Piece("gone", "Sáng"),
                Piece("same", " mai mất nước.\n"),
                Piece("same", "Xin lỗi bà con."),
            ),
            (
                Piece("new", "Chiều"),
                Piece("same", " mai mất nước.\n"),
                Piece("same", "Xin lỗi bà con."),
            ),
        )
    ]


def test_english_and_another_picture_are_differences_too() -> None:
    after = replace(
        BEFORE,
        title=Words("Mất nước", "No water"),
        body=Words(BEFORE.body.vi + f'<p><img src="/m/{NAME}" alt="Ảnh"></p>'),
    )

    found = differences(BEFORE, after)

    assert [each.name.vi for each in found] == ["Tiêu đề, tiếng Anh", "Nội dung"]
    assert found[1].after[-1] == Piece("new", "\n[00000000]")


def test_what_was_added_to_a_list_is_compared_with_nothing() -> None:
    two = Poll(Words("Thích gì?"), (Words("Bóng đá"), Words("Cầu lông")))

    (only,) = differences(two, replace(two, options=(*two.options, Words("Cờ"))))

    assert only == Difference(Said("Các lựa chọn 3", "Options 3"), (), (Piece("new", "Cờ"),))
