"""The one door to an enforcement device. Drivers implement it; the runner uses it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from firewall.changes import Change, Grant, MacAddress, Usage
from firewall.plan import Plan


class EnforcementError(Exception):
    """The device refused. Nothing was changed.

    The text says what refused, what it said, and what we asked.
    """


class Enforcer(Protocol):
    """Holds back every device that is not admitted.

    Every driver passes `tests/contract/test_enforcer.py`.
    """

    async def check(self, plan: Plan) -> None:
        """Try `plan` without changing anything.

        Raises:
            EnforcementError: `install` would be refused.
        """

    async def install(self, plan: Plan, grants: Mapping[MacAddress, Grant]) -> None:
        """Make the device hold exactly `plan` and `grants`, in one step; safe to repeat.

        There is no moment in which a captive device passes, or an admitted one does not.

        Raises:
            EnforcementError: the device refused; its state is as before.
        """

    async def apply(self, changes: Sequence[Change]) -> None:
        """Apply all of `changes`, in order, or none of them.

        Withholding a device that is not admitted is not an error.

        Raises:
            EnforcementError: the device refused; its state is as before.
        """

    async def admitted(self) -> Mapping[MacAddress, Grant] | None:
        """Who passes now, for how long still, and what they used; None if not installed.

        Raises:
            EnforcementError: the device could not be asked.
        """

    async def usage(self, macs: Collection[MacAddress]) -> Mapping[MacAddress, Usage]:
        """What each of `macs` used; who is not admitted is left out. Costs no full listing.

        Raises:
            EnforcementError: the device could not be asked.
        """

    async def intact(self, macs: Collection[MacAddress] = ()) -> bool:
        """Whether the rules stand as installed, and `macs` are admitted.

        Someone may flush the ruleset, or a set. `macs` are all those whose time is not over; a
        second look costs next to nothing where nobody has changed anything since.

        Raises:
            EnforcementError: the device could not be asked.
        """

    async def empty_garden(self, turn: int) -> None:
        """Forget what the garden's names led to before the turn before this one.

        `turn` counts up; see `firewall.ruleset.empty_garden`.

        Raises:
            EnforcementError: nothing is installed, or the device refused.
        """

    async def remove(self) -> None:
        """Leave no trace. Removing what is not there is not an error."""

    async def close(self) -> None:
        """Let go of the device. What it holds stays, and grants run out by themselves."""
