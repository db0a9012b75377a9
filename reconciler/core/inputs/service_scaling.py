"""The variables of a service's number of tasks, and of the capacity that they run on."""

from typing import Any

from desired_state.kinds.service.fargate import Spot
from desired_state.kinds.service.scaling import Scaling


def scaling_variables(scaling: Scaling, running: int | None) -> dict[str, Any]:
    """Return the bounds and targets of autoscaling; fields that the manifest leaves out are left out here.

    `running` is the place of the schedule whose bounds are in force. A plan keeps them: else a deployment at noon would
    set those of the night."""
    cooldowns = scaling.cooldowns
    pauses = {"scale_in": cooldowns.in_, "scale_out": cooldowns.out} if cooldowns else {}
    return {
        **scaling.model_dump(mode="json", by_alias=False, exclude={"cooldowns"}),
        **({"cooldowns": {name: value for name, value in pauses.items() if value is not None}} if cooldowns else {}),
        **({"schedule_in_force": running} if running is not None else {}),
    }


def spot_variables(spot: Spot | None) -> dict[str, Any]:
    """Return the share of tasks on Spot; without the field the tier and the platform decide, and nothing is said."""
    return {"spot": spot.model_dump(mode="json")} if spot else {}
