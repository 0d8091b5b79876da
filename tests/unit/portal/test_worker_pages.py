"""What workers read and send: counted once, bounded, anonymous, and never repeated unescaped."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import desk, hearing
from portal.hearing import Hearing, Score, Views
from splash import short, views
from tests.unit.portal.site import FORMS, HOST, OTHER, PHONE, PICTURE, TOKEN, Reply, Site
from tests.unit.portal.world import CONDITIONS, NOVEMBER_2026, mac, rows

POLL, QUIZ = "/poll/mang-the-nao", "/quiz/hieu-luat"
EVIL = "<script>evil()</script>"
TODAY = "2026-11-23"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def send(site: Site, path: str, *, form: str = FORMS, **fields: str) -> Reply:
    return site.post(path, urlencode({"form": form, **fields}))


def heard(site: Site) -> Hearing:
    """What staff would read."""
    return Hearing(site.folder / "answers.db")


def asked(site: Site, question: str) -> list[tuple[object, ...]]:
    return rows(site.folder / "answers.db", question)


# Polls


def test_a_device_votes_once_and_sees_the_result(site: Site) -> None:
    assert 'name="choice"' in site.ask(POLL).text

    reply = send(site, POLL, choice="0")

    assert (reply.status, reply.location) == (303, f"http://{HOST}{POLL}")
    page = site.ask(POLL).text
    assert "Cảm ơn bạn đã góp ý." in page
    assert 'name="choice"' not in page
    again = send(site, POLL, choice="1")
    assert (again.status, "Chỉ lần đầu được tính" in again.text) == (200, True)
    site.phone.mac = OTHER
    assert 'name="choice"' in site.ask(POLL).text
    send(site, POLL, choice="2")
    assert heard(site).votes("mang-the-nao") == {0: 1, 2: 1}


@pytest.mark.parametrize("choice", ["", "3", "-1", "0 ", "٠", "x" * 900, "0\x00", "1e0"])
def test_what_is_no_choice_is_not_counted(site: Site, choice: str) -> None:
    reply = send(site, POLL, choice=choice)

    assert (reply.status, "Bạn chưa chọn" in reply.text) == (200, True)
    assert heard(site).votes("mang-the-nao") == {}


def test_a_poll_that_is_full_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "MOST_VOTES", 1)
    send(site, POLL, choice="0")
    site.phone.mac = OTHER

    assert "Lúc này đã nhận đủ" in send(site, POLL, choice="0").text


def test_deleting_a_devices_data_takes_its_votes_back(site: Site) -> None:
    send(site, POLL, choice="0")

    site.post("/my-data/delete", f"conditions={TOKEN}")

    assert heard(site).votes("mang-the-nao") == {}
    assert asked(site, "SELECT count(*) FROM vote") == [(0,)]


# Quizzes


def test_a_quiz_is_scored_explained_and_counted_by_day(site: Site) -> None:
    reply = send(site, QUIZ, q0="2", q1="0", q2="3", q4="2")

    assert (reply.status, reply.location) == (303, f"http://{HOST}{QUIZ}/2.0.3.x.2")
    page = site.ask(f"{QUIZ}/2.0.3.x.2").text
    assert "Bạn đúng 3/5 câu." in page
    assert page.count("Căn cứ: ") == 5
    assert heard(site).quiz_scores() == [Score("hieu-luat", TODAY, 3, 1)]
    assert f"{QUIZ}/2.0.3.x.2?lang=en" in page


def test_reading_a_result_again_counts_nothing(site: Site) -> None:
    for _ in range(3):
        site.ask(f"{QUIZ}/2.0.3.x.2")

    assert heard(site).quiz_scores() == []


@pytest.mark.parametrize(
    "chosen", ["", "2.0.3.x", "2.0.3.x.2.1", "9.9.9.9.9", "a.b.c.d.e", "01.1.1.1.1", "x" * 5000]
)
def test_a_result_nobody_can_have_is_not_found(site: Site, chosen: str) -> None:
    assert site.ask(f"{QUIZ}/{chosen}").status in (404, 400)


def test_a_quiz_without_an_answer_is_shown_again(site: Site) -> None:
    assert "Bạn chưa chọn" in send(site, QUIZ).text
    assert heard(site).quiz_scores() == []


# The draw


def enter(site: Site, **changes: str) -> Reply:
    entry = {"name": "Nguyễn Thị Mẫu", "phone": "0912 345 678", "consent": "1"}
    return send(site, f"{QUIZ}/draw", **(entry | changes))


def test_who_agrees_enters_the_draw_and_can_leave_it(site: Site) -> None:
    reply = enter(site)

    [code] = re.findall(r'class="code">([A-Z0-9]{8})<', reply.text)
    [entry] = heard(site).draw_entries("hieu-luat")
    assert (entry.name, entry.phone, entry.consent) == (
        "Nguyễn Thị Mẫu",
        "0912345678",
        CONDITIONS,
    )
    assert entry.delete_by == NOVEMBER_2026 + 90 * 86400
    site.phone.mac = OTHER
    assert "Không có mã này" in send(site, "/draw/leave", code="AAAAAAAA").text
    left = send(site, "/draw/leave", code=f" {code.lower()[:4]} {code[4:]}")
    assert "Đã xóa tên" in left.text
    assert heard(site).draw_entries("hieu-luat") == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"consent": ""}, "chưa đánh dấu"),
        ({"consent": "0"}, "chưa đánh dấu"),
        ({"name": " \u200b\n"}, "chưa ghi tên"),
        ({"name": "x" * 81}, "chưa ghi tên"),
        ({"phone": ""}, "chưa đúng"),
        ({"phone": "123"}, "chưa đúng"),
        ({"phone": "09123456789012345"}, "chưa đúng"),
        ({"phone": EVIL}, "chưa đúng"),
    ],
)
def test_a_draw_without_consent_name_or_number_keeps_nothing(
    site: Site, changes: dict[str, str], said: str
) -> None:
    reply = enter(site, **changes)

    assert said in reply.text
    assert EVIL not in reply.text
    assert heard(site).draw_entries("hieu-luat") == []


def test_codes_cannot_be_tried_out(site: Site) -> None:
    enter(site)
    [(code,)] = asked(site, "SELECT code FROM draw_entry")
    site.phone.mac = OTHER
    for number in range(4):
        send(site, "/draw/leave", code=f"{number}")

    assert "Không có mã này" in send(site, "/draw/leave", code=str(code)).text


# Faults and questions


def test_a_fault_is_reported(site: Site) -> None:
    reply = send(site, "/fault", kind="slow", more="phòng 12,\r\ntừ 19 giờ")

    assert reply.location == f"http://{HOST}/fault/reported"
    assert "Cảm ơn bạn" in site.ask("/fault/reported").text
    [fault] = heard(site).faults()
    assert (fault.kind, fault.text, fault.at) == ("slow", "phòng 12,\ntừ 19 giờ", NOVEMBER_2026)


@pytest.mark.parametrize(
    "fields", [{}, {"kind": "x"}, {"kind": "slow", "more": "x" * 301}, {"more": "chữ"}]
)
def test_a_fault_that_is_not_filled_in_is_shown_again(site: Site, fields: dict[str, str]) -> None:
    reply = send(site, "/fault", **fields)

    assert (reply.status, 'role="alert"' in reply.text) == (200, True)
    assert heard(site).faults() == []


def test_a_question_is_asked_and_its_answer_read_by_all(site: Site) -> None:
    reply = send(site, "/ask", text="Công ty nợ lương?  ")
    assert reply.location == f"http://{HOST}/ask/sent"
    assert "Công ty nợ lương?" not in site.ask("/answers").text

    heard(site).answer(1, "Gọi Công đoàn.\nNgay.", "lan", NOVEMBER_2026, shown="Nợ lương?")

    page = site.ask("/answers").text
    assert "<h2>Nợ lương?</h2>" in page
    assert "<p>Gọi Công đoàn.</p><p>Ngay.</p>" in page.replace("\n", "")
    assert "Trả lời ngày 23/11/2026" in page


@pytest.mark.parametrize("text", ["", "  \r\n\t", "\u200b\u202e\x00", "ă" * 601])
def test_a_question_without_words_or_without_an_end_is_not_kept(site: Site, text: str) -> None:
    assert 'role="alert"' in send(site, "/ask", text=text).text
    assert heard(site).questions() == []


def test_the_longest_question_fits(site: Site) -> None:
    text = "ậ" * views.MOST_QUESTION_CHARACTERS
    send(site, "/ask", text=text)

    assert heard(site).questions()[0].text == text


def test_a_form_without_an_end_is_not_read(site: Site) -> None:
    reply = send(site, "/ask", text="x" * 10_000)

    assert reply.status == 303
    assert heard(site).questions() == []


def test_what_cannot_be_seen_is_taken_out_of_a_text(site: Site) -> None:
    send(site, "/ask", text="Tie\u0302\u0301ng\u202e\x07 \x00Việt\r\n\r\n\r\n\r\nxong")

    assert heard(site).questions()[0].text == "Tiếng Việt\n\nxong"


# Bounds


@pytest.mark.parametrize(
    ("path", "fields", "most"),
    [("/fault", {"kind": "slow"}, 3), ("/ask", {"text": "?"}, 4)],
)
def test_a_device_may_send_a_few(site: Site, path: str, fields: dict[str, str], most: int) -> None:
    replies = [send(site, path, **fields).status for _ in range(most + 3)]

    assert replies == [303] * most + [200] * 3
    site.phone.mac = OTHER
    assert send(site, path, **fields).status == 303
    site.phone.mac = PHONE
    site.world.clock.true += 7200
    assert send(site, path, **fields).status == 303
    assert "Lúc này đã nhận đủ" in send(site, path, **fields).text


@pytest.mark.slow
def test_made_up_devices_cannot_fill_the_disk(site: Site) -> None:
    for number in range(250):
        site.phone.mac = mac(number)
        send(site, "/fault", kind="other", more="x" * 300)

    assert len(heard(site).faults()) == 60


# Whose form it is


FORMS_OF_WORKERS = [
    ("/fault", {"kind": "slow"}),
    ("/ask", {"text": "?"}),
    (POLL, {"choice": "0"}),
    (QUIZ, {"q0": "0"}),
    (f"{QUIZ}/draw", {"name": "A", "phone": "0912345678", "consent": "1"}),
    ("/draw/leave", {"code": "A"}),
]


@pytest.mark.parametrize(("path", "fields"), FORMS_OF_WORKERS)
@pytest.mark.parametrize("token", ["", "x", TOKEN, FORMS + "x"])
def test_a_form_without_our_token_leads_back_to_it(
    site: Site, path: str, fields: dict[str, str], token: str
) -> None:
    reply = send(site, path, form=token, **fields)

    assert (reply.status, reply.location) == (303, f"http://{HOST}{path}")
    assert counted(site) == 0


@pytest.mark.parametrize(("path", "fields"), FORMS_OF_WORKERS)
def test_a_form_of_another_site_changes_nothing(
    site: Site, path: str, fields: dict[str, str]
) -> None:
    body = urlencode({"form": FORMS, **fields})

    for headers in ({"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        assert site.post(path, body, **headers).location == f"http://{HOST}/"
    assert counted(site) == 0


@pytest.mark.parametrize(("path", "fields"), FORMS_OF_WORKERS)
def test_who_cannot_be_told_apart_is_asked_to_reconnect(
    site: Site, path: str, fields: dict[str, str]
) -> None:
    site.phone.mac = None

    assert "tắt Wi-Fi rồi bật lại" in send(site, path, **fields).text
    assert counted(site) == 0


@pytest.mark.parametrize("path", ["/poll/x", "/quiz/x", "/quiz/x/draw", "/poll/<script>evil"])
@pytest.mark.parametrize("token", [FORMS, "x"])
def test_a_form_for_what_is_not_shown_repeats_nothing(site: Site, path: str, token: str) -> None:
    reply = send(site, quote_plus(path, safe="/"), form=token, choice="0")

    assert (reply.status, reply.headers.get("location")) in (
        (404, None),
        (303, f"http://{HOST}/"),
    )


def counted(site: Site) -> int:
    tables = ("fault", "question", "vote", "quiz_result", "draw_entry")
    return sum(int(str(asked(site, f"SELECT count(*) FROM {t}")[0][0])) for t in tables)


# Reading


def test_a_short_address_leads_to_its_article(site: Site) -> None:
    code = short.code_of("02-lam-them-gio")
    article = f"http://{HOST}/a/02-lam-them-gio"

    assert site.ask(f"/d/{code}").location == article
    assert site.ask(f"/D/{code.upper()}?lang=en").location == f"{article}?lang=en"
    for wrong in ("222222", "%3Cscript%3E", "", f"{code}/x", "x" * 3000):
        assert site.ask(f"/d/{wrong}").status == 404


def test_short_addresses_cannot_be_tried_without_end(site: Site) -> None:
    code = short.code_of("02-lam-them-gio")

    statuses = [site.ask(f"/d/{code}").status for _ in range(21)]

    assert statuses == [303] * 20 + [404]


def test_a_page_that_is_the_same_was_read_all_the_same(site: Site) -> None:
    tag = site.ask("/a/02-lam-them-gio").headers["etag"]
    assert site.ask("/a/02-lam-them-gio", If_None_Match=tag).status == 304
    site.loop.run(site.desk.write_views())

    assert heard(site).views() == [Views("02-lam-them-gio", TODAY, 2)]


def test_what_is_read_is_counted_without_a_device(site: Site) -> None:
    for path in ("/a/02-lam-them-gio", "/a/02-lam-them-gio", "/notices/cat-nuoc", POLL, "/a/none"):
        site.ask(path)
    site.ask("/a/02-lam-them-gio", method="HEAD")
    assert heard(site).views() == []

    site.loop.run(site.desk.write_views())

    assert heard(site).views() == [
        Views("02-lam-them-gio", TODAY, 2),
        Views("cat-nuoc", TODAY, 1),
        Views("mang-the-nao", TODAY, 1),
    ]


def done(site: Site) -> list[tuple[object, ...]]:
    """What was counted, after it was written down."""
    site.loop.run(site.desk.write_views())
    return asked(site, "SELECT what, of, day, n FROM deed ORDER BY what, of")


def test_who_is_online_reaches_the_website_through_a_count_that_names_nobody(site: Site) -> None:
    site.accept()
    assert 'href="/go/website/status"' in site.ask("/status").text

    for page in ("status", "status", "union"):
        reply = site.ask(f"/go/website/{page}")
        assert (reply.status, reply.location) == (303, "https://congdoan.example")
        assert reply.headers["cache-control"] == "no-store"
    site.ask("/go/website/status", method="HEAD")
    site.ask("/go/website/status", Sec_Purpose="prefetch;prerender")

    assert done(site) == [("website", "status", TODAY, 2), ("website", "union", TODAY, 1)]


def test_the_website_waits_for_the_tap(site: Site) -> None:
    assert site.ask("/go/website/union").location == f"http://{HOST}/union"
    assert done(site) == []


@pytest.mark.parametrize(
    "path",
    ["/go", "/go/website", "/go/website/x", "/go/website//evil.example", "/go/article/none",
     "/go/article/02-lam-them-gio", "/go/https://evil.example", "/go/website/status/x"],
)  # fmt: skip
def test_no_way_leads_anywhere_else(site: Site, path: str) -> None:
    site.accept()

    assert site.ask(path).status == 404
    assert done(site) == []


def test_a_device_that_leaves_without_end_is_not_counted_without_end(site: Site) -> None:
    site.accept()

    for _ in range(30):
        assert site.ask("/go/website/status").location == "https://congdoan.example"

    assert done(site) == [("website", "status", TODAY, 10)]


def test_an_article_is_read_to_its_end_when_somebody_says_so(site: Site) -> None:
    article = "/a/02-lam-them-gio"
    assert f'action="{article}/read"' in site.ask(article).text
    site.ask(article)

    reply = send(site, article + "/read")

    assert (reply.status, reply.location) == (303, f"http://{HOST}/articles")
    assert done(site) == [("read", "02-lam-them-gio", TODAY, 1)]
    assert send(site, "/a/none/read").status == 404
    assert send(site, article + "/read", form="x").location == f"http://{HOST}{article}"
    assert send(site, "/a/none/read", form="x").location == f"http://{HOST}/"
    assert done(site) == [("read", "02-lam-them-gio", TODAY, 1)]


def test_a_device_says_so_a_few_times_an_hour(site: Site) -> None:
    for _ in range(25):
        assert send(site, "/a/02-lam-them-gio/read").status == 303

    assert done(site) == [("read", "02-lam-them-gio", TODAY, 20)]


def test_votes_are_counted_by_day_without_what_they_say(site: Site) -> None:
    send(site, POLL, choice="1")
    send(site, POLL, choice="1")
    site.phone.mac = OTHER
    send(site, POLL, choice="0")

    assert done(site) == [("vote", "mang-the-nao", TODAY, 2)]


def test_what_was_done_waits_while_the_disk_refuses(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(site, "/a/02-lam-them-gio/read")
    monkeypatch.setattr(Hearing, "add_deeds", refuse)
    site.loop.run(site.desk.write_views())
    monkeypatch.undo()

    assert done(site) == [("read", "02-lam-them-gio", TODAY, 1)]


def test_views_wait_while_the_disk_refuses(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.ask("/a/02-lam-them-gio")
    monkeypatch.setattr(Hearing, "add_views", refuse)
    site.loop.run(site.desk.write_views())
    monkeypatch.undo()
    site.ask("/a/02-lam-them-gio")

    site.loop.run(site.desk.write_views())

    assert heard(site).views() == [Views("02-lam-them-gio", TODAY, 2)]


def refuse(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_a_full_disk_costs_the_answer_and_not_the_network(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hearing, "report_fault", refuse)

    assert send(site, "/fault", kind="slow").status == 503
    assert site.ask("/").status == 200
    assert site.accept().status == 303


def test_a_broken_file_is_begun_anew(tmp_path: Path) -> None:
    from portal.storage import open_answers

    site = Site(tmp_path)
    site.loop.run(site.desk.close())
    (tmp_path / "answers.db").write_bytes(b"broken" * 1000)
    site.desk.__init__(  # type: ignore[misc]
        tmp_path / "answers.db", site.world.clock.wall_if_set, 90, open_answers
    )

    assert send(site, "/ask", text="?").status == 303
    assert len(list(tmp_path.glob("answers.db.broken-*"))) == 1
    site.close()


def test_old_answers_are_forgotten_by_a_clock_that_is_set(site: Site) -> None:
    send(site, "/fault", kind="slow")
    heard(site).fault_done(1, "", NOVEMBER_2026)

    site.loop.run(site.desk.forget(NOVEMBER_2026 + 91 * desk.FORGET_SECONDS * 4))

    assert heard(site).faults() == []


def test_articles_are_found_with_and_without_accents(site: Site) -> None:
    for typed in ("luong toi thieu", "Lương tối thiểu"):
        page = site.ask(f"/search?q={quote_plus(typed)}&lang=en").text
        assert 'href="/a/03-luong-toi-thieu?lang=en"' in page
        assert f'value="{typed}"' in page
        assert "<mark>" in page


def test_searching_has_an_end(site: Site) -> None:
    pages = [site.ask("/search?q=luong").text for _ in range(25)]

    assert ["<mark>" in page for page in pages] == [True] * 20 + [False] * 5


@pytest.mark.slow
def test_made_up_devices_cannot_search_without_an_end(site: Site) -> None:
    found = 0
    for number in range(6):
        site.phone.mac = mac(number)
        found += sum("<mark>" in site.ask("/search?q=luong").text for _ in range(20))

    assert found == 100


typed = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=300)


@given(typed=typed)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_looked_for_is_said_again_escaped_and_cut(site: Site, typed: str) -> None:
    site.world.clock.true += 60
    reply = site.ask(f"/search?q={quote_plus(typed)}")

    assert reply.status == 200
    assert len(reply.body) < 15_000
    [value] = re.findall(r'<input id="q"[^>]* value="([^"]*)">', reply.text)
    assert not re.search(r"[<>]", value)
    assert reply.text.count("<script") == 0


@given(typed=typed)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_calculator_repeats_nothing_that_is_no_number(site: Site, typed: str) -> None:
    reply = site.ask(f"/calculator?wage={quote_plus(typed)}&region={quote_plus(typed)}")

    assert reply.status == 200
    for value in re.findall(r' value="([^"]*)"', reply.text):
        assert re.fullmatch(r"[0-9.,]*|I|II|III|IV|1", value)


def test_a_wage_is_worked_out(site: Site) -> None:
    page = site.ask("/calculator?wage=10.400.000&workday-day=2&lang=en").text

    assert "The whole month: 10.550.000 đồng" in page
    assert "/calculator?wage=10.400.000&amp;workday-day=2&amp;text=large&amp;lang=en" in page or (
        "/calculator?wage=10.400.000&amp;workday-day=2&amp;lang=en&amp;text=large" in page
    )


# Pictures and sounds


def test_a_picture_is_kept_by_the_phone_for_ever(site: Site) -> None:
    (site.folder / PICTURE).write_bytes(b"RIFF picture")

    reply = site.ask(f"/m/{PICTURE}")

    assert (reply.status, reply.body) == (200, b"RIFF picture")
    assert reply.headers["content-type"] == "image/webp"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert reply.headers["connection"] == "close"
    again = site.ask(f"/m/{PICTURE}", If_None_Match=reply.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_a_sound_comes_in_parts(site: Site) -> None:
    (site.folder / PICTURE).write_bytes(bytes(range(100)))

    part = site.ask(f"/m/{PICTURE}", Range="bytes=10-19")
    beyond = site.ask(f"/m/{PICTURE}", Range="bytes=500-")
    odd = site.ask(f"/m/{PICTURE}", Range="bytes=x-y")

    assert (part.status, part.body) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/100"
    assert beyond.status == 416
    assert odd.status in (200, 416)


@pytest.mark.parametrize(
    "name", ["answers.db", f"{'b' * 64}.webp", "..%2fanswers.db", "%2e%2e", "", f"{PICTURE}%00"]
)
def test_no_other_file_is_given_away(site: Site, name: str) -> None:
    (site.folder / f"{'b' * 64}.webp").write_bytes(b"of another release")

    assert site.ask(f"/m/{name}").status == 404


# New conditions


def test_new_conditions_ask_for_a_new_tap_and_leave_running_turns_alone(site: Site) -> None:
    from dataclasses import replace

    from portal.user_portal import form_token
    from tests.unit.portal.site import secret

    site.accept()
    site.phone.mac = OTHER
    token = form_token(secret, "new")
    pages = site.replies.pages
    site.replies.pages = pages.showing(token, pages.articles, pages.edition)
    site.world.runner.policy = replace(site.world.runner.policy, conditions="new")

    assert site.passes()
    assert site.accept().location == f"http://{HOST}/"
    assert site.world.runner.session_of(OTHER) is None
    assert site.post("/accept", f"conditions={token}").location == f"http://{HOST}/status"
    site.ask("/my-data")
    assert rows(site.world.path, "SELECT conditions FROM sessions ORDER BY id") == [
        (CONDITIONS,),
        ("new",),
    ]
    assert send(site, "/ask", text="Viết từ trước").status == 303  # No form is spoilt.
