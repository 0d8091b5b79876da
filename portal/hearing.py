"""What workers say, and how staff read and answer it: the SQLite file answers.db.

Faults, questions, votes, quiz scores, entries of a prize draw, and how often each page was read.
The daemon writes what phones send; the staff site reads and answers. Both may have the file open.
Synchronous; the schema is in `portal.answers_schema`.

Nothing here names a device but the mark of a vote: HMAC-SHA256 of the MAC address under a secret
of that poll alone. It keeps a device from voting twice, and goes with the secret when the poll
closes. Every table has a bounded number of rows: made-up devices cannot fill the disk.

Days are those of the site, as `2026-11-22`; times are Unix seconds. Where nobody had set the
clock, a time is None and a day is empty.
"""

import hmac
import secrets
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from content_cache.sqlite_files import (
    COPY_SECONDS,
    bring_up,
    choose_journal,
    damage_told,
    drop_copies,
    empty_journal,
    leave_nothing,
    transaction,
)
from firewall.changes import MacAddress
from splash.views import DRAW_DAYS, PRIZE_DAYS

SCHEMA_VERSION: Final = 2

FaultKind: TypeAlias = Literal["no-internet", "slow", "drops", "no-page", "other"]
FAULTS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

MOST_FAULTS: Final = 1000
MOST_QUESTIONS: Final = 1000
MOST_VOTES: Final = 5000
"""Of one poll."""
MOST_POLLS: Final = 200
"""With a tally; then the oldest goes."""
MOST_DRAW_ENTRIES: Final = 2000
MOST_COUNTS: Final = 50_000
"""Rows of views and of quiz scores each."""

OPEN_DAYS: Final = 365
"""A fault or question that nobody dealt with is forgotten after so long."""
COUNT_DAYS: Final = 1100
"""Views and scores are kept for three years."""

_CODE_LETTERS: Final = "ACDEFHJKMNPRTUVWXY34679"  # No two that look or sound alike.
_CODE_LENGTH: Final = 8
_MARK_BYTES: Final = 16
_DAY_SECONDS: Final = 86400.0

Deed: TypeAlias = Literal["read", "website", "vote"]
"""Things that are counted by day and nothing else: an article was read to its end (which one),
the federation's website was opened (from which page), a poll was answered (which one)."""

VoteResult: TypeAlias = Literal["counted", "voted before", "full"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Somebody said that the network does not work."""

    id: int
    kind: FaultKind
    text: str
    at: float | None
    done_at: float | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody asked the union."""

    id: int
    text: str
    at: float | None
    done_at: float | None
    answer: str | None
    """None while there is none, or for ever if it was put aside."""
    shown: str | None
    """The question as everybody may read it beside the answer; None: it is not shown."""
    answered_by: str | None


@dataclass(frozen=True, slots=True)
class DrawEntry:
    """Somebody wants to win a prize, and agreed to be called."""

    id: int
    quiz: str
    name: str
    phone: str
    code: str
    consent: str
    at: float | None
    delete_by: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """How often a quiz was done on a day with this many right answers."""

    quiz: str
    day: str
    score: int
    n: int


@dataclass(frozen=True, slots=True)
class Views:
    """How often an item was shown on a day."""

    item: str
    day: str
    n: int


class Hearing:
    """One open answers.db.

    Every method raises sqlite3.Error when the file cannot be used, and BrokenStore when it is
    damaged; nothing is half written. For one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at `path`, made or migrated where needed.

        Raises:
            BrokenStore: the file is damaged.
            sqlite3.Error, OSError: it cannot be opened or made.
        """
        self._path = path
        with damage_told():
            bring_up(path, "portal.answers_schema", SCHEMA_VERSION)
            self._db = sqlite3.connect(path, timeout=5, check_same_thread=False)
            self._db.isolation_level = None
            choose_journal(self._db)

    def close(self) -> None:
        self._db.close()

    # What phones say

    def report_fault(self, kind: FaultKind, text: str, at: float | None) -> bool:
        """Keep a report; False if there are too many already."""
        with transaction(self._db):
            if self._count("fault") >= MOST_FAULTS:
                return False
            self._db.execute(
                "INSERT INTO fault (kind, text, at) VALUES (?, ?, ?)", (kind, text, at)
            )
        return True

    def ask(self, text: str, at: float | None) -> bool:
        """Keep a question; False if there are too many already."""
        with transaction(self._db):
            if self._count("question") >= MOST_QUESTIONS:
                return False
            self._db.execute("INSERT INTO question (text, at) VALUES (?, ?)", (text, at))
        return True

    def vote(self, poll: str, choice: int, mac: MacAddress) -> VoteResult:
        """Count the device's answer, if it is its first."""
        with transaction(self._db):
            known = self._secret(poll)
            secret = known or secrets.token_bytes(32)
            if self._count("vote", "poll = ?", poll) >= MOST_VOTES:
                return "full"
            if known is None:
                self._db.execute("INSERT INTO poll_secret VALUES (?, ?)", (poll, secret))
            done = self._db.execute(
                "INSERT OR IGNORE INTO vote (poll, mark, choice) VALUES (?, ?, ?)",
                (poll, _mark(secret, mac), choice),
            )
            return "counted" if done.rowcount else "voted before"

    def has_voted(self, poll: str, mac: MacAddress) -> bool:
        """Whether the device has answered this poll, as long as it is open."""
        with damage_told():
            secret = self._secret(poll)
            return secret is not None and bool(
                self._count("vote", "poll = ? AND mark = ?", poll, _mark(secret, mac))
            )

    def take_back_votes(self, mac: MacAddress) -> None:
        """Forget what the device answered in every poll that is open."""
        with transaction(self._db):
            secrets = self._db.execute("SELECT poll, secret FROM poll_secret").fetchall()
            done = self._db.executemany(
                "DELETE FROM vote WHERE poll = ? AND mark = ?",
                [(poll, _mark(secret, mac)) for poll, secret in secrets],
            ).rowcount
        if done > 0:
            leave_nothing(self._db)

    def quiz_done(self, quiz: str, score: int, day: str) -> None:
        """Count a quiz that somebody finished."""
        with transaction(self._db):
            if self._count("quiz_result") < MOST_COUNTS:
                self._db.execute(
                    "INSERT INTO quiz_result (quiz, day, score, n) VALUES (?, ?, ?, 1)"
                    " ON CONFLICT DO UPDATE SET n = n + 1",
                    (quiz, day, score),
                )

    def enter_draw(
        self, quiz: str, name: str, phone: str, consent: str, at: float | None
    ) -> str | None:
        """Keep an entry; the code to take it back, or None if there are too many already.

        A number enters once, and its first entry stands: whoever knows it could otherwise change
        or take back what its owner sent. He is not told that it is there: the code leads nowhere.
        """
        code = "".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_LENGTH))
        delete_by = None if at is None else at + DRAW_DAYS * _DAY_SECONDS
        with transaction(self._db):
            known = self._count("draw_entry", "quiz = ? AND phone = ?", quiz, phone)
            if not known and self._count("draw_entry") >= MOST_DRAW_ENTRIES:
                return None
            self._db.execute(
                "INSERT INTO draw_entry (quiz, name, phone, code, consent, at, delete_by)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (quiz, phone) DO NOTHING",
                (quiz, name, phone, code, consent, at, delete_by),
            )
        return code

    def leave_draw(self, code: str) -> bool:
        """Delete the entry with this code; False if there is none."""
        return self._delete_entries("code = ?", code)

    def add_views(self, counted: Mapping[tuple[str, str], int]) -> None:
        """Add how often each (item, day) was shown."""
        with transaction(self._db):
            room = MOST_COUNTS - self._count("view")
            self._db.executemany(
                "INSERT INTO view (item, day, n) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET n = n + excluded.n",
                [(item, day, n) for (item, day), n in list(counted.items())[: max(0, room)]],
            )

    def add_deeds(self, counted: Mapping[tuple[Deed, str, str], int]) -> None:
        """Add how often each (deed, of what, day) was done."""
        with transaction(self._db):
            room = MOST_COUNTS - self._count("deed")
            self._db.executemany(
                "INSERT INTO deed (what, of, day, n) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET n = n + excluded.n",
                [(*key, n) for key, n in list(counted.items())[: max(0, room)]],
            )

    def public_answers(self, most: int) -> list[Question]:
        """What staff have answered for everybody to read, the newest first."""
        return self.questions("shown IS NOT NULL AND answer IS NOT NULL", most)

    # Keeping promises

    def close_polls(self, still_open: Collection[str]) -> None:
        """Forget which device answered what in every other poll; the totals stay."""
        with transaction(self._db):
            known = [poll for (poll,) in self._db.execute("SELECT poll FROM poll_secret")]
            closed = [(poll,) for poll in known if poll not in still_open]
            for poll in closed:
                self._db.execute(
                    "INSERT INTO tally SELECT poll, choice, count(*) FROM vote WHERE poll = ?"
                    " GROUP BY choice ON CONFLICT DO UPDATE SET n = n + excluded.n",
                    poll,
                )
            self._db.executemany("DELETE FROM vote WHERE poll = ?", closed)
            self._db.executemany("DELETE FROM poll_secret WHERE poll = ?", closed)
            self._db.execute(
                "DELETE FROM tally WHERE poll NOT IN"
                " (SELECT poll FROM tally GROUP BY poll ORDER BY max(rowid) DESC LIMIT ?)",
                (MOST_POLLS,),
            )
        if closed:
            leave_nothing(self._db)

    def forget(self, now: float, today: str, keep_days: int) -> None:
        """Delete what has been kept for as long as people were told.

        `now` is the time by a clock that is set, and `today` its day. What came before it was
        set is taken to have come now.
        """
        before = self._db.total_changes
        dealt_with = now - keep_days * _DAY_SECONDS
        open_since = now - OPEN_DAYS * _DAY_SECONDS
        with transaction(self._db):
            for table in ("fault", "question", "draw_entry"):
                self._db.execute(f"UPDATE {table} SET at = ? WHERE at IS NULL", (now,))
            self._db.execute(
                "UPDATE draw_entry SET delete_by = at + ? WHERE delete_by IS NULL",
                (DRAW_DAYS * _DAY_SECONDS,),
            )
            self._db.execute("DELETE FROM draw_entry WHERE delete_by < ?", (now,))
            self._db.execute(
                "DELETE FROM fault WHERE done_at < ? OR done_at IS NULL AND at < ?",
                (dealt_with, open_since),
            )
            self._db.execute(
                "DELETE FROM question WHERE shown IS NULL"
                " AND (done_at < ? OR done_at IS NULL AND at < ?)",
                (dealt_with, open_since),
            )
            for table, rest in (
                ("view", "item, {}, n"),
                ("quiz_result", "quiz, {}, score, n"),
                ("deed", "what, of, {}, n"),
            ):
                self._db.execute(
                    f"INSERT INTO {table} SELECT {rest.format('?')} FROM {table} WHERE day = ''"
                    " ON CONFLICT DO UPDATE SET n = n + excluded.n",
                    (today,),
                )
                self._db.execute(f"DELETE FROM {table} WHERE day = ''")
                self._db.execute(
                    f"DELETE FROM {table} WHERE day < date(?, ?)", (today, f"-{COUNT_DAYS} days")
                )
        if self._db.total_changes > before:
            empty_journal(self._db)
        drop_copies(self._path, COPY_SECONDS)

    # What staff read and answer

    def faults(self, *, open_only: bool = False) -> list[Fault]:
        """Reports, the newest first."""
        which = "WHERE done_at IS NULL" if open_only else ""
        return [
            Fault(*row)
            for row in self._rows(
                f"SELECT id, kind, text, at, done_at, note FROM fault {which} ORDER BY id DESC"
            )
        ]

    def fault_done(self, id: int, note: str, now: float) -> bool:
        """A fault is mended, or was none; False if there is no such report."""
        return self._change("UPDATE fault SET done_at = ?, note = ? WHERE id = ?", now, note, id)

    def questions(self, which: str = "1", most: int = MOST_QUESTIONS) -> list[Question]:
        """Questions for which the SQL condition `which` holds, the newest first."""
        return [
            Question(*row)
            for row in self._rows(
                "SELECT id, text, at, done_at, answer, shown, answered_by FROM question"
                f" WHERE {which} ORDER BY coalesce(done_at, at) DESC, id DESC LIMIT ?",
                most,
            )
        ]

    def open_questions(self) -> list[Question]:
        return self.questions("done_at IS NULL")

    def answer(self, id: int, text: str, by: str, now: float, *, shown: str | None = None) -> bool:
        """Answer a question, or change the answer.

        `shown` is the question as everybody may read it, without names; None keeps both from the
        pages. False if there is no such question.
        """
        return self._change(
            "UPDATE question SET answer = ?, answered_by = ?, done_at = ?, shown = ? WHERE id = ?",
            *(text, by, now, shown, id),
        )

    def put_aside(self, id: int, by: str, now: float) -> bool:
        """Deal with a question without an answer, and take it off the pages."""
        return self._change(
            "UPDATE question SET answer = NULL, shown = NULL, answered_by = ?, done_at = ?"
            " WHERE id = ?",
            *(by, now, id),
        )

    def delete_question(self, id: int) -> bool:
        """Delete a question for good: it holds a name, or is an insult."""
        done = self._change("DELETE FROM question WHERE id = ?", id)
        leave_nothing(self._db)
        return done

    def votes(self, poll: str) -> dict[int, int]:
        """How many devices chose each option (counted from 0), open or closed."""
        return dict(
            self._rows(
                "SELECT choice, sum(n) FROM (SELECT choice, n FROM tally WHERE poll = ?1 UNION ALL"
                " SELECT choice, count(*) FROM vote WHERE poll = ?1 GROUP BY choice)"
                " GROUP BY choice ORDER BY choice",
                poll,
            )
        )

    def quiz_scores(self, quiz: str | None = None, since: str = "") -> list[Score]:
        """Scores of one quiz or of all, from the day `since` on, by day and score."""
        return [
            Score(*row)
            for row in self._rows(
                "SELECT quiz, day, score, n FROM quiz_result WHERE (?1 IS NULL OR quiz = ?1)"
                " AND day >= ?2 ORDER BY quiz, day, score",
                *(quiz, since),
            )
        ]

    def views(self, since: str = "") -> list[Views]:
        """How often each item was shown, from the day `since` on, by day and item."""
        return [
            Views(*row)
            for row in self._rows(
                "SELECT item, day, n FROM view WHERE day >= ? ORDER BY day, item", since
            )
        ]

    def deeds(self, what: Deed, since: str = "") -> dict[str, int]:
        """How often it was done from the day `since` on, by what it was done with."""
        return dict(
            self._rows(
                "SELECT of, sum(n) FROM deed WHERE what = ? AND day >= ? GROUP BY of ORDER BY of",
                *(what, since),
            )
        )

    def draw_entries(self, quiz: str) -> list[DrawEntry]:
        """Who takes part in the draw of a quiz, in the order they came."""
        return [
            DrawEntry(*row)
            for row in self._rows(
                "SELECT id, quiz, name, phone, code, consent, at, delete_by FROM draw_entry"
                " WHERE quiz = ? ORDER BY id",
                quiz,
            )
        ]

    def prizes_given(self, quiz: str, now: float) -> None:
        """From now on the entries of this quiz are kept `PRIZE_DAYS`, and no longer."""
        self._change(
            "UPDATE draw_entry SET delete_by = min(coalesce(delete_by, ?1), ?1) WHERE quiz = ?2",
            *(now + PRIZE_DAYS * _DAY_SECONDS, quiz),
        )

    def delete_draw_entry(self, id: int) -> bool:
        """Delete an entry because its owner asked for it; False if there is none."""
        return self._delete_entries("id = ?", id)

    def _delete_entries(self, which: str, *values: object) -> bool:
        done = self._change(f"DELETE FROM draw_entry WHERE {which}", *values)
        if done:
            leave_nothing(self._db)
        return done

    def _secret(self, poll: str) -> bytes | None:
        row = self._db.execute("SELECT secret FROM poll_secret WHERE poll = ?", (poll,)).fetchone()
        return None if row is None else bytes(row[0])

    def _count(self, table: str, which: str = "1", *values: object) -> int:
        row = self._db.execute(f"SELECT count(*) FROM {table} WHERE {which}", values).fetchone()
        return int(row[0])

    def _rows(self, question: str, *values: object) -> Sequence[tuple]:  # type: ignore[type-arg]
        with damage_told():
            return self._db.execute(question, values).fetchall()

    def _change(self, order: str, *values: object) -> bool:
        with transaction(self._db):
            return self._db.execute(order, values).rowcount > 0


def _mark(secret: bytes, mac: MacAddress) -> bytes:
    return hmac.digest(secret, mac.encode(), "sha256")[:_MARK_BYTES]
