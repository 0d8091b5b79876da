"""What `portal content ...` does: the work of staff, for who has a shell.

It opens the store of the staff site beside it; both may work at once. Nothing is approved here:
what is imported is a draft. `portal.content_commands` has the options.
"""

import argparse
import getpass
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date, datetime
from typing import Any, Final

from content_cache.manifest import BundleError
from portal.config import Config, load
from portal.content_desk import ContentError, foreign, open_press, trusted_key
from portal.machine import become_owner_of
from portal.tables import table
from splash import content_import, publishing
from splash.content import ContentProblems, kind_of
from splash.content_import import Imported, ImportProblems
from splash.content_records import Summary
from splash.content_store import BrokenContent, ContentStore, NoSuchItem, Refused
from splash.publishing import Press
from splash.workflow import Actor, Role

FAILED: Final = 1

_MAY: Final = frozenset[Role](("author", "administrator"))
"""What a person at the shell may do besides publishing what others approved."""


def list_items(options: argparse.Namespace) -> None:
    """List items or releases."""
    with _press(options) as (_, press):
        if options.releases:
            rows = _releases(press)
        else:
            today = date.today()
            found = press.store.items(kind=options.kind)
            rows = [_row(one, today) for one in found if not options.overdue or one.overdue(today)]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        print("nothing has been released" if options.releases else "there is no such item")
    else:
        print(table(rows))


def import_files(options: argparse.Namespace) -> None:
    """Make drafts; of all files, or of none."""
    paths = [*options.paths, *(content_import.SAMPLES if options.samples else ())]
    if not paths:
        raise ContentError("give files or folders to import, or --samples for what is shipped")
    with _told("nothing was imported"):
        found = content_import.read(paths)
    actor = Actor(_who(options), _MAY)
    with (
        _press(options) as (_, press),
        _told("nothing was imported"),
        press.store.transaction(),
    ):
        # Printed when all is written.
        lines = [_keep(press.store, one, actor) for one in found]
    print("\n".join(lines))


def publish(options: argparse.Namespace) -> None:
    """Release what is live."""
    with _press(options, publishes=True) as (config, press):
        with _told("nothing was published"):
            release = publishing.publish(press, time.time(), _who(options), options.note)
        print(f"release {release.n} is shown, with {_items(len(release.what))}")
        if away := publishing.left_out(press, release.n):
            most = f"{config.content.max_mb} MB ([content] max_mb)"
            print(f"{_items(len(away))} of these did not fit into {most}: {', '.join(away)}")
        if options.to is not None:
            with _told(f"{options.to} was left as it is"):
                number = publishing.publish_to(press, options.to, time.time(), _who(options))
            print(f"{options.to} has release {number}; copy it to the web space, bundle.json last")


def roll_back(options: argparse.Namespace) -> None:
    """Show an earlier release."""
    actor = Actor(_who(options), _MAY)
    with _press(options, publishes=True) as (_, press), _told("nothing was changed"):
        release = publishing.roll_back(press, options.release, actor, time.time(), options.note)
        print(f"release {release.n} is shown again, with {_items(len(release.what))}")


def verify(options: argparse.Namespace) -> int:
    """Check releases; 1 if any has a fault."""
    with _press(options) as (config, press):
        believed = trusted_key(config, press.signer.public_key)
        if options.folder is not None:
            checked = {str(options.folder): publishing.folder_problems(options.folder, believed)}
        else:
            active = press.releases.active_number()
            checked = {
                f"release {n}{', shown' if n == active else ''}": press.releases.verify(n, believed)
                for n in press.releases.numbers()
            }
    if not checked:
        print("there is no release yet")
    for what, problems in checked.items():
        print(f"{what}: {'good' if not problems else 'not to be used'}")
        for problem in problems:
            print(f"  {problem}")
    return FAILED if any(checked.values()) else 0


def key(options: argparse.Namespace) -> None:
    """Print the public key."""
    with _press(options) as (_, press):
        print(press.signer.public_key)


def mirror(options: argparse.Namespace) -> int:
    """Copy websites; 1 if one gave nothing."""
    try:
        from portal import mirror_work
    except ModuleNotFoundError as error:
        where = "install union-portal[publish] on the machine that publishes"
        raise ContentError(f"this needs {error.name}; {where}") from None
    if options.tries is not None:
        return mirror_work.try_out(load(options.config), options)
    with (
        _press(options, publishes=options.publish) as (config, press),
        _told("nothing was published"),
    ):
        return mirror_work.mirror(config, press, options)


def _keep(store: ContentStore, one: Imported, actor: Actor) -> str:
    """Make a draft of one file; a new revision if there is such an item, unless it is the same."""
    now = time.time()
    try:
        newest = store.revision(one.id)
    except NoSuchItem:
        kept = store.create(one.content, actor, now, id=one.id)
    else:
        if newest.item.kind != kind_of(one.content):
            taken = f"there is an item of kind {newest.item.kind} called so"
            raise ImportProblems([f"{one.file}: id = {one.id}: {taken}"])
        if newest.content == one.content:
            return f"{one.id}: as it was, revision {newest.n}"
        envelope = newest.item
        kept = store.save(
            one.id,
            one.content,
            actor,
            now,
            base=newest.n,
            sites=envelope.sites,
            pinned=envelope.pinned,
        )
    lacks = "".join(f"\n  still to do: {problem.field}: {problem.en}" for problem in one.unfinished)
    return f"{one.id}: draft, revision {kept.n}{lacks}"


def _row(one: Summary, today: date) -> dict[str, Any]:
    newest = one.newest
    return {
        "id": newest.item.id,
        "kind": newest.item.kind,
        "state": newest.state,
        "revision": newest.n,
        "live": one.live.revision.n if one.live else None,
        "author": newest.author,
        "sites": list(newest.item.sites) or None,
        "review": "overdue" if one.overdue(today) else None,
        "title": one.title.vi or one.title.en,
    }


def _releases(press: Press) -> list[dict[str, Any]]:
    active = press.releases.active_number()
    there = set(press.releases.numbers())
    return [
        {
            "release": one.n,
            "made": datetime.fromtimestamp(one.made).isoformat(" ", "minutes"),
            "by": one.made_by,
            "items": len(one.what),
            "state": "shown" if one.n == active else "kept" if one.n in there else "gone",
            "note": one.note or None,
        }
        for one in press.store.releases()
    ]


def _items(count: int) -> str:
    return f"{count} item{'s' if count != 1 else ''}"


def _who(options: argparse.Namespace) -> str:
    return options.by or getpass.getuser()


@contextmanager
def _press(
    options: argparse.Namespace, *, publishes: bool = False
) -> Iterator[tuple[Config, Press]]:
    config = load(options.config)
    become_owner_of(config.storage.data_dir)
    press = open_press(config)
    with closing(press.store):
        if publishes and (why := foreign(config, press.signer.public_key)):
            raise ContentError(why)
        yield config, press


@contextmanager
def _told(what_then: str) -> Iterator[None]:
    """Words for people in place of an error, and what it left."""
    try:
        yield
    except (BundleError, ImportProblems, ContentProblems) as error:
        lines = [str(one) for one in error.problems]
        if isinstance(error, ContentProblems):
            lines = [f"{problem.field}: {problem.en}" for problem in error.problems]
        count = f"{len(lines)} problem{'s' if len(lines) != 1 else ''}"
        raise ContentError("\n  ".join([f"{what_then}; {count}", *lines])) from None
    except Refused as error:
        raise ContentError(f"{what_then}; {error}") from None
    except NoSuchItem as error:
        raise ContentError(f"{what_then}; there is no {error}") from None
    except BrokenContent as error:
        raise ContentError(f"{what_then}; {error}") from None
    except OSError as error:
        raise ContentError(f"{what_then}; {error.filename}: {error.strerror}") from None


DOES: Final[Mapping[str, Callable[[argparse.Namespace], int | None]]] = {
    "list": list_items,
    "import": import_files,
    "publish": publish,
    "rollback": roll_back,
    "verify": verify,
    "key": key,
    "mirror": mirror,
}
