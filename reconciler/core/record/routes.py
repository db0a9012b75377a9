"""The rule of a public service at the load balancer: what AWS may have now, and what was chosen for the next apply.

All rules of an environment belong to one listener, where a priority exists once and a request goes to one service.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Priority and path patterns of one rule."""

    priority: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """The rules of one instance over time.

    `possible` are the rules that AWS may have now: one, unless an apply did not succeed. `chosen` is the rule that the
    next apply makes, reserved for this instance. `why` says why that is not the rule of the manifest. `serves`: its
    tasks were healthy since it has a rule.
    """

    possible: tuple[Rule, ...] = ()
    chosen: Rule | None = None
    why: str | None = None
    serves: bool = False
