"""The way of a text from a form to the phones, and everybody who may not go it."""

import re
from typing import Any

import pytest
from aiohttp import FormData

from splash import content
from tests.unit.staff.docx import docx, paragraph, picture, run
from tests.unit.staff.sounds import id3, m4a, mp3
from tests.unit.staff.test_images import photo
from tests.unit.staff.test_sanitise import HOSTILE
from tests.unit.staff.test_word import png
from tests.unit.staff.world import Browser, World

pytestmark = pytest.mark.usefixtures("_jobs_in_this_process")

NOTICE = {"title.vi": "Mất nước", "body.vi": "<p>Sáng mai mất nước.</p>", "_base": "0"}

FORMS: dict[str, dict[str, str]] = {
    "splash": {"title.vi": "Công đoàn chào bạn", "welcome.vi": "Bạn vào mạng miễn phí."},
    "article": {
        "category": "tin",
        "title.vi": "Hội thao",
        "body.vi": "<p>Chủ nhật.</p>",
        "source.name": "LĐLĐ",
        "sample": "no",
    },
    "notice": NOTICE,
    "campaign": {"title.vi": "Ngày Pháp luật", "line.vi": "9/11", "body.vi": "<p>a</p>"},
    "poll": {"question.vi": "Thích gì?", "options.0.vi": "Bóng đá", "options.1.vi": "Cờ"},
    "quiz": {
        "title.vi": "Thi",
        "questions.0.text.vi": "Làm thêm ngày thường được trả bao nhiêu?",
        "questions.0.options.0.vi": "100%",
        "questions.0.options.1.vi": "150%",
        "questions.0.answer": "1",
        "questions.0.explain.vi": "Ít nhất 150%.",
        "questions.0.legal_basis": "Điều 98",
        "questions.0.article": "",
        "draw": "no",
    },
    "phones": {"numbers.0.name.vi": "Công an", "numbers.0.number": "113"},
    "conditions": {"short.0.vi": "Không phá mạng.", "body.vi": "<p>Nội quy</p>"},
    "privacy": {"short.vi": "Không ghi tên.", "body.vi": "<p>Thông báo</p>"},
}


async def written(browser: Browser, kind: str = "notice", do: str = "save", **more: str) -> str:
    """Write something; the id of the item."""
    form = FORMS[kind] | {name.replace("__", "."): value for name, value in more.items()}
    done = await browser.post(f"/write/{kind}", form | {"_do": do})
    assert done.status == 303, await done.text()
    found = re.match(r"/items/([a-z0-9-]+)", done.headers["Location"])
    assert found is not None
    return found[1]


async def act(browser: Browser, id: str, do: str, n: int = 1, **more: str) -> Any:
    return await browser.post(f"/items/{id}/act", {"n": str(n), "do": do} | more)


async def published(world: World, kind: str = "notice", **times: str) -> str:
    author = await world.signed_in("lan", "author")
    approver = await world.signed_in("minh", "approver")
    id = await written(author, kind, do="submit")
    done = await act(approver, id, "approve_publish", **times)
    assert done.status == 303, await done.text()
    return id


@pytest.mark.parametrize("kind", FORMS)
async def test_every_kind_is_written_approved_and_published(world: World, kind: str) -> None:
    id = await published(world, kind)

    (live,) = world.content.live()
    assert (live.revision.item.id, live.revision.item.kind) == (id, kind)
    assert live.revision.approved_by == "minh"
    assert world.releases.active_number() == 1


@pytest.mark.parametrize("kind", FORMS)
async def test_every_form_opens_empty_and_again_with_what_was_saved(
    world: World, kind: str
) -> None:
    browser = await world.signed_in("lan", "author")

    empty = await browser.get(f"/write/{kind}")
    id = await written(browser, kind)
    again = await browser.get(f"/items/{id}/edit")

    assert (empty.status, again.status) == (200, 200)
    page = await again.text()
    for name, value in FORMS[kind].items():
        if name.endswith(".vi") and "body" not in name:
            assert value in page, name


@pytest.mark.parametrize("kind", FORMS)
async def test_every_kind_is_shown_on_the_phone_before_it_is_saved(world: World, kind: str) -> None:
    browser = await world.signed_in("lan", "author")

    told = await browser.post(f"/write/{kind}/preview", FORMS[kind], Accept="application/json")
    page = await browser.get((await told.json())["page"])

    assert page.status == 200
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    text = await page.text()
    assert "<script" not in text
    assert FORMS[kind].get("title.vi", "<html") in text
    assert (await browser.post(f"/write/{kind}/preview", {"_do": ""})).status == 303


async def test_nobody_sees_the_preview_of_somebody_else(world: World) -> None:
    lan = await world.signed_in("lan", "author")
    told = await lan.post("/write/notice/preview", NOTICE, Accept="application/json")
    other = await world.signed_in("hoa", "author")

    assert (await other.get((await told.json())["page"])).status == 404


async def test_all_problems_are_said_at_once_beside_their_fields(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post(
        "/write/article", {"title.vi": "x" * 150, "body.vi": "", "_do": "submit"}
    )

    page = await done.text()
    assert done.status == 422
    for words in ("Chuyên mục: chưa chọn", "dài 150 ký tự", "Nội dung: đang để trống", "Nguồn"):
        assert words in page
    assert 'href="#f-title-vi"' in page
    assert 'aria-describedby=" f-title-vi-wrong"' in page
    assert "Đã lưu bản nháp" in page
    assert world.content.items()[0].newest.state == "draft"


async def test_what_cannot_even_be_a_draft_is_kept_in_the_form(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/write/notice", NOTICE | {"_more_houses": "Nhà Số 1"})

    assert done.status == 422
    page = await done.text()
    assert "Mất nước" in page
    assert "Sáng mai" in page
    assert world.content.items() == []


async def test_a_text_goes_back_to_its_author_with_the_reason(world: World) -> None:
    author = await world.signed_in("lan", "author")
    approver = await world.signed_in("minh", "approver")
    id = await written(author, do="submit")

    silent = await act(approver, id, "return")
    done = await act(approver, id, "return", note="Ghi rõ mấy giờ.")

    assert (silent.status, done.status) == (422, 303)
    assert "Ghi rõ mấy giờ." in await (await author.get(f"/items/{id}")).text()


async def test_an_author_never_approves_the_own_words_not_by_hand_either(world: World) -> None:
    both = await world.signed_in("minh", "author", "approver")
    id = await written(both, do="submit")

    page = await (await both.get(f"/items/{id}")).text()
    for do in ("approve", "approve_publish", "publish"):
        done = await act(both, id, do)
        assert done.status == 422

    assert "người khác phải duyệt" in page
    assert 'value="approve"' not in page
    assert world.content.revision(id).state == "in_review"
    assert world.content.live() == []


@pytest.mark.parametrize("do", ["approve", "approve_publish", "publish", "return", "withdraw"])
async def test_who_only_writes_decides_nothing(world: World, do: str) -> None:
    author = await world.signed_in("lan", "author")
    other = await world.signed_in("hoa", "author")
    id = await written(author, do="submit")

    done = await act(other, id, do, note="x")

    assert done.status == 422
    assert world.content.revision(id).state == "in_review"


async def test_what_is_scheduled_waits_for_its_time_in_the_release(world: World) -> None:
    id = await published(world, begins="2027-01-01T08:00", ends="2027-01-02T08:00")

    (live,) = world.content.live()
    assert (live.begins, live.ends) == (1798765200.0, 1798851600.0)
    browser = await world.signed_in("hoa", "author")
    assert "hẹn 08:00 01/01/2027" in await (await browser.get("/items")).text()
    assert "hẹn 08:00 01/01/2027" in await (await browser.get(f"/items/{id}")).text()


async def test_times_that_cannot_be_meant_publish_nothing(world: World) -> None:
    author = await world.signed_in("lan", "author")
    approver = await world.signed_in("minh", "approver")
    id = await written(author, do="submit")

    done = await act(approver, id, "approve_publish", ends="2020-01-01T00:00")

    assert done.status == 422
    assert "đã qua" in await done.text()
    assert world.content.revision(id).state == "in_review"


async def test_what_is_withdrawn_is_gone_at_once(world: World) -> None:
    id = await published(world)
    administrator = await world.signed_in("tuan", "administrator")

    done = await act(administrator, id, "withdraw")

    assert done.status == 303
    assert world.content.live() == []
    assert world.releases.active_number() == 2


async def test_what_is_live_can_be_withdrawn_from_the_page_of_a_newer_draft(world: World) -> None:
    id = await published(world)
    hoa = await world.signed_in("hoa", "author")
    await hoa.post(f"/items/{id}/edit", NOTICE | {"_base": "1", "title.vi": "Bản mới"})
    administrator = await world.signed_in("tuan", "administrator")

    assert "Gỡ ngay bản 1" in await (await administrator.get(f"/items/{id}")).text()
    assert "Gỡ ngay" not in await (await hoa.get(f"/items/{id}")).text()


async def test_nothing_is_published_while_nobody_answers_for_it(world: World) -> None:
    author = await world.signed_in("lan", "author")
    approver = await world.signed_in("minh", "approver")
    id = await written(author, do="submit")
    object.__setattr__(world.site.config.organisation, "responsible", "")

    done = await act(approver, id, "approve_publish")

    assert done.status == 422
    assert "Người chịu trách nhiệm nội dung" in await done.text()
    assert world.content.revision(id).state == "approved"
    assert world.releases.active_number() is None


@pytest.mark.parametrize("do", ["approve_publish", "publish", "withdraw"])
async def test_nothing_is_published_where_phones_see_the_releases_of_others(
    world: World, do: str
) -> None:
    author = await world.signed_in("lan", "author")
    approver = await world.signed_in("minh", "approver")
    id = await written(author, do="submit")
    object.__setattr__(world.site.config.content, "public_key", "A" * 43 + "=")

    done = await act(approver, id, do)

    assert done.status == 422
    assert "đăng từ nơi khác; hãy làm việc này ở nơi đó" in await done.text()
    assert world.content.revision(id).state == "in_review"
    assert world.releases.active_number() is None


async def test_two_who_edit_at_once_lose_nothing(world: World) -> None:
    lan = await world.signed_in("lan", "author")
    hoa = await world.signed_in("hoa", "author")
    id = await written(lan)
    await hoa.post(f"/items/{id}/edit", NOTICE | {"_base": "1", "title.vi": "Của Hoa"})

    late = await lan.post(f"/items/{id}/edit", NOTICE | {"_base": "1", "title.vi": "Của Lan"})
    page = await late.text()
    again = await lan.post(f"/items/{id}/edit", NOTICE | {"_base": "2", "title.vi": "Của Lan"})

    assert late.status == 409
    assert "Của Lan" in page
    assert 'name="_base" value="2"' in page
    assert again.status == 303
    titles = [content.title_of(each.content).vi for each in world.content.revisions(id)]
    assert titles == ["Của Lan", "Của Hoa", "Mất nước"]


async def test_two_revisions_are_compared_with_the_changes_marked(world: World) -> None:
    browser = await world.signed_in("lan", "author")
    id = await written(browser)
    await browser.post(f"/items/{id}/edit", NOTICE | {"_base": "1", "title.vi": "Mất điện"})

    page = await (await browser.get(f"/items/{id}/compare?before=1&after=2")).text()

    assert "<del>nước</del>" in page
    assert "<ins>điện</ins>" in page


async def test_a_house_owner_writes_notices_of_the_own_house_only(world: World) -> None:
    owner = await world.signed_in("chu", "house_owner", sites=("nha-01",))
    author = await world.signed_in("lan", "author")
    elsewhere = await written(author, _houses="nha-02")
    article = await written(author, "article")

    own = await written(owner, _houses="nha-01")

    assert (await owner.get("/write/article")).status == 403
    assert (await owner.get("/media")).status == 403
    assert (await owner.get("/import")).status == 403
    assert (await owner.post("/write/article", FORMS["article"])).status == 409
    assert (await owner.post("/write/notice", NOTICE | {"_houses": "nha-02"})).status == 409
    assert (await owner.post("/write/notice", NOTICE)).status == 409
    for id in (elsewhere, article):
        assert (await owner.get(f"/items/{id}")).status == 404
        assert (await owner.get(f"/items/{id}/edit")).status == 404
        assert (await owner.get(f"/items/{id}/phone")).status == 404
        assert (await owner.post(f"/items/{id}/edit", NOTICE | {"_base": "1"})).status == 404
        assert (await act(owner, id, "submit")).status == 404
    moved = await owner.post(f"/items/{own}/edit", NOTICE | {"_base": "1", "_houses": "nha-02"})
    assert moved.status == 409
    listed = await (await owner.get("/items")).text()
    assert f"/items/{own}" in listed
    assert elsewhere not in listed.replace(own, "")
    assert [each.newest.item.sites for each in world.content.items(author="chu")] == [("nha-01",)]


@pytest.mark.parametrize(
    "path", ["/items", "/write/notice", "/items/x", "/items/x/edit", "/media", "/import", "/m/x"]
)
async def test_nobody_reads_without_signing_in(world: World, path: str) -> None:
    done = await Browser(world).get(path)

    assert (done.status, done.headers["Location"][:8]) == (303, "/sign-in")


@pytest.mark.parametrize(
    "path", ["/write/notice", "/write/notice/preview", "/items/x/act", "/media", "/import"]
)
async def test_no_form_of_another_page_does_anything(world: World, path: str) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post(path, NOTICE, Origin="http://evil.example")

    assert done.status == 403
    assert world.content.items() == []


@pytest.mark.parametrize("kind", FORMS)
async def test_script_in_any_field_runs_nowhere(world: World, kind: str) -> None:
    """Neither on the pages of staff nor on the phone, whether it can be saved or not."""
    browser = await world.signed_in("lan", "author")
    attack = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>"
    everywhere = {name: value[:9] + attack for name, value in FORMS[kind].items()}
    texts = {name: value for name, value in everywhere.items() if name.endswith(".vi")}

    refused = await browser.post(f"/write/{kind}", everywhere)
    id = await written(browser, kind, **{n.replace(".", "__"): v for n, v in texts.items()})

    paths = ("", "/edit", "/phone", "/phone?lang=en", "/compare")
    pages = [await (await browser.get(f"/items/{id}{path}")).text() for path in paths]
    pages += [await refused.text(), await (await browser.get("/items")).text()]
    assert any("onerror=alert(1)" in page for page in pages)
    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page


async def test_hostile_html_is_cleaned_when_it_is_saved(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    id = await written(browser, body__vi="<p>a</p>" + "".join(HOSTILE[:-4]) + "<p>b</p>")

    page = await (await browser.get(f"/items/{id}/phone")).text()
    for word in ("onerror", "onload=", "javascript:", "<iframe", "evil.example"):
        assert word not in page.replace("&lt;", "")


def upload(data: bytes, name: str = "a.png", use: str = "body") -> FormData:
    form = FormData()
    form.add_field("use", use)
    form.add_field("file", data, filename=name)
    return form


async def test_a_house_owner_does_not_follow_a_notice_into_another_house(world: World) -> None:
    owner = await world.signed_in("chu", "house_owner", sites=("nha-01",))
    author = await world.signed_in("lan", "author")
    id = await written(owner, _houses="nha-01")
    moved = await author.post(f"/items/{id}/edit", NOTICE | {"_base": "1", "_houses": "nha-02"})
    assert moved.status == 303

    assert (await owner.get(f"/items/{id}")).status == 404
    assert (await owner.get(f"/items/{id}?n=1")).status == 404


async def test_a_form_of_a_thousand_parts_is_not_read_to_its_end(world: World) -> None:
    browser = await world.signed_in("lan", "author")
    part = b'--a\r\nContent-Disposition: form-data; name="%d"\r\n\r\n\r\n'
    body = b"".join(part % n for n in range(1000)) + b"--a--\r\n"

    done = await browser.post(
        "/media",
        body,  # type: ignore[arg-type]
        Content_Type="multipart/form-data; boundary=a",
    )

    assert done.status == 400


async def test_a_picture_is_drawn_anew_and_shown_under_its_hash(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/media", upload(photo(900, 300)))  # type: ignore[arg-type]
    kept = await done.json()
    shown = await browser.get(f"/m/{kept['name']}")

    assert (kept["width"], kept["height"]) == (800, 267)
    assert shown.headers["Content-Type"] == "image/webp"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert (await shown.read())[:4] == b"RIFF"
    assert "chưa dùng" in await (await browser.get("/media")).text()


@pytest.mark.parametrize(
    "name", ["../../x.png", "/etc/passwd", "a.html", "..\\..\\x", "a.svg", 'a"b.png', ""]
)
async def test_a_file_is_never_kept_under_its_senders_name(world: World, name: str) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/media", upload(png(), name))  # type: ignore[arg-type]

    assert re.fullmatch(r"[0-9a-f]{64}\.webp", (await done.json())["name"])
    assert [each.name for each in world.content.media_folder.iterdir()] == [
        (await done.json())["name"]
    ]


@pytest.mark.parametrize("data", [b"<svg onload='alert(1)'/>", b"<script>alert(1)</script>", b""])
async def test_what_is_no_picture_is_refused_with_the_reason(world: World, data: bytes) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/media", upload(data))  # type: ignore[arg-type]

    assert done.status == 422
    assert (await done.json())["problem"]
    assert world.content.media() == []


@pytest.mark.parametrize("name", ["..%2f..%2fcontent.db", "x" * 64 + ".webp", "0" * 64 + ".html"])
async def test_only_pictures_are_given_out(world: World, name: str) -> None:
    browser = await world.signed_in("lan", "author")

    assert (await browser.get(f"/m/{name}")).status == 404


async def test_a_word_file_becomes_a_draft_with_its_picture(world: World) -> None:
    browser = await world.signed_in("lan", "author")
    file = docx(
        paragraph(run("QuyÒn lîi", font=".VnTime", bold=True)),
        paragraph(run("Điều <98>")),
        picture(""),
        more={"word/media/image1.png": png()},
    )

    done = await browser.post("/import", upload(file, "bài.docx"))  # type: ignore[arg-type]
    page = await (await browser.get(done.headers["Location"])).text()

    (item,) = world.content.items()
    assert item.newest.item.id == "quyen-loi"
    assert done.headers["Location"] == "/items/quyen-loi/edit"
    assert "Phông chữ cũ" in page
    (medium,) = world.content.media()
    assert content.media_of(item.newest.content) == {medium.name}


async def test_a_file_that_is_no_word_file_is_refused_with_the_reason(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/import", upload(b"%PDF-1.7"))  # type: ignore[arg-type]

    assert done.status == 422
    assert "không phải tệp Word" in await done.text()


async def test_overdue_articles_are_flagged_and_found(world: World) -> None:
    law = {"category": "quyen-loi", "legal.basis": "Điều 98", "legal.checked_by": "Tổ pháp chế"}
    days = {"legal.checked_on": "2026-01-01", "legal.review_by": "2026-06-01"}
    author = await world.signed_in("lan", "author")
    approver = await world.signed_in("minh", "approver")
    done = await author.post("/write/article", FORMS["article"] | law | days | {"_do": "submit"})
    id = done.headers["Location"].split("?")[0].rpartition("/")[2]
    await act(approver, id, "approve_publish")
    await written(author, "article")

    page = await (await author.get("/items?state=overdue")).text()

    assert "Quá hạn xem lại" in page
    assert page.count('<th scope="row">') == 1


@pytest.mark.parametrize(
    ("data", "suffix", "type"),
    [(id3() + mp3(200), "mp3", "audio/mpeg"), (m4a(200), "m4a", "audio/mp4")],
    ids=["mp3", "m4a"],
)
async def test_a_sound_goes_from_a_file_to_the_page_of_an_article(
    world: World, data: bytes, suffix: str, type: str
) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/media", upload(data, "a.exe", "sound"))  # type: ignore[arg-type]
    kept = await done.json()
    id = await written(
        browser, "article", audio__name=kept["name"], audio__seconds=str(kept["seconds"])
    )
    shown = await browser.get(f"/m/{kept['name']}", Range="bytes=2-5")

    assert kept["seconds"] == 5
    assert re.fullmatch(rf"[0-9a-f]{{64}}\.{suffix}", kept["name"])
    assert (shown.status, shown.headers["Content-Type"]) == (206, type)
    assert len(await shown.read()) == 4
    assert f'src="/m/{kept["name"]}"' in await (await browser.get(f"/items/{id}/phone")).text()
    assert f'src="/m/{kept["name"]}"' in await (await browser.get(f"/items/{id}/edit")).text()
    assert f'src="/m/{kept["name"]}"' in await (await browser.get("/media")).text()


async def test_what_is_no_sound_is_refused_with_the_reason(world: World) -> None:
    browser = await world.signed_in("lan", "author")

    done = await browser.post("/media", upload(b"<html>", "a.mp3", "sound"))  # type: ignore[arg-type]

    assert done.status == 422
    assert "không phải MP3" in (await done.json())["problem"]
    assert world.content.media() == []
