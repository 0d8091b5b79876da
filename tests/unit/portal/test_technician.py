"""The technician's window and page: there for a while, for who knows the site's name."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.control import Control
from portal.doctor import saved
from portal.doctor.finding import Finding
from portal.site_code import code_of
from portal.technician import SelfTest, Window
from tests.unit.portal.site import FORMS, OTHER, PHONE, Reply, Site
from tests.unit.portal.test_control import operator, world  # noqa: F401
from tests.unit.portal.test_doctor_saved import config
from tests.unit.portal.world import NOVEMBER_2026, Clock

FOUND = [Finding("cable", True, "in", {"uplink": "<b>wan"}), Finding("gateway", False, "stopped")]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def type_in(site: Site, name: str = "hp-001") -> Reply:
    return site.post("/technician", f"form={FORMS}&site={name}")


def start(site: Site, more: str = "") -> Reply:
    return site.post("/technician", f"form={FORMS}&test=1{more}")


def words(reply: Reply) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", reply.text, flags=re.S).split())


def is_front(reply: Reply) -> bool:
    return reply.status == 303 and reply.location.endswith("home.arpa/")


# The page


@pytest.mark.parametrize("target", ["/technician", "/technician/selftest.json"])
def test_a_closed_window_is_no_page(site: Site, target: str) -> None:
    assert is_front(site.ask(target))
    assert is_front(type_in(site))


def test_it_asks_for_the_sites_name_and_shows_the_result(site: Site) -> None:
    saved.save(config(site.folder), FOUND, NOVEMBER_2026)
    site.window.open(30)

    door = site.ask("/technician")
    entered = type_in(site, " HP-001")
    page = site.ask("/technician")

    assert "Mã địa điểm" in door.text
    assert "không chạy" not in door.text
    assert (entered.status, entered.location[-11:]) == (303, "/technician")
    assert "Còn 1 mục phải sửa" in words(page)
    assert "PHẢI SỬA Phần mềm portal không chạy Cách làm: khởi động" in words(page)
    assert "Dây mạng vào TỐT đã cắm (&lt;b&gt;wan)" in words(page)
    assert f"Khu trọ Hồng Phong (mã {code_of('hp-001')})" in words(page)
    assert "07:00 23/11/2026" in page.text
    assert "30 phút" in page.text
    assert "to mend: 1" in words(site.ask("/technician?lang=en")).lower()
    copy = site.ask("/technician/selftest.json")
    assert json.loads(copy.text)["findings"][1]["check"] == "gateway"
    assert copy.headers["content-disposition"] == 'attachment; filename="selftest-hp-001.json"'


@pytest.mark.parametrize(
    "typed", ["hp-001", "Hp-001 ", code_of("hp-001"), "hp 001" + code_of("hp-001")[-1]]
)
def test_the_code_of_the_installation_sheet_is_as_good(site: Site, typed: str) -> None:
    site.window.open(30)

    assert type_in(site, typed).status == 303
    assert site.window.admits(PHONE)


@pytest.mark.parametrize("typed", ["", "hp-002", "hp-001-zz", code_of("hp-002"), "%00", "hp001"])
def test_no_other_name_is(site: Site, typed: str) -> None:
    site.window.open(30)

    assert type_in(site, typed).status == 200
    assert not site.window.admits(PHONE)


def test_another_device_has_to_type_it_too(site: Site) -> None:
    site.window.open(30)
    type_in(site)

    site.phone.mac = OTHER

    assert "Mã địa điểm" in site.ask("/technician").text
    assert is_front(site.ask("/technician/selftest.json"))
    start(site)
    assert site.test.seconds_running is None


def test_a_wrong_name_is_said_and_few_are_taken(site: Site) -> None:
    site.window.open(30)

    answers = [type_in(site, f"hp-{n:03}") for n in range(2, 9)]

    said = [words(answer) for answer in answers]
    assert all("Mã chưa đúng" in each for each in said[:5])
    assert all("Nhập sai nhiều lần" in each for each in said[5:])
    assert "Nhập sai nhiều lần" in words(type_in(site))  # Not even the right one.
    assert not any("hp-002" in answer.text for answer in answers)


def test_all_devices_together_have_few_tries(site: Site) -> None:
    site.window.open(30)
    many = 0
    for n in range(40):
        site.phone.mac = type(PHONE)(f"02:00:5e:20:00:{n:02x}")
        many += "Nhập sai nhiều lần" in words(type_in(site, "x"))

    assert many == 25


@pytest.mark.parametrize("form", ["", "form=", f"form={FORMS[::-1]}", "form=%FF"])
def test_a_form_of_another_site_admits_nobody(site: Site, form: str) -> None:
    site.window.open(30)

    reply = site.post("/technician", f"{form}&site=hp-001")

    assert reply.status == 303
    assert not site.window.admits(PHONE)


def test_a_device_that_nobody_knows_sees_nothing(site: Site) -> None:
    site.window.open(30)
    site.phone.mac = None

    assert is_front(site.ask("/technician"))
    assert is_front(type_in(site))


def test_a_window_closes_by_itself_and_forgets_who_was_there(site: Site) -> None:
    site.window.open(30)
    type_in(site)
    site.world.clock.true += 30 * 60

    assert is_front(site.ask("/technician"))
    assert is_front(site.ask("/technician/selftest.json"))
    site.window.open(30)
    assert "Mã địa điểm" in site.ask("/technician").text


def test_before_the_first_test_nothing_is_shown_and_one_can_be_started(site: Site) -> None:
    site.window.open(30)
    type_in(site)
    assert "Chưa kiểm tra lần nào" in words(site.ask("/technician"))
    assert site.ask("/technician/selftest.json").location.endswith("/technician")

    begun = start(site, "&speed=1")
    site.world.clock.true += 7
    page = site.ask("/technician")

    assert begun.location.endswith("/technician")
    assert "Đang kiểm tra… 7 giây" in words(page)
    assert '<meta http-equiv="refresh" content="3">' in page.text
    assert 'name="test"' not in page.text
    start(site)
    assert site.test.seconds_running == 7  # Still the first.


def test_nobody_tests_again_and_again() -> None:
    """Radios leave their channel for it, and the line is filled."""
    clock = Clock()
    window = Window("hp-001", clock.now)
    window.open(30)

    assert [window.may_test() for _ in range(8)] == [True] * 6 + [False] * 2

    window.open(30)
    assert not window.may_test()
    clock.true += 180
    assert [window.may_test() for _ in range(2)] == [True, False]


def test_a_test_too_soon_is_refused_in_words(site: Site) -> None:
    site.window.open(30)
    type_in(site)
    while site.window.may_test():
        pass

    refused = start(site)

    assert "Chờ vài phút rồi kiểm tra lại" in words(refused)
    assert site.test.seconds_running is None


# The window


def test_opened_again_it_asks_everybody_again() -> None:
    clock = Clock()
    window = Window("hp-001", clock.now)
    window.open(30)
    assert window.let_in(PHONE, "hp-001")

    window.open(10)

    assert not window.admits(PHONE)
    assert window.seconds_left == 600


def test_a_window_has_places_for_a_few() -> None:
    window = Window("hp-001", Clock().now)
    window.open(30)
    devices = [type(PHONE)(f"02:00:5e:20:00:{n:02x}") for n in range(20)]

    assert [window.let_in(each, "hp-001") for each in devices].count(True) == 16


async def test_the_control_socket_opens_and_closes_it(operator: Control) -> None:  # noqa: F811
    opened = await operator.answer({"command": "technician", "minutes": 30})
    closed = await operator.answer({"command": "technician", "close": True})
    wrong = [
        await operator.answer({"command": "technician", "minutes": minutes})
        for minutes in (0, 241, "30", True, None)
    ]

    assert opened == {"ok": True, "done": "open", "seconds_left": 1800}
    assert closed == {"ok": True, "done": "closed"}
    assert not any(answer["ok"] for answer in wrong)


# The child


def a_test(folder: Path, script: str) -> SelfTest:
    """A self-test that is this Python script, told the file to write."""
    result = folder / "selftest.json"
    return SelfTest(result, [sys.executable, "-S", "-c", script, str(result)], Clock().now)


WRITES = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '.')"


async def test_a_test_runs_alone_and_its_result_is_there(tmp_path: Path) -> None:
    test = a_test(tmp_path, WRITES)

    started = [test.start("--speed"), *(test.start() for _ in range(20))]
    await test.run_next()

    assert started == [True] + [False] * 20
    assert test.result.read_text() == "--speed."
    assert not test.failed
    assert test.seconds_running is None
    assert test.start()
    await test.run_next()
    assert test.result.read_text() == "--speed.."


@pytest.mark.parametrize("script", ["raise SystemExit(1)", "import os; os.kill(os.getpid(), 9)"])
async def test_a_test_without_a_result_is_said_and_can_be_tried_again(
    tmp_path: Path, script: str
) -> None:
    test = a_test(tmp_path, script)
    test.result.write_text("of before")

    for _ in range(2):
        assert test.start()
        await test.run_next()
        assert test.failed


async def test_a_test_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    test = SelfTest(tmp_path / "none", [str(tmp_path / "no-such-program")], Clock().now)

    test.start()
    await test.run_next()

    assert test.failed


async def test_a_test_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.technician.TEST_SECONDS", 0.05)
    test = a_test(tmp_path, "import time; time.sleep(60)")

    test.start()
    await test.run_next()

    assert test.failed


def test_a_daemon_that_stops_leaves_no_child(tmp_path: Path) -> None:
    number = tmp_path / "number"
    os.mkfifo(number)
    writes = f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid()))"

    async def stopped() -> str:
        test = a_test(tmp_path, f"{writes}; time.sleep(60)")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(test.run())
            test.start()
            child = await asyncio.to_thread(number.read_text)
            running.cancel()
        return child

    assert not Path(f"/proc/{asyncio.run(stopped())}").exists()
