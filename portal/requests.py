"""Reads what a phone's request says of itself: for whom it is, from where it comes, its form.

None of it is believed further than that. Who asks, the packet tells (`portal.equipment`).
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from aiohttp.web_request import BaseRequest

MOST_FORM_BYTES = 4096


def is_for(host: str, request: BaseRequest) -> bool:
    """Whether the request names `host`, and is no request to a proxy (RFC 9112 §3.2)."""
    if not request.raw_path.startswith("/"):
        return False
    name, _, port = request.headers.get("Host", "").partition(":")
    return name.lower().rstrip(".") == host and (not port or port.isdecimal())


def is_from_page_of(host: str, request: BaseRequest) -> bool:
    """Refuse forms of other sites by what browsers say of them, where they say it.

    Fetch Metadata and the Origin header (RFC 6454 §7); old browsers send neither, and the
    token of the form decides.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    try:
        return origin is None or urlsplit(origin).hostname == host
    except ValueError:  # `http://[`
        return False


async def form_of(request: BaseRequest, most: int = MOST_FORM_BYTES) -> Mapping[str, str]:
    """The fields of a plain form of at most `most` bytes; nothing of anything else.

    Not by `request.post`, which decodes as the request tells it to.
    """
    length = request.content_length
    small = length is not None and length <= most
    if not small or request.content_type != "application/x-www-form-urlencoded":
        return {}
    text = (await request.read()).decode("ascii", "replace")
    return dict(parse_qsl(text, keep_blank_values=True))
