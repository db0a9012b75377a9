"""Fake of `reconciler.core.ports.orphans`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.orphans import StoredState
from tests.core.instances import NOW


@dataclass
class FakeStates:
    """A bucket of states: `resources` counts the resources of each. `measured` has the states whose size was read."""

    resources: Mapping[Key, int]
    measured: list[Key] = field(default_factory=list)

    async def stored(self, environment: Environment) -> Sequence[StoredState]:
        keys = sorted(key for key in self.resources if key.environment == environment.name)
        return [StoredState(key, "states", f"{key}/terraform.tfstate", NOW) for key in keys]

    async def size(self, state: StoredState, environment: Environment) -> int:
        self.measured.append(state.key)
        return self.resources[state.key]
