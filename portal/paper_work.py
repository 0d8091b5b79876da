"""What `portal poster`, `portal rules-page` and `portal handover` do, and the staff's page of
paper: from the configuration to the file. `portal.paper_commands` has the options."""

import argparse
import sys
import time
from pathlib import Path

from paper import draw_handover, draw_poster, draw_rules, fonts
from paper.handover import handover
from paper.selftest import MOST_BYTES, SelfTest, SelfTestProblem, parse
from paper.sheet import FontProblem, Sheet
from portal import site_file
from portal.config import Config, ConfigurationError
from portal.paper_commands import CannotPrint
from portal.paper_content import place_of, poster_of, rules_of


def write(options: argparse.Namespace) -> None:
    """Write one sheet.

    Raises:
        ConfigurationError, CannotPrint: nothing was written.
    """
    config = _config(options.config, options.site)
    try:
        sheet = _drawn(config, options)
    except FontProblem as problem:
        raise CannotPrint(str(problem)) from None
    missing = "".join(sorted(sheet.missing))
    _write(options.output, sheet.pdf())
    pages = "1 page" if sheet.pages == 1 else f"{sheet.pages} pages"
    print(f"{options.output}: {pages} for {config.site.name}")
    if missing:
        print(
            f"portal: no font here has {missing}; the paper shows a box instead (the QR code is"
            " right all the same)",
            file=sys.stderr,
        )


def _config(path: Path, id: str | None) -> Config:
    """Of portal.toml, or of a site file, whatever the router is told besides.

    Raises:
        ConfigurationError: with every problem of the file; or it does not have this house.
    """
    document, source = site_file.read(path), str(path)
    if site_file.MANY not in document:
        house = site_file.one(document, source)
        houses: tuple[site_file.House, ...] = (house,)
        id = id or house.id
    else:
        houses = site_file.many(document, source)
    for house in houses:
        if id is not None and id.lower() in (house.id, house.code.lower()):
            return house.config
    known = ", ".join(house.id for house in houses[:20]) + ", …" * (len(houses) > 20)
    told = f'--site "{id}"   is not in this file' if id else "--site is missing   it has many"
    raise ConfigurationError(source, [f"{told}; known are {known}"])


def _drawn(config: Config, options: argparse.Namespace) -> Sheet:
    match options.what:
        case "poster":
            poster = poster_of(config)
            return draw_poster.drawn(poster, fonts.find("sans", options.font))
        case "rules-page":
            rules = rules_of(config, time.time())
            return draw_rules.drawn(rules, fonts.find("sans", options.font))
        case _:
            sheet = handover(place_of(config), _self_test(config, options.selftest))
            return draw_handover.drawn(sheet, fonts.find("serif", options.font))


def _self_test(config: Config, named: Path | None) -> SelfTest | None:
    """The result in the file that was named, or in `data_dir`; None if there is none there."""
    path = named or config.storage.data_dir / "selftest.json"
    try:
        with path.open("rb") as file:
            written = file.read(MOST_BYTES + 1)
        if len(written) > MOST_BYTES:
            raise SelfTestProblem(f"has more than {MOST_BYTES} bytes")
        found = parse(written.decode())
        if found.site != config.site.id:
            raise SelfTestProblem(
                f'is of site "{found.site}", and this is "{config.site.id}"; name the right file'
                " with --selftest"
            )
    except FileNotFoundError:
        if named is None:
            return None
        raise CannotPrint(f"{path}: there is no such file") from None
    except OSError as error:
        raise CannotPrint(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CannotPrint(f"{path}: is not UTF-8 text") from None
    except SelfTestProblem as problem:
        raise CannotPrint(f"{path}: {problem}") from None
    return found


def _write(path: Path, data: bytes) -> None:
    """The whole file or nothing; over an earlier one."""
    unfinished = path.with_name(f".{path.name}.new")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    except OSError as error:
        raise CannotPrint(f"{path} cannot be written: {error.strerror}") from None
