"""A made-up news site with known truth: good articles, and pages that break mirrors."""

import hashlib
import random
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Final, Literal

from content_cache.mirror.dates import VIETNAM
from content_cache.search import fold
from tests.newssite import words

PER_LIST: Final = 20
NEWEST: Final = datetime(2026, 11, 20, 16, 45, tzinfo=VIETNAM)

Look = Literal["plain", "linked-data", "old"]
Coding = Literal["utf-8", "cp1258", "cp1258-unsaid", "utf-8-as-latin", "twice"]
Trouble = Literal[
    "", "404", "500", "500-twice", "loop", "drips-body", "drips-head", "script", "old-font",
    "inside", "away", "large",
]  # fmt: skip

REASONS: Final[dict[Trouble, str]] = {
    "404": "status",
    "500": "status",
    "loop": "loop",
    "drips-body": "slow",
    "drips-head": "slow",
    "script": "script",
    "old-font": "old-font",
    "inside": "robots",
    "away": "foreign-host",
    "large": "large",
}
"""What the mirror has to say of each."""


@dataclass(frozen=True, slots=True)
class Picture:
    path: str
    width: int
    height: int
    kind: Literal["jpg", "png", "broken", "missing"] = "jpg"


@dataclass(slots=True)
class Article:
    number: int
    path: str
    title: str
    date: datetime
    summary: str
    blocks: list[str]
    """HTML of the text; addresses from the root of the site."""
    look: Look
    coding: Coding = "utf-8"
    trouble: Trouble = ""
    pictures: list[Picture] = field(default_factory=list)
    shown: int = 0
    """How many pictures phones are to see."""
    says_date: bool = True
    edits: int = 0

    @property
    def good(self) -> bool:
        return self.trouble in ("", "500-twice")

    @property
    def html(self) -> str:
        more = [f"<p>Cập nhật lần thứ {self.edits}.</p>"] if self.edits else []
        return "\n".join([*self.blocks, *more])

    def words(self) -> list[str]:
        """The words of the text as a reader sees them."""
        return split(f"{self.html}")


def split(html: str) -> list[str]:
    """Words, lower case."""
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL)
    text = text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return re.findall(r"\w+", unicodedata.normalize("NFC", text).lower())


class Site:
    """`good` articles and one of each trouble or more; the same for the same arguments."""

    def __init__(
        self,
        good: int = 300,
        *,
        pictures: int = 60,
        side: int = 800,
        huge: bool = False,
        drips: bool = True,
        seed: int = 5,
    ) -> None:
        chance = random.Random(seed)
        self.articles: list[Article] = []
        self.duplicates: dict[str, Article] = {}
        """Further addresses of articles, as lists and sitemaps have them."""
        for number in range(1, good + 1):
            self.articles.append(self._article(chance, number))
        self._give_codings()
        self._give_pictures(chance, pictures, side, huge=huge)
        self._give_links(chance)
        for one in self.articles[5:11]:
            one.trouble = "500-twice" if one.number % 2 else ""
        self._add_troubles(chance, good, drips=drips)
        self._add_duplicates()
        self.by_path = {article.path: article for article in self.articles}

    @property
    def good(self) -> list[Article]:
        return [article for article in self.articles if article.good]

    def _article(self, chance: random.Random, number: int) -> Article:
        title = words.title(chance, number)
        slug = "-".join(fold(title).split())[:60].strip("-")
        blocks = [f"<p>{words.paragraph(chance)}</p>" for _ in range(chance.randint(3, 6))]
        if number % 3 == 0:
            blocks.insert(1, f"<h2>{words.sentence(chance)}</h2>")
            items = "".join(f"<li>{words.sentence(chance)}</li>" for _ in range(4))
            blocks.append(f"<ul>{items}</ul>")
        if number % 7 == 0:
            rows = "".join(
                f"<tr><td>Bậc {n}</td><td>{chance.randint(4, 9)}.{chance.randint(100, 999)}.000"
                f" đồng</td><td>{chance.choice(words.ENDS)}</td></tr>"
                for n in range(1, 5)
            )
            blocks.append(f"<table><tr><th>Bậc</th><th>Mức</th><th>Ghi chú</th></tr>{rows}</table>")
        if number % 11 == 0:
            blocks.append(f"<blockquote><p>{words.paragraph(chance)}</p></blockquote>")
        blocks.append(f"<p>{words.paragraph(chance)}</p>")
        date = NEWEST - timedelta(hours=7 * number, minutes=13 * number % 60)
        look: Look = ("plain", "linked-data", "old")[number % 3]
        summary = words.sentence(chance)
        path = f"/tin-tuc/{slug}-{number}.html"
        return Article(number, path, title, date.replace(second=0), summary, blocks, look)

    def _give_codings(self) -> None:
        codings: Sequence[Coding] = ("cp1258", "cp1258-unsaid", "utf-8-as-latin", "twice")
        for one in self.articles[12:]:
            if one.number % 13 == 0:
                one.coding = codings[one.number // 13 % 4]

    def _give_pictures(self, chance: random.Random, most: int, side: int, *, huge: bool) -> None:
        chosen = [article for article in self.articles if article.number % 4 == 1][:most]
        for n, article in enumerate(chosen):
            width, height = (side, side * 3 // 4) if n % 2 else (side * 2 // 3, side)
            picture = Picture(f"/anh/{article.number}.jpg", width, height)
            if n == 2 and huge:
                picture = Picture("/anh/54-trieu.jpg", 9000, 6000)
            elif n == 3:
                picture = Picture("/anh/bom.png", 7000, 4500, "png")
            elif n == 4:
                picture = Picture("/anh/hong.jpg", 0, 0, "broken")
            elif n == 5:
                picture = Picture("/anh/mat.jpg", 0, 0, "missing")
            article.pictures.append(picture)
            late = article.look == "linked-data"
            source = f'src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="{picture.path}"'
            source = source if late else f'src="{picture.path}"'
            caption = words.sentence(chance)
            if n in (3, 4, 5):
                caption = ""  # Nobody misses what was said of a picture that is not there.
            else:
                article.shown += 1
            told = f"<figcaption>{caption}</figcaption>" if caption else ""
            article.blocks.insert(2, f'<figure><img {source} alt="Ảnh {n}">{told}</figure>')
        for article in self.articles[3::50]:
            article.blocks.insert(
                1, '<p><img src="http://quang-cao.example/banner.jpg" alt="Quảng cáo"></p>'
            )

    def _give_links(self, chance: random.Random) -> None:
        for article in self.articles:
            other = chance.choice(self.articles)
            if article.number % 2 and other is not article:
                article.blocks.append(
                    f'<p>Xem thêm: <a href="{other.path}?utm_source=noi-bo">{other.title}</a>.</p>'
                )
            if article.number % 5 == 0:
                article.blocks.append(
                    '<p>Tra cứu tại <a href="https://vanban.example/luat">cổng văn bản</a>,'
                    ' hoặc <a href="/khong-con-nua.html">trang cũ</a>.</p>'
                )
            if article.number % 17 == 0:
                article.blocks.append(
                    '<p>Toàn văn: <a href="/tai-ve/nghi-quyet.pdf">Nghị quyết</a></p>'
                )

    def _add_troubles(self, chance: random.Random, number: int, *, drips: bool) -> None:
        for trouble in (*REASONS, "404", "script", "inside"):
            if trouble.startswith("drips") and not drips:
                continue
            number += 1
            article = self._article(chance, number)
            article.trouble = trouble
            folder = "/noi-bo" if trouble == "inside" else "/tin-tuc"
            article.path = f"{folder}/bai-hong-{trouble}-{number}.html"
            article.date = NEWEST - timedelta(hours=3 * number)
            self.articles.append(article)

    def _add_duplicates(self) -> None:
        for article in self.good[20:24]:
            self.duplicates[f"{article.path}?utm_source=zalo&utm_medium=chia-se"] = article
        marked = [article for article in self.good[24:] if article.look != "old"]
        for article in marked[:3]:  # The old look does not say which address is the right one.
            self.duplicates[f"/in-bai{article.path}"] = article

    # How it looks

    def listed(self) -> list[tuple[str, Article]]:
        """Every address that lists name, the newest first."""
        paths = [(article.path, article) for article in self.articles]
        paths += list(self.duplicates.items())
        return sorted(paths, key=lambda one: one[1].date, reverse=True)

    def page(self, article: Article, host: str) -> str:
        menu = "".join(f'<li><a href="/chuyen-muc/{n}">Chuyên mục {n}</a></li>' for n in range(12))
        beside = "".join(
            f'<li><a href="{other.path}">{other.title}</a></li>' for other in self.articles[:8]
        )
        related = "".join(
            f'<li><a href="{other.path}">{other.title}</a></li>' for other in self.articles[8:12]
        )
        head = self._head(article, host)
        date = _written(article) if article.says_date else ""
        share = (
            '<div class="share"><a href="https://zalo.example/share">Chia sẻ Zalo</a> In bài</div>'
        )
        if article.look == "old":
            text = re.sub(r"</p>\s*<p>", "<br><br>\n", article.html)
            body = (
                f'<table width="100%"><tr><td><h1 class="title">{article.title}</h1>'
                f'<p class="date">{date}</p>'
                f'<div class="content"><font face="Arial">{text}</font>'
                f'<div class="related"><b>Tin liên quan</b><ul>{related}</ul></div></div>'
                f"</td></tr></table>"
            )
        else:
            body = (
                f'<article><h1 class="title">{article.title}</h1><span class="date">{date}</span>'
                f'<div class="content">{article.html}'
                f'<div class="related"><h3>Tin liên quan</h3><ul>{related}</ul></div></div>'
                f"{share}</article>"
            )
        return (
            f'<!doctype html><html lang="vi"><head>{head}</head><body>'
            f'<div id="header"><a href="/">Công đoàn mẫu</a><ul class="menu">{menu}</ul></div>'
            f'<div class="wrap">{body}<div class="sidebar"><h3>Tin đọc nhiều</h3><ul>{beside}</ul>'
            '<img src="http://quang-cao.example/cot.gif" alt=""></div></div>'
            '<div id="footer"><p>Cơ quan chủ quản: Liên đoàn lao động mẫu. Địa chỉ: số 1 đường Mẫu.'
            " Ghi rõ nguồn khi phát lại thông tin.</p></div>"
            "<script>var a = '<p>không phải bài</p>';</script></body></html>"
        )

    def _head(self, article: Article, host: str) -> str:
        meta = {"cp1258": "windows-1258", "cp1258-unsaid": ""}.get(article.coding, "utf-8")
        head = f'<meta charset="{meta}">' if meta else ""
        head += f"<title>{article.title} | Công đoàn mẫu</title>"
        if article.look != "old":
            head += (
                f'<meta property="og:title" content="{escape(article.title)}">'
                f'<meta property="og:site_name" content="Công đoàn mẫu">'
                f'<meta name="description" content="{escape(article.summary)}">'
                f'<link rel="canonical" href="{host}{article.path}">'
            )
        if article.look == "linked-data" and article.says_date:
            iso = article.date.isoformat()
            head += (
                '<script type="application/ld+json">{"@type": "NewsArticle",'
                f' "headline": "x", "datePublished": "{iso}"}}</script>'
            )
        return head

    def lists(self, number: int) -> str:
        """The list page of that number, from 1."""
        rows = self.listed()[(number - 1) * PER_LIST : number * PER_LIST]
        items = "".join(
            f'<div class="item"><h3><a href="{escape(path)}">{article.title}</a></h3>'
            f"<p>{article.summary}</p></div>"
            for path, article in rows
        )
        more = number * PER_LIST < len(self.listed())
        onward = f'<a class="next" href="/tin-tuc?trang={number + 1}">Trang sau</a>' if more else ""
        return (
            '<!doctype html><html><head><meta charset="utf-8"></head><body>'
            f'<a href="/">Trang chủ</a>{items}{onward}</body></html>'
        )

    def feed(self, host: str, most: int = 20) -> str:
        items = "".join(
            f"<item><title>{escape(article.title)}</title><link>{host}{escape(path)}</link>"
            f"<description>{escape(article.summary)}</description>"
            f"<pubDate>{article.date.strftime('%a, %d %b %Y %H:%M:%S +0700')}</pubDate></item>"
            for path, article in self.listed()[:most]
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
            f"<title>Công đoàn mẫu</title><link>{host}</link>{items}</channel></rss>"
        )

    def sitemap(self, host: str, part: int) -> str:
        rows = "".join(
            f"<url><loc>{host}{escape(path)}</loc><lastmod>{_changed(article)}</lastmod></url>"
            for n, (path, article) in enumerate(self.listed())
            if n % 2 == part
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        )


def _changed(article: Article) -> str:
    return (article.date + timedelta(minutes=article.edits)).isoformat()


_DAYS: Final = ("Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy")


def _written(article: Article) -> str:
    date = article.date
    day = "Chủ Nhật" if date.weekday() == 6 else f"Thứ {_DAYS[date.weekday()]}"
    if article.look == "old":
        return f"Ngày {date.day} tháng {date.month} năm {date.year}, {date:%H:%M}"
    if article.number % 2:
        return f"{day}, {date:%d/%m/%Y %H:%M} (GMT+7)"
    return f"{date:%H:%M} | {date:%d-%m-%Y}"


def in_1258(text: str) -> bytes:
    """windows-1258: the tones are characters of their own."""
    out = bytearray()
    for character in unicodedata.normalize("NFC", text):
        try:
            out += character.encode("cp1258")
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", character)
            tone = next((part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323"), "")
            base = unicodedata.normalize("NFC", parts.replace(tone, "") if tone else parts)
            out += base.encode("cp1258", "xmlcharrefreplace") + tone.encode("cp1258")
    return bytes(out)


def etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'
