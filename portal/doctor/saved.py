"""The result of the self-test as a file: `selftest.json` in the data folder.

Written for the handover sheet and for the technician's page. In it is what `portal doctor` says,
in both languages, and which gateway it was: no address of a device, no public address of the
line, and of the networks around only the name of a Wi-Fi that the house's own modem sends out.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from content_cache.durable import open_plain, sync_names, write_whole
from portal import __version__
from portal.config import Config
from portal.doctor.finding import LANGUAGES, Finding, Told
from portal.doctor.wording import Language
from portal.machine import StartError, become_owner_of
from portal.schedule import SITE_TIME

_REMEMBERED_SECONDS: Final = 24 * 3600.0
_MOST_MODEL_BYTES: Final = 100
_MOST_BYTES: Final = 1 << 18
_MODELS: Final = (
    Path("/tmp/sysinfo/model"),  # OpenWrt's own; the file is written by its first boot script.
    Path("/proc/device-tree/model"),
    Path("/sys/class/dmi/id/product_name"),
)


@dataclass(frozen=True, slots=True)
class Result:
    """A self-test that was saved."""

    made: datetime
    told: dict[Language, tuple[Told, ...]]

    @property
    def good(self) -> bool:
        return all(each.good for each in self.told["vi"])


def path_of(config: Config) -> Path:
    return config.storage.data_dir / "selftest.json"


def save(config: Config, findings: Sequence[Finding], wall: float) -> None:
    """Write the result whole, as the owner of the data folder; root goes on as that user.

    Raises:
        StartError: it cannot be written.
    """
    path = path_of(config)
    become_owner_of(path.parent)
    document = as_document(config, findings, wall)
    _remember(document, _document(path), wall)
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    try:
        write_whole(path, text.encode())
        sync_names(path.parent)
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error.strerror}") from None


def as_document(config: Config, findings: Sequence[Finding], wall: float) -> dict[str, Any]:
    """What the file says (docs/health.md)."""
    return {
        "made": datetime.fromtimestamp(wall, SITE_TIME).isoformat(timespec="seconds"),
        "site": config.site.id,
        "site_name": config.site.name,
        "version": __version__,
        "model": _model(),
        "findings": [_as_dict(finding) for finding in findings],
    }


def _as_dict(finding: Finding) -> dict[str, Any]:
    words: dict[str, Any] = {}
    for language in LANGUAGES:
        told = finding.told(language)
        words[language] = {
            "subject": told.subject,
            "found": told.found,
            "advice": told.advice,
        }
    return {
        "check": finding.subject,
        "good": finding.good,
        "looked": finding.looked,
        **words,
    }


def _remember(document: dict[str, Any], before: dict[str, Any] | None, wall: float) -> None:
    """Where nobody could look this time, keep what the same site's last look saw, with its time.

    Root sees more than the technician's page, and the handover sheet wants both.
    """
    if before is None or before.get("site") != document["site"]:
        return
    try:
        looked = {row["check"]: row for row in before["findings"] if row["looked"] is True}
        for number, row in enumerate(document["findings"]):
            old = looked.get(row["check"])
            if row["looked"] or old is None:
                continue
            when = datetime.fromisoformat(old.get("seen", before["made"]))
            if not 0 <= wall - when.timestamp() <= _REMEMBERED_SECONDS:
                continue
            if "seen" not in old:
                old["seen"] = before["made"]
                old["vi"]["found"] += f" (xem lúc {when:%H:%M %d/%m})"
                old["en"]["found"] += f" (seen at {when:%H:%M %d/%m})"
            document["findings"][number] = old
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return  # It is nothing that we wrote.


def _document(path: Path) -> dict[str, Any] | None:
    """What the file says; None if it cannot be read, or is none of ours."""
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def read(path: Path) -> Result | None:
    """The result that was saved last; None if there is none, or none that can be read."""
    document = _document(path)
    if document is None:
        return None
    try:
        told = {
            language: tuple(_told(each, language) for each in document["findings"])
            for language in LANGUAGES
        }
        return Result(datetime.fromisoformat(document["made"]).astimezone(SITE_TIME), told)
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _told(row: dict[str, Any], language: Language) -> Told:
    words = row[language]
    return Told(
        str(row["check"]),
        str(words["subject"]),
        row["good"] is True,
        str(words["found"]),
        str(words["advice"]),
        row["looked"] is not False,
    )


def _model() -> str:
    """What the machine calls itself; empty if it does not say."""
    for path in _MODELS:
        try:
            with open_plain(path) as file:
                name = file.read(_MOST_MODEL_BYTES).decode(errors="replace")
        except OSError:  # Among them what is no file: everybody may make one in /tmp.
            continue
        if clean := "".join(c for c in name if c.isprintable()).strip():
            return clean
    return ""
