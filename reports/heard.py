"""What answers.db says of each day: what workers reported, asked, read and chose."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

import sqlite_utils

from portal import hearing
from reports.facts import Period, Poll, day_of_number
from reports.tally import DAY, Days, Tally

_DEEDS: Final[Mapping[hearing.Deed, str]] = {"read": "reads", "website": "clicks", "vote": "votes"}
"""Which number of a day each is."""


def heard(db: sqlite_utils.Database, period: Period, days: Days, undated: Counter[str]) -> None:
    """Add to `days`; how many rows belong to no day goes into `undated`."""

    def by_day(question: str, keep: Callable[..., None], kind: str) -> None:
        for day, *what in db.execute(question):
            if day is None or day == "":
                undated[kind] += what[-1]
                continue
            on = day_of_number(day) if isinstance(day, int) else date.fromisoformat(day)
            if on in period:
                keep(days[on], *what)

    def fault(tally: Tally, kind: str, n: int) -> None:
        tally.faults[kind] = n

    def view(tally: Tally, item: str, n: int) -> None:
        tally.views[item] = n

    def deed(tally: Tally, what: hearing.Deed, of: str, n: int) -> None:
        getattr(tally, _DEEDS[what])[of] = n

    def score(tally: Tally, quiz: str, right: int, n: int) -> None:
        tally.scores[quiz, right] = n

    def adder(name: str) -> Callable[[Tally, int], None]:
        return lambda tally, n: setattr(tally, name, getattr(tally, name) + n)

    at, done = DAY.replace("t +", "at +"), DAY.replace("t +", "done_at +")
    by_day(f"SELECT {at}, kind, count(*) FROM fault GROUP BY 1, 2", fault, "faults")
    by_day(f"SELECT {at}, count(*) FROM question GROUP BY 1", adder("questions"), "questions")
    finished = "SELECT {}, count(*) FROM {} WHERE done_at IS NOT NULL {} GROUP BY 1"
    by_day(finished.format(done, "fault", ""), adder("faults_done"), "faults")
    by_day(
        finished.format(done, "question", "AND answer IS NOT NULL"), adder("answered"), "questions"
    )
    by_day("SELECT day, item, sum(n) FROM view GROUP BY 1, 2", view, "views")
    by_day("SELECT day, what, of, sum(n) FROM deed GROUP BY 1, 2, 3", deed, "deeds")
    by_day("SELECT day, quiz, score, sum(n) FROM quiz_result GROUP BY 1, 2, 3", score, "scores")


def polls(db: sqlite_utils.Database) -> dict[str, Poll]:
    """The votes of each poll, as far as they are kept."""
    votes: dict[str, dict[int, int]] = {}
    for poll, choice, n in db.execute(
        "SELECT poll, choice, sum(n) FROM (SELECT poll, choice, n FROM tally UNION ALL"
        " SELECT poll, choice, count(*) FROM vote GROUP BY poll, choice) GROUP BY poll, choice"
    ):
        votes.setdefault(poll, {})[choice] = n
    return {
        poll: Poll(tuple(chosen.get(n, 0) for n in range(max(chosen) + 1)))
        for poll, chosen in votes.items()
    }
