"""A made-up boarding house, and one view of every kind: for previews, tests and pictures."""

from fractions import Fraction
from typing import Final

from splash import calculator, views
from splash.content import (
    Campaign,
    Notice,
    PhoneNumber,
    Phones,
    Poll,
    Question,
    Quiz,
    Words,
)
from splash.edition import Edition, Shown, samples
from splash.site import Site
from splash.views import View

SITE: Final = Site(
    name="Khu trọ Hồng Phong",
    org="LĐLĐ thành phố Hải Phòng",
    unit="Ban Tuyên giáo – Nữ công",
    website="https://congdoan.example",
    phone="0225 000 0000",
    email="wifi@congdoan.example",
    address="Số 1 đường Mẫu, Hải Phòng",
    responsible="Bà Nguyễn Thị Mẫu",
    host="wifi.congdoan.home.arpa",
    session_minutes=240,
    keep_days=90,
    device_mbit=20,
)

ARTICLES: Final = samples()

QUIZ: Final = Quiz(
    Words("Hiểu luật để giữ quyền lợi", "Know the law, keep your rights"),
    (
        Question(
            Words(
                "Bạn làm thêm giờ vào ngày nghỉ hằng tuần. Tiền làm thêm mỗi giờ ít nhất bằng bao"
                " nhiêu so với giờ bình thường?"
            ),
            tuple(map(Words, ("100%", "150%", "200%", "300%"))),
            2,
            Words(
                "Ngày thường ít nhất 150%, ngày nghỉ hằng tuần ít nhất 200%, ngày lễ, Tết ít nhất"
                " 300% (chưa kể tiền lương ngày lễ, Tết)."
            ),
            "Bộ luật Lao động 2019, Điều 98",
            "02-lam-them-gio",
        ),
        Question(
            Words("Mỗi lần trả lương, công ty phải đưa cho bạn cái gì?"),
            tuple(
                map(
                    Words,
                    (
                        "Không cần đưa gì",
                        "Bảng kê trả lương ghi rõ các khoản và số tiền bị trừ",
                        "Chỉ cần nhắn tin số tiền",
                    ),
                )
            ),
            1,
            Words("Bảng kê phải ghi rõ tiền lương, tiền làm thêm giờ, tiền làm đêm, khoản bị trừ."),
            "Bộ luật Lao động 2019, Điều 95 khoản 3",
            "01-tien-luong",
        ),
        Question(
            Words(
                "Bạn có hợp đồng không xác định thời hạn và muốn nghỉ việc. Thông thường phải báo"
                " trước ít nhất bao nhiêu ngày?"
            ),
            tuple(map(Words, ("3 ngày", "15 ngày", "30 ngày", "45 ngày"))),
            3,
            Words("Hợp đồng không xác định thời hạn: ít nhất 45 ngày. Từ 12 tháng: 30 ngày."),
            "Bộ luật Lao động 2019, Điều 35",
            "06-nghi-viec",
        ),
        Question(
            Words("Muốn hưởng trợ cấp thất nghiệp bạn phải nộp hồ sơ trong thời hạn nào?"),
            tuple(map(Words, ("7 ngày", "1 tháng", "3 tháng", "1 năm"))),
            2,
            Words("Nộp hồ sơ trong 3 tháng kể từ ngày chấm dứt hợp đồng."),
            "Luật Việc làm 2025 (74/2025/QH15)",
            "05-tro-cap-that-nghiep",
        ),
        Question(
            Words("Từ 01/01/2026, lương tối thiểu tháng của vùng I là bao nhiêu?"),
            tuple(map(Words, ("4.140.000 đồng", "4.730.000 đồng", "5.310.000 đồng"))),
            2,
            Words("Vùng I là 5.310.000 đồng/tháng, vùng II 4.730.000, vùng III 4.140.000."),
            "Nghị định 293/2025/NĐ-CP",
            "03-luong-toi-thieu",
        ),
    ),
    draw=True,
    sample=True,
)

EDITION: Final = Edition(
    campaigns=(
        Shown(
            "ngay-phap-luat",
            Campaign(
                Words("Ngày Pháp luật Việt Nam 9/11", "Vietnam Law Day, 9 November"),
                Words("Trả lời 5 câu, hiểu thêm quyền của mình.", "Five questions on your rights."),
                Words(
                    "<p>Hiến pháp nước ta được Quốc hội thông qua ngày 9/11/1946. Tháng này, mỗi"
                    " người ở trọ dành hai phút làm bài <strong>Hiểu luật để giữ quyền"
                    " lợi</strong>.</p><ul><li>Không cần tên.</li><li>Có giải thích từng"
                    ' câu.</li></ul><p>Đọc trước: <a href="/a/02-lam-them-gio">Làm thêm giờ được'
                    " trả bao nhiêu?</a></p>"
                ),
                leads_to="hieu-luat",
            ),
            "2026-11-01",
            1,
        ),
    ),
    notices=(
        Shown(
            "cat-nuoc",
            Notice(
                Words("Cắt nước sáng thứ bảy, 8 giờ đến 11 giờ", "No water on Saturday, 8 to 11"),
                Words(
                    "<p>Sáng thứ bảy thợ thay ống nước dãy B. Các phòng trữ nước từ tối thứ"
                    " sáu.</p><table><thead><tr><th>Dãy</th><th>Giờ</th></tr></thead><tbody>"
                    "<tr><td>A</td><td>8–9 giờ</td></tr><tr><td>B</td><td>8–11 giờ</td></tr>"
                    "</tbody></table>"
                ),
            ),
            "2026-11-22",
            1,
        ),
    ),
    polls=(
        Shown(
            "mang-the-nao",
            Poll(
                Words("Bạn thấy mạng tuần này thế nào?", "How was the network this week?"),
                (
                    Words("Tốt", "Good"),
                    Words("Tạm được", "Fair"),
                    Words("Chậm hoặc hay mất", "Slow or often down"),
                ),
            ),
        ),
    ),
    quizzes=(Shown("hieu-luat", QUIZ),),
    phones=Phones(
        (
            PhoneNumber(Words("Chủ trọ, anh Mẫu", "The landlord"), "0912 000 000"),
            PhoneNumber(Words("Bảo vệ trẻ em", "Child protection"), "111"),
        )
    ),
)

WORK: Final = calculator.Typed(
    (
        ("wage", Fraction(6_200_000)),
        ("days", Fraction(26)),
        ("workday-day", Fraction(30)),
        ("restday-day", Fraction(16)),
        ("workday-night", Fraction(7, 2)),
        ("night", Fraction(20)),
    ),
    "I",
    after_day=True,
)

CHECKS: Final = (
    views.Checked(
        good=False,
        looked=True,
        subject="Wi-Fi của modem",
        found="vẫn đang bật: VNPT_9C2A",
        advice="vào trang của modem, tắt Wi-Fi (WLAN) cả 2,4 GHz và 5 GHz; rồi kiểm tra lại",
    ),
    views.Checked(True, True, "dây mạng vào", "đã cắm (wan)", ""),
    views.Checked(
        good=True,
        looked=True,
        subject="lớp mạng phía trước (NAT)",
        found="hai lớp: modem cũng là bộ định tuyến (cấp địa chỉ 192.168.1.20); mạng vẫn chạy được",
        advice="không bắt buộc làm gì; muốn bớt một lớp thì nhờ nhà mạng chuyển modem sang bridge",
    ),
    views.Checked(
        good=True,
        looked=False,
        subject="thử như điện thoại mới vào",
        found="trang dẫn đúng tới nút xanh; chưa thử qua luật tường lửa",
        advice="muốn thử cả phần đó, với quyền root: portal doctor",
    ),
    views.Checked(True, True, "loại bộ nhớ lưu", "ubifs: mất điện vẫn còn", ""),
    views.Checked(True, True, "nhiệt độ", "61 °C", ""),
)
"""Lines of a self-test."""

CAPTIVE: Final[dict[str, View]] = {
    "splash": views.Splash(),
    "ended": views.Splash(ended=True),
    "left": views.Left(),
    "rules": views.Conditions(),
    "privacy": views.Privacy(),
    "my-data": views.MyData(
        (
            views.Turn("22/11/2026 19:05", None, "1.0", "1,2 MB", "35,8 MB"),
            views.Turn("21/11/2026 18:40", "21/11/2026 22:40", "1.0", "12 MB", "410 MB"),
            views.Turn(None, "20/11/2026 06:10", None, "0 B", "812 kB"),
        ),
        all_turns=60,
        events=7,
        blocked_since="22/11/2026 20:00",
    ),
    "my-data-none": views.MyData(),
    "deleted": views.Erased(),
    "withdrawn": views.Erased(withdrawn=True),
    "union": views.Federation(),
    "articles": views.Articles(),
    "article": views.Article("02-lam-them-gio"),
    "notice": views.Notice("cat-nuoc"),
    "campaign": views.Campaign("ngay-phap-luat"),
    "poll": views.Poll("mang-the-nao"),
    "poll-again": views.Poll("mang-the-nao", said="nothing chosen"),
    "poll-thanks": views.Poll("mang-the-nao", (12, 7, 3)),
    "poll-before": views.Poll("mang-the-nao", (12, 7, 3), before=True),
    "quiz": views.Quiz("hieu-luat"),
    "quiz-result": views.QuizResult("hieu-luat", (2, 0, 3, None, 2)),
    "draw": views.Draw("hieu-luat", "not agreed"),
    "draw-entered": views.DrawEntered("hieu-luat", "A7K2M9XD"),
    "draw-leave": views.LeaveDraw(),
    "draw-left": views.LeaveDraw(deleted=True),
    "fault": views.Fault(),
    "fault-again": views.Fault("too many"),
    "fault-reported": views.FaultReported(),
    "ask": views.Ask(),
    "asked": views.Asked(),
    "answers": views.Answers(
        (
            views.Answered(
                "Công ty nợ lương hai tháng, phải làm gì?",
                "Bạn hỏi phòng nhân sự bằng văn bản, giữ một bản.\nQuá 15 ngày chưa trả thì báo"
                " Công đoàn cơ sở; công ty phải trả thêm tiền lãi.",
                "20/11/2026",
            ),
            views.Answered("Khi nào có thêm điểm phát ở dãy C?", "Trong tháng 12.", None),
        )
    ),
    "answers-none": views.Answers(),
    "calculator": views.Calculator(),
    "calculator-result": views.Calculator(WORK),
    "calculator-wrong": views.Calculator(
        calculator.read({"wage": "5.310", "days": "30", "night": "nhiều"})
    ),
    "search": views.Search(),
    "search-found": views.Search(
        "luong toi thieu",
        (
            views.Hit(
                "article",
                "03-luong-toi-thieu",
                Words("Lương tối thiểu vùng từ 01/01/2026"),
                (
                    ("Mức ", False),
                    ("lương tối thiểu", True),
                    (" tháng của vùng I là 5.310.000 đồng, áp dụng từ 01/01/2026 …", False),
                ),
            ),
            views.Hit("notice", "cat-nuoc", Words("Cắt nước"), (("Sáng thứ bảy", False),)),
        ),
    ),
    "search-nothing": views.Search("xyz", ()),
    "technician-door": views.TechnicianDoor(),
    "technician-wrong": views.TechnicianDoor("wrong"),
    "technician-many": views.TechnicianDoor("too many"),
    "self-test": views.SelfTest("HP-001-U", CHECKS, "08:05 26/11/2026", minutes_left=24),
    "self-test-well": views.SelfTest("HP-001-U", CHECKS[1:4], "08:05 26/11/2026", minutes_left=24),
    "self-test-runs": views.SelfTest(
        "HP-001-U", CHECKS, "08:05 26/11/2026", running_seconds=7, minutes_left=24
    ),
    "self-test-often": views.SelfTest(
        "HP-001-U", CHECKS, "08:05 26/11/2026", minutes_left=9, too_often=True
    ),
    "self-test-none": views.SelfTest("HP-001-U", failed=True, minutes_left=30),
    "closed": views.Closed(opens="05:00"),
    "daily-limit": views.DailyLimit(hours="8", opens="00:00"),
    "full": views.Full(minutes=5),
    "blocked": views.Blocked(),
    "blocked-name": views.BlockedName(),
    "no-internet": views.NoInternet(since="19:05", saved=("18:30", "25/11/2026")),
    "unknown-device": views.UnknownDevice(),
    "failure": views.Failure(reference="A7K2"),
    "not-found": views.NotFound(),
}
"""What a device that is held back can be shown."""

OPEN: Final[dict[str, View]] = {
    "status": views.Status(seconds_left=3 * 3600 + 40 * 60, until="21:40"),
    "status-ending": views.Status(seconds_left=9 * 60, until="21:40"),
    "status-no-clock": views.Status(seconds_left=55 * 60, until=None),
    "open-privacy": views.Privacy(),
    "open-my-data": views.MyData(),
    "open-union": views.Federation(),
    "open-article": views.Article("08-cong-doan-tu-van"),
}
"""What a device that is online can be shown."""
