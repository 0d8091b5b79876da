"""Every message that the daemon can log, or refuse to start with, is in docs/operation.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEVELS = {"info", "warning", "error", "exception"}
REFUSALS = {"StartError", "PortTaken"}


def messages() -> Iterator[str]:
    """The words each message begins with, without what is filled in."""
    for file in sorted((ROOT / "portal").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _says_something(node.func):
                text = ast.unparse(node.args[0])
                pieces = re.split(r"%[.\d]*[a-z]|\{[^}]*\}|\\n", text.strip("f'\""))
                words = next((piece.strip() for piece in pieces if len(piece.split()) > 1), "")
                if words:
                    yield " ".join(words.split()[:4])


def _says_something(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id="log"), attr=level):
            return level in LEVELS
        case ast.Name(id=name):
            return name in REFUSALS
    return False


@pytest.mark.parametrize("words", sorted(set(messages())))
def test_what_to_do_about_a_message_is_documented(words: str) -> None:
    assert words in (ROOT / "docs/operation.md").read_text(encoding="utf-8")
