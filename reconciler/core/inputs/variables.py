"""The variables of an instance's Terraform root, and the digest that says whether anything changed.

Every value reaches Terraform through `terraform.tfvars.json`, where strings are literal. The shapes below are the
interface of `terraform/roots/platform`, `terraform/roots/service` and `terraform/roots/job`.
"""

import hashlib
import json
from collections.abc import Mapping, Set
from typing import Any

from desired_state.instance import Instance
from desired_state.kinds.job import JobSpec
from desired_state.kinds.manifest import ModuleSpec
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.inputs.job import job_variables
from reconciler.core.inputs.platform import platform_variables
from reconciler.core.inputs.service import service_variables

_ADDED = frozenset({"platform", "environment", "aws"})


def variables(
    instance: Instance,
    environment: Environment,
    *,
    platform: Mapping[str, Any] | None,
    image: str | None,
    running_ports: Set[int] = frozenset(),
    running_secrets: Set[str] = frozenset(),
    running_schedule: int | None = None,
    boundary: str | None = None,
) -> Mapping[str, Any]:
    """Return the content of `terraform.tfvars.json`. Every root gets `environment` and `aws`, which no manifest can
    set.

    `platform` is the `platform` output of the environment's platform root and needed by services and jobs; `image` is
    the full reference of the image to run, None before the first one was pushed. Tasks of the service that listen at
    another one of the `running_ports` than the wanted one are reached until they are gone, and those that start with
    other `running_secrets` may be started again until then. `running_schedule`: the place of the schedule whose numbers
    of tasks are in force, None for those of the manifest. `boundary` is that of the roles of a tenant's
    services and jobs, in place of the platform's.
    """
    match instance.spec:
        case PlatformSpec() as spec:
            own: dict[str, Any] = platform_variables(spec)
        case ServiceSpec() as spec:
            if platform is None:
                raise ValueError(f"{instance.key} needs the outputs of its platform")
            names = platform.get("secret_names") or {}
            own = {
                "platform": _with_boundary(platform, boundary),
                **service_variables(
                    instance, spec, environment, image, names, running_ports, running_secrets, running_schedule
                ),
            }
        case JobSpec() as spec:
            if platform is None:
                raise ValueError(f"{instance.key} needs the outputs of its platform")
            names = platform.get("secret_names") or {}
            own = {"platform": _with_boundary(platform, boundary), **job_variables(instance, spec, names)}
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
        case JobSpec() as spec:
            wanted = {"env": dict(spec.env)}
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


def _with_boundary(platform: Mapping[str, Any], boundary: str | None) -> Mapping[str, Any]:
    return {**platform, "permissions_boundary_arn": boundary} if boundary else platform


def _aws(environment: Environment) -> dict[str, Any]:
    return {"role_arn": environment.role, "s3_use_path_style": environment.endpoint is not None}
