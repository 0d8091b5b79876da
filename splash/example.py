"""A made-up boarding house, and one view of every kind: for previews, tests and pictures."""

from typing import Final

from splash import views
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
    "closed": views.Closed(opens="05:00"),
    "daily-limit": views.DailyLimit(hours="8", opens="00:00"),
    "full": views.Full(minutes=5),
    "blocked": views.Blocked(),
    "blocked-name": views.BlockedName(),
    "no-internet": views.NoInternet(since="19:05"),
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
