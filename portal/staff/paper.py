"""The page of paper: the poster and the rules of this house, to print.

Everybody who is signed in may have them: both hang on a wall, and whoever sees that a poster is
torn should be able to print another. The handover sheet is the technician's (`portal handover`).
"""

from typing import Literal

from aiohttp import web

from paper.poster import Poster
from paper.rules import Rules
from portal.paper_content import poster_of, rules_of
from portal.staff.converter import ConversionError, Converter
from portal.staff.site import Route, StaffSite, Visit


def routes(site: StaffSite) -> list[Route]:
    converter = Converter()

    async def show(visit: Visit) -> web.StreamResponse:
        said = await site.do(rules_of, site.config, site.wall())
        return visit.page("paper.html", rules=said)

    async def drawn(
        visit: Visit, kind: Literal["poster", "rules"], content: Poster | Rules, name: str
    ) -> web.StreamResponse:
        try:
            data = await converter.paper(kind, content)
        except ConversionError as error:
            return visit.page("refused.html", 503, why=error.said)
        told = f'attachment; filename="{name}-{site.config.site.id}.pdf"'
        return web.Response(
            body=data, content_type="application/pdf", headers={"Content-Disposition": told}
        )

    async def poster(visit: Visit) -> web.StreamResponse:
        return await drawn(visit, "poster", poster_of(site.config), "ap-phich")

    async def rules(visit: Visit) -> web.StreamResponse:
        content = await site.do(rules_of, site.config, site.wall())
        return await drawn(visit, "rules", content, "noi-quy")

    return [
        Route("GET", "/paper", show),
        Route("GET", "/paper/poster.pdf", poster),
        Route("GET", "/paper/rules.pdf", rules),
    ]
