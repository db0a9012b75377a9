"""The run of `terraform apply` in a pass, and the failure that it reported itself."""

from collections.abc import Mapping
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.terraform import TerraformFailed, Workspace
from reconciler.engine.passes import locks
from reconciler.engine.world import World


class ApplyFailed(Exception):
    """Terraform reported the end of its apply: a failure."""

    def __init__(self, failure: TerraformFailed) -> None:
        super().__init__(failure.message)
        self.failure = failure


async def terraform_apply(key: Key, workspace: Workspace, environment: Environment, world: World) -> Mapping[str, Any]:
    """Apply and return the outputs. Raises: ApplyFailed, or TerraformFailed when the end of the apply is unknown."""
    async with locks.recording_lock(key, workspace, environment, world):
        try:
            return await workspace.apply()
        except TerraformFailed as failure:
            if failure.died:
                raise
            raise ApplyFailed(failure) from failure
