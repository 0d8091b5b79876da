"""Shows what the library has: pages, the token of their form, and what a tap agrees to, at once.

Turns that run go on; the next tap agrees to the new conditions. Content that cannot be drawn is
left out as a whole: nobody loses the network over a text.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from portal.conditions import conditions_of
from portal.config import Config
from portal.desk import Desk
from portal.house import house_of
from portal.library import Library, Shelf
from portal.replies import Replies
from portal.runner import Runner
from portal.session_log import Unreadable
from portal.user_portal import UserPortal, form_token, forms_token
from splash.pages import Pages

_LOOK_SECONDS: Final = 1.0

log = logging.getLogger("portal.content")


@dataclass(frozen=True, slots=True)
class Shown:
    """What is on the phones' screens, and what they agree to by a tap."""

    shelf: Shelf
    pages: Pages
    conditions: str


class Showing:
    """What is shown now (`now`); `keep` keeps it current."""

    def __init__(
        self,
        config: Config,
        library: Library,
        secret: Callable[[str], str],
        wall: Callable[[], float | None],
    ) -> None:
        """Raises:
        TextsError, ArticlesError: what is shipped cannot be used.
        """
        self._config = config
        self._library = library
        self._secret = secret
        self._wall = wall
        self._marks_dropped = False
        samples = library.samples()
        self.now = Shown(
            samples,
            Pages(
                house_of(config),
                self._token(conditions_of(config)),
                samples.articles,
                forms=forms_token(secret),
            ),
            conditions_of(config),
        )
        self.look()

    def look(self) -> bool:
        """Take over what the library has; whether that is anything else than before."""
        shelf = self._library.look()
        if shelf is None:
            return False
        conditions = conditions_of(self._config, shelf.edition)
        token = self._token(conditions)
        try:
            pages = self.now.pages.showing(token, shelf.articles, shelf.edition)
        except Exception:  # A bug of ours in drawing it: the network must not end with it.
            log.exception("the content cannot be drawn; what was shown stays")
            shelf.close()
            return False
        self.now.shelf.close()
        self.now = Shown(shelf, pages, conditions)
        self._marks_dropped = False
        return True

    async def keep(self, replies: Replies, portal: UserPortal, runner: Runner, desk: Desk) -> None:
        """Show whatever the library has, from the second on in which it has it; until cancelled."""
        while True:
            await self.step(replies, portal, runner, desk)
            await asyncio.sleep(_LOOK_SECONDS)

    async def step(self, replies: Replies, portal: UserPortal, runner: Runner, desk: Desk) -> None:
        """Look once, and show what is new."""
        if self.look():
            self._replace(replies, portal, runner)
        await self._close_polls(desk)

    def _replace(self, replies: Replies, portal: UserPortal, runner: Runner) -> None:
        replies.pages = self.now.pages
        portal.show(self.now.shelf)
        if self.now.conditions != runner.policy.conditions:
            log.info("people agree to conditions %s from now on", self.now.conditions)
            runner.policy = replace(runner.policy, conditions=self.now.conditions)

    async def _close_polls(self, desk: Desk) -> None:
        """Drop the marks of polls that are over, by a clock that is set: one that guesses might
        close a poll that is not."""
        if not self._marks_dropped and self._wall() is not None:
            with suppress(Unreadable):  # The desk has said it, once.
                await desk.close_polls({poll.id for poll in self.now.shelf.edition.polls})
                self._marks_dropped = True

    def _token(self, conditions: str) -> str:
        return form_token(self._secret, conditions)
