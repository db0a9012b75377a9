"""Fake of `reconciler.core.ports.orphans`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.orphans import StoredState
from reconciler.core.record.state import StatePlace
from tests.core.instances import NOW


@dataclass
class FakeStates:
    """A bucket of states: `resources` counts the resources of each. `measured` has the states whose size was read.

    `versions` are the versions of states by their object below `prefix`.
    """

    resources: Mapping[Key, int] = field(default_factory=dict)
    versions: dict[str, StateVersion] = field(default_factory=dict)
    prefix: str = ""
    readable: bool = True
    elsewhere: Sequence[StoredState] = ()
    measured: list[Key] = field(default_factory=list)

    def place(self, key: Key, environment: Environment) -> StatePlace:
        name = f"{self.prefix}{key}/terraform.tfstate"
        return StatePlace(environment.account, environment.region, "states", name, "locks")

    async def version(self, place: StatePlace, environment: Environment) -> StateVersion:
        if not self.readable:
            raise LiveUnavailable("AccessDenied")
        return self.versions.get(place.object, StateVersion())

    async def stored(self, environment: Environment) -> Sequence[StoredState]:
        keys = sorted(key for key in self.resources if key.environment == environment.name)
        return [StoredState(key, "states", f"{key}/terraform.tfstate", NOW) for key in keys] + list(self.elsewhere)

    async def size(self, state: StoredState, environment: Environment) -> int:
        if not self.readable:
            raise LiveUnavailable("AccessDenied")
        self.measured.append(state.key)
        return self.resources[state.key]
