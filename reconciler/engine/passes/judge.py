"""The call of the external policy check, where one is configured and the plan changes something."""

from collections.abc import Mapping
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.model import Plan
from reconciler.core.policy.objection import objection
from reconciler.core.ports.judge import Judge
from reconciler.core.redaction.redactor import Redactor


async def denied(
    judge: Judge | None,
    plan: Plan,
    document: Mapping[str, Any],
    key: Key,
    environment: Environment,
    redactor: Redactor,
) -> str | None:
    """Return why the plan must not be applied; None when it may be, or when it would change nothing."""
    if judge is None or plan.is_empty:
        return None
    said = await judge.denies(document, key, environment)
    return None if said is None else objection(said, document, redactor)
