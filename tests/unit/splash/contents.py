"""Content to test with: one good example of every kind."""

from datetime import date
from typing import Final

from splash.content import (
    Article,
    Audio,
    Campaign,
    Conditions,
    Content,
    Legal,
    Notice,
    PhoneNumber,
    Phones,
    Picture,
    Poll,
    Privacy,
    Question,
    Quiz,
    Source,
    Splash,
    Words,
)

PICTURE: Final = Picture("a" * 64 + ".webp", Words("Công nhân cười", "Workers smile"), 480, 270)

ARTICLE: Final = Article(
    category="quyen-loi",
    title=Words("Làm thêm giờ được trả bao nhiêu?", "What is overtime paid?"),
    summary=Words("Ngày thường ít nhất 150%."),
    body=Words(
        "<p>Tiền làm thêm <strong>mỗi giờ</strong>:</p><ul><li>ngày thường 150%</li></ul>"
        f'<figure><img src="/m/{"b" * 64}.webp" alt="Bảng lương"></figure>',
        "<p>On working days 150%.</p>",
    ),
    source=Source("Ban Tuyên giáo"),
    legal=Legal("Bộ luật Lao động 2019, Điều 98", "Bà Lan", date(2026, 11, 1), date(2027, 2, 28)),
    picture=PICTURE,
    audio=Audio("c" * 64 + ".m4a", 61),
)

NOTICE: Final = Notice(Words("Mai cúp nước"), Words("<p>Từ 8 giờ đến 11 giờ.</p>"))

QUIZ: Final = Quiz(
    Words("Hiểu luật"),
    (
        Question(
            Words("Ngày nghỉ trả bao nhiêu?"),
            (Words("150%"), Words("200%")),
            1,
            Words("Ít nhất 200%."),
            "Bộ luật Lao động 2019, Điều 98",
            "02-lam-them-gio",
        ),
    ),
    draw=True,
)

POLL: Final = Poll(Words("Bạn cần gì?"), (Words("Nhà trẻ"), Words("Xe buýt")))

EVERY: Final[tuple[Content, ...]] = (
    ARTICLE,
    NOTICE,
    QUIZ,
    Splash(Words("Wi-Fi miễn phí", "Free Wi-Fi"), Words("Chào bạn!"), PICTURE),
    Campaign(
        Words("Ngày Pháp luật"), Words("Thi vui"), Words("<p>Từ 9/11.</p>"), PICTURE, "quiz-1"
    ),
    POLL,
    Phones((PhoneNumber(Words("Công an", "Police"), "113"),)),
    Conditions((Words("Không bán lại."),), Words("<h2>Điều 1</h2><p>Miễn phí.</p>")),
    Privacy(Words("Không hỏi tên."), Words("<p>Chỉ ghi giờ vào, giờ ra.</p>")),
)
