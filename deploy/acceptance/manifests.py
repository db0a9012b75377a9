"""The manifests of the run: an account, the smallest platform, a public and an internal service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.core.environment import Environment

PUBLIC, INTERNAL, RENAMED = "web", "worker", "consumer"
MEMORY, MORE_MEMORY = 512, 1024
_OWNER, _COST_CENTER, _COMPLIANCE = "acceptance", "acceptance", "internal"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs that the operator brings: a certificate, a connection with a repository and two commits, a principal."""

    certificate: str
    connection: str
    repository: str
    commits: tuple[str, str]
    trusted: str


def account(target: Environment, inputs: Inputs) -> str:
    """Return the manifest of what an account has once: trail, compliance record, roles of people."""
    tags = {"owner": _OWNER, "cost_center": _COST_CENTER, "compliance": _COMPLIANCE}
    spec = {
        "environments": [target.name],
        "root": "account",
        "inputs": {"tags": tags, "people": {"trusted_arns": [inputs.trusted]}, "trail": {"retention_days": 365}},
    }
    return _manifest("Module", "account", spec)


def anchor(target: Environment) -> str:
    """Return the manifest of an instance without resources, which stays until the states are deleted."""
    return _manifest("Module", "anchor", {"environments": [target.name], "root": "anchor"})


def platform(target: Environment, inputs: Inputs) -> str:
    """Return the manifest of the platform: three zones, which is the least, one NAT gateway."""
    spec = {
        "environments": [target.name],
        "network": {
            "cidr": "10.250.0.0/16",
            "availabilityZones": [f"{target.region}{zone}" for zone in "abc"],
            "nat": "single",
        },
        "alb": {"certificateArn": inputs.certificate},
        "tags": {"owner": _OWNER, "costCenter": _COST_CENTER, "compliance": _COMPLIANCE},
        "cluster": {"insights": "enabled", "spot": False},
        "delivery": {"connectionArn": inputs.connection},
        "subscribers": {"alarms": ["acceptance@example.com"]},
    }
    return _manifest("Platform", "platform", spec)


def public(
    target: Environment, inputs: Inputs, *, memory: int = MEMORY, tag: str | None = None, approve: bool = False
) -> str:
    """Return the manifest of the public service, with an image of Git's choice where `tag` is given."""
    spec = _service(target, inputs) | {
        "type": "public",
        "memory": memory,
        "routing": {"paths": ["/", "/*"], "priority": 100},
        "healthCheck": {"path": "/healthz"},
    }
    if tag:
        spec["image"] = {"tag": tag}
    if approve:
        spec["policy"] = {"mode": "approve"}
    return _manifest("Service", PUBLIC, spec)


def internal(target: Environment, inputs: Inputs, *, former: str | None = None) -> str:
    """Return the manifest of the internal service; with `former`, that of the renamed one."""
    spec = _service(target, inputs) | {"type": "internal", "memory": MEMORY}
    return _manifest("Service", RENAMED if former else INTERNAL, spec, former)


def _service(target: Environment, inputs: Inputs) -> dict[str, Any]:
    return {
        "environments": [target.name],
        "runtime": "python",
        "repository": inputs.repository,
        "cpu": 256,
        "port": 8000,
        "scaling": {"min": 1, "max": 2},
    }


def _manifest(kind: str, name: str, spec: Mapping[str, Any], former: str | None = None) -> str:
    metadata = {"name": name} | ({"formerName": former} if former else {})
    document = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata, "spec": dict(spec)}
    return str(yaml.safe_dump(document, sort_keys=False))
