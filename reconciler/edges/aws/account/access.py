"""Roles of one environment's services, and the quotas of its account."""

from asyncio import gather
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.verification.account import Pipeline, Project, Quota, Role, Service
from reconciler.edges.aws.account.calls import Calls
from reconciler.edges.aws.clients import DENIED


@dataclass(frozen=True, slots=True)
class _Quota:
    """A quota, its codes in Service Quotas, its documented default, and the listing of what uses it."""

    name: str
    service: str
    code: str
    default: int
    operation: str
    answer: str


# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: 5 VPCs and 5 Elastic IP addresses a region.
_QUOTAS: Sequence[_Quota] = (
    _Quota("VPCs", "vpc", "L-F678F1CE", 5, "describe_vpcs", "Vpcs"),
    _Quota("elastic IP addresses", "ec2", "L-0263D0A3", 5, "describe_addresses", "Addresses"),
)
_UNANSWERED = DENIED | {"NoSuchResourceException", "EndpointConnectionError", "UnrecognizedClientException"}


async def read_roles(
    calls: Calls, services: Sequence[Service], projects: Sequence[Project], pipelines: Sequence[Pipeline]
) -> tuple[Role, ...]:
    """Return the roles of these services, build projects and pipelines."""
    used = {pair for service in services for pair in service.roles.items()}
    used |= {("build", project.role) for project in projects if project.role}
    used |= {("pipeline", pipeline.role) for pipeline in pipelines if pipeline.role}
    roles = await gather(*(_role(calls, user, arn.rpartition("/")[2]) for user, arn in sorted(used)))
    return tuple(role for role in roles if role is not None)


async def read_quotas(calls: Calls) -> tuple[Quota, ...]:
    """Return the quotas that a new environment meets first, with what is in use in the account and region."""
    return tuple(await gather(*(_quota(calls, quota) for quota in _QUOTAS)))


async def _role(calls: Calls, user: str, name: str) -> Role | None:
    found = await calls.maybe("iam", "get_role", missing={"NoSuchEntity"}, RoleName=name)
    if found is None:
        return None
    inline, attached = await gather(
        calls.every("iam", "list_role_policies", "PolicyNames", RoleName=name),
        calls.every("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name),
    )
    role = found["Role"]
    return Role(
        name=name,
        user=user,
        trusted=frozenset(_principals(role["AssumeRolePolicyDocument"])),
        boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        inline=frozenset(inline),
        attached=frozenset(each["PolicyName"] for each in attached),
    )


def _principals(document: Mapping[str, Any]) -> Iterator[str]:
    """Return every principal that a trust policy allows: `*`, or a name of any kind."""
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement["Effect"] == "Allow":
            principal = statement.get("Principal", statement.get("NotPrincipal", "*"))
            for names in principal.values() if isinstance(principal, dict) else [principal]:
                yield from names if isinstance(names, list) else [names]


async def _quota(calls: Calls, quota: _Quota) -> Quota:
    used, answer = await gather(
        calls.every("ec2", quota.operation, quota.answer),
        calls.maybe(
            "service-quotas",
            "get_service_quota",
            missing=_UNANSWERED,
            ServiceCode=quota.service,
            QuotaCode=quota.code,
        ),
    )
    limit = int(answer["Quota"]["Value"]) if answer else quota.default
    return Quota(quota.name, len(used), limit, documented=answer is None)
