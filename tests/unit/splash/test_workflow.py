"""Who may do what: every role, every state."""

from dataclasses import replace

import pytest

from splash.workflow import (
    ACTIONS,
    AFTER,
    HOUSE_ONLY,
    NOT_COMPLETE,
    OWN_WORDS,
    STATES,
    Action,
    Actor,
    Role,
    State,
    Subject,
    refusal,
)

LAN = Actor("lan", frozenset[Role](("author",)))
MINH = Actor("minh", frozenset[Role](("author", "approver")))
QUYEN = Actor("quyen", frozenset[Role](("administrator",)))
CHU = Actor("chu", frozenset[Role](("house_owner",)), ("hp-001",))
NOBODY = Actor("nobody", frozenset())

SUBJECT = Subject("article", (), "in_review", "lan")
HOUSE_NOTICE = Subject("notice", ("hp-001",), "draft", "chu")

IN_ITS_STATE: dict[Action, State] = {
    "submit": "draft",
    "return": "in_review",
    "approve": "in_review",
    "publish": "approved",
    "withdraw": "live",
}


def may(actor: Actor) -> set[Action]:
    """What `actor` may do with somebody else's complete article, each in the right state."""
    return {
        action
        for action in ACTIONS
        if refusal(action, actor, replace(SUBJECT, state=IN_ITS_STATE.get(action, "draft"))) is None
    }


def test_each_role_has_its_actions() -> None:
    assert may(Actor("x", LAN.roles)) == {"edit", "submit"}
    assert may(MINH) == set(ACTIONS) - {"manage_accounts"}
    assert may(QUYEN) == {"edit", "submit", "withdraw", "roll_back", "manage_accounts"}
    assert may(CHU) == set()
    assert may(NOBODY) == set()


@pytest.mark.parametrize("action", ["approve", "publish"])
def test_nobody_approves_what_he_wrote(action: Action) -> None:
    own = replace(SUBJECT, author="minh", state=IN_ITS_STATE[action])

    assert refusal(action, MINH, own) == OWN_WORDS


@pytest.mark.parametrize("action", ["submit", "approve", "publish"])
def test_what_is_not_complete_goes_nowhere(action: Action) -> None:
    half = replace(SUBJECT, complete=False, state=IN_ITS_STATE[action])

    assert refusal(action, MINH, half) == NOT_COMPLETE


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("action", AFTER)
def test_each_action_has_its_states(action: Action, state: State) -> None:
    allowed = {
        "submit": {"draft", "returned"},
        "return": {"in_review", "approved"},
        "approve": {"in_review"},
        "publish": {"approved", "live", "withdrawn", "superseded"},
        "withdraw": {"live"},
    }

    said = refusal(action, MINH, replace(SUBJECT, state=state))

    assert (said is None) == (state in allowed[action])


@pytest.mark.parametrize("action", ["edit", "submit"])
def test_a_house_owner_writes_notices_of_the_own_house(action: Action) -> None:
    assert refusal(action, CHU, HOUSE_NOTICE) is None


@pytest.mark.parametrize(
    "subject",
    [
        replace(HOUSE_NOTICE, kind="article"),
        replace(HOUSE_NOTICE, sites=()),
        replace(HOUSE_NOTICE, sites=("hp-002",)),
        replace(HOUSE_NOTICE, sites=("hp-001", "hp-002")),
        None,
    ],
)
@pytest.mark.parametrize("action", ["edit", "submit"])
def test_and_nothing_else(action: Action, subject: Subject | None) -> None:
    assert refusal(action, CHU, subject) == HOUSE_ONLY


def test_a_house_owner_who_is_an_author_too_writes_everything() -> None:
    both = replace(CHU, roles=CHU.roles | LAN.roles)

    assert refusal("edit", both, SUBJECT) is None


def test_a_house_owner_publishes_nothing() -> None:
    approved = replace(HOUSE_NOTICE, state="approved", author="lan")

    assert refusal("publish", CHU, approved) is not None
    assert refusal("approve", CHU, replace(approved, state="in_review")) is not None
