"""All that a phone can ask of the user portal, over a real socket; the phone is a made-up one."""

import asyncio
import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.captive_checks import API_PATH
from portal.events import EquipmentBlocked
from portal.runner import Overloaded
from portal.session import Instant, Pseudonym, Session
from portal.user_portal import form_token
from splash import example
from tests.unit.portal.site import HOST, OTHER, PAGES, PHONE, TOKEN, Reply, Site, pages, secret
from tests.unit.portal.world import (
    CONDITIONS,
    NOVEMBER_2026,
    POLICY,
    device,
    mac,
    rows,
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


@pytest.fixture
def secure_site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, https=True)
    yield site
    site.close()


@pytest.fixture
def strict_site(tmp_path: Path) -> Iterator[Site]:
    """One with a block list."""
    site = Site(tmp_path, blocks_names=True)
    yield site
    site.close()


# The way of a phone


def test_a_captive_device_sees_the_button(site: Site) -> None:
    reply = site.ask()

    assert reply.status == 200
    assert TOKEN in reply.text
    assert site.phone.asked == ["127.0.0.1"]


def test_accepting_lets_pass_and_leads_to_the_status(site: Site) -> None:
    reply = site.accept()

    assert (reply.status, reply.location) == (303, f"http://{HOST}/status")
    assert site.passes()
    assert site.world.firewall.forward(PHONE, up_bytes=1)


@pytest.mark.parametrize("target", ["/", "/status"])
def test_an_open_device_sees_how_long_it_may_stay(site: Site, target: str) -> None:
    site.accept()

    reply = site.ask(target + "?lang=en")

    assert reply.status == 200
    assert "3 h 54 min left" in " ".join(re.sub(r"<[^>]+>", " ", reply.text).split())


def test_leaving_is_at_once(site: Site) -> None:
    site.accept()

    reply = site.post("/leave")

    assert (reply.status, reply.location) == (303, f"http://{HOST}/left")
    assert not site.passes()
    assert site.world.cut == [PHONE]


def test_a_turn_that_ran_out_is_said_on_the_splash_page(site: Site) -> None:
    never = site.ask().body
    site.accept()
    site.world.clock.true += POLICY.session_seconds
    site.ask()  # The runner ends the session meanwhile.

    assert not site.passes()
    assert site.ask().body != never


def test_a_device_that_reappears_after_a_power_cut_is_online_at_once(site: Site) -> None:
    now = site.world.clock.now()
    waiting = Session(Pseudonym(f"month-{PHONE}"), started=now, ends=type(now)(now + 600))
    site.world.runner.state = replace(
        site.world.runner.state, remembered={waiting.pseudonym: waiting}
    )
    site.phone.mac = OTHER
    site.ask()
    assert not site.passes()

    site.phone.mac = PHONE
    site.ask()

    assert site.passes()


def test_a_blocked_device_is_told_so(site: Site) -> None:
    site.loop.run(_block(site))

    assert site.ask().body == site.accept().body
    assert TOKEN not in site.ask().text
    assert not site.passes()


async def _block(site: Site) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(site.world.runner.run())
        await site.world.runner.submit(EquipmentBlocked(device(PHONE), ""))
        running.cancel()


def test_a_full_house_says_when_to_try_again(site: Site) -> None:
    for n in range(2, 5):
        site.phone.mac = mac(n)
        site.accept()
    site.phone.mac = PHONE

    reply = site.accept()

    assert reply.status == 200  # Android shows no page of an error.
    assert not site.passes()


@pytest.mark.parametrize("ask", [Site.ask, Site.accept, lambda site: site.post("/leave")])
def test_a_device_the_kernel_does_not_know_is_told_to_reconnect(
    site: Site, ask: Callable[[Site], Reply]
) -> None:
    site.phone.mac = None

    assert ask(site).status == 200
    assert site.world.runner.state.sessions == {}


def test_a_page_with_outdated_conditions_leads_to_the_new_one(site: Site) -> None:
    outdated = form_token(secret, "2019-01")

    reply = site.post("/accept", f"conditions={outdated}")

    assert (reply.status, reply.location) == (303, f"http://{HOST}/")
    assert not site.passes()


# Every page


@pytest.mark.parametrize("target", PAGES)
def test_a_page_is_the_same_plain_and_compressed(site: Site, target: str) -> None:
    plain, small = site.ask(target), site.ask(target, Accept_Encoding="gzip, deflate")

    assert plain.status == small.status == 200
    assert plain.body == small.body
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("target", [*PAGES, "/none", "/a/none", API_PATH])
def test_nothing_is_kept_and_every_connection_ends(site: Site, target: str) -> None:
    reply = site.ask(target)

    assert reply.headers["connection"] == "close"
    # What is read may be looked at again, once we have said that it is the same.
    read = target.startswith(("/articles", "/campaign/", "/notices/"))
    assert reply.headers["cache-control"].split(", ")[-1] == ("no-cache" if read else "no-store")
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "set-cookie" not in reply.headers
    assert reply.headers["server"] == "portal"


@pytest.mark.parametrize("target", [*PAGES, "/none", API_PATH])
def test_a_head_is_the_head_of_the_page(site: Site, target: str) -> None:
    page, head = site.ask(target), site.ask(target, method="HEAD")

    assert head.body == b""
    assert head.status == page.status
    assert head.headers["content-length"] == str(len(page.body))


def test_an_article_is_shown(site: Site) -> None:
    slug = example.ARTICLES.page(1).items[0].id

    assert site.ask(f"/a/{slug}").status == 200


@pytest.mark.parametrize(
    "target", ["/none", "/a/none", "/a/", "/a/%2e%2e%2f", "/A/x", "//", "/index.html", "/%00"]
)
def test_what_is_not_there_is_not_found(site: Site, target: str) -> None:
    assert site.ask(target).status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(site: Site, method: str) -> None:
    reply = site.ask("/", method=method)

    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("method", ["TAP", "get", "X" * 5000, "G\x00T"])
def test_what_is_no_method_is_refused(site: Site, method: str) -> None:
    assert site.ask("/", method=method).status in (400, 405)  # As aiohttp's parser is built.


def test_a_post_elsewhere_is_refused(site: Site) -> None:
    assert site.post("/").status == 405


def test_language_and_size_come_along(site: Site) -> None:
    look = "?lang=en&text=large"

    assert f"/rules{look.replace('&', '&amp;')}" in site.ask("/" + look).text
    assert site.post("/accept" + look, f"conditions={TOKEN}").location == (
        f"http://{HOST}/status{look}"
    )
    assert site.post("/leave?lang=en&x=1").location == f"http://{HOST}/left?lang=en"


# Redirects


@pytest.mark.parametrize(
    "host",
    [
        "connectivitycheck.gstatic.com",
        "captive.apple.com",
        "192.0.2.1",
        "[2001:db8::1]:2080",
        f"{HOST}.example.com",
        f"x.{HOST}",
        f"{HOST}:80x",
        f"{HOST}@example.com",
        "",
    ],
)
def test_a_foreign_host_leads_to_the_splash_page(site: Site, host: str) -> None:
    reply = site.ask("/generate_204?x=1", host=host)

    assert (reply.status, reply.location) == (302, f"http://{HOST}/")
    assert reply.body == b""
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_an_article_that_is_the_same_is_not_sent_again(site: Site, encoding: str) -> None:
    path = "/a/02-lam-them-gio"
    first = site.ask(path, Accept_Encoding=encoding)
    tag = first.headers["etag"]

    again = site.ask(path, Accept_Encoding=encoding, If_None_Match=f'"other", {tag}')
    large = site.ask(f"{path}?text=large", If_None_Match=tag)
    site.accept()
    online = site.ask(path, If_None_Match=tag)

    assert (first.status, first.headers["cache-control"]) == (200, "private, no-cache")
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["connection"] == "close"
    assert (large.status, online.status) == (200, 200 if "http" in first.text else 304)


# While the line is down

LINE_IS_DOWN = "Đường truyền đang mất"


def test_a_captive_device_is_told_of_an_outage_and_offered_nothing(site: Site) -> None:
    site.down_since = Instant(site.world.clock.now() - 600)

    page = site.ask("/")

    assert page.status == 200
    assert LINE_IS_DOWN in page.text
    assert "/accept" not in page.text
    assert re.search(r"lúc \d\d:\d\d\.", page.text)
    assert site.ask("/articles").status == 200


def test_an_outage_has_no_time_while_the_clock_is_not_set(site: Site) -> None:
    site.down_since = site.world.clock.now()
    site.world.clock.wall_error = -1e9

    page = site.ask("/")

    assert LINE_IS_DOWN in page.text
    assert "Chúng tôi đã ghi nhận" not in page.text


def test_an_open_device_is_told_of_an_outage_beside_its_time(site: Site) -> None:
    site.accept()
    site.down_since = site.world.clock.now()

    page = site.ask("/status")

    assert LINE_IS_DOWN in page.text
    assert "/leave" in page.text


def test_a_captive_check_is_answered_for_an_open_device_and_only_then(site: Site) -> None:
    def check(method: str = "GET", target: str = "/generate_204") -> int:
        return site.ask(target, method=method, host="connectivitycheck.gstatic.com").status

    site.accept()
    assert check() == 302
    site.down_since = site.world.clock.now()
    assert (check(), check("HEAD"), check("POST"), check(target="/")) == (204, 204, 302, 302)
    site.post("/leave")
    assert check() == 302
    site.accept()
    site.phone.mac = None
    assert check() == 302


def test_what_is_read_meanwhile_says_when_it_was_saved(site: Site) -> None:
    site.down_since = site.world.clock.now()
    site.replies.pages = pages().showing(
        TOKEN, example.ARTICLES, replace(example.EDITION, made=NOVEMBER_2026)
    )
    said = "bản lưu lúc 07:00 ngày 23/11/2026"

    assert said in site.ask("/").text
    site.accept()
    assert said in site.ask("/status").text
    site.replies.pages = pages()
    assert "bản lưu lúc" not in site.ask("/status").text


def test_an_expected_page_is_the_hosts_own(site: Site) -> None:
    site.accept()
    site.down_since = site.world.clock.now()

    page = site.ask("/hotspot-detect.html", host="captive.apple.com")

    assert (page.status, page.headers["content-type"]) == (200, "text/html")
    assert "Success" in page.text
    assert page.headers["cache-control"] == "no-store"


def test_no_name_is_said_to_be_blocked_while_the_line_is_down(strict_site: Site) -> None:
    strict_site.accept()
    strict_site.down_since = strict_site.world.clock.now()

    assert strict_site.ask("/", host="www.google.com").location == f"http://{HOST}/"


def test_a_blocked_name_leads_an_open_device_to_its_page(strict_site: Site) -> None:
    captive = strict_site.ask("/", host="blocked.example")
    strict_site.accept()
    open_ = strict_site.ask("/", host="blocked.example")

    assert (captive.status, captive.location) == (302, f"http://{HOST}/")
    assert (open_.status, open_.location) == (302, f"http://{HOST}/blocked-name")
    assert "blocked.example" not in strict_site.ask("/blocked-name").text


def test_who_cannot_be_told_apart_is_not_told_of_blocked_names(strict_site: Site) -> None:
    strict_site.phone.mac = None

    assert strict_site.ask("/", host="blocked.example").location == f"http://{HOST}/"


@pytest.mark.parametrize("host", [HOST, HOST.upper(), f"{HOST}:2080", f"{HOST}.", f"{HOST}.:80"])
def test_our_own_host_may_be_written_in_several_ways(site: Site, host: str) -> None:
    assert site.ask(host=host).status == 200


@pytest.mark.parametrize(
    "target", [f"http://{HOST}/", "http://example.com/", f"https://{HOST}/accept", "*"]
)
def test_a_request_to_a_proxy_leads_to_the_splash_page(site: Site, target: str) -> None:
    reply = site.ask(target, method="OPTIONS" if target == "*" else "GET")

    assert (reply.status, reply.location) == (302, f"http://{HOST}/")


def test_a_post_to_a_foreign_host_changes_nothing(site: Site) -> None:
    site.ask("/accept", method="POST", host="example.com", body=f"conditions={TOKEN}")

    assert not site.passes()


@pytest.mark.parametrize("target", ["/accept", "/leave"])
def test_reloading_what_was_posted_leads_to_the_splash_page(site: Site, target: str) -> None:
    assert site.ask(target + "?lang=en").location == f"http://{HOST}/?lang=en"


anything = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@given(where=anything, name=anything, value=anything)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_leads_anywhere_else(site: Site, where: str, name: str, value: str) -> None:
    query = f"?lang={quote(value)}&next={quote(where)}&{quote(name)}={quote(value)}"

    for reply in (
        site.ask("/accept" + query),
        site.post("/accept" + query, f"conditions={TOKEN}"),
        site.post("/leave" + query),
        site.ask("/" + query, host="example.com"),
    ):
        assert re.fullmatch(rf"http://{HOST}/(status|left)?(\?lang=en)?", reply.location), (
            reply.location
        )


# Nothing is repeated

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=14, max_size=20).map(
    lambda text: f"q{text}"
)


@given(
    word=words,
    target=st.sampled_from(
        [
            "/{}",
            "/a/{}",
            "/{}/../rules",
            "/?{}",
            "/?lang={}",
            "/?text={}&lang=en",
            "/status?lang=en&{}={}",
            "/rules#{}",
            "http://{}/",
            API_PATH + "?{}",
        ]
    ),
    host=st.sampled_from([HOST, "{}", "{}.example.com", HOST + ":{}"]),
    method=st.sampled_from(["GET", "POST", "HEAD", "{}", "OPTIONS"]),
    ending=st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/9.9", "{}"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_repeats_a_word_of_the_request(
    site: Site, word: str, target: str, host: str, method: str, ending: str
) -> None:
    request = (
        f"{method} {target} {ending}\r\nHost: {host}\r\nUser-Agent: {{}}\r\nReferer: {{}}\r\n"
        "Cookie: {}={}\r\nX-{}: {}\r\nAccept-Language: {}\r\nOrigin: http://{}\r\n\r\n"
    )

    reply = site.send(request.replace("{}", word).encode())

    assert reply.status in (200, 302, 303, 400, 404, 405)
    for said in (reply.whole, reply.body):
        assert word.encode() not in said.lower()


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_get_an_answer_of_ours(site: Site, noise: bytes) -> None:
    reply = site.send(b"\x00" + noise + b"\r\n\r\n")

    assert reply.status == 400
    assert reply.body == b""
    assert reply.headers["server"] == "portal"


# Who may change something


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://example.com"},
        {"Origin": f"http://{HOST}.example.com"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "http://example.com"},
    ],
)
def test_a_form_of_another_site_changes_nothing(site: Site, headers: dict[str, str]) -> None:
    reply = site.accept(**headers)

    assert (reply.status, reply.location) == (303, f"http://{HOST}/")
    assert not site.passes()


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}])
def test_another_site_cannot_end_a_session(site: Site, headers: dict[str, str]) -> None:
    site.accept()

    site.post("/leave", **headers)

    assert site.passes()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": f"http://{HOST}"},
        {"Origin": f"http://{HOST}:80", "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_the_form_of_our_own_page_opens(site: Site, headers: dict[str, str]) -> None:
    site.accept(**headers)

    assert site.passes()


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ("", {}),
        ("conditions=", {}),
        ("conditions=wrong", {}),
        (f"Conditions={TOKEN}", {}),
        (f"conditions={TOKEN}x", {}),
        ("conditions=%ff%fe", {}),
        ("conditions=" + "x" * 5000, {}),
        (f"pad={'x' * 5000}&conditions={TOKEN}", {}),
        (f"conditions={TOKEN}", {"Content_Type": "text/plain"}),
        (f"conditions={TOKEN}", {"Content_Type": "application/json"}),
        (f"conditions={TOKEN}", {"Content_Type": "multipart/form-data; boundary=x"}),
        (f"conditions={TOKEN}", {"Content_Type": ""}),
        (
            f'--x\r\nContent-Disposition: form-data; name="conditions"\r\n\r\n{TOKEN}\r\n--x--\r\n',
            {"Content_Type": "multipart/form-data; boundary=x"},
        ),
    ],
)
def test_a_form_without_the_token_leads_back_to_the_button(
    site: Site, form: str, headers: dict[str, str]
) -> None:
    reply = site.post("/accept", form, **headers)

    assert (reply.status, reply.location) == (303, f"http://{HOST}/")
    assert not site.passes()


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "bogus", "idna", "raw_unicode_escape"])
def test_the_form_is_read_as_ours_whatever_it_says_it_is(site: Site, charset: str) -> None:
    site.accept(Content_Type=f"application/x-www-form-urlencoded; charset={charset}")

    assert site.passes()


def test_a_form_in_pieces_is_not_read(site: Site) -> None:
    body = f"conditions={TOKEN}"
    reply = site.ask(
        "/accept",
        method="POST",
        body=f"{len(body):x}\r\n{body}\r\n0\r\n\r\n",
        Content_Type="application/x-www-form-urlencoded",
        Transfer_Encoding="chunked",
    )

    assert reply.status == 303
    assert not site.passes()


def test_a_form_that_never_comes_whole_changes_nothing(site: Site) -> None:
    async def half() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(
            f"POST /accept HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\nconditions=".encode()
        )
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        await asyncio.sleep(0.05)

    site.loop.run(half())

    assert not site.passes()
    assert site.ask().status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_only_a_post_opens(site: Site, method: str) -> None:
    body = f"conditions={TOKEN}"
    site.ask(
        f"/accept?{body}",
        method=method,
        body=body,
        Content_Length=str(len(body)),
        Content_Type="application/x-www-form-urlencoded",
    )

    assert not site.passes()


# When something is wrong with us


def code_in(text: str) -> str:
    [code] = set(re.findall(r"\b[ACDEFHJKMNPRTUVWXY34679]{5}\b", re.sub(r"<[^>]+>", " ", text)))
    return str(code)


@pytest.mark.parametrize("change", ["/accept", "/leave"])
def test_a_firewall_that_refuses_gives_a_code_that_is_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    if change == "/leave":
        site.accept()
    before = site.world.runner.state
    site.world.firewall.refuses = True

    reply = site.post(change, f"conditions={TOKEN}")

    assert reply.status == 503
    assert f"error code {code_in(reply.text)}: nftables refused: no buffer space" in caplog.text
    assert site.world.runner.state == before


def test_too_many_taps_at_once_are_asked_to_try_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def submit(event: object) -> None:
        raise Overloaded

    monkeypatch.setattr(site.world.runner, "submit", submit)

    assert site.accept().status == 503


@pytest.mark.parametrize("target", ["/", "/rules", API_PATH])
def test_a_bug_is_one_page_with_a_code_that_is_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture, target: str
) -> None:
    caplog.set_level(logging.INFO)
    site.phone.trouble = RuntimeError("a secret of ours")

    reply = site.ask(target)
    site.phone.trouble = None

    assert reply.status == 500
    assert f"error code {code_in(reply.text)}: a secret of ours" in caplog.text
    assert b"secret of ours" not in reply.whole
    assert site.ask(target).status == 200


# The API (RFC 8908)


def test_the_api_of_a_captive_device(site: Site) -> None:
    reply = site.ask(API_PATH, Accept="application/captive+json")

    assert reply.headers["content-type"] == "application/captive+json"
    assert reply.headers["cache-control"] == "private, no-store"
    assert json.loads(reply.body) == {
        "captive": True,
        "can-extend-session": True,
    }


def test_the_api_of_an_open_device(site: Site) -> None:
    site.accept()
    site.world.clock.true += 60.5

    state = json.loads(site.ask(API_PATH).body)

    assert state["captive"] is False
    assert state["seconds-remaining"] == 13_939


def test_the_api_of_a_device_nobody_knows(site: Site) -> None:
    site.phone.mac = None

    assert json.loads(site.ask(API_PATH).body)["captive"] is True


def test_with_a_certificate_the_api_names_secure_addresses(secure_site: Site) -> None:
    state = json.loads(secure_site.ask(API_PATH).body)

    assert state["user-portal-url"] == f"https://{HOST}/"
    assert state["venue-info-url"] == f"https://{HOST}/articles"


def test_a_form_sent_in_the_clear_is_answered_in_the_clear(secure_site: Site) -> None:
    assert secure_site.accept().location == f"http://{HOST}/status"


def test_the_end_is_not_named_while_the_clock_is_not_set(site: Site) -> None:
    site.accept()
    with_clock = site.ask("/status").body
    site.world.clock.wall_error = -site.world.clock.true

    assert site.ask("/status").status == 200
    assert site.ask("/status").body != with_clock


# "Dữ liệu của tôi"


def test_a_person_sees_what_is_recorded_about_the_device(site: Site) -> None:
    nothing = site.ask("/my-data?lang=en").text
    site.accept()

    something = site.ask("/my-data?lang=en").text

    assert "There is no data left about this device." in nothing
    assert "Turns: 1" in something
    assert f"You agreed to version {CONDITIONS} of the rules." in something


def test_a_person_can_take_a_copy(site: Site) -> None:
    site.accept()

    reply = site.ask("/my-data/copy")

    [head, row] = reply.text.splitlines()
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert dict(zip(head.split(","), row.split(","), strict=True)) == {
        "started_utc": "2026-11-23T00:00:00Z",
        "ended_utc": "",
        "conditions": CONDITIONS,
        "up_bytes": "0",
        "down_bytes": "0",
    }


def test_deleting_leaves_the_running_turn_and_others_alone(site: Site) -> None:
    site.accept()
    site.post("/leave")
    site.accept()
    site.phone.mac = OTHER
    site.accept()
    site.phone.mac = PHONE

    reply = site.post("/my-data/delete?lang=en", f"conditions={TOKEN}")

    assert reply.location == f"http://{HOST}/my-data/deleted?lang=en"
    assert site.passes()
    assert "Turns: 1" in site.ask("/my-data?lang=en").text
    site.phone.mac = OTHER
    assert "Turns: 1" in site.ask("/my-data?lang=en").text
    assert rows(site.world.path, "SELECT day, sessions FROM days") == [("2026-11-23", 1)]


def test_withdrawing_disconnects_and_forgets(site: Site) -> None:
    site.accept()

    reply = site.post("/my-data/withdraw", f"conditions={TOKEN}")

    assert reply.location == f"http://{HOST}/my-data/withdrawn"
    assert not site.passes()
    assert "There is no data left" in site.ask("/my-data?lang=en").text
    assert rows(site.world.path, "SELECT count(*) FROM sessions") == [(0,)]
    assert b"month-" not in site.world.path.read_bytes()


@pytest.mark.parametrize("target", ["/my-data/delete", "/my-data/withdraw"])
def test_no_other_form_deletes(site: Site, target: str) -> None:
    site.accept()

    for body in ("", "conditions=x", f"conditions={TOKEN[:-1]}"):
        assert site.post(target, body).location == f"http://{HOST}/my-data"
    site.post(target, f"conditions={TOKEN}", Origin="http://evil.example")
    site.ask(target)

    assert site.passes()
    assert "Turns: 1" in site.ask("/my-data?lang=en").text


@pytest.mark.parametrize("target", ["/my-data", "/my-data/copy"])
def test_only_the_device_itself_sees_its_data(site: Site, target: str) -> None:
    site.accept()
    site.phone.mac = None

    assert "Turn Wi-Fi off and on again" in site.ask(target + "?lang=en").text


def test_data_that_cannot_be_read_now_is_a_code_to_tell(site: Site) -> None:
    site.accept()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    site.world.store.write = full  # type: ignore[method-assign, assignment]
    reply = site.ask("/my-data")

    assert reply.status == 503
