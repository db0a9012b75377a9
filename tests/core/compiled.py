"""Variables compiled from a manifest with some of its fields changed."""

from collections.abc import Set
from dataclasses import replace
from typing import Any

from desired_state.instance import Instance
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.variables import variables
from tests.core.instances import DEVELOP, IMAGE, SERVICE, instance

# The policies of `policies` are those of the configuration.
BEDROCK = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"
LISTED = replace(DEVELOP, policies=(("bedrock", BEDROCK), ("other", BEDROCK)))


def with_field(text: str) -> str:
    """Return the service manifest with these lines in its spec, in place of its own of the same names."""
    fields = text.split("\n  ")
    names = {field.partition(":")[0] for field in fields}
    kept = [line for line in SERVICE.splitlines() if not (line[:2] == "  " and line.strip().partition(":")[0] in names)]
    return "\n".join([*kept, *(f"  {field}" for field in fields)])


def service_inputs(text: str = SERVICE, environment: Environment = DEVELOP) -> dict[str, Any]:
    """Return the variables of the service's root."""
    return inputs_of(instance(text), environment)


def inputs_of(
    found: Instance,
    environment: Environment = DEVELOP,
    *,
    running_ports: Set[int] = frozenset(),
    running_secrets: Set[str] = frozenset(),
    running_schedule: int | None = None,
) -> dict[str, Any]:
    """Return the variables of the instance's root; a service gets the outputs of a placeholder platform."""
    platform = placeholder_platform(environment) if isinstance(found.spec, ServiceSpec) else None
    running: dict[str, Any] = {
        "running_ports": running_ports,
        "running_secrets": running_secrets,
        "running_schedule": running_schedule,
    }
    return dict(variables(found, environment, platform=platform, image=IMAGE, **running))
