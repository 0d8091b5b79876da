"""What workers said: reports that the network fails, and questions to the union.

Nobody knows who sent them; an answer reaches its reader by being shown to all. An author's answer
waits for somebody who approves; whoever approves may answer and show it in one step.
"""

from typing import Final

from aiohttp import web

from portal.hearing import Question
from portal.staff.site import Route, StaffSite, Visit
from portal.staff.words import Said
from splash.workflow import Role

_STAFF: Final[frozenset[Role]] = frozenset(("author", "approver", "administrator"))
_DECIDES: Final[frozenset[Role]] = frozenset(("approver", "administrator"))

_MOST_NOTE: Final = 500
_MOST_ANSWER: Final = 3000
_MOST_SHOWN: Final = 1000
"""Characters."""
_MOST_DONE: Final = 50
"""Of those dealt with, how many are listed."""

KINDS: Final = {
    "no-internet": Said("Không vào được mạng", "No Internet"),
    "slow": Said("Mạng chậm", "Slow"),
    "drops": Said("Hay bị ngắt", "Drops again and again"),
    "no-page": Said("Không hiện trang đăng nhập", "No sign-in page"),
    "other": Said("Việc khác", "Something else"),
}

GONE: Final = Said("Mục này không còn nữa.", "This is not there any more.")


def routes(site: StaffSite) -> list[Route]:
    pages = _Voices(site)
    return [
        Route("GET", "/voices", pages.faults, _STAFF),
        Route("POST", "/voices/faults/{id:[0-9]+}/done", pages.fault_done, _STAFF),
        Route("GET", "/voices/questions", pages.questions, _STAFF),
        Route("POST", "/voices/questions/{id:[0-9]+}/answer", pages.answer, _STAFF),
        Route("POST", "/voices/questions/{id:[0-9]+}/aside", pages.aside, _STAFF),
        Route("POST", "/voices/questions/{id:[0-9]+}/delete", pages.delete, _DECIDES),
    ]


class _Voices:
    def __init__(self, site: StaffSite) -> None:
        self._site = site

    async def faults(self, visit: Visit) -> web.StreamResponse:
        found = await self._site.do(self._site.hearing.faults)
        done = sorted(
            (fault for fault in found if fault.done_at is not None),
            key=lambda fault: fault.done_at or 0,
            reverse=True,
        )
        return visit.page(
            "voices_faults.html",
            waiting=[fault for fault in found if fault.done_at is None],
            done=done[:_MOST_DONE],
            kinds=KINDS,
        )

    async def fault_done(self, visit: Visit) -> web.StreamResponse:
        note = (await visit.form()).get("note", "").strip()[:_MOST_NOTE]
        done = await self._site.do(
            self._site.hearing.fault_done, _id(visit), note, self._site.wall()
        )
        if done:
            await self._write_down(visit, "fault_done", f"{_id(visit)}: {note}")
        told = Said("Đã ghi là xử lý xong.", "Marked as done.") if done else GONE
        return visit.leads_to("/voices", told)

    async def questions(self, visit: Visit) -> web.StreamResponse:
        return await self._page(visit)

    async def answer(self, visit: Visit) -> web.StreamResponse:
        form = await visit.form()
        text = form.get("answer", "").strip().replace("\r\n", "\n")
        shown = form.get("shown", "").strip().replace("\r\n", "\n") if "public" in form else None
        question = await self._question(_id(visit))
        if question is None:
            return visit.leads_to("/voices/questions", GONE)
        if wrong := _wrong(visit, question, text, shown):
            return await self._page(visit, 400, wrong, question.id, text, shown)
        await self._site.do(
            self._site.hearing.answer,
            *(question.id, text, visit.account.name, self._site.wall()),
            shown=shown,
        )
        await self._write_down(
            visit, "answer_shown" if shown is not None else "answer", f"{question.id}: {text}"
        )
        told = (
            Said("Đã đăng câu trả lời cho mọi người đọc.", "The answer is shown to everybody.")
            if shown is not None
            else Said("Đã lưu câu trả lời, chưa đăng.", "The answer is kept, and not shown yet.")
        )
        return visit.leads_to("/voices/questions", told)

    async def aside(self, visit: Visit) -> web.StreamResponse:
        question = await self._question(_id(visit))
        if question is None:
            return visit.leads_to("/voices/questions", GONE)
        if question.shown is not None and not visit.account.roles & _DECIDES:
            return await self._page(visit, 403, _ONLY_WHO_APPROVES)
        await self._site.do(
            self._site.hearing.put_aside, question.id, visit.account.name, self._site.wall()
        )
        await self._write_down(visit, "question_aside", str(question.id))
        told = Said("Đã để riêng câu hỏi, không trả lời.", "Put aside without an answer.")
        return visit.leads_to("/voices/questions", told)

    async def delete(self, visit: Visit) -> web.StreamResponse:
        done = await self._site.do(self._site.hearing.delete_question, _id(visit))
        if done:
            await self._write_down(visit, "question_deleted", str(_id(visit)))
        told = Said("Đã xóa hẳn câu hỏi.", "The question is deleted.") if done else GONE
        return visit.leads_to("/voices/questions", told)

    async def _question(self, id: int) -> Question | None:
        found = await self._site.do(self._site.hearing.questions)
        return next((question for question in found if question.id == id), None)

    async def _page(
        self,
        visit: Visit,
        status: int = 200,
        wrong: Said | None = None,
        id: int | None = None,
        text: str = "",
        shown: str | None = None,
    ) -> web.Response:
        """The questions; what was typed for `id` stays typed."""
        found = await self._site.do(self._site.hearing.questions)
        done = [question for question in found if question.done_at is not None]
        return visit.page(
            "voices_questions.html",
            status,
            waiting=[question for question in found if question.done_at is None],
            kept=[each for each in done if each.answer is not None and each.shown is None],
            shown=[each for each in done if each.answer is not None and each.shown is not None],
            aside=[each for each in done if each.answer is None][:_MOST_DONE],
            decides=bool(visit.account.roles & _DECIDES),
            wrong=wrong,
            typed={id: (text, shown)},
        )

    async def _write_down(self, visit: Visit, action: str, note: str) -> None:
        await self._site.do(self._site.write_down, visit.account.name, action, note[:_MOST_NOTE])


_ONLY_WHO_APPROVES: Final = Said(
    "Chỉ người duyệt hoặc quản trị viên mới đăng, sửa hoặc gỡ câu trả lời mọi người đang đọc.",
    "Only an approver or an administrator shows, changes or takes back what everybody reads.",
)


def _wrong(visit: Visit, question: Question, text: str, shown: str | None) -> Said | None:
    if (shown is not None or question.shown is not None) and not visit.account.roles & _DECIDES:
        return _ONLY_WHO_APPROVES
    if not text:
        return Said("Câu trả lời đang để trống.", "The answer is empty.")
    if len(text) > _MOST_ANSWER:
        return Said(
            f"Câu trả lời dài quá {_MOST_ANSWER} ký tự.",
            f"The answer is longer than {_MOST_ANSWER} characters.",
        )
    if shown is not None and not 0 < len(shown) <= _MOST_SHOWN:
        return Said(
            f"Câu hỏi để đăng cần 1 đến {_MOST_SHOWN} ký tự.",
            f"The question as it is shown needs 1 to {_MOST_SHOWN} characters.",
        )
    return None


def _id(visit: Visit) -> int:
    return int(visit.request.match_info["id"][:15])
