"""The variables of a job's root."""

from collections.abc import Mapping
from typing import Any

from desired_state.instance import Instance
from desired_state.kinds.job import JobImage, JobSpec


def job_variables(instance: Instance, spec: JobSpec, secret_names: Mapping[str, str]) -> dict[str, Any]:
    """Return the variables of a job. `secret_names` are the full names of the secrets that the platform made."""
    schedule = spec.schedule
    return {
        "job": {"name": instance.service_name, "labels": dict(instance.labels)},
        "image": _image(spec.image),
        "runtime": spec.runtime,
        "resources": {"cpu": spec.cpu, "memory": spec.memory},
        "command": list(spec.command),
        "environment_variables": dict(spec.env),
        "secrets": {variable: secret_names.get(secret, secret) for variable, secret in spec.secrets.items()},
        "runtime_secrets": [secret_names.get(name, name) for name in spec.runtime_secrets],
        "schedule": {
            "expression": schedule.expression,
            "timezone": schedule.timezone,
            "enabled": schedule.enabled,
        }
        if schedule
        else None,
        "runs": {
            "timeout": int(spec.timeout.total_seconds()),
            "retries": spec.retries,
            "concurrency": spec.concurrency,
        },
    }


def _image(image: JobImage) -> dict[str, Any]:
    """Return the address of the image, or the service in whose repository it is; the module knows that repository."""
    if image.address is not None:
        return {"uri": image.address}
    return {"service": image.service, "version": image.version}
