"""What phones were shown so far, release by release, and the way back to any of them."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from content_cache.manifest import BundleError
from portal.content_desk import foreign
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Message, Said
from splash import publishing
from splash.content import Words, title_of
from splash.content_records import Release
from splash.content_store import BrokenContent, NoSuchItem, Refused
from splash.workflow import Role

_DECIDES: Final[frozenset[Role]] = frozenset(("approver", "administrator"))
_MOST_LISTED: Final = 50
_LONGEST_NOTE: Final = 500

DAMAGED: Final = Said(
    "Lần đăng này không còn nguyên vẹn nên không quay về được. Điện thoại vẫn thấy như cũ.",
    "This release is not whole any more. Phones see what they saw before.",
)
ELSEWHERE: Final = Said(
    "Máy này hiện nội dung được đăng từ nơi khác; hãy làm việc này ở nơi đó.",
    "This gateway shows what is published elsewhere; do this there.",
)
GONE: Final = Said("Không có lần đăng này.", "There is no such release.")


@dataclass(frozen=True, slots=True)
class Listed:
    """A release with the titles of what was in it. `whole`: its files are still there."""

    release: Release
    titles: list[tuple[Words, float | None, float | None]]
    whole: bool


def shows_others(site: StaffSite) -> bool:
    """Whether phones here see somebody else's releases, so that none made here reaches them."""
    return foreign(site.config, site.press.signer.public_key) is not None


def routes(site: StaffSite) -> list[Route]:
    async def show(visit: Visit) -> web.StreamResponse:
        return await page(visit)

    async def page(visit: Visit, wrong: Message | None = None) -> web.Response:
        listed = await site.do(_listed, site)
        return visit.page(
            "releases.html",
            409 if wrong else 200,
            listed=listed,
            active=await site.do(site.press.releases.active_number),
            elsewhere=shows_others(site),
            wrong=wrong,
            now=site.wall(),
        )

    async def roll_back(visit: Visit) -> web.StreamResponse:
        number = int(visit.request.match_info["n"][:9])
        note = " ".join((await visit.form()).get("note", "").split())[:_LONGEST_NOTE]
        if shows_others(site):
            return await page(visit, ELSEWHERE)
        try:
            await site.do(publishing.roll_back, site.press, number, visit.actor, site.wall(), note)
        except Refused as error:
            return await page(visit, error.refusal)
        except NoSuchItem:
            return await page(visit, GONE)
        except (BundleError, BrokenContent, OSError):
            return await page(visit, DAMAGED)
        told = Said(
            f"Đã quay về lần đăng số {number}. Điện thoại thấy ngay.",
            f"Back at release {number}. Phones see it now.",
        )
        return visit.leads_to("/releases", told)

    return [
        Route("GET", "/releases", show, _DECIDES),
        Route("POST", "/releases/{n:[0-9]+}/back", roll_back, _DECIDES),
    ]


def _listed(site: StaffSite) -> list[Listed]:
    there = set(site.press.releases.numbers())
    return [
        Listed(
            release,
            [
                (title_of(site.content.revision(item, n).content), begins, ends)
                for item, n, begins, ends in release.what
            ],
            release.n in there,
        )
        for release in site.content.releases()[:_MOST_LISTED]
    ]
