"""Every rule of the firewall, by what it does to real packets.

Each probe is made with all rules in place. Then each rule is taken away in turn, and at least
one of its probes must come out differently: no rule is there for nothing, and none is untested.
"""

import re
from collections.abc import Iterator

import pytest

from firewall.ruleset import render
from tests.netns.firewall_probes import PROBES, Probe
from tests.netns.firewall_world import PLAN, World, world

pytestmark = pytest.mark.netns

_CHAIN = re.compile(r"^    chain (\w+) \{$")
_COMMENT = re.compile(r'comment "([^"]+)"$')


def rules(ruleset: str) -> dict[str, tuple[int, int]]:
    """The lines of each rule, by its comment or else its text (with its chain, if need be)."""
    lines = ruleset.splitlines()
    found: dict[str, tuple[int, int]] = {}
    chain = None
    first = 0
    for number, line in enumerate(lines):
        if match := _CHAIN.match(line):
            chain = match[1]
        elif line == "    }":
            chain = None
        elif chain and not line.strip().startswith(("type ", "#")):
            if not lines[number - 1].endswith("\\"):
                first = number
            if line.endswith("\\"):
                continue
            text = line.strip()
            comment = _COMMENT.search(text)
            name = comment[1] if comment else text
            if name in ('iifname != "br-lan" accept',):
                name = f"{chain}: {name}"
            assert name not in found, f"two rules are called {name!r}"
            found[name] = (first, number)
    return found


def without(ruleset: str, rule: str) -> str:
    first, last = rules(ruleset)[rule]
    lines = ruleset.splitlines(keepends=True)
    return "".join(lines[:first] + lines[last + 1 :])


RULES = tuple(rules(render(PLAN)))


@pytest.fixture(scope="module")
def site() -> Iterator[World]:
    with world() as built:
        yield built


def test_every_rule_has_a_probe() -> None:
    assert {guard for probe in PROBES for guard in probe.guards} == set(RULES)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_with_all_rules(site: World, probe: Probe) -> None:
    # A busy machine may be late, and lateness looks like silence. Rules are the same each time.
    for _ in range(3):
        site.install(site.default_ruleset())
        if (result := probe.act(site)) == probe.expected:
            break
    assert result == probe.expected


@pytest.mark.parametrize("rule", RULES)
def test_without_one_rule(site: World, rule: str) -> None:
    ruleset = without(site.default_ruleset(), rule)
    changed = []
    for probe in (probe for probe in PROBES if rule in probe.guards):
        site.install(ruleset)
        if (result := probe.act(site)) != probe.expected:
            changed.append(f"{probe.name}: {result}, not {probe.expected}")

    assert changed, f"nothing changes without the rule {rule!r}"
    print("\n".join(changed))
