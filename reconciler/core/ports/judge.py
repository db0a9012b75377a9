"""The external policy check, as a Protocol."""

from collections.abc import Mapping
from typing import Any, Protocol

from desired_state.instance import Key
from reconciler.core.environment import Environment


class Judge(Protocol):
    """An external policy check."""

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        """Return why the plan must not be applied, in the check's own words; None when it may.

        `document` is the JSON form of the plan. The answer can quote its secrets.
        """
        ...
