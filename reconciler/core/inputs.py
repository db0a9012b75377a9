"""The variables of an instance's Terraform root, and the digest that says whether anything changed.

Every value reaches Terraform through `terraform.tfvars.json`, where strings are literal. The shapes below are the
interface of `terraform/roots/platform` and `terraform/roots/service`.
"""

import hashlib
import json
from collections.abc import Mapping, Set
from typing import Any

from desired_state.container import PreDeployment, Sidecar
from desired_state.delivery import Delivery
from desired_state.instance import Instance
from desired_state.manifest import ModuleSpec
from desired_state.platform import Peering, PlatformSpec
from desired_state.service import ServiceSpec
from reconciler.core.environment import Environment

# Ports of public services without one of their own, as in `runtimes` of terraform/modules/service/task.tf.
_RUNTIME_PORTS = {"nodejs": 3000, "python": 8000}
_ADDED = frozenset({"platform", "environment", "aws"})


def variables(
    instance: Instance,
    environment: Environment,
    *,
    platform: Mapping[str, Any] | None,
    image: str | None,
    running_ports: Set[int] = frozenset(),
    running_secrets: Set[str] = frozenset(),
) -> Mapping[str, Any]:
    """Return the content of `terraform.tfvars.json`. Every root gets `environment` and `aws`, which no manifest can
    set.

    `platform` is the `platform` output of the environment's platform root and needed by services; `image` is the full
    reference of the image to run, None before the first one was pushed. Tasks of the service that listen at another one
    of the `running_ports` than the wanted one are reached until they are gone, and those that start with other
    `running_secrets` may be started again until then.
    """
    match instance.spec:
        case PlatformSpec() as spec:
            own: dict[str, Any] = _platform(spec)
        case ServiceSpec() as spec:
            if platform is None:
                raise ValueError(f"{instance.key} needs the outputs of its platform")
            names = platform.get("secret_names") or {}
            own = {"platform": platform, **_service(instance, spec, image, names, running_ports, running_secrets)}
        case ModuleSpec() as spec:
            own = dict(spec.inputs)
    return {**own, "environment": _environment(environment), "aws": _aws(environment)}


def desired_digest(source_digest: str, inputs: Mapping[str, Any], *, terraform_version: str) -> str:
    """Return the SHA-256 of the desired state: manifest, root tree, compiled variables, Terraform's version.

    The providers' versions are part of the root tree, as `.terraform.lock.hcl`.
    """
    canonical = json.dumps([source_digest, inputs, terraform_version], sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def said_in_git(instance: Instance, applied: Mapping[str, Any] | None = None) -> tuple[Mapping[str, Any], ...]:
    """Return the variables with values that Git says in the open: those of the manifest, and those of the manifest that
    was `applied` last, without what the daemon and the platform add.
    """
    match instance.spec:
        case ServiceSpec() as spec:
            wanted: Mapping[str, Any] = {
                "env": dict(spec.env),
                "sidecars": [{"env": dict(one.env)} for one in spec.sidecars],
            }
        case ModuleSpec() as spec:
            wanted = spec.inputs
        case _:
            wanted = {}
    return wanted, {name: value for name, value in (applied or {}).items() if name not in _ADDED}


def _environment(environment: Environment) -> dict[str, Any]:
    return {
        "name": environment.name,
        "tier": environment.tier,
        "account_id": environment.account,
        "region": environment.region,
        "partition": environment.partition,
    }


def _aws(environment: Environment) -> dict[str, Any]:
    return {"role_arn": environment.role, "s3_use_path_style": environment.endpoint is not None}


def _platform(spec: PlatformSpec) -> dict[str, Any]:
    return {
        "tags": {"owner": spec.tags.owner, "cost_center": spec.tags.cost_center, "compliance": spec.tags.compliance},
        "network": {
            "cidr": str(spec.network.cidr),
            "availability_zones": list(spec.network.availability_zones),
            "nat": spec.network.nat,
            "peerings": {name: _peering(peering) for name, peering in spec.network.peerings.items()},
            "allow_prod_peering": spec.network.allow_prod_peering,
        },
        "alb": spec.alb.model_dump(mode="json", by_alias=False),
        "cluster": {"insights": spec.cluster.insights, "spot": spec.cluster.spot},
        "delivery": {"connection_arn": spec.delivery.connection_arn if spec.delivery else None},
        "subscribers": spec.subscribers.model_dump(mode="json", by_alias=False),
        "secrets": {name: secret.model_dump(mode="json", by_alias=False) for name, secret in spec.secrets.items()},
        "kafka": {
            "broker_security_group_id": spec.kafka.broker_security_group_id if spec.kafka else None,
            "broker_cidrs": list(spec.kafka.broker_cidrs) if spec.kafka else [],
        },
        "data_resources": list(spec.data_resources),
    }


def _peering(peering: Peering) -> dict[str, Any]:
    return {
        "vpc_id": peering.vpc_id,
        "connection_id": peering.connection_id,
        "cidr": peering.cidr,
        "account_id": peering.account,
        "accepted": peering.accepted,
        "callers": peering.callers,
    }


def _service(
    instance: Instance,
    spec: ServiceSpec,
    image: str | None,
    secret_names: Mapping[str, str],
    running_ports: Set[int],
    running_secrets: Set[str],
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
        "scaling": spec.scaling.model_dump(mode="json", by_alias=False),
        "routing": spec.routing.model_dump(mode="json", by_alias=False) if spec.routing else None,
        "health_check": spec.health_check.model_dump(mode="json", by_alias=False) if spec.health_check else None,
        # Left out when absent, so that a service without them keeps its desired digest.
        **({"delivery": _delivery(spec.delivery)} if spec.delivery else {}),
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


def placeholder_platform(environment: Environment) -> Mapping[str, Any]:
    """Return placeholders for a platform that was never applied, so that a dry run can plan the services on it.

    Every id is well-formed and belongs to nothing.
    """
    prefix = f"{environment.region}:{environment.account}"
    key = f"arn:{environment.partition}:kms:{prefix}:key/00000000-0000-0000-0000-000000000000"
    balancer = f"arn:{environment.partition}:elasticloadbalancing:{prefix}"
    return {
        "schema_version": 1,
        "vpc_id": "vpc-00000000000000000",
        "vpc_cidr": "10.0.0.0/16",
        "private_subnet_ids": [f"subnet-0000000000000000{n}" for n in (1, 2, 3)],
        "public_subnet_ids": [f"subnet-0000000000000000{n}" for n in (4, 5, 6)],
        "cluster": {
            "name": environment.name,
            "arn": f"arn:{environment.partition}:ecs:{prefix}:cluster/{environment.name}",
        },
        "alb": {
            "arn": f"{balancer}:loadbalancer/app/{environment.name}/0000000000000000",
            "arn_suffix": f"app/{environment.name}/0000000000000000",
            "dns_name": f"{environment.name}.invalid",
            "zone_id": "Z00000000000000",
            "listener_arn": f"{balancer}:listener/app/{environment.name}/0000000000000000/0000000000000000",
            "security_group_id": "sg-00000000000000001",
        },
        "service_discovery": {
            "namespace_id": "ns-0000000000000000",
            "namespace_name": f"{environment.name}.internal",
        },
        "kms": dict.fromkeys(("ecs", "ecr", "secrets", "logs", "s3"), key),
        "security_groups": {"internal_services": "sg-00000000000000002", "kafka_client": "sg-00000000000000003"},
        "artifact_bucket": {
            "name": f"{environment.name}-artifacts",
            "arn": f"arn:{environment.partition}:s3:::{environment.name}-artifacts",
        },
        "alarm_topic_arn": f"arn:{environment.partition}:sns:{prefix}:{environment.name}-alarms",
        "notification_topic_arn": f"arn:{environment.partition}:sns:{prefix}:{environment.name}-deliveries",
        "permissions_boundary_arn": None,
        "connection_arn": None,
        "tags": {"owner": "unknown", "cost_center": "unknown", "compliance": "unknown"},
    }
