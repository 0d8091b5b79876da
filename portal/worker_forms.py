"""What workers send: answers to polls and quizzes, faults, questions, entries of a prize draw.

Every byte is hostile. A form counts only with the token of our own pages; who sends it is told by
the packet; texts are cleaned and bounded; and each device, and all of them together, may send a
few things an hour (`portal.allowances`), so that made-up devices cannot fill the flash.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from aiohttp.web_request import BaseRequest
from aiohttp.web_response import Response

from firewall.changes import MacAddress
from portal.allowances import Allowances, Rate
from portal.asking import Asking
from portal.desk import Desk
from portal.hearing import FAULTS
from portal.replies import Replies
from portal.requests import form_of
from portal.runner import Runner
from splash import views
from splash.content_values import clean
from splash.views import Look, Said, View

_MOST_FORM_BYTES: Final = 8192
"""600 characters of Vietnamese, as forms write them, are 5,400 bytes."""
_MOST_NAME: Final = 80
_NUMBER: Final = re.compile(r"\+?[0-9]{9,13}")

Kind: TypeAlias = Literal["fault", "question", "vote", "quiz", "draw", "read"]

_RATES: Final[Mapping[Kind, tuple[Rate, Rate]]] = {
    "fault": (Rate(3, 0.5), Rate(60, 10)),
    "question": (Rate(4, 0.5), Rate(60, 10)),
    "vote": (Rate(20, 10), Rate(600, 300)),
    "quiz": (Rate(10, 5), Rate(600, 300)),
    "draw": (Rate(4, 0.5), Rate(60, 30)),
    "read": (Rate(20, 20), Rate(600, 600)),
}
"""Of one device, and of all: 300 faults in the first day, 240 in each that follows."""


class WorkerForms:
    """Answers forms. Each is asked for by the path it was sent to."""

    def __init__(self, replies: Replies, asking: Asking, desk: Desk, runner: Runner) -> None:
        self._replies = replies
        self._asking = asking
        self._desk = desk
        self._runner = runner
        self._left = {kind: Allowances(*_RATES[kind]) for kind in get_args(Kind)}

    def takes(self, path: str) -> bool:
        """Whether a form may be sent to this path."""
        match path.split("/")[1:]:
            case ["fault"] | ["ask"] | ["poll", _] | ["quiz", _]:
                return True
            case ["quiz", _, "draw"] | ["draw", "leave"] | ["a", _, "read"]:
                return True
            case _:
                return False

    async def take(self, request: BaseRequest, look: Look) -> Response:
        """Answer a form that was sent to a path that `takes` it."""
        form = await form_of(request, _MOST_FORM_BYTES)
        device = await self._asking.confirmed(request)
        if device is None:
            return self._replies.page(request, look, views.UnknownDevice(), open=False)
        token = form.get("form", "").encode()
        if not hmac.compare_digest(token, self._replies.pages.forms.encode()):
            return self._replies.redirect(request, self._form_again(request.path), look)
        match request.path.split("/")[1:]:
            case ["fault"]:
                answer = await self._fault(form, device.mac)
            case ["ask"]:
                answer = await self._ask(form, device.mac)
            case ["poll", id]:
                answer = await self._poll(id, form, device.mac)
            case ["quiz", id]:
                answer = await self._quiz(id, form, device.mac)
            case ["a", id, _]:
                answer = self._read_to_the_end(id, device.mac)
            case ["quiz", id, _]:
                answer = await self._draw(id, form, device.mac)
            case _:
                answer = await self._leave_draw(form, device.mac)
        if isinstance(answer, str):
            return self._replies.redirect(request, answer, look)
        open = self._asking.passes(device.mac)
        return self._replies.page(request, look, answer, open=open)

    def _form_again(self, path: str) -> str:
        """The page of the form, where it is ours: no part of a path is repeated unknown."""
        edition = self._replies.pages.edition
        match path.split("/")[1:]:
            case ["poll", id] if edition.poll(id) is None:
                return "/"
            case ["quiz", id, *_] if edition.quiz(id) is None:
                return "/"
            case ["a", id, _]:
                known = self._replies.pages.articles.get(id)
                return views.path_of(views.Article(id)) if known else "/"
            case _:
                return path

    def _may(self, kind: Kind, mac: MacAddress) -> bool:
        return self._left[kind].take(mac, self._runner.now())

    # Each answers with the page to show, or with the path to lead to

    async def _fault(self, form: Mapping[str, str], mac: MacAddress) -> View | str:
        kind = next((kind for kind in FAULTS if kind == form.get("kind")), None)
        text = _text(form.get("more", ""))
        if kind is None:
            return views.Fault("nothing chosen")
        if len(text) > views.MOST_FAULT_CHARACTERS:
            return views.Fault("too long")
        if not self._may("fault", mac) or not await self._desk.report_fault(kind, text):
            return views.Fault("too many")
        return views.path_of(views.FaultReported())

    async def _ask(self, form: Mapping[str, str], mac: MacAddress) -> View | str:
        text = _text(form.get("text", ""))
        if not text:
            return views.Ask("nothing written")
        if len(text) > views.MOST_QUESTION_CHARACTERS:
            return views.Ask("too long")
        if not self._may("question", mac) or not await self._desk.ask(text):
            return views.Ask("too many")
        return views.path_of(views.Asked())

    async def _poll(self, id: str, form: Mapping[str, str], mac: MacAddress) -> View | str:
        poll = self._replies.pages.edition.poll(id)
        if poll is None:
            return views.NotFound()
        options = len(poll.content.options)
        choice = _choice(form.get("choice", ""), options)
        if choice is None:
            return views.Poll(id, said="nothing chosen")
        if not self._may("vote", mac):
            return views.Poll(id, said="too many")
        result = await self._desk.vote(id, choice, mac)
        if result == "full":
            return views.Poll(id, said="too many")
        if result == "voted before":
            return views.Poll(id, await self._desk.votes_after(id, mac, options), before=True)
        return views.path_of(views.Poll(id))

    async def _quiz(self, id: str, form: Mapping[str, str], mac: MacAddress) -> View | str:
        quiz = self._replies.pages.edition.quiz(id)
        if quiz is None:
            return views.NotFound()
        choices = tuple(
            _choice(form.get(f"q{number}", ""), len(question.options))
            for number, question in enumerate(quiz.content.questions)
        )
        if all(choice is None for choice in choices):
            return views.Quiz(id, "nothing chosen")
        result = views.QuizResult(id, choices)
        if self._may("quiz", mac):  # Who does it too often may still see what was right.
            await self._desk.quiz_done(id, result.right(quiz.content))
        return views.path_of(result)

    async def _draw(self, id: str, form: Mapping[str, str], mac: MacAddress) -> View | str:
        quiz = self._replies.pages.edition.quiz(id)
        if quiz is None or not quiz.content.draw:
            return views.NotFound()
        name = " ".join(_text(form.get("name", "")).split())
        number = re.sub(r"[ .()-]", "", form.get("phone", ""))
        said: Said = ""
        if form.get("consent") != "1":
            said = "not agreed"
        elif not name or len(name) > _MOST_NAME:
            said = "no name"
        elif not _NUMBER.fullmatch(number):
            said = "no number"
        elif not self._may("draw", mac):
            said = "too many"
        if said:
            return views.Draw(id, said)
        consent = self._runner.policy.conditions
        code = await self._desk.enter_draw(id, name, number, consent)
        return views.Draw(id, "too many") if code is None else views.DrawEntered(id, code)

    def _read_to_the_end(self, id: str, mac: MacAddress) -> View | str:
        if self._replies.pages.articles.get(id) is None:
            return views.NotFound()
        if self._may("read", mac):  # Who says it too often goes on uncounted.
            self._desk.done("read", id)
        return views.path_of(views.Articles())

    async def _leave_draw(self, form: Mapping[str, str], mac: MacAddress) -> View | str:
        code = re.sub(r"\s", "", form.get("code", "")[:40]).upper()
        if not self._may("draw", mac):  # Nobody tries codes out.
            return views.LeaveDraw(deleted=False)
        return views.LeaveDraw(await self._desk.leave_draw(code))


def _choice(text: str, options: int) -> int | None:
    """The option that was chosen, counted from 0."""
    return next((n for n in range(options) if text == str(n)), None)


def _text(text: str) -> str:
    """What was typed, without what cannot be seen, and without more empty lines than one."""
    lines = (line.rstrip() for line in clean(text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
