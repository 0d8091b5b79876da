"""People tap their way through the portal: a real Chromium, on a phone, behind real nftables.

No scripts, 360x640. What they see is kept in artefacts/screenshots/walk, in both languages.
"""

import subprocess
import sys
import time

import pytest

from portal.demo.addresses import GATEWAY4, PHONES4, WEBSITE
from portal.demo.host import Host
from portal.demo.lab import Lab
from portal.demo.phone import Phone
from splash import texts
from splash.views import LANGUAGES, Language, Look, query
from tests.browser.conftest import OpenWindow
from tests.browser.window import CHECK, PORTAL, Window

pytestmark = pytest.mark.browser

# The shortest turn there may be: time runs in the kernel here, and cannot be passed in.
SHORT = {"session": {"length": "5s"}}
FULL_TURN = {"vi": "Còn 4 giờ\n", "en": "4 h left\n"}
ONE_PLACE = {"session": {"max_devices": 1}}


def words(name: str, language: Language = "vi") -> str:
    """What a text of the pages says, up to where something is filled in."""
    text = texts.load()[language].entries[name]
    assert isinstance(text, str)
    return text.partition("{")[0].strip()


def address(path: str, language: Language) -> str:
    """Where the page is in this language."""
    return PORTAL + path + query(Look(language))


def test_the_captive_check_ends_at_the_green_button(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)

    window.open(CHECK)

    assert (window.url, window.language) == (f"{PORTAL}/", "vi")
    assert window.heading == words("splash.title")
    assert window.shows(words("splash.connect_button"))
    window.picture("01-splash.vi")

    window.tap("English")

    assert (window.url, window.language) == (f"{PORTAL}/?lang=en", "en")
    assert window.heading == words("splash.title", "en")
    assert window.shows(words("splash.connect_button", "en"))
    window.picture("01-splash.en")

    window.tap("Tiếng Việt")

    assert (window.url, window.language) == (f"{PORTAL}/", "vi")
    assert (window.strangers, window.cookies, window.complaints) == ([], [], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_can_be_read_before_the_tap(
    language: Language, lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)
    window.open(address("/", language))
    for name, link, path, heading in (
        ("02-rules", "terms.full_link", "/rules", "terms.title"),
        ("03-privacy", "privacy.full_link", "/privacy", "privacy.title"),
        ("04-union", "splash.website_link", "/union", "union.title"),
        ("05-articles", "splash.all_articles", "/articles", "articles.title"),
    ):
        window.tap(words(link, language))

        assert window.url == address(path, language)
        assert window.language == language
        assert words(heading, language) in window.heading
        window.picture(f"{name}.{language}")
        window.tap(words("nav.home", language))
        assert window.url == address("/", language)

    window.tap("Làm thêm giờ được trả bao nhiêu?")
    assert window.url == address("/a/02-lam-them-gio", language)
    window.picture(f"06-article.{language}")
    window.tap(words("splash.text_bigger", language))
    window.picture(f"07-article-large.{language}")
    window.tap(words("nav.home", language))
    assert window.url == PORTAL + "/" + query(Look(language, large=True))
    assert window.shows(words("splash.connect_button", language))
    window.picture(f"08-splash-large.{language}")
    window.tap(words("splash.text_smaller", language))
    window.page.go_back()
    window.page.go_back()
    assert window.url == PORTAL + "/a/02-lam-them-gio" + query(Look(language, large=True))
    window.open(address("/a/khong-co", language))
    assert window.heading == words("errors.not_found_title", language)
    window.picture(f"09-not-found.{language}")
    assert (window.strangers, window.cookies, window.posts) == ([], [], [])
    assert window.check() == 302


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_tap_opens_the_internet_and_one_closes_it(
    language: Language, lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)
    window.open(CHECK)
    if language != "vi":
        window.tap(words("splash.language_switch", "vi"))

    window.tap(words("splash.connect_button", language))

    assert window.url == address("/status", language)
    assert window.heading == words("status.connected_title", language)
    assert FULL_TURN[language] in window.text
    window.picture(f"10-status.{language}")
    assert window.check() == 204

    window.tap(words("splash.text_bigger", language))
    window.picture(f"11-status-large.{language}")
    window.tap(words("splash.text_smaller", language))
    window.tap(words("privacy.title", language))
    assert window.button(words("privacy.withdraw_button", language)).is_visible()
    window.picture(f"12-privacy-online.{language}")
    window.tap(words("union.title", language))
    window.picture(f"13-union-online.{language}")
    assert (window.strangers, window.cookies, window.complaints) == ([], [], [])

    window.tap(words("splash.website_link", language))

    assert (window.url, window.heading) == (f"https://{WEBSITE}/", "Công đoàn mẫu")
    window.picture(f"14-website.{language}")

    window.open(address("/", language))
    assert window.heading == words("status.connected_title", language)
    window.tap(words("status.disconnect_button", language))

    assert window.url == address("/left", language)
    assert window.heading == words("status.left_title", language)
    window.picture(f"15-left.{language}")
    assert window.check() == 302
    assert window.posts == [f"/accept{query(Look(language))}", f"/leave{query(Look(language))}"]


def test_going_back_and_reloading_send_no_form_twice(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)
    window.open(CHECK)
    window.tap(words("splash.connect_button"))

    window.page.reload()
    assert (window.url, window.heading) == (f"{PORTAL}/status", words("status.connected_title"))
    window.page.go_back()
    assert (window.url, window.heading) == (f"{PORTAL}/", words("status.connected_title"))
    window.page.go_forward()
    assert (window.url, window.heading) == (f"{PORTAL}/status", words("status.connected_title"))
    window.open(f"{PORTAL}/accept")
    assert (window.url, window.heading) == (f"{PORTAL}/", words("status.connected_title"))
    window.tap(words("status.disconnect_button"))
    window.page.go_back()
    assert (window.url, window.heading) == (f"{PORTAL}/", words("splash.title"))

    assert window.posts == ["/accept", "/leave"]
    assert window.check() == 302


def test_near_its_end_a_turn_goes_on_with_one_tap(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)
    for language in LANGUAGES:
        lab.portal_command("grant", phone.mac, "--minutes", "9")
        window.open(address("/", language))
        assert {"vi": "Còn 9 phút\n", "en": "9 min left\n"}[language] in window.text
        window.picture(f"16-status-ending.{language}")

        window.tap(words("session.renew_button", language))

        assert window.url == address("/status", language)
        assert FULL_TURN[language] in window.text


def test_a_turn_that_ran_out_is_told_and_the_next_is_one_tap_away(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal(SHORT)
    window = open_window(phone)
    window.open(PORTAL)
    window.tap(words("splash.connect_button"))

    wait_until_captive(window)

    window.open(PORTAL)
    assert words("session.ended_title") in window.text
    assert window.shows(words("splash.connect_button"))
    window.picture("17-ended.vi")
    window.tap("English")
    assert words("session.ended_title", "en") in window.text
    window.picture("17-ended.en")
    window.tap(words("splash.connect_button", "en"))
    assert window.heading == words("status.connected_title", "en")


def wait_until_captive(window: Window, seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while window.check() == 204:
        assert time.monotonic() < give_up, f"still online after {seconds:g} s"
        time.sleep(0.2)


def test_a_blocked_device_is_told_why_and_whom_to_call(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    lab.portal_command("block", phone.mac)
    window = open_window(phone)

    window.open(CHECK)

    assert window.heading == words("errors.blocked_title")
    assert window.link("0225 000 0000").first.get_attribute("href") == "tel:02250000000"
    assert window.page.locator("form").count() == 0
    window.picture("18-blocked.vi")
    window.tap("English")
    assert window.heading == words("errors.blocked_title", "en")
    window.picture("18-blocked.en")


def test_a_tap_too_many_is_asked_to_wait(lab: Lab, phone: Phone, open_window: OpenWindow) -> None:
    lab.start_portal(ONE_PLACE)
    other = lab.phone()
    other.join()
    lab.portal_command("grant", other.mac)
    window = open_window(phone)
    for language in LANGUAGES:
        window.open(address("/", language))

        window.tap(words("splash.connect_button", language))

        assert window.heading == words("errors.full_title", language)
        window.picture(f"19-full.{language}")

    lab.portal_command("revoke", other.mac)
    window.page.reload()

    assert window.url == address("/status", language)


def test_a_device_behind_a_router_of_its_own_is_not_known(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    put_behind_a_router(phone, lab.gateway)
    window = open_window(phone)

    window.open(CHECK)

    assert window.heading == words("errors.unknown_title")
    window.picture("20-unknown-device.vi")
    window.tap("English")
    assert window.heading == words("errors.unknown_title", "en")
    window.picture("20-unknown-device.en")


def put_behind_a_router(phone: Phone, gateway: Host) -> None:
    """Make the phone speak from an address that the access point reaches by a route only."""
    hidden = PHONES4.broadcast_address - 1  # Inside the phones' network, and no neighbour.
    phone.sysctl(
        "net.ipv6.conf.all.disable_ipv6=1",
        "net.ipv4.conf.all.arp_announce=2",  # Asks for neighbours by its other name.
    )
    phone.ip(
        f"address add {hidden}/32 dev wlan0",
        f"route change {PHONES4} dev wlan0 src {hidden}",
        f"route replace default via {GATEWAY4} dev wlan0 src {hidden}",
    )
    gateway.ip(f"route add {hidden} via {phone.ip4} dev br-lan")


def test_a_tap_that_the_firewall_refuses_says_so_and_works_when_tried_again(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)
    window.open(CHECK)
    occupied = occupy_the_rules(lab.gateway)
    for language in LANGUAGES:
        window.open(address("/", language))

        window.tap(words("splash.connect_button", language))

        assert window.heading == words("errors.system_title", language)
        assert words("errors.reference", language) in window.text
        window.picture(f"21-failure.{language}")

    occupied.kill()
    occupied.wait()
    lab.gateway.wait_until(
        lambda: lab.gateway.run("nft", "list", "table", "inet", "portal").returncode == 0,
        "the daemon puts its rules up again",
        log="portal",
    )
    window.page.reload()

    assert window.url == address("/status", language)


# A table with an owner cannot be changed by others, and goes when the owner does.
_OCCUPY = """
import signal, sys, nftables
owner = nftables.Nftables()
print(owner.cmd(sys.argv[1]), flush=True)
signal.pause()
"""


def occupy_the_rules(gateway: Host) -> "subprocess.Popen[bytes]":
    rules = gateway.must("nft", "--stateless", "list", "table", "inet", "portal")
    taken = rules.replace("{", "{\n flags owner;", 1)
    script = f"delete table inet portal\n{taken}"
    process = gateway.popen(sys.executable, "-c", _OCCUPY, script, log="owner")
    gateway.wait_until(
        lambda: gateway.read_log("owner").startswith("(0,"),
        "another program owns the table",
        process=process,
        log="owner",
    )
    return process


def test_a_page_outlives_the_daemon_that_sent_it(
    lab: Lab, phone: Phone, open_window: OpenWindow
) -> None:
    lab.start_portal()
    window = open_window(phone)
    window.open(CHECK)
    lab.portal_kill()
    lab.portal_restart()

    window.tap(words("splash.connect_button"))
    assert window.url == f"{PORTAL}/status"

    lab.portal_kill()
    lab.portal_restart()
    window.tap(words("status.refresh"))
    assert (window.url, window.heading) == (f"{PORTAL}/status", words("status.connected_title"))
    assert window.check() == 204
    assert window.complaints == []
