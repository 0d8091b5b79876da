"""The pages of staff: what they show, and what their forms do."""

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from portal import control
from portal.staff import app
from tests.unit.splash.contents import QUIZ
from tests.unit.staff.samples import AUTHOR, a_month, published
from tests.unit.staff.world import PASSWORD, Browser, World

NEW = "ca chep hoa rong 9"


async def text(browser: Browser, path: str) -> str:
    response = await browser.get(path)
    assert response.status == 200
    return re.sub(r"\s+", " ", await response.text())


# Overview


async def test_the_overview_shows_a_month_and_no_device(world: World, tmp_path: Path) -> None:
    a_month(world, tmp_path)
    browser = await world.signed_in("hoa", "author")

    page = await text(browser, "/")

    assert "<b>23</b> thiết bị đang vào mạng" in page
    assert "<b>2</b> câu hỏi chờ trả lời" in page
    assert '<th scope="row">Nhà trẻ</th><td class="n">' in page
    assert '<th scope="row">Làm thêm giờ được trả bao nhiêu?</th>' in page
    assert page.count("data-chart") == 8
    assert '<td class="n">90</td></tr>' in page  # Read to the end, three times on each of 30 days.
    assert "Bấm sang trang web của Công đoàn trong 30 ngày: <b>60</b>" in page
    assert not re.search(r"[0-9a-f]{32}|([0-9a-f]{2}:){5}", page)


async def test_the_overview_works_where_no_gateway_is(world: World) -> None:
    page = await text(await world.signed_in("hoa", "author"), "/")

    assert "Không hỏi được máy Wi-Fi" in page


async def test_a_log_that_is_damaged_is_said(world: World, tmp_path: Path) -> None:
    (tmp_path / "sessions.db").write_bytes(b"no database at all" * 100)

    page = await text(await world.signed_in("hoa", "author"), "/")

    assert "Không đọc được nhật ký" in page


async def test_monitoring_gets_the_daemons_metrics_without_signing_in(world: World) -> None:
    world.answers["metrics"] = {"text": "portal_open_devices 3\n"}

    response = await Browser(world).get("/metrics")

    assert await response.text() == "portal_open_devices 3\n"
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")


async def test_metrics_say_when_there_is_no_daemon(world: World) -> None:
    assert (await Browser(world).get("/metrics")).status == 503


# What workers said


async def test_a_fault_is_marked_as_done(world: World) -> None:
    world.hearing.report_fault("slow", "chậm <b>quá</b>", world.now)
    browser = await world.signed_in("hoa", "author")
    assert "chậm &lt;b&gt;quá&lt;/b&gt;" in await text(browser, "/voices")
    [fault] = world.hearing.faults()

    await browser.post(f"/voices/faults/{fault.id}/done", {"note": "Đã khởi động lại"})

    [fault] = world.hearing.faults()
    assert (fault.done_at, fault.note) == (world.now, "Đã khởi động lại")
    [entry] = world.content.audit()
    assert (entry.who, entry.action) == ("hoa", "fault_done")


async def answered(world: World, browser: Browser, **form: str) -> int:
    [question] = world.hearing.questions()
    response = await browser.post(f"/voices/questions/{question.id}/answer", form)
    return response.status


async def test_an_author_answers_and_an_approver_shows_it(world: World) -> None:
    world.hearing.ask("Tôi là Lan, lương tối thiểu?", world.now)
    author = await world.signed_in("hoa", "author")
    approver = await world.signed_in("minh", "approver")

    assert await answered(world, author, answer="4.960.000 đồng.") == 303
    assert world.hearing.public_answers(9) == []
    assert "4.960.000 đồng." in await text(approver, "/voices/questions")
    form = {"answer": "4.960.000 đồng.", "public": "yes", "shown": "Lương tối thiểu?"}
    assert await answered(world, approver, **form) == 303

    [shown] = world.hearing.public_answers(9)
    assert (shown.shown, shown.answer) == ("Lương tối thiểu?", "4.960.000 đồng.")


async def test_an_author_shows_nothing_and_changes_nothing_that_is_shown(world: World) -> None:
    world.hearing.ask("Lương?", world.now)
    author = await world.signed_in("hoa", "author")
    assert await answered(world, author, answer="x", public="yes", shown="Lương?") == 400
    [question] = world.hearing.questions()
    world.hearing.answer(question.id, "Đúng.", "minh", world.now, shown="Lương?")

    assert await answered(world, author, answer="Sai.") == 400
    aside = await author.post(f"/voices/questions/{question.id}/aside")
    deleted = await author.post(f"/voices/questions/{question.id}/delete")

    assert (aside.status, deleted.status) == (403, 403)
    [shown] = world.hearing.public_answers(9)
    assert shown.answer == "Đúng."


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"answer": " "}, "đang để trống"),
        ({"answer": "x" * 3001}, "dài quá"),
        ({"answer": "x", "public": "yes", "shown": ""}, "Câu hỏi để đăng"),
    ],
)
async def test_an_answer_that_will_not_do_stays_typed(
    world: World, form: dict[str, str], why: str
) -> None:
    world.hearing.ask("Lương?", world.now)
    browser = await world.signed_in("minh", "approver")
    [question] = world.hearing.questions()

    response = await browser.post(f"/voices/questions/{question.id}/answer", form)

    page = await response.text()
    assert (response.status, why in page) == (400, True)
    assert f">{form['answer'].strip()}</textarea>" in page
    assert world.hearing.open_questions() == [question]


async def test_a_question_is_put_aside_or_deleted(world: World) -> None:
    for words in ("alo", "thử"):
        world.hearing.ask(words, world.now)
    browser = await world.signed_in("minh", "approver")
    first, second = sorted(question.id for question in world.hearing.questions())

    await browser.post(f"/voices/questions/{first}/aside")
    await browser.post(f"/voices/questions/{second}/delete")

    assert [question.id for question in world.hearing.questions()] == [first]
    assert world.hearing.open_questions() == []
    gone = await browser.post(f"/voices/questions/{second}/answer", {"answer": "x"})
    assert gone.headers["Location"] == "/voices/questions"


# Prize draws


async def test_one_of_those_who_take_part_is_drawn_and_not_written_down(world: World) -> None:
    published_quiz(world)
    for n in range(3):
        world.hearing.enter_draw("hieu-luat", f"Người {n}", f"090000000{n}", "v1", world.now)
    browser = await world.signed_in("minh", "approver")
    assert "Hiểu luật (3)" in await text(browser, "/voices/draws")

    page = await (await browser.post("/voices/draws/hieu-luat/draw")).text()

    assert len(re.findall(r'<p class="said">Người \d, 090000000\d</p>', page)) == 1
    [entry] = world.content.audit(who="minh")
    assert (entry.action, entry.note) == ("prize_drawn", "hieu-luat: 1 / 3")


async def test_names_of_a_draw_go_when_prizes_are_given_or_somebody_asks(world: World) -> None:
    published_quiz(world)
    for n in range(2):
        world.hearing.enter_draw("hieu-luat", f"Người {n}", f"090000000{n}", "v1", world.now)
    browser = await world.signed_in("minh", "approver")
    first = world.hearing.draw_entries("hieu-luat")[0]

    await browser.post(f"/voices/draws/entries/{first.id}/delete")
    await browser.post("/voices/draws/hieu-luat/given")

    [left] = world.hearing.draw_entries("hieu-luat")
    assert (left.name, left.delete_by) == ("Người 1", world.now + 30 * 86400)
    nobody = await browser.post("/voices/draws/nothing/draw")
    assert nobody.headers["Location"] == "/voices/draws"


def published_quiz(world: World) -> None:
    world.content.create(QUIZ, AUTHOR, world.now, id="hieu-luat")


# The line


async def test_outages_are_listed_the_newest_first(world: World, tmp_path: Path) -> None:
    a_month(world, tmp_path)

    page = await text(await world.signed_in("hoa", "author"), "/line")

    assert page.index("Nhà mạng không phân giải được") < page.index("Cục mạng của nhà mạng")
    assert "1 giờ 23 phút" in page


# Devices


async def test_devices_are_shown_without_their_addresses(world: World, tmp_path: Path) -> None:
    a_month(world, tmp_path)
    browser = await world.signed_in("minh", "administrator")

    page = await text(browser, "/devices")

    assert "2 giờ 53 phút" in page
    assert "02:00:5e" not in page
    assert "10.80.13.110" not in page
    assert "Phát tán thư rác" in page
    assert "Địa chỉ bị dùng trùng, 7 ngày qua" in page
    assert "hai cổng mạng cùng lúc" in page


@pytest.mark.parametrize("command", ["revoke", "block", "unblock"])
async def test_a_device_is_told_about_by_its_name(world: World, command: str) -> None:
    world.answers[command] = {"done": command}
    browser = await world.signed_in("minh", "administrator")

    done = await browser.post(f"/devices/{command}", {"device": "ab" * 16, "reason": "thư rác"})

    assert done.status == 303
    reason = {"reason": "thư rác"} if command == "block" else {}
    assert world.asked[-1] == {"command": command, "pseudonym": "ab" * 16, **reason}
    [entry] = world.content.audit()
    assert (entry.who, entry.action) == ("minh", f"device_{command}")
    assert "ab" * 4 not in entry.note


async def test_what_the_gateway_refuses_is_said_and_not_written_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await world.signed_in("minh", "administrator")

    def refuse(question: object) -> dict[str, object]:
        raise control.Refused("the device has no session any more")

    monkeypatch.setattr(world, "answer_of", refuse)
    await browser.post("/devices/revoke", {"device": "ab" * 16})

    assert "đã hết rồi" in await text(browser, "/devices")
    assert world.content.audit() == []


# Accounts


async def test_an_administrator_makes_an_account_that_works(world: World) -> None:
    browser = await world.signed_in("minh", "administrator")

    await browser.post("/people", {"name": "Chị Hoa", "role": "author", "new": NEW})

    assert "Đã tạo tài khoản “Chị Hoa”" in await text(browser, "/people")
    assert (await Browser(world).sign_in("chi hoa", NEW)).status == 303
    [entry] = world.content.audit()
    assert (entry.action, entry.note) == ("add_account", "Chị Hoa (author)")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": "x<", "role": "author", "new": NEW}, "không dùng được"),
        ({"name": "minh", "role": "author", "new": NEW}, "Đã có tài khoản"),
        ({"name": "hoa", "new": NEW}, "ít nhất một vai trò"),
        ({"name": "hoa", "role": "king", "new": NEW}, "ít nhất một vai trò"),
        ({"name": "hoa", "role": "house_owner", "new": NEW}, "cần có mã địa điểm"),
        ({"name": "hoa", "role": "house_owner", "sites": "Nhà", "new": NEW}, "không phải mã"),
        ({"name": "hoa", "role": "author", "new": "ngan"}, "ít nhất 10 ký tự"),
    ],
)
async def test_an_account_that_will_not_do_is_not_made(
    world: World, form: dict[str, str], why: str
) -> None:
    browser = await world.signed_in("minh", "administrator")

    response = await browser.post("/people", form)

    assert response.status == 400
    assert why in await response.text()
    assert len(world.accounts.all()) == 1


async def test_roles_passwords_and_lost_telephones(world: World) -> None:
    browser = await world.signed_in("minh", "administrator")
    hoa = await world.signed_in("hoa", "approver")
    account = world.accounts.named("hoa")
    assert account is not None
    here = f"/people/{account.id}"

    await browser.post(f"{here}/roles", {"role": "house_owner", "sites": "nha-01, nha-02"})
    await browser.post(f"{here}/password", {"new": NEW})
    await browser.post(f"{here}/code")

    changed = world.accounts.named("hoa")
    assert changed is not None
    assert (changed.roles, changed.sites, changed.has_code) == (
        {"house_owner"},
        ("nha-01", "nha-02"),
        False,
    )
    assert (await hoa.get("/me")).status == 303
    assert (await Browser(world).sign_in("hoa", PASSWORD)).status == 403
    assert (await Browser(world).sign_in("hoa", NEW)).status == 303
    actions = [entry.action for entry in world.content.audit()]
    assert actions == ["forget_code", "change_password", "change_roles"]


async def test_the_last_administrator_cannot_be_lost(world: World) -> None:
    browser = await world.signed_in("minh", "administrator")

    demoted = await browser.post("/people/1/roles", {"role": "author"})
    removed = await browser.post("/people/1/remove")

    assert (demoted.status, removed.status) == (400, 400)
    assert "ít nhất một quản trị viên" in await removed.text()
    assert (await browser.get("/people")).status == 200


async def test_an_account_that_is_gone_is_said(world: World) -> None:
    browser = await world.signed_in("minh", "administrator")
    for what in ("roles", "password", "code", "remove"):
        done = await browser.post(f"/people/99/{what}")
        assert done.headers["Location"] == "/people"

    assert "không còn nữa" in await text(browser, "/people")


# The audit trail


async def test_the_trail_is_read_page_by_page(world: World) -> None:
    for n in range(150):
        world.content.write_audit("hoa" if n else "<i>", "answer", world.now + n, note=f"số {n}")
    browser = await world.signed_in("minh", "approver")

    first, second = await text(browser, "/audit"), await text(browser, "/audit?page=2")

    assert "số 149" in first
    assert "số 49" not in first
    assert "số 49" in second
    assert "&lt;i&gt;" in second
    only = await text(browser, "/audit?who=%3Ci%3E")
    assert ("số 0" in only, "số 149" in only) == (True, False)


@pytest.mark.parametrize("page", ["0", "-1", "x", "%C2%B2", "9" * 30])
async def test_any_number_of_a_page_is_a_page(world: World, page: str) -> None:
    await text(await world.signed_in("minh", "approver"), f"/audit?page={page}")


# Words


def test_every_message_on_a_page_is_in_both_languages() -> None:
    environment = app.templates()
    found = 0
    for name in environment.list_templates():
        assert environment.loader is not None
        source, _, _ = environment.loader.get_source(environment, name)
        for call in environment.parse(source).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                assert len(call.args) == 2, (name, call.lineno)
                for word in call.args:
                    blank = isinstance(word, nodes.Const) and not str(word.value).strip()
                    assert not blank, (name, call.lineno)
                found += 1
    assert found > 100


# Releases


async def test_phones_get_an_earlier_release_again_byte_for_byte(world: World) -> None:
    published(world, "Cúp nước", "Cúp điện")
    before = world.releases.signed(1)
    browser = await world.signed_in("lan", "approver")
    page = await text(browser, "/releases")
    assert page.index("Lần 2 <span") < page.index("Lần 1<")

    done = await browser.post("/releases/1/back", {"note": "đăng nhầm"})

    assert done.status == 303
    assert world.releases.active_number() == 1
    assert world.releases.signed(1) == before
    assert "Đã quay về lần đăng số 1" in await text(browser, "/releases")
    assert [one.revision.item.id for one in world.content.live()] == ["cup-nuoc"]
    entry = world.content.audit()[0]
    assert (entry.who, entry.action, entry.n, entry.note) == ("lan", "roll_back", 1, "đăng nhầm")


async def test_an_author_rolls_nothing_back(world: World) -> None:
    published(world, "Cúp nước", "Cúp điện")
    browser = await world.signed_in("hoa", "author")

    assert (await browser.post("/releases/1/back", {"note": "x"})).status == 403
    assert world.releases.active_number() == 2


async def test_a_release_that_is_damaged_stays_away(world: World) -> None:
    published(world, "Cúp nước", "Cúp điện")
    release = world.releases.release(1)
    world.releases.file(release.manifest.index).write_bytes(b"x")
    browser = await world.signed_in("lan", "approver")

    done = await browser.post("/releases/1/back", {"note": "x"})

    assert "không còn nguyên vẹn" in await done.text()
    assert world.releases.active_number() == 2
    assert len(world.content.live()) == 2


async def test_what_was_never_released_cannot_come_back(world: World) -> None:
    browser = await world.signed_in("lan", "approver")

    done = await browser.post("/releases/7/back", {"note": "x"})

    assert "Không có lần đăng này" in await done.text()
    assert "Chưa đăng lần nào" in await text(browser, "/releases")
