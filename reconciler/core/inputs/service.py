"""The variables of a service's root."""

from collections.abc import Mapping, Set
from typing import Any

from desired_state.instance import Instance
from desired_state.kinds.service.container import PreDeployment, Sidecar
from desired_state.kinds.service.delivery import Delivery
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.inputs.service_deployment import deployment_variables
from reconciler.core.inputs.service_scaling import scaling_variables, spot_variables

# Ports of public services without one of their own, as in `runtimes` of terraform/modules/service/task.tf.
_RUNTIME_PORTS = {"nodejs": 3000, "python": 8000}


def service_variables(
    instance: Instance,
    spec: ServiceSpec,
    image: str | None,
    secret_names: Mapping[str, str],
    running_ports: Set[int],
    running_secrets: Set[str],
    running_schedule: int | None,
) -> dict[str, Any]:
    """Return the variables of a service. `secret_names` are the full names of the secrets that the platform made; a
    secret of another maker has the name that the manifest says."""
    former = _former_ports(spec, running_ports)
    former_secrets = _former_secrets(spec, secret_names, running_secrets)
    return {
        "service": {
            "name": instance.service_name,
            "type": spec.type,
            "runtime": spec.runtime,
            "repository": spec.repository,
            "labels": dict(instance.labels),
        },
        "image": {"owner": "git" if spec.image else "pipeline", "uri": image},
        "resources": {"cpu": spec.cpu, "memory": spec.memory},
        "port": spec.port,
        "scaling": scaling_variables(spec.scaling, running_schedule),
        "routing": spec.routing.model_dump(mode="json", by_alias=False) if spec.routing else None,
        "health_check": spec.health_check.model_dump(mode="json", by_alias=False) if spec.health_check else None,
        # Left out when absent, so that a service without them keeps its desired digest.
        **({"delivery": _delivery(spec.delivery)} if spec.delivery else {}),
        **spot_variables(spec.spot),
        **deployment_variables(spec),
        **({"admitted_ports": former} if former else {}),
        **({"admitted_secrets": former_secrets} if former_secrets else {}),
        **({"stop_timeout": int(spec.stop_timeout.total_seconds())} if spec.stop_timeout else {}),
        "environment_variables": dict(spec.env),
        "secrets": _named(spec.secrets, secret_names),
        "runtime_secrets": [secret_names.get(name, name) for name in spec.runtime_secrets],
        "kafka": {"brokers": list(spec.kafka.brokers)} if spec.kafka else None,
        "sidecars": [_sidecar(sidecar, secret_names) for sidecar in spec.sidecars],
        "pre_deployment": _pre_deployment(spec.pre_deployment) if spec.pre_deployment else None,
        "alarms": spec.alarms.model_dump(mode="json", by_alias=False),
    }


def _named(secrets: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {variable: names.get(secret, secret) for variable, secret in secrets.items()}


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
    port = spec.port or (_RUNTIME_PORTS[spec.runtime] if spec.type == "public" else None)
    return sorted(running - {port}) if port else []


def _former_secrets(spec: ServiceSpec, secret_names: Mapping[str, str], running: Set[str]) -> list[str]:
    """Return the secrets of running tasks that the manifest puts into none any more."""
    injected = (spec.secrets, *(sidecar.secrets for sidecar in spec.sidecars))
    return sorted(running - {name for one in injected for name in _named(one, secret_names).values()})


def _sidecar(sidecar: Sidecar, secret_names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": sidecar.name,
        "image": sidecar.image,
        "command": list(sidecar.command),
        "essential": sidecar.essential,
        "memory": sidecar.memory,
        "environment_variables": dict(sidecar.env),
        "secrets": _named(sidecar.secrets, secret_names),
    }


def _pre_deployment(task: PreDeployment) -> dict[str, Any]:
    return {"command": list(task.command), "timeout": int(task.timeout.total_seconds())}
