"""The shape of what the doctor says."""

from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "vi"]

Words: TypeAlias = dict[str, tuple[tuple[str, str], tuple[str, str]]]
"""Of a subject and what was found there: (found, advice) in English, then in Vietnamese."""
