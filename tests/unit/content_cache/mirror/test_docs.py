"""docs/mirror.md says what `mirror.toml` may hold."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from content_cache.mirror.sources import REQUIRED, Rule, Source

TEXT = (Path(__file__).parents[4] / "docs" / "mirror.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("heading", "kind"), [("[[source]]", Source), ("[source.rule]", Rule)])
def test_every_key_is_documented_with_its_own_words_and_default(heading: str, kind: type) -> None:
    part = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", part, flags=re.MULTILINE)
    defaults = {REQUIRED: "required", Rule(): "none"}

    assert rows == [
        (
            entry.name,
            defaults.get(entry.default)
            or f"`{json.dumps(list(entry.default) if entry.default == () else entry.default)}`",
            entry.metadata["doc"],
        )
        for entry in fields(kind)
    ]
