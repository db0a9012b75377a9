"""The external policy check, as a Protocol."""

from collections.abc import Mapping
from typing import Any, Protocol

from desired_state.instance import Key
from reconciler.core.environment import Environment


class Judge(Protocol):
    """Who allows or denies plans."""

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        """Why the plan must not be applied, in the judge's own words; None when it may.

        `document` is the JSON form of the plan. The answer can quote its secrets.
        """
        ...
