"""The statements that must hold when the faults of a round are gone: AWS, the states and Git agree, nothing was lost.

Everything is read from outside: AWS and the states through boto3, what is wanted from what was committed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.stage import Stage


@dataclass(frozen=True, slots=True)
class Lost:
    """Return the faults of one instance: resources without a state or a manifest, and gaps in its history."""

    state: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()


@dataclass
class Judge:
    """Remembers the lineage and the serial of every state between rounds."""

    stage: Stage
    _known: dict[str, tuple[str, int]] = field(default_factory=dict)

    def waits_for(self) -> str:
        """Return what has not converged yet; empty when everything has."""
        aws = self._in_aws()
        for name, wish in self.stage.wishes.items():
            said = self.stage.instance(name)
            if not said or not (said["current"] and said["ready"]):
                return f"{name}: {said.get('reason', 'no answer')}: {said.get('message', '')}"
            if (found := aws.get(name, {})) != wish.resources:
                return f"{name}: AWS has {found}, wanted is {wish.resources}; {said['reason']}, {said['sync']}"
            if (known := _in_state(self.stage.state(name))) != wish.resources:
                return f"{name}: its state has {known}, wanted is {wish.resources}; {said['reason']}"
            if held := self.stage.locks_of(name):
                return f"{name}: its lock is held: {held}"
        return ""

    def verdicts(self) -> Mapping[str, Lost]:
        """Return what was lost or created twice, by instance. Call it when a round is over."""
        aws = self._in_aws()
        return {name: self._verdict(name, aws.get(name, {})) for name in self.stage.wishes}

    def _verdict(self, name: str, aws: Mapping[str, str]) -> Lost:
        state, wanted = self.stage.state(name), self.stage.wishes[name].resources
        known = _in_state(state)
        lost = [f"{each} is in AWS and in no state" for each in sorted(aws.keys() - known.keys())]
        lost += [f"{each} is in the state and not in AWS" for each in sorted(known.keys() - aws.keys())]
        lineage, serial = self._known.get(name, (state.get("lineage", ""), 0))
        if state.get("lineage") != lineage:
            lost.append(f"the lineage was {lineage} and is {state.get('lineage')}")
        if state.get("serial", -1) < serial:
            lost.append(f"the serial was {serial} and is {state.get('serial')}")
        self._known[name] = (lineage, max(serial, state.get("serial", 0)))
        return Lost(tuple(lost), tuple(sorted(aws.keys() - wanted.keys())))

    def _in_aws(self) -> dict[str, dict[str, str]]:
        """Every parameter there is, by the instance whose name it has."""
        found: dict[str, dict[str, str]] = {}
        token: dict[str, str] = {}
        while True:
            page = self.stage.call("ssm", "get_parameters_by_path", Path="/", Recursive=True, **token)
            for parameter in page["Parameters"]:
                name = str(parameter["Name"])
                found.setdefault(name.split("/")[1], {})[name] = parameter["Value"]
            if "NextToken" not in page:
                return found
            token = {"NextToken": page["NextToken"]}


def _in_state(state: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that a state knows, with their values; one that is tainted has none."""
    instances = [instance for resource in state.get("resources", ()) for instance in resource["instances"]]
    return {
        instance["attributes"]["name"]: "tainted" if "status" in instance else instance["attributes"]["value"]
        for instance in instances
    }
