"""The variable `permissions` of a service's root: grants by service and level, and managed policies by name."""

from collections.abc import Mapping
from typing import Any

from desired_state.kinds.service.spec import ServiceSpec


class PolicyNotListed(ValueError):
    """A managed policy of a service that the configuration of its environment lists no more."""


def permission_variables(spec: ServiceSpec, policies: Mapping[str, str]) -> dict[str, Any]:
    """Return the variable, left out where a service has neither, so that it keeps its desired digest.

    Raises: PolicyNotListed for a policy that the configuration lists no more. Nothing is planned then: without the
    policy the service would lose what it runs with.
    """
    grants = [
        {"service": one.service, "access": one.level, "resources": list(one.resources)}
        for one in spec.permissions
        if one.service != "secrets"
    ]
    if missing := [name for name in spec.policies if name not in policies]:
        message = f"no policy {', '.join(missing)} is listed for the environment any more: add it to `policies` of the "
        raise PolicyNotListed(f"{message}environment in the daemon's configuration, or remove it from the manifest")
    named = {name: policies[name] for name in spec.policies}
    given = {**({"grants": grants} if grants else {}), **({"policies": named} if named else {})}
    return {"permissions": given} if given else {}


def runtime_secrets(spec: ServiceSpec) -> tuple[str, ...]:
    """Return the names of the secrets that the code reads itself: `runtimeSecrets`, and permissions for `secrets`."""
    named = (name for one in spec.permissions if one.service == "secrets" for name in one.resources)
    return tuple(dict.fromkeys((*spec.runtime_secrets, *named)))
