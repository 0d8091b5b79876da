"""Workers behind a real access point: what staff published is read, answered and counted."""

import gzip
import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import quote_plus, urlencode

import pytest

from portal.demo import addresses as at
from portal.demo.browser import forms
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer
from portal.hearing import Hearing
from splash import views
from splash.content import Article, Campaign, Conditions, Notice, Source, Words
from tests.netns.content import ARTICLE, POLL, QUIZ, SOUND, SOUND_NAME, activate, item, publish
from tests.netns.hostile import HOST, resident, say, splash_times, status_of

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("content")]

HOME = f"http://{at.PORTAL_HOST}"
EVIL = "<script>evil()</script>\"'><img src=x onerror=evil()>"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        lab.start_portal()
        yield lab


@pytest.fixture
def phone(lab: Lab) -> Phone:
    return joined(lab)


def joined(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join()
    return phone


def read(phone: Phone, path: str) -> Answer:
    answer = phone.open(HOME + path)
    assert isinstance(answer, Answer), answer
    return answer


def send(who: Phone, path: str, /, **typed: str) -> Answer:
    answer = who.tap(read(who, path), path, typed)
    assert isinstance(answer, Answer), answer
    return answer


def asked(lab: Lab, question: str) -> list[tuple[object, ...]]:
    path = lab.folder / "data/answers.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(question).fetchall()


def test_a_worker_reads_votes_does_the_quiz_reports_and_asks(lab: Lab, phone: Phone) -> None:
    publish(lab)
    other = joined(lab)

    front = read(phone, "/").body
    assert "/accept" in front
    for link in (f"/a/{ARTICLE}", f"/poll/{POLL}", f"/quiz/{QUIZ}", "/fault", "/ask"):
        assert f'href="{link}"' in front
    article = read(phone, f"/a/{ARTICLE}")
    assert "<strong>200%</strong>" in article.body
    assert f'<audio controls preload="none" src="/m/{SOUND_NAME}">' in article.body
    assert f'href="/a/{ARTICLE}"' in read(phone, "/search?q=lam+them+gio").body

    poll = read(phone, f"/poll/{POLL}")
    for voter, choice in ((phone, "0"), (phone, "1"), (other, "1")):
        voted = voter.tap(poll, f"/poll/{POLL}", {"choice": choice})
        assert isinstance(voted, Answer)
        assert "Kết quả đến lúc này" in voted.body
    result = send(phone, f"/quiz/{QUIZ}", q0="2", q1="1", q2="3", q3="2", q4="0")
    assert result.url == f"{HOME}/quiz/{QUIZ}/2.1.3.2.0"
    assert "Bạn đúng 4/5 câu." in result.body
    assert "Điều 98" in result.body
    assert "Cảm ơn bạn" in send(phone, "/fault", kind="slow", more="phòng 3").body
    assert "Đã gửi câu hỏi" in send(phone, "/ask", text="Bao giờ có thêm điểm phát?").body
    entered = send(phone, f"/quiz/{QUIZ}/draw", name="A", phone="0912345678", consent="1")
    [code] = re.findall(r'class="code">(\w+)<', entered.body)

    with closing(Hearing(lab.folder / "data/answers.db")) as staff:
        assert staff.votes(POLL) == {0: 1, 1: 1}
        assert [(score.score, score.n) for score in staff.quiz_scores()] == [(4, 1)]
        assert [(fault.kind, fault.text) for fault in staff.faults()] == [("slow", "phòng 3")]
        [question] = staff.open_questions()
        assert len(staff.draw_entries(QUIZ)) == 1
        staff.answer(question.id, "Tháng sau.", "lan", time.time(), shown=question.text)
    assert "Tháng sau." in read(other, "/answers").body
    assert "Đã xóa" in send(other, "/draw/leave", code=code).body
    # None of that opened the network, and the tap still does.
    assert '"captive": true' in read(phone, "/captive-portal/api").body
    tapped = phone.tap(read(phone, "/"))
    assert isinstance(tapped, Answer)
    assert tapped.url == f"{HOME}/status"


def test_a_sound_can_be_heard_from_anywhere_in_it(lab: Lab, phone: Phone) -> None:
    publish(lab)

    whole = say(phone, f"GET /m/{SOUND_NAME} HTTP/1.1\r\n{HOST}\r\n".encode())
    part = say(
        phone, f"GET /m/{SOUND_NAME} HTTP/1.1\r\n{HOST}Range: bytes=1000-1999\r\n\r\n".encode()
    )

    assert whole.endswith(b"\r\n\r\n" + SOUND)
    assert b"Content-Type: audio/mpeg\r\n" in whole
    assert (status_of(part), part.endswith(b"\r\n\r\n" + SOUND[1000:2000])) == (206, True)
    publish(lab, without=ARTICLE)
    assert status_of(say(phone, f"GET /m/{SOUND_NAME} HTTP/1.1\r\n{HOST}\r\n".encode())) == 404


def test_a_campaign_begins_and_ends_at_its_minute_with_the_line_down(
    lab: Lab, phone: Phone
) -> None:
    campaign = Campaign(Words("Ngày Pháp luật 9/11"), Words("Cùng làm"), Words("<p>x</p>"))
    lab.gateway.ip("link set wan down")
    begins = time.time() + 4
    publish(lab, [item("luat", campaign, begins=begins, ends=begins + 3)])

    seen = []
    while time.time() < begins + 5:
        seen.append((time.time() - begins, "Ngày Pháp luật" in read(phone, "/").body))
        time.sleep(0.1)

    first, last = (next(t for t, on in order if on) for order in (seen, reversed(seen)))
    assert 0 <= first < 1.5
    assert 2.5 < last < 4.5
    assert read(phone, "/campaign/luat").status == 404


def test_going_back_shows_the_very_bytes_of_before(lab: Lab, phone: Phone) -> None:
    def bytes_of(path: str) -> bytes:
        said = f"GET {path} HTTP/1.1\r\n{HOST}Accept-Encoding: gzip\r\n\r\n".encode()
        return say(phone, said).partition(b"\r\n\r\n")[2]

    first = publish(lab)
    before = [bytes_of(path) for path in ("/", f"/a/{ARTICLE}", f"/quiz/{QUIZ}")]
    changed = Article("tin", Words("Khác"), Words(""), Words("<p>Khác</p>"), Source("A"))
    publish(lab, [item(ARTICLE, changed)], without=ARTICLE)
    assert "Khác" in gzip.decompress(bytes_of(f"/a/{ARTICLE}")).decode()

    activate(lab, first)

    assert [bytes_of(path) for path in ("/", f"/a/{ARTICLE}", f"/quiz/{QUIZ}")] == before


def test_new_rules_leave_running_turns_alone_and_ask_for_a_new_tap(lab: Lab, phone: Phone) -> None:
    publish(lab)
    waiting = joined(lab)
    old = read(waiting, "/")
    assert isinstance(phone.tap(read(phone, "/")), Answer)

    rules = Conditions((Words("Không làm ồn sau 22 giờ"),), Words("<p>Đủ</p>"))
    publish(lab, [item("noi-quy", rules, revision=7)])

    assert '"captive": false' in read(phone, "/captive-portal/api").body
    outdated = waiting.tap(old)
    assert isinstance(outdated, Answer)
    assert "Không làm ồn sau 22 giờ" in outdated.body
    assert '"captive": true' in read(waiting, "/captive-portal/api").body
    assert isinstance(waiting.tap(outdated), Answer)
    assert '"captive": false' in read(waiting, "/captive-portal/api").body
    lab.portal_stop()
    path = lab.folder / "data/sessions.db"
    with closing(sqlite3.connect(path)) as db:
        agreed = [row[0] for row in db.execute("SELECT conditions FROM sessions ORDER BY id")]
    assert agreed == ["0.2-mau", "2026-11-22.7+0.2-mau"]


def test_a_kill_loses_nothing_that_was_thanked_for(lab: Lab, phone: Phone) -> None:
    publish(lab)
    for round in range(5):
        send(phone, "/ask" if round % 2 else "/fault", kind="slow", text=f"Câu {round}")
        if round == 0:
            send(phone, f"/poll/{POLL}", choice="1")
            send(phone, f"/quiz/{QUIZ}", q0="2")
        lab.portal_kill()
        lab.portal_restart()

    assert asked(lab, "SELECT count(*) FROM fault") == [(3,)]
    assert asked(lab, "SELECT text FROM question ORDER BY id") == [("Câu 1",), ("Câu 3",)]
    assert asked(lab, "SELECT choice FROM vote") == [(1,)]
    assert asked(lab, "SELECT score, n FROM quiz_result") == [(1, 1)]
    assert "Kết quả đến lúc này" in read(phone, f"/poll/{POLL}").body


def test_what_phones_and_staff_write_never_becomes_markup(lab: Lab, phone: Phone) -> None:
    publish(lab, [item("doc", Notice(Words(EVIL), Words("<p>x</p>")))])
    send(phone, "/fault", kind="other", more=EVIL)
    send(phone, "/ask", text=EVIL)
    send(phone, f"/quiz/{QUIZ}/draw", name=EVIL, phone="0912345678", consent="1")
    with closing(Hearing(lab.folder / "data/answers.db")) as staff:
        staff.answer(1, EVIL, EVIL, time.time(), shown=EVIL)
        assert staff.faults()[0].text == EVIL

    for path in ("/", "/notices/doc", "/answers", "/search?q=" + quote_plus(EVIL), "/fault"):
        page = read(phone, path).body
        assert "<script" not in page
        assert "<img" not in page
        assert "evil" in page or path == "/fault"


def test_thousands_of_forms_fill_nothing_and_cost_others_nothing(lab: Lab, phone: Phone) -> None:
    publish(lab)
    other = joined(lab)
    page = read(phone, "/ask")
    [token] = [f.fields["form"] for f in forms(page.body, page.url) if f.method == "post"]
    memory = resident(lab)
    posts = {
        "/ask": {"text": "x" * 600},
        "/fault": {"kind": "slow", "more": "ậ" * 300},
        f"/poll/{POLL}": {"choice": "0"},
        f"/quiz/{QUIZ}": {"q0": "1"},
        f"/quiz/{QUIZ}/draw": {"name": "A", "phone": "0912345678", "consent": "1"},
        "/draw/leave": {"code": "AAAAAAAA"},
    }

    def attack(number: int) -> int:
        path, fields = list(posts.items())[number % len(posts)]
        body = urlencode({"form": token if number % 7 else "wrong", **fields})
        said = (
            f"POST {path} HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        return status_of(say(phone, said.encode(), seconds=15))

    with ThreadPoolExecutor(8) as crowd:
        attacking = crowd.map(attack, range(3000))
        taken = splash_times(other)
        statuses = set(attacking)

    assert statuses <= {0, 200, 303}
    assert max(taken) < 3
    assert asked(lab, "SELECT count(*) FROM question") == [(4,)]
    assert asked(lab, "SELECT count(*) FROM fault") == [(3,)]
    assert asked(lab, "SELECT count(*) FROM vote") == [(1,)]
    assert asked(lab, "SELECT sum(n) FROM quiz_result") == [(10,)]
    size = sum(f.stat().st_size for f in (lab.folder / "data").glob("answers.db*"))
    assert size < 500_000
    assert resident(lab) - memory < 8
    assert send(other, "/ask", text="Vẫn hỏi được").url == HOME + views.path_of(views.Asked())
    assert "ERROR" not in lab.gateway.read_log("portal")
