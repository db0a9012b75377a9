"""The variables of a service's root."""

from collections.abc import Mapping, Set
from typing import Any

from desired_state.instance import Instance
from desired_state.kinds.container.runtime import USUAL_PORTS
from desired_state.kinds.container.sidecar import PreDeployment, Sidecar
from desired_state.kinds.service.delivery import Delivery
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.inputs.service_containers import own_settings, sidecar_settings
from reconciler.core.inputs.service_deployment import deployment_variables
from reconciler.core.inputs.service_network import network_variables
from reconciler.core.inputs.service_permissions import permission_variables, runtime_secrets
from reconciler.core.inputs.service_routing import routing_variables
from reconciler.core.inputs.service_scaling import scaling_variables, spot_variables
from reconciler.core.inputs.service_secrets import origin, references
from reconciler.core.inputs.service_storage import storage_variables


def service_variables(
    instance: Instance,
    spec: ServiceSpec,
    environment: Environment,
    image: str | None,
    secret_names: Mapping[str, str],
    running_ports: Set[int],
    running_secrets: Set[str],
    running_schedule: int | None,
) -> dict[str, Any]:
    """Return the variables of a service. `secret_names` are the full names of the secrets that the platform made; a
    secret of another maker has the name that the manifest says."""
    former = _former_ports(spec, running_ports)
    former_secrets = _former_secrets(spec, secret_names, running_secrets, environment)
    return {
        "service": {
            "name": instance.service_name,
            "type": spec.type,
            **({"runtime": spec.runtime} if spec.runtime else {}),
            "repository": spec.repository,
            "labels": dict(instance.labels),
        },
        "image": {
            "owner": "git" if spec.image else "pipeline",
            "uri": image,
            **_credentials(spec.image.credentials if spec.image else None, secret_names),
        },
        "resources": {"cpu": spec.cpu, "memory": spec.memory},
        "port": spec.port,
        "scaling": scaling_variables(spec.scaling, running_schedule),
        "routing": routing_variables(spec.routing) if spec.routing else None,
        "health_check": spec.health_check.model_dump(mode="json", by_alias=False) if spec.health_check else None,
        # Left out when absent, so that a service without them keeps its desired digest.
        **network_variables(spec),
        **({"delivery": _delivery(spec.delivery)} if spec.delivery else {}),
        **spot_variables(spec.spot),
        **deployment_variables(spec),
        **({"admitted_ports": former} if former else {}),
        **({"admitted_secrets": former_secrets} if former_secrets else {}),
        **own_settings(spec),
        **({"stop_timeout": int(spec.stop_timeout.total_seconds())} if spec.stop_timeout else {}),
        **storage_variables(spec),
        "environment_variables": dict(spec.env),
        "secrets": references(spec.secrets, secret_names, environment),
        "runtime_secrets": [secret_names.get(name, name) for name in runtime_secrets(spec)],
        **permission_variables(spec, dict(environment.policies)),
        "kafka": {"brokers": list(spec.kafka.brokers)} if spec.kafka else None,
        "sidecars": [_sidecar(sidecar, instance, spec, secret_names, environment) for sidecar in spec.sidecars],
        "pre_deployment": _pre_deployment(spec.pre_deployment) if spec.pre_deployment else None,
        "alarms": spec.alarms.model_dump(mode="json", by_alias=False),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    """Return what the manifest sets; the defaults are the module's."""
    given = {
        "default_branch": delivery.branch,
        "build_timeout": int(delivery.timeout.total_seconds()) // 60 if delivery.timeout else None,
        "compute_type": f"BUILD_GENERAL1_{delivery.compute.upper()}" if delivery.compute else None,
        "scanner_image": delivery.scanner,
        "runtime_version": delivery.runtime_version,
        "branches": list(delivery.branches) or None,
        "dockerfile": delivery.dockerfile,
        "context": delivery.context,
        "target": delivery.target,
        "build_args": dict(delivery.build_args) or None,
        "cache": delivery.cache,
    }
    return {name: value for name, value in given.items() if value is not None}


def _former_ports(spec: ServiceSpec, running: Set[int]) -> list[int]:
    """Return the ports of running tasks that the wanted port replaces."""
    port = spec.port or (USUAL_PORTS.get(spec.runtime or "") if spec.type == "public" else None)
    return sorted(running - {port}) if port else []


def _former_secrets(
    spec: ServiceSpec, secret_names: Mapping[str, str], running: Set[str], environment: Environment
) -> list[str]:
    """Return the secrets and parameters of running tasks that the manifest puts into none any more."""
    injected = (spec.secrets, *(sidecar.secrets for sidecar in spec.sidecars))
    logins = (spec.image, *spec.sidecars)
    wanted = {
        origin(source, environment)
        for one in injected
        for source in references(one, secret_names, environment).values()
    }
    wanted |= {secret_names.get(one.credentials, one.credentials) for one in logins if one and one.credentials}
    return sorted(running - wanted)


def _credentials(secret: str | None, names: Mapping[str, str]) -> dict[str, str]:
    """Return the secret of a login at a registry; nothing without one, so that digests stay as they are."""
    return {"credentials": names.get(secret, secret)} if secret else {}


def _sidecar(
    sidecar: Sidecar, instance: Instance, spec: ServiceSpec, secret_names: Mapping[str, str], environment: Environment
) -> dict[str, Any]:
    names = (each.name for each in spec.sidecars)
    return {
        "name": sidecar.name,
        "image": sidecar.image,
        **_credentials(sidecar.credentials, secret_names),
        "command": list(sidecar.command),
        "essential": sidecar.essential,
        "memory": sidecar.memory,
        "environment_variables": dict(sidecar.env),
        "secrets": references(sidecar.secrets, secret_names, environment),
        **sidecar_settings(sidecar, instance.service_name, names),
    }


def _pre_deployment(task: PreDeployment) -> dict[str, Any]:
    return {"command": list(task.command), "timeout": int(task.timeout.total_seconds())}
