"""Pages: small, whole, escaped, in every language and size, and bounded in memory."""

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from content_cache.articles import parse
from splash import content, example, pages, texts, views
from splash.__main__ import preview
from splash.edition import MemoryArticles, Shown, article_of
from splash.pages import Page, Pages
from splash.site import Site
from splash.views import LANGUAGES, LOOKS, Look, View, look_of, query

EVERY = example.CAPTIVE | example.OPEN
"""Every page; each is tried in all its looks by one test."""

WAYS = list(product(LOOKS, (False, True)))
SAMPLES = {
    language: str(shipped.entries["footer.sample_badge"])
    for language, shipped in texts.load().items()
}

HOSTILE = parse(
    "hostile.md",
    '---\ntitle: "<script>1</script>"\nlang: vi\ncategory: other\n---\n<script>2</script>\n',
)

BARE = Site(
    name="Khu trọ",
    org="LĐLĐ",
    unit="Ban",
    website="",
    phone="",
    email="",
    address="",
    responsible="",
    host="wifi.example",
    session_minutes=240,
    keep_days=90,
    device_mbit=None,
)


@pytest.fixture(scope="module")
def shown() -> Pages:
    return example_pages(example.SITE)


def example_pages(site: Site) -> Pages:
    return Pages(site, "conditions-1", example.ARTICLES, example.EDITION)


BARE_PAGES = example_pages(BARE)


def html(page: Page) -> str:
    return page.plain().decode()


class Outline(HTMLParser):
    """The elements of a page; refuses one that is left open or closed twice."""

    VOID = frozenset(("meta", "link", "input", "path", "circle", "rect", "img", "wbr"))

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.mark.parametrize("name", EVERY)
def test_every_page_is_whole_and_small(shown: Pages, name: str) -> None:
    for look, open in WAYS:
        is_whole_and_small(shown.page(EVERY[name], look, open=open), look)


def is_whole_and_small(page: Page, look: Look) -> None:
    text = html(page)
    outline = Outline(text)

    assert len(text.encode()) <= 15_000
    assert len(page.body) <= 5_000
    assert not re.search(r"[{}]", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    assert outline.all("html")[0]["lang"] == look.language
    assert [len(outline.all(tag)) for tag in ("h1", "main", "header", "footer", "title")] == [1] * 5
    assert not [tag for tag, _ in outline.elements if tag in ("script", "img", "iframe", "object")]
    assert example.SITE.org in text
    assert example.SITE.responsible in text
    assert SAMPLES[look.language] in text


@pytest.mark.parametrize("name", EVERY)
def test_what_is_not_known_is_not_mentioned(name: str) -> None:
    for look, open in WAYS:
        mentions_only_what_is_known(EVERY[name], look, open)


def mentions_only_what_is_known(view: View, look: Look, open: bool) -> None:
    text = html(BARE_PAGES.page(view, look, open=open))
    body = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    said = re.sub(r"<[^>]+>", "", re.sub(r"</(p|li|a|h1|h2)>", "\n", body))

    assert not re.search(r"[{}]|None|tel:[^0-9+]|\(\)", body)
    if not isinstance(view, views.Article):  # Sentences before a list end with a colon there.
        assert not re.search(r"[:–]\s*$", said, flags=re.MULTILINE)


@pytest.mark.parametrize("sealed", [False, True])
def test_the_notice_tells_of_the_seal_where_there_is_one(sealed: bool) -> None:
    shown = example_pages(replace(example.SITE, sealed=sealed))

    for view in (views.Splash(), views.Privacy()):
        assert ("12 months" in html(shown.page(view, Look("en"), open=False))) is sealed


@pytest.mark.parametrize("look", LOOKS)
def test_links_and_forms_stay_here_and_keep_the_look(shown: Pages, look: Look) -> None:
    outline = Outline(html(shown.page(views.Splash(), look, open=False)))
    links = [str(link["href"]) for link in outline.all("a")]
    here = [link for link in links if link.startswith("/")]

    assert all(re.match(r"/(?!/)|#main$|#points$|tel:[0-9+]", link) for link in links)
    # Two links switch language and size; all others keep both.
    assert len([link for link in here if not link.endswith(query(look) or link)]) <= 2
    assert outline.all("form") == [{"method": "post", "action": f"/accept{query(look)}"}]


def test_the_form_carries_the_conditions_in_force(shown: Pages) -> None:
    outline = Outline(html(shown.page(views.Splash(), Look(), open=False)))

    assert outline.all("input") == [
        {"type": "hidden", "name": "conditions", "value": "conditions-1"}
    ]


@pytest.mark.parametrize(
    ("open", "href"), [(False, 'href="/union"'), (True, 'href="/go/website/splash"')]
)
def test_the_website_link_leads_outside_only_when_the_device_is_online(
    shown: Pages, open: bool, href: str
) -> None:
    site_link = re.search(
        '<a class="site" [^>]*>', html(shown.page(views.Splash(), Look(), open=open))
    )

    assert site_link is not None
    assert href in site_link[0]


@pytest.mark.parametrize(
    ("website", "address", "name"),
    [
        ("", None, ""),
        ("congdoan.example/", "https://congdoan.example/", "congdoan.example"),
        ("https://congdoan.example/tin", "https://congdoan.example/tin", "congdoan.example/tin"),
        ("http://congdoan.example", "http://congdoan.example", "congdoan.example"),
        ("javascript://alert(1)", None, ""),
        ("https://", None, ""),
    ],
)
def test_a_website_is_linked_only_by_http(website: str, address: str | None, name: str) -> None:
    site = replace(BARE, website=website)

    assert (site.website_address, site.website_name) == (address, name)


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (views.Splash(), 200),
        (views.Closed("05:00"), 200),
        (views.NoInternet(None), 200),
        (views.UnknownDevice(), 200),
        (views.NotFound(), 404),
        (views.Article("no-such-article"), 404),
        (views.Failure("A7K2"), 500),
        (views.Failure("A7K2", status=503), 503),
    ],
)
def test_only_errors_of_our_own_are_errors_to_the_phone(
    shown: Pages, view: View, status: int
) -> None:
    assert shown.page(view, Look(), open=False).status == status


def test_renewing_is_offered_only_near_the_end(shown: Pages) -> None:
    def forms(seconds: int) -> list[str | None]:
        page = shown.page(views.Status(seconds, "21:40"), Look(), open=True)
        return [form["action"] for form in Outline(html(page)).all("form")]

    assert forms(pages.RENEW_SECONDS) == ["/leave"]
    assert forms(pages.RENEW_SECONDS - 60) == ["/accept", "/leave"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (4 * 3600, "Còn 4 giờ"),
        (3600, "Còn 1 giờ"),
        (3599, "Còn 1 giờ"),
        (3540, "Còn 59 phút"),
        (1, "Còn 1 phút"),
        (0, "Còn 0 phút"),
        (-5, "Còn 0 phút"),
    ],
)
def test_the_time_left_is_said_in_minutes_begun(shown: Pages, seconds: int, said: str) -> None:
    assert f'<p class="time">{said}</p>' in html(
        shown.page(views.Status(seconds, None), Look(), open=True)
    )


def test_what_staff_write_is_escaped() -> None:
    site = replace(example.SITE, name="<script>3</script>", phone='"><script>4</script>')
    hostile = Pages(site, '"><script>5</script>', MemoryArticles({"hostile": article_of(HOSTILE)}))

    for view in (views.Splash(), views.Articles(), views.Article("hostile"), views.Failure("<s>")):
        assert "script" not in {
            tag for tag, _ in Outline(html(hostile.page(view, Look(), open=False))).elements
        }


@pytest.mark.slow
def test_a_finished_page_is_kept_and_memory_is_bounded(shown: Pages) -> None:
    kept = shown.page(views.Splash(), Look(), open=False)
    assert shown.page(views.Splash(), Look(), open=False) is kept

    for number in range(400):
        shown.page(views.Full(number), Look(), open=False)
    assert pages.PREPARED_BYTES - 10_000 < shown.prepared_bytes <= pages.PREPARED_BYTES
    assert shown.page(views.Splash(), Look(), open=False) is not kept


def test_lists_beyond_the_last_take_no_place() -> None:
    shown = example_pages(BARE)
    last = shown.page(views.Articles(1), Look(), open=False)
    before = shown.prepared_bytes

    for number in range(2, 50):
        assert shown.page(views.Articles(number), Look(), open=False) is last
    assert shown.prepared_bytes == before


def test_an_article_is_read_once_and_names_that_are_made_up_take_no_place() -> None:
    class Counted(MemoryArticles):
        asked = 0

        def get(self, id: str) -> Shown[content.Article] | None:
            self.asked += 1
            return super().get(id)

    articles = Counted({"bai": article_of(HOSTILE)})
    shown = Pages(example.SITE, "t", articles)
    first = shown.page(views.Article("bai"), Look(), open=False)
    assert shown.page(views.NotFound(), Look(), open=False).status == 404
    before, kept = articles.asked, shown.prepared_bytes

    assert shown.page(views.Article("bai"), Look(), open=False) is first
    assert articles.asked == before
    for number in range(20):
        assert shown.page(views.Article(f"x{number}"), Look(), open=False).status == 404
        assert shown.page(views.Poll(f"x{number}"), Look(), open=False).status == 404
    assert shown.prepared_bytes == kept


def test_phones_with_as_many_minutes_left_share_a_page(shown: Pages) -> None:
    first, second = (shown.page(views.Status(s, "21:40"), Look(), open=True) for s in (541, 599))

    assert first is second


def test_the_policy_names_the_one_style_sheet(shown: Pages) -> None:
    policies = example_pages(BARE).content_security_policy, shown.content_security_policy

    assert policies[0] == policies[1]
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")


def test_a_text_the_pages_use_is_missed_at_start(tmp_path: Path) -> None:
    for language in LANGUAGES:
        file = f"{language}.json"
        text = (texts.SHIPPED / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text.replace('"connect_button"', '"button"'), encoding="utf-8")

    with pytest.raises(texts.TextsError, match=r"en\.json: splash\.connect_button: missing"):
        Pages(example.SITE, "t", MemoryArticles({}), texts_folder=tmp_path)


def test_approved_texts_carry_no_sample_badge(tmp_path: Path) -> None:
    for language in LANGUAGES:
        file = f"{language}.json"
        text = (texts.SHIPPED / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(
            text.replace('"sample": true', '"sample": false'), encoding="utf-8"
        )
    approved = Pages(example.SITE, "t", MemoryArticles({}), texts_folder=tmp_path)

    assert 'class="badge"' not in html(approved.page(views.Conditions(), Look(), open=False))


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_survives_the_address(look: Look) -> None:
    parameters = dict(part.split("=") for part in query(look).lstrip("?").split("&") if part)

    assert look_of(parameters) == look


def test_an_unknown_look_is_the_usual_one() -> None:
    assert look_of({"lang": "fr", "text": "huge"}) == Look()


@pytest.mark.slow
def test_a_preview_has_every_page(tmp_path: Path) -> None:
    files = preview(tmp_path)

    assert len(files) == len(example.CAPTIVE | example.OPEN) * len(LOOKS)
    assert (tmp_path / "splash.vi.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_every_kind_of_view_has_an_example() -> None:
    shown = {type(view) for view in (example.CAPTIVE | example.OPEN).values()}

    assert shown == set(View.__args__)


@pytest.mark.slow
def test_the_preview_command_says_what_it_wrote(tmp_path: Path) -> None:
    def preview_command(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "splash", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert preview_command().returncode == 1
    assert "usage" in preview_command(str(tmp_path / "gone")).stderr
    assert preview_command(str(tmp_path)).stdout.endswith(f" pages in {tmp_path}\n")
