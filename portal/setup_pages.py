"""The pages of a router that does not know its house: in Vietnamese, and small in English.

They look like the pages of workers and are made of the same style sheets. No script, no cookie,
no second request.
"""

import base64
import hashlib
from pathlib import Path
from typing import Final, Literal, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from portal.site_file import House
from splash.template_files import TEMPLATES

Stage: TypeAlias = Literal["writing", "applying", "done", "failed"]

WORDS: Final[dict[Stage, tuple[str, str]]] = {
    "writing": ("Đang ghi cấu hình…", "Writing the settings…"),
    "applying": ("Đang mở mạng mới…", "Bringing up the new network…"),
    "done": ("Đã cài xong", "Done"),
    "failed": ("Chưa cài được", "It did not work"),
}

TOO_OFTEN: Final = (
    "Đã thử quá nhiều lần. Đợi một phút rồi gõ lại.",
    "Too many attempts. Wait a minute, then type the code again.",
)
NO_LIST: Final = (
    "Máy này không có danh sách địa điểm dùng được. Gọi văn phòng: cần cài máy bằng tệp riêng"
    " của nhà này.",
    "This router has no list of sites that can be used. Call the office: it has to be set up with"
    " this site's own file.",
)


class SetupPages:
    """Makes the pages."""

    def __init__(self, host: str, minutes: int) -> None:
        """`host` is the portal's name once the router is set up, and `minutes` how long the
        technician's page is there then."""
        self._host = host
        self._minutes = minutes
        self._templates = Environment(
            loader=FileSystemLoader([Path(__file__).parent / "setup_templates", TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        sheets = (self._templates.get_template(f"{name}.css").render() for name in _SHEETS)
        self._style = Markup("\n".join(sheet.strip() for sheet in sheets) + _OWN)

    @property
    def content_security_policy(self) -> str:
        """Their style sheet, their own forms, no more."""
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    def code(self, wrong: tuple[str, str] | None = None) -> str:
        """Where the code is typed; `wrong` says what was not right about the last one."""
        return self._page("code", wrong=wrong)

    def house(self, house: House, token: str) -> str:
        """Whether it is this house."""
        return self._page("house", **_of(house), token=token)

    def work(self, house: House, token: str, stage: Stage, said: str) -> str:
        """How far it is, and what to do next; `said` is what went wrong."""
        return self._page(
            "work",
            **_of(house),
            token=token,
            stage=stage,
            said=said,
            words=WORDS,
            host=self._host,
            minutes=self._minutes,
        )

    def _page(self, name: str, **values: object) -> str:
        return self._templates.get_template(f"{name}.html").render(style=self._style, **values)


_SHEETS: Final = ("style", "forms")
_OWN: Final = (
    "button small,.again small{display:block;font-size:.8rem;font-weight:400}"
    ".code{letter-spacing:.08em;text-transform:uppercase}"
    ".again{background:#fff;border:2px solid #0a4699;color:#0a4699;line-height:1.35}"
)


def _of(house: House) -> dict[str, object]:
    return {"site": house.config.site, "code": house.code, "ssid": house.config.wifi.ssid}
