"""The permissions of a tenant's services: resources that bear its own names, and those that are granted to it.

A resource belongs to the tenant that its name belongs to, as an instance of that name would (`Tenants.may_name`). An
entry of `permissions` is a service, a colon and a name, its beginning and `*`, or an ARN; `policy:` grants a policy.
"""

import re
from collections.abc import Iterator
from typing import Final

from desired_state.kinds.service.permissions import Permission, is_arn
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location, quote
from desired_state.tenants.tenant import Tenant, Tenants, matches

# Separators that names of tables, queues and topics may have, where names of instances have a hyphen.
_SEPARATORS: Final = re.compile(r"[._/]")
_IN_FOLDERS: Final = ("secrets", "ssm")  # their names are paths, and belong to the service that they begin with


def beyond_grants(
    own: tuple[str, ...], spec: ServiceSpec, tenant: Tenant, tenants: Tenants
) -> Iterator[tuple[Location, str]]:
    """Find the resources and policies that a tenant's service may not ask for, each with the message about it.

    `own` are the beginnings of the secrets and parameters that the service may read without a grant.
    """
    for place, one in enumerate(spec.permissions):
        for index, resource in enumerate(one.resources):
            if not _granted(resource, one, own, tenant, tenants):
                message = f"the tenant {tenant.name} may not use {quote(resource)} of {one.service}"
                yield ("permissions", place, "resources", index), f"{message}, {_only(one.service, tenant)}"
    for index, name in enumerate(spec.policies):
        if not matches(f"policy:{name}", tenant.permissions):
            message = f"the tenant {tenant.name} may not use the policy {quote(name)}"
            yield ("policies", index), f"{message}, {_only('policy', tenant)}"


def _granted(resource: str, one: Permission, own: tuple[str, ...], tenant: Tenant, tenants: Tenants) -> bool:
    if matches(f"{one.service}:{resource}", tenant.permissions):
        return True
    if is_arn(resource):
        return False
    if one.service in _IN_FOLDERS:
        return matches(resource, (*own, *tenant.secrets) if one.service == "secrets" else own)
    if one.service == "service":
        return tenants.may_name(tenant, resource) or matches(resource, tenant.depends_on)
    # A cluster of Kafka is the platform's; a topic in it is a team's.
    name = resource.partition("/")[2] if one.service == "kafka" else resource
    plain = _SEPARATORS.sub("-", name.lower().removesuffix(".fifo"))
    return _all_own(plain[:-1], tenant, tenants) if plain.endswith("*") else tenants.may_name(tenant, plain)


def _all_own(beginning: str, tenant: Tenant, tenants: Tenants) -> bool:
    """Return whether every name with this beginning belongs to the tenant, and none to a closer entry of another."""
    closest = {one.name: _closeness(beginning, one.own_names) for one in tenants.by_name.values()}
    mine = closest[tenant.name]
    others = [one for one in tenants.by_name.values() if one.name != tenant.name]
    inside = (entry for one in others for entry in one.own_names if entry.removesuffix("*").startswith(beginning))
    return mine > 0 and mine == max(closest.values()) and not any(inside)


def _closeness(beginning: str, entries: tuple[str, ...]) -> int:
    """Return the length of the longest entry that stands for all names with a beginning, 0 if none does."""
    return max((len(one) for one in entries if one.endswith("*") and beginning.startswith(one[:-1])), default=0)


def _only(service: str, tenant: Tenant) -> str:
    granted = sorted(one for one in tenant.permissions if one.startswith(f"{service}:"))
    if service == "policy":
        return f"only {', '.join(granted)}" if granted else "none is granted"
    return f"only its own names{''.join(f', {one}' for one in granted)}"
