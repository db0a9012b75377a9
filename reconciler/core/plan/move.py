"""The plan of a move: the resources of a state that takes another name, with a digest that an approval refers to."""

import json
from datetime import datetime
from hashlib import sha256

from desired_state.instance import Key
from reconciler.core.plan.state_file import State
from reconciler.core.plan.summary import READDRESS, PlanSummary, ResourceSummary


def plan_move(state: State, source: Key, target: Key, now: datetime) -> PlanSummary:
    """Return the plan to move this state from the name `source` to `target`.

    Its digest covers both names, the state's identity and version, and the addresses: a state that changed needs
    another approval.
    """
    version, addresses = state.version, sorted(set(state.addresses))
    content = [str(source), str(target), version.lineage, version.serial, addresses]
    digest = sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()
    note = f"from the state of {source}"
    changes = tuple(ResourceSummary(address, (READDRESS,), {}, (note,)) for address in addresses)
    return PlanSummary(f"sha256:{digest}", changes, (), now)
