"""The answers phones get: pages, redirects to our own host, our own pictures and sounds.

Every answer ends its connection. A phone may keep pictures and sounds for ever, and what it has
read until it asks whether that is still what we show (RFC 9111 §5.2.2.4); the way back to an
article needs no line and little air. Everything else may not be kept. The only Location is our
own host, or the federation's own website.
"""

import logging
import secrets
from collections import Counter
from pathlib import Path

from aiohttp.web_fileresponse import FileResponse
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from splash import views
from splash.pages import Pages
from splash.views import Look, View, query

_REFERENCE_LETTERS = "ACDEFHJKMNPRTUVWXY34679"  # No two that look or sound alike.
_TYPES = {
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "png": "image/png",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
}

_READ = (views.Article, views.Articles, views.Campaign, views.Notice)
"""Pages that are the same for every device of the house, forms included."""

log = logging.getLogger("portal.pages")


class Replies:
    """Makes answers out of the pages that are shown now (`pages`, which may be replaced)."""

    def __init__(self, host: str, pages: Pages, *, https: bool = False) -> None:
        """`https` says whether the portal can be reached that way at all."""
        self.host = host
        self.pages = pages
        self.https = https
        self.root = f"http://{host}"
        self.secure_root = f"https://{host}" if https else self.root
        self.shown: Counter[str] = Counter()
        """How often each kind of page was shown."""
        self.headers = {
            "Server": "portal",
            "Cache-Control": "no-store",
            "Connection": "close",
            "Content-Security-Policy": pages.content_security_policy,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }

    def page(self, request: BaseRequest, look: Look, view: View, *, open: bool) -> Response:
        page = self.pages.page(view, look, open=open)
        self.shown[type(view).__name__] += 1
        headers = {**self.headers, "Content-Type": page.content_type, "Vary": "Accept-Encoding"}
        if isinstance(view, _READ) and page.status == 200:
            # Weak: it names the page, packed or not.
            headers |= {"Cache-Control": "private, no-cache", "ETag": f'W/"{page.tag}"'}
            if any(etag.value == page.tag for etag in request.if_none_match or ()):
                del headers["Content-Type"]
                return Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(status=page.status, body=page.body, headers=headers)
        return Response(status=page.status, body=page.plain(), headers=headers)

    def redirect(self, request: BaseRequest, path: str, look: Look) -> Response:
        """To a page of ours, by the scheme the person came by.

        `form-action 'self'` holds for where a form leads in the end, too (CSP 3 §6.3.1).
        """
        root = self.secure_root if request.secure else self.root
        return self.to(root + path + query(look), status=303)

    def to(self, address: str, *, status: int) -> Response:
        return Response(status=status, headers={**self.headers, "Location": address})

    def file(self, path: Path) -> FileResponse:
        """A picture or sound, which its name tells from every other: it may be kept for ever."""
        kept = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Type": _TYPES[path.suffix[1:]],
        }
        return FileResponse(path, headers={**self.headers, **kept})

    def body(self, body: bytes, **headers: str) -> Response:
        """Something that is no page. A `_` in a header's name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Response(body=body, headers={**self.headers, **named})

    def refused_method(self) -> Response:
        return Response(status=405, headers={**self.headers, "Allow": "GET, HEAD, POST"})

    def unreadable(self) -> Response:
        """The answer to bytes that are no request. It has no words: nobody reads it."""
        response = Response(status=400, headers=self.headers)
        response.force_close()
        return response

    def failed(self, look: Look, error: Exception, status: int) -> Response:
        """A page with a short code; the log has the same code beside what went wrong."""
        reference = "".join(secrets.choice(_REFERENCE_LETTERS) for _ in range(5))
        log.error("error code %s: %s", reference, error)
        view = views.Failure(reference, 503 if status == 503 else 500)
        page = self.pages.page(view, look, open=False)
        return Response(
            status=page.status,
            body=page.plain(),
            headers={**self.headers, "Content-Type": page.content_type},
        )
