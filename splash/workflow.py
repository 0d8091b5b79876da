"""Who may do what with a text on its way to the phones. Pure: values in, a refusal or None out.

A revision goes draft -> in_review -> approved -> live -> withdrawn; `returned` is a draft again.
Who wrote a revision never approves it, whatever roles he has. Revisions do not change: an edit is
a new one, and a live text stays as it is until the new one has been approved.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Role: TypeAlias = Literal["author", "approver", "administrator", "house_owner"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

State: TypeAlias = Literal[
    "draft", "in_review", "returned", "approved", "live", "superseded", "withdrawn"
]
"""`live` includes what waits for its time; `superseded`: a newer revision is live."""
STATES: Final[tuple[State, ...]] = get_args(State)

Action: TypeAlias = Literal[
    "edit", "submit", "return", "approve", "publish", "withdraw", "roll_back", "manage_accounts"
]
"""`approve` says the words are right; `publish` makes an approved revision live, now or later, or
gives a live one other times."""
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of the staff, as his account says."""

    name: str
    roles: frozenset[Role]
    sites: tuple[str, ...] = ()
    """The houses of a house owner."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The revision that something is to be done with."""

    kind: str
    sites: tuple[str, ...]
    state: State
    author: str
    """Who wrote this revision."""
    complete: bool = True
    """`content.parse` finds no problem."""


@dataclass(frozen=True, slots=True)
class Refusal:
    vi: str
    en: str


AFTER: Final[dict[Action, State]] = {
    "submit": "in_review",
    "return": "returned",
    "approve": "approved",
    "publish": "live",
    "withdraw": "withdrawn",
}
"""The state an action leaves the revision in."""

_FROM: Final[dict[Action, frozenset[State]]] = {
    "submit": frozenset(("draft", "returned")),
    "return": frozenset(("in_review", "approved")),
    "approve": frozenset(("in_review",)),
    "publish": frozenset(("approved", "live", "withdrawn", "superseded")),
    "withdraw": frozenset(("live",)),
}

_WRITES: Final = frozenset[Role](("author", "approver", "administrator"))
_DECIDES: Final = frozenset[Role](("approver", "administrator"))

_NEEDED: Final[dict[Action, frozenset[Role]]] = {
    "edit": _WRITES,
    "submit": _WRITES,
    "return": frozenset(("approver",)),
    "approve": frozenset(("approver",)),
    "publish": frozenset(("approver",)),
    "withdraw": _DECIDES,
    "roll_back": _DECIDES,
    "manage_accounts": frozenset(("administrator",)),
}

_NO_ROLE: Final[dict[Action, Refusal]] = {
    "edit": Refusal("Bạn không có quyền soạn mục này.", "You may not edit this."),
    "submit": Refusal("Bạn không có quyền gửi duyệt mục này.", "You may not send this to review."),
    "return": Refusal("Chỉ người duyệt mới trả lại bài được.", "Only an approver may return it."),
    "approve": Refusal("Chỉ người duyệt mới duyệt bài được.", "Only an approver may approve it."),
    "publish": Refusal("Chỉ người duyệt mới đăng bài được.", "Only an approver may publish it."),
    "withdraw": Refusal(
        "Chỉ người duyệt hoặc quản trị viên mới gỡ bài được.",
        "Only an approver or an administrator may withdraw it.",
    ),
    "roll_back": Refusal(
        "Chỉ người duyệt hoặc quản trị viên mới quay về bản trước được.",
        "Only an approver or an administrator may roll back.",
    ),
    "manage_accounts": Refusal(
        "Chỉ quản trị viên mới quản lý tài khoản được.", "Only an administrator manages accounts."
    ),
}

OWN_WORDS: Final = Refusal(
    "Bạn đã viết bản này, nên người khác phải duyệt.",
    "You wrote this revision, so somebody else has to approve it.",
)
NOT_COMPLETE: Final = Refusal(
    "Bài chưa đủ; hãy sửa các mục được nêu rồi gửi lại.",
    "It is not complete; fill in what is named, then send it again.",
)
HOUSE_ONLY: Final = Refusal(
    "Chủ nhà trọ chỉ soạn được thông báo của nhà mình.",
    "A house owner writes notices of the own house only.",
)

_STATE_WORDS: Final[dict[State, tuple[str, str]]] = {
    "draft": ("bản nháp", "a draft"),
    "in_review": ("đang chờ duyệt", "in review"),
    "returned": ("đã trả lại", "returned"),
    "approved": ("đã duyệt", "approved"),
    "live": ("đã đăng", "live"),
    "superseded": ("đã có bản mới thay", "replaced by a newer one"),
    "withdrawn": ("đã gỡ", "withdrawn"),
}


def refusal(action: Action, actor: Actor, subject: Subject | None = None) -> Refusal | None:
    """Why `actor` may not do `action` with `subject`; None if he may.

    `edit` is asked of the newest revision, or of the new item with the actor as its author;
    `roll_back` and `manage_accounts` of no revision at all.
    """
    if not actor.roles & _NEEDED[action]:
        own = action in ("edit", "submit") and "house_owner" in actor.roles
        if not own:
            return _NO_ROLE[action]
        if subject is None or not _own_notice(actor, subject):
            return HOUSE_ONLY
    if subject is None or action not in _FROM:
        return None
    if subject.state not in _FROM[action]:
        vi, en = _STATE_WORDS[subject.state]
        return Refusal(
            f"Bản này {vi}; hãy tải lại trang để xem.",
            f"This revision is {en}; load the page again to see.",
        )
    if action in ("approve", "publish") and actor.name == subject.author:
        return OWN_WORDS
    if action in ("submit", "approve", "publish") and not subject.complete:
        return NOT_COMPLETE
    return None


def _own_notice(actor: Actor, subject: Subject) -> bool:
    """A notice of exactly one house, and that one is his."""
    return subject.kind == "notice" and len(subject.sites) == 1 and subject.sites[0] in actor.sites
