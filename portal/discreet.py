"""Keeps devices' addresses out of the daemon's log.

A traceback shows whatever failed, and a library quotes what it was given: either may hold the
MAC address of a phone. It is masked where lines are made, so that no message has to think of it.
"""

import logging
import re

_MAC = re.compile(r"(?<![\w:-])[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}(?![\w:-])")

MASKED = "(device)"


class DiscreetFormatter(logging.Formatter):
    """Masks MAC addresses, in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return _MAC.sub(MASKED, super().format(record))
