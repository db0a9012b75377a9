"""The live service of an instance, and the Terraform run that follows from it: read anew in every pass."""

from collections.abc import Mapping
from typing import Any

from desired_state.instance import Instance
from desired_state.kinds.job import JobSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.decide import tenancy
from reconciler.core.environment import Environment
from reconciler.core.inputs.service_permissions import PolicyNotListed
from reconciler.core.inputs.variables import variables
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.ports.aws import LiveUnavailable, PreparationFailed
from reconciler.core.ports.terraform import Run
from reconciler.core.record.model import Base, Record
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import World


async def observe(instance: Instance, environment: Environment, world: World) -> LiveService | None:
    """Read the live service; None for other kinds. Raises: LiveUnavailable."""
    if not isinstance(instance.spec, ServiceSpec):
        return None
    platform = _platform_outputs(instance, world)
    return await world.live.service(instance, environment, platform["cluster"]["name"])


def run_of(instance: Instance, environment: Environment, live: LiveService | None, world: World) -> Run:
    """Return the Terraform run of an instance. Raises: LiveUnavailable."""
    on_platform = live is not None or isinstance(instance.spec, JobSpec)
    platform = _platform_outputs(instance, world) if on_platform else None
    tenant = tenancy.tenant_of(world.records[instance.key], world.tenants)
    return run_with(instance, environment, platform, live, tenant)


def run_with(
    instance: Instance,
    environment: Environment,
    platform: Mapping[str, Any] | None,
    live: LiveService | None,
    tenant: str | None,
) -> Run:
    """Return the Terraform run of an instance with these outputs of its platform and this service.

    Raises: PreparationFailed for a managed policy that the configuration lists no more."""
    try:
        inputs = variables(
            instance,
            environment,
            platform=platform,
            image=live.newest if live else None,
            running_ports=live.ports if live else frozenset(),
            running_secrets=live.secrets if live else frozenset(),
            running_schedule=live.schedule if live else None,
            boundary=environment.boundary_of(tenant),
        )
    except PolicyNotListed as missing:
        raise PreparationFailed(Reason.INVALID_CONFIGURATION, str(missing)) from missing
    return Run(instance.key, instance.root, instance.tree_id, inputs, environment, instance.spec.imports, tenant)


def run_of_base(record: Record, base: Base, environment: Environment, world: World) -> Run:
    """Return the Terraform run of what was applied last, with which a removed instance is destroyed."""
    tenant = tenancy.tenant_of(record, world.tenants)
    return Run(record.key, base.root, base.tree_id, base.variables, environment, tenant=tenant)


def pipeline_owns_image(instance: Instance) -> bool:
    """Return whether Git names no image, so that the image that the pipeline deployed stays."""
    return isinstance(instance.spec, ServiceSpec) and instance.spec.image is None


def pipeline_is_deploying(instance: Instance, live: LiveService) -> bool:
    """Return whether a rollout is in progress that the daemon did not start."""
    return pipeline_owns_image(instance) and live.rollout == RolloutState.IN_PROGRESS


def _platform_outputs(instance: Instance, world: World) -> Mapping[str, Any]:
    """Return the `platform` output of the environment's platform; the gate made sure that it was applied."""
    for key in instance.depends_on:
        record = world.records.get(key)
        if record and record.instance.kind == "Platform" and "platform" in record.outputs:
            outputs: Mapping[str, Any] = record.outputs["platform"]
            return outputs
    raise LiveUnavailable(f"the platform of {instance.key.environment} has no output `platform` that is not sensitive")
