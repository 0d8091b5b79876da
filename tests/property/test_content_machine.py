"""The content store and its releases against a small model, whatever anybody tries.

Everybody tries everything, in any order, by direct request: what buttons a page would show does not
matter here. The model knows only what a lawyer would ask for: who wrote what, who approved it, and
what phones were shown.
"""

import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from content_cache.catalogue import Catalogue
from content_cache.manifest import BundleError
from content_cache.releases import Releases
from content_cache.signing import Signer
from splash import publishing
from splash.content import Content, Notice, Words
from splash.content_store import ContentStore, NoSuchItem, Refused, Revision
from splash.publishing import CannotPublish, Press
from splash.workflow import AFTER, Actor
from tests.unit.splash.contents import NOTICE, QUIZ
from tests.unit.splash.staff import CHU, EVERYBODY, LAN, MINH, TUAN, store_in
from tests.unit.splash.test_publishing import Organisation

SIGNER = Signer(b"a key for tests, of thirty-two b")
REFUSALS = (Refused, NoSuchItem, CannotPublish)
APPROVERS = {actor.name for actor in EVERYBODY if "approver" in actor.roles}

FIXED = (
    "author, sites, at, pinned, content, (SELECT kind FROM item WHERE id = revision.item) AS kind"
)
"""What of a revision never changes."""

actors = st.sampled_from(EVERYBODY)
words = st.sampled_from(
    [NOTICE, QUIZ, Notice(Words("Hai"), Words("<p>Khác</p>")), Notice(Words("Dở"), Words(""))]
)
sites = st.sampled_from([(), ("hp-001",), ("hp-002",)])
few = st.integers(0, 3)


class BrokenReleases(Releases):
    """Releases that once cannot be made active, if `broken`: the disk has a fault."""

    broken = False

    def activate(self, number: int, public_key: str) -> None:
        if self.broken:
            self.broken = False
            raise BundleError(["the disk has a fault"])
        super().activate(number, public_key)


class Everybody(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.now = self.succeeded = 1_800_000_000.0
        self.folder = Path(tempfile.mkdtemp())
        self.releases = BrokenReleases(self.folder / "content")
        self.open(store_in(self.folder / "data"))
        self.written: dict[tuple[str, int], tuple[object, ...]] = {}
        self.approved: dict[tuple[str, int], str] = {}
        self.bytes_of: dict[int, dict[str, bytes]] = {}
        self.publish_something(NOTICE, ("hp-001",), LAN)
        self.publish_something(QUIZ, (), MINH)

    def open(self, store: ContentStore) -> None:
        self.store = store
        self.press = Press(store, self.releases, SIGNER, Organisation())

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    # What people do

    @rule(actor=actors, of=words, here=sites)
    def create(self, actor: Actor, of: Content, here: tuple[str, ...]) -> None:
        with Tried(self):
            self.seen(self.store.create(of, actor, self.now, sites=here))

    @rule(which=few, actor=actors, of=words, here=sites, late=st.booleans())
    def save(
        self, which: int, actor: Actor, of: Content, here: tuple[str, ...], late: bool
    ) -> None:
        newest = self.item(which)
        if newest is None or type(newest.content) is not type(of):
            return
        with Tried(self):
            base = newest.n - late
            kept = self.store.save(newest.item.id, of, actor, self.now, base=base, sites=here)
            assert base == newest.n
            self.seen(kept)

    @rule(which=few, back=st.integers(0, 2), action=st.sampled_from(list(AFTER)), actor=actors)
    def act(self, which: int, back: int, action: Any, actor: Actor) -> None:
        newest = self.item(which)
        if newest is None:
            return
        self.try_act(newest.item.id, max(1, newest.n - back), action, actor)

    def try_act(self, id: str, n: int, action: Any, actor: Actor) -> None:
        with Tried(self):
            if action in ("publish", "withdraw"):
                publishing.carry_out(self.press, action, id, n, actor, self.now)
            else:
                self.store.act(action, id, n, actor, self.now)
            if action == "approve":
                self.approved[id, n] = actor.name
            elif action == "return":
                self.approved.pop((id, n), None)

    @rule(of=words, here=sites, author=st.sampled_from((LAN, MINH, CHU)))
    def publish_something(self, of: Content, here: tuple[str, ...], author: Actor) -> None:
        """The usual way, so that there is something to try things with."""
        with Tried(self):
            made = self.store.create(of, author, self.now, sites=here)
            self.seen(made)
        if self.now == self.succeeded:
            for action, actor in (("submit", author), ("approve", TUAN), ("publish", TUAN)):
                self.try_act(made.item.id, 1, action, author)
                self.try_act(made.item.id, 1, action, actor)

    @rule(n=st.integers(1, 4), actor=actors)
    def roll_back(self, n: int, actor: Actor) -> None:
        with Tried(self):
            publishing.roll_back(self.press, n, actor, self.now)
            assert self.releases.active_number() == n
            assert self.shown() == self.bytes_of[n]
            assert actor.roles & {"approver", "administrator"}

    @rule(actor=actors)
    def publish_again(self, actor: Actor) -> None:
        with Tried(self):
            publishing.publish(self.press, self.now, actor.name)

    # What happens

    @rule()
    def disk_breaks(self) -> None:
        self.releases.broken = True

    @rule()
    def power_cut(self) -> None:
        """All of SQLite that is not on the disk is gone."""
        after = self.folder / "after"
        shutil.copytree(self.folder / "data", after)
        self.store.close()
        shutil.rmtree(self.folder / "data")
        after.rename(self.folder / "data")
        self.open(ContentStore(self.folder / "data" / "content.db"))

    # What holds

    @invariant()
    def what_is_live_was_approved_by_an_approver_who_did_not_write_it(self) -> None:
        for live in self.store.live():
            revision = live.revision
            by = self.approved[revision.item.id, revision.n]
            assert by == revision.approved_by
            assert by in APPROVERS
            assert by != revision.author
            assert revision.complete
            assert revision.state == "live"

    @invariant()
    def no_revision_ever_changes(self) -> None:
        with self.store.transaction() as db:
            rows = db.execute(f"SELECT item, n, {FIXED} FROM revision").fetchall()
        assert {(row[0], row[1]): tuple(row)[2:] for row in rows} == self.written

    @invariant()
    def a_house_owner_writes_nothing_but_notices_of_his_house(self) -> None:
        for author, here, *_, kind in self.written.values():
            assert author not in ("chu", "nobody") or (
                (author, kind, here) == ("chu", "notice", '["hp-001"]')
            )

    @invariant()
    def phones_see_what_is_live(self) -> None:
        active = self.releases.active()
        live = {(one.revision.item.id, one.revision.n) for one in self.store.live()}
        if active is None:
            assert live == set()
            return
        assert self.releases.verify(active.number, SIGNER.public_key) == []
        with closing(Catalogue(active.index)) as catalogue:
            found = {
                (item.id, item.revision)
                for id, _ in {*self.written, *live}
                for site in ("hp-001", "hp-002")
                if (item := catalogue.get(id, site, self.now)) is not None
            }
        assert found == live

    @invariant()
    def a_release_has_the_same_bytes_for_ever(self) -> None:
        number = self.releases.active_number()
        if number is None:
            return
        assert self.bytes_of.setdefault(number, self.shown()) == self.shown()

    def item(self, which: int) -> Revision | None:
        items = self.store.items()
        return items[which % len(items)].newest if items else None

    def seen(self, revision: Revision) -> None:
        id, n = revision.item.id, revision.n
        with self.store.transaction() as db:
            row = db.execute(f"SELECT {FIXED} FROM revision WHERE item = ? AND n = ?", (id, n))
            self.written.setdefault((id, n), tuple(row.fetchone()))

    def shown(self) -> dict[str, bytes]:
        active = self.releases.active()
        assert active is not None
        files = {name: self.releases.file(name).read_bytes() for name in active.manifest.files}
        return files | {"bundle.json": self.releases.signed(active.number)}


class Tried:
    """Something somebody tries: a refusal changes nothing."""

    def __init__(self, machine: Everybody) -> None:
        self.machine = machine
        machine.now += 1

    def state(self) -> object:
        with self.machine.store.transaction() as db:
            rows = [
                tuple(row)
                for table in ("item", "revision", "live", "release", "audit")
                for row in db.execute(f"SELECT * FROM {table}")
            ]
        return rows, self.machine.releases.active_number()

    def __enter__(self) -> None:
        self.before = self.state()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if kind is None:
            self.machine.succeeded = self.machine.now
            self.machine.a_release_has_the_same_bytes_for_ever()
            return False
        if not issubclass(kind, (*REFUSALS, BundleError)):
            return False
        assert self.state() == self.before
        return True


@pytest.mark.slow
def test_whatever_anybody_tries_only_what_was_approved_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # No power cut of ours is a real one.
    quick = settings(
        max_examples=max(12, settings.default.max_examples // 8),
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Everybody, settings=quick)  # type: ignore[no-untyped-call]
