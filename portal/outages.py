"""Says what follows when the line goes down or comes up: in the log, in the session log, and in
the names that phones are told.

While the line is down no name can be resolved, so that captive checks would fail before they
reach us. If there is a folder for it (`uplink.names_dir`), dnsmasq finds their names there, with
a time to live of 0: no phone keeps them (docs/health.md).
"""

import logging
import time
from urllib.parse import urlsplit

from portal.captive_checks import NAMES
from portal.config import Config
from portal.dns import render_outage
from portal.events import OutageBegan, OutageEnded
from portal.machine import addresses_of
from portal.session_log import SessionLog
from portal.uplink import Line

_FILE = "outage"

log = logging.getLogger("portal.uplink")


class Outages:
    """Hears of every change of the line."""

    def __init__(self, config: Config, session_log: SessionLog) -> None:
        """The names of an outage that an earlier daemon saw are taken back: it may be over."""
        self._config = config
        self._session_log = session_log
        self._tell_names("")

    def changed(self, before: Line, after: Line) -> None:
        """The line went down, or came up."""
        now = time.monotonic()
        if after.down_since is not None:
            assert after.fault is not None
            log.warning("the line is down: %s; phones are told", after.fault)
            self._session_log.append((OutageBegan(after.fault, now - after.down_since),))
            watched = [urlsplit(url).hostname or "" for url in self._config.uplink.check_urls]
            gateway = addresses_of(self._config.interfaces.phones)
            self._tell_names(render_outage(NAMES, watched, gateway))
        elif before.down_since is not None:
            seconds = now - before.down_since
            log.info("the line is up again, after %.0f s", seconds)
            self._session_log.append((OutageEnded(seconds),))
            self._tell_names("")

    def _tell_names(self, text: str) -> None:
        """Replace the file in one step; dnsmasq does not look at names that begin with a dot."""
        folder = self._config.uplink.names_dir
        if folder is None:
            return
        draft, file = folder / f".{_FILE}", folder / _FILE
        try:
            if not text and not file.exists():
                return
            draft.write_text(text, encoding="ascii")
            draft.chmod(0o644)  # dnsmasq is another user.
            draft.replace(file)
        except OSError as error:
            log.warning("captive checks cannot be answered during an outage: %s", error)
