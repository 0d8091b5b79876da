"""A month of a house: sessions, outages, what workers said, what staff did."""

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

from firewall.changes import MacAddress
from portal.hearing import FAULTS
from portal.migrations import migrate
from portal.schedule import day_begins
from portal.staff.figures import day_names
from splash import publishing
from splash.content import Notice, Words
from splash.workflow import Actor
from tests.unit.splash.contents import ARTICLE, POLL, QUIZ
from tests.unit.staff.world import World

AUTHOR = Actor("Chị Hoa", frozenset(("author",)))
APPROVER = Actor("Anh Minh", frozenset(("approver",)))


def a_month(world: World, folder: Path) -> None:
    """As seen at 18:30 of the world's day."""
    chance = random.Random(4)
    now = day_begins(world.now) + 18.5 * 3600
    _sessions(folder / "sessions.db", now, chance)
    hearing = world.hearing
    for _ in range(12):
        said = chance.choice(["", "Tầng 3 không vào được từ tối qua", "Xem phim hay bị đứng"])
        hearing.report_fault(chance.choice(FAULTS), said, now - chance.uniform(0, 25) * 86400)
    for fault in hearing.faults()[:9]:
        hearing.fault_done(fault.id, "Đã cắm lại dây mạng", now - 3600)
    for text in (
        "Công ty nợ lương hai tháng rồi, chúng tôi phải làm gì?",
        "Tôi nghỉ thai sản thì được hưởng bao nhiêu phần trăm lương?",
        "Làm ca đêm có được phụ cấp không ạ?",
        "alo alo thử máy",
    ):
        hearing.ask(text, now - chance.uniform(0, 9) * 86400)
    ids = sorted(question.id for question in hearing.questions())
    hearing.answer(
        ids[2], "Có. Làm việc ban đêm được trả thêm ít nhất 30%.", "Anh Minh", now, shown="Làm ca"
        " đêm có được phụ cấp không?"
    )  # fmt: skip
    hearing.put_aside(ids[3], "Chị Hoa", now)
    published(world, "Thứ bảy cúp nước", "Cúp điện tầng 2")
    store = world.content
    for made, id in ((ARTICLE, "lam-them-gio"), (POLL, "ban-can-gi"), (QUIZ, "hieu-luat")):
        store.create(made, AUTHOR, now - 9 * 86400, id=id)
        store.act("submit", id, 1, AUTHOR, now - 8 * 86400)
        store.act("approve", id, 1, APPROVER, now - 7 * 86400, note="Đã đối chiếu luật")
        store.act("publish", id, 1, APPROVER, now - 7 * 86400)
    for n in range(60):
        hearing.vote("ban-can-gi", chance.choice([0, 0, 1]), MacAddress(f"02:00:5e:10:00:{n:02x}"))
    for n, name in enumerate(("Nguyễn Văn An", "Trần Thị Bình", "Lê Văn Cường")):
        hearing.enter_draw("hieu-luat", name, f"090000000{n}", "2026-11", now - n * 3600)
    days = day_names(now, 30)
    for day in days:
        hearing.quiz_done("hieu-luat", chance.choice([0, 1, 1]), day)
        hearing.add_views({("lam-them-gio", day): chance.randrange(5, 60)})
        hearing.add_deeds({("read", "lam-them-gio", day): 3, ("website", "status", day): 2})
    world.now = now
    world.answers["status"] = {"open_devices": 23, "firewall": "stands"}
    world.answers["sessions"] = {
        "sessions": [
            {
                "mac": "02:00:5e:10:00:01",
                "addresses": ["10.80.13.110"],
                "pseudonym": f"{chance.getrandbits(128):032x}",
                "seconds_so_far": 4000 + 700 * n,
                "seconds_left": 10_400 - 700 * n,
                "up_bytes": 3_000_000 * n,
                "down_bytes": 41_000_000 * (n + 1),
            }
            for n in range(3)
        ]
    }


def published(world: World, *titles: str) -> None:
    """One release after the other, each with one notice more."""
    for title in titles:
        made = Notice(Words(title), Words("<p>Từ 8 giờ đến 11 giờ.</p>"))
        id = world.content.create(made, AUTHOR, world.now).item.id
        world.content.act("submit", id, 1, AUTHOR, world.now)
        world.content.act("approve", id, 1, APPROVER, world.now)
        publishing.carry_out(world.site.press, "publish", id, 1, APPROVER, world.now)


def _sessions(path: Path, now: float, chance: random.Random) -> None:
    migrate(path)
    with closing(sqlite3.connect(path)) as db:
        for day in range(29, -1, -1):
            midnight = day_begins(now) - day * 86400
            for _ in range(chance.randrange(20, 55)):
                began = midnight + abs(chance.gauss(19, 4)) % 24 * 3600
                if began > now:
                    continue
                ended = began + chance.uniform(600, 4 * 3600)
                db.execute(
                    "INSERT INTO sessions (pseudonym, boot_id, started, ends, started_wall,"
                    " ended_wall, up_bytes, down_bytes) VALUES (?, 'b', 0, 0, ?, ?, 9000000, ?)",
                    (
                        f"{chance.getrandbits(128):032x}",
                        began,
                        ended if ended < now else None,
                        chance.randrange(10**6, 9 * 10**8),
                    ),
                )
        events = [
            ("gateway-started", now - 29 * 86400, {"version": "0.1.0"}),
            ("outage-began", now - 12 * 86400, {"fault": "gateway silent", "seconds_before": 9.0}),
            ("outage-ended", now - 12 * 86400 + 5000, {"seconds": 5009.0}),
            ("outage-began", now - 3 * 86400, {"fault": "no names", "seconds_before": 9.0}),
            ("outage-ended", now - 3 * 86400 + 700, {"seconds": 709.0}),
        ]
        for n, (kind, wall, detail) in enumerate(events, 1):
            db.execute(
                "INSERT INTO events (epoch, n, kind, wall, monotonic, boot_id, detail)"
                " VALUES (1, ?, ?, ?, 0, 'b', ?)",
                (n, kind, wall, json.dumps(detail)),
            )
        db.execute(
            "INSERT INTO events (epoch, n, kind, wall, monotonic, boot_id, pseudonym, detail)"
            " VALUES (1, 99, 'device-imitated', ?, 0, 'b', ?, '{\"seen_by\": \"port\"}')",
            (now - 7200, "cd" * 16),
        )
        db.execute(
            "INSERT INTO blocked VALUES (?, 'Phát tán thư rác', ?)", ("ab" * 16, now - 86400)
        )
        db.commit()
