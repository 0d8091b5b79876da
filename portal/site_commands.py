"""The command `portal site`: a router that does not know its house is told by a code."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from portal import site_change, site_code, site_file, site_work
from portal.site_change import AnotherHouse
from portal.site_file import House
from portal.site_work import CannotSetUp
from portal.tables import table

USAGE = 2

WRONG = {
    site_code.NotACode: (
        "Đây không phải mã địa điểm. Mã có chữ cái, chữ số và dấu gạch, như HP-001-U;"
        " không có dấu tiếng Việt. Xem lại phiếu lắp đặt.",
        "This is no site code. A code has letters, digits and dashes, like HP-001-U,"
        " and no accents. Look at the work order again.",
    ),
    site_code.Mistyped: (
        "Mã bị gõ sai hoặc thiếu: một ký tự sai, hai ký tự đổi chỗ, hoặc chưa gõ ký tự cuối cùng."
        " So lại từng ký tự với phiếu lắp đặt.",
        "The code is mistyped: a wrong character, two that changed places, or the last one left"
        " out. Compare each character with the work order.",
    ),
    LookupError: (
        "Mã viết đúng, nhưng máy này không có địa điểm đó. Xem phiếu có phải của nhà này"
        " không; nếu phải, gọi văn phòng: bản cài trên máy có thể là bản cũ.",
        "The code is well formed, but this router knows no such site. See that the work order is"
        " this site's; if it is, call the office: the router's image may be an old one.",
    ),
}
"""What to say about a wrong code, in Vietnamese and English."""


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Make it; `command(name, help=..., ...)` makes a command."""
    help = "Make this router the router of a house."
    site = command("site", help=help, description=help, allow_abbrev=False)
    site.set_defaults(does=_site)
    site.add_argument(
        "which", nargs="?", metavar="CODE|FILE", help="the code of a house, or its site file"
    )
    site.add_argument(
        "--sites", type=Path, default=site_work.SITES, metavar="FILE", help="the list of houses"
    )
    site.add_argument("--list", action="store_true", help="check the list of houses, and print it")
    site.add_argument(
        "--show", action="store_true", help="print what sets it at a first boot; set nothing"
    )
    site.add_argument(
        "--replace", action="store_true", help="although the router is another house's"
    )
    site.add_argument("--json", action="store_true", help="print the list as JSON")


def house_of(code: str, sites: Path) -> House:
    """The house of the list that the code names.

    Raises:
        NotACode, Mistyped: it is no code.
        LookupError: there is no such house.
        SiteFileError: the list, or what it says of this house, cannot be used.
    """
    plain = site_code.typed(code)
    entries = site_file.entries(site_file.read(sites), str(sites))
    by_id = {id: entry for entry in entries if isinstance(id := entry["site"].get("id"), str)}
    id = site_code.find(plain, by_id)
    if id is None:
        raise LookupError(code)
    return site_file.one(by_id[id], str(sites))


def _site(options: argparse.Namespace) -> int:
    if options.list == (options.which is not None):
        return _say("say a code, a file or --list; one of them", USAGE)
    if options.list:
        _list(options)
        return 0
    try:
        house = _named(options.which, options.sites)
    except (site_code.NotACode, site_code.Mistyped, LookupError) as error:
        return _say("\n".join(WRONG[type(error)]), USAGE)
    if options.show:
        print(site_change.first_boot(house), end="")
        return 0
    try:
        return _set_up(house, options.replace)
    except CannotSetUp as error:
        return _say(str(error), 1)


def _named(which: str, sites: Path) -> House:
    if "/" in which or which.endswith(".toml"):
        path = Path(which)
        return site_file.one(site_file.read(path), str(path))
    return house_of(which, sites)


def _list(options: argparse.Namespace) -> None:
    houses = site_file.many(site_file.read(options.sites), str(options.sites))
    rows = [
        {
            "code": house.code,
            "id": house.id,
            "name": house.config.site.name,
            "address": house.config.site.address,
        }
        for house in houses
    ]
    print(json.dumps(rows, ensure_ascii=False) if options.json else table(rows))


def _set_up(house: House, replace: bool) -> int:
    name = house.config.site.name
    try:
        changed = site_work.write(house, replace=replace)
    except AnotherHouse as other:
        return _say(
            f"Máy này đang là của {other.name} ({other.id}): dữ liệu của nhà đó còn trên máy."
            " Nếu đúng là chuyển máy sang nhà khác, thêm --replace.\n"
            f"This router is that of {other.name} ({other.id}), and what was recorded there stays"
            " on it. If it really moves to another site, add --replace.",
            1,
        )
    if not changed:
        print(f"{name} ({house.id}): is set up already; nothing was changed")
        return 0
    print(f"{name} ({house.id}): is set up; the network starts anew")
    site_work.take_effect()
    return 0


def _say(message: str, code: int) -> int:
    print(f"portal: {message}", file=sys.stderr)
    return code
