"""The pages on which content is written and approved, put together."""

from portal.staff import editing, imports, items, media, preview, review
from portal.staff.converter import Converter
from portal.staff.preview import Phone
from portal.staff.site import Route, StaffSite


def routes(site: StaffSite) -> list[Route]:
    converter, phone = Converter(), Phone(site)
    return [
        *items.routes(site, phone),
        *editing.routes(site, converter, phone),
        *review.routes(site),
        *media.routes(site, converter),
        *imports.routes(site, converter),
        *preview.routes(site, phone),
    ]
