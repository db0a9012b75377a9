"""The variables of a service's rollout."""

from typing import Any

from desired_state.kinds.service.spec import ServiceSpec


def deployment_variables(spec: ServiceSpec) -> dict[str, Any]:
    """Return what the manifest sets; the defaults are the module's. `strategy` has one value and reaches no root."""
    if spec.deployment is None:
        return {}
    given = {
        "minimum_healthy_percent": spec.deployment.minimum_healthy_percent,
        "maximum_percent": spec.deployment.maximum_percent,
        "circuit_breaker": spec.deployment.circuit_breaker,
        "rollback_alarms": list(spec.deployment.rollback_alarms) or None,
        "force_new": spec.deployment.force_new,
    }
    return {"deployment": {name: value for name, value in given.items() if value is not None}}
