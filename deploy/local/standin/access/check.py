"""The decision about one call: each of its actions on each of its resources, and AWS's message where one is refused.

docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html has the messages.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from moto.kms.models import kms_backends
from moto.s3.models import s3_backends

from deploy.local import iam
from deploy.local.standin.access import callers, passed_roles
from deploy.local.standin.access.actions import FREE, action_of
from deploy.local.standin.access.context import context_of
from deploy.local.standin.access.reference import resource_types
from deploy.local.standin.access.resources import resources_of
from deploy.local.standin.calls import Call
from deploy.local.standin.guards import Place, Refused
from deploy.local.standin.requests import Reading

# A part of the decision's reason, and what AWS says about it.
REASONS = (
    ("explicitly denied by the identity", "with an explicit deny in an identity-based policy"),
    ("explicitly denied by the resource", "with an explicit deny in a resource-based policy"),
    ("explicitly denied by the permissions boundary", "with an explicit deny in a permissions boundary"),
    ("explicitly denied by the session", "with an explicit deny in a session policy"),
    ("permissions boundary", "because no permissions boundary allows the {action} action"),
    ("session policy", "because no session policy allows the {action} action"),
    ("own policy", "because no resource-based policy allows the {action} action"),
    ("another account", "because no resource-based policy allows the {action} action"),
    ("", "because no identity-based policy allows the {action} action"),
)


def check(reading: Reading, call: Call, place: Place) -> None:
    """Hold a call to the role of its caller. Raises: Refused."""
    caller, action = callers.find(call), action_of(reading)
    if caller is None or action in FREE:
        return
    parameters = reading.parameters
    resources = resources_of(reading.service, resource_types(action) or (), parameters, place)
    context = context_of(action, parameters, place)
    _hold(caller, action, resources, context, place, reading, every=reading.service == "ec2")
    for more in passed_roles.further(reading, place):
        _hold(caller, more.action, [more.resource], {**context, **more.context}, place, reading, every=True)


def _hold(
    caller: callers.Caller,
    action: str,
    resources: Iterable[str],
    context: Mapping[str, Any],
    place: Place,
    reading: Reading,
    *,
    every: bool,
) -> None:
    decisions = [(arn, _decide(caller, action, arn, context, place)) for arn in resources]
    refused = [(arn, decision) for arn, decision in decisions if not decision.allowed]
    if not refused or (not every and len(refused) < len(decisions)):
        return
    arn, decision = refused[0]
    why = next(text for part, text in REASONS if part in decision.reason)
    raise _refused(
        reading,
        f"{caller.principal.arn} is not authorized to perform: {action} on resource: {arn} "
        + why.format(action=action),
    )


def _decide(
    caller: callers.Caller, action: str, resource: str, context: Mapping[str, Any], place: Place
) -> iam.Decision:
    policy, owner = _resource_policy(action, resource, place)
    request = iam.Request(action, resource, caller.principal, context, resource_account=owner)
    return iam.decide(request, caller.policies(policy))


def _resource_policy(action: str, resource: str, place: Place) -> tuple[iam.Policy | None, str]:
    """Return the policy of a bucket, key or role, and the account that owns a resource whose ARN names none."""
    service = action.partition(":")[0]
    if service == "s3":
        return _bucket_policy(resource)
    if service == "kms" and ":key/" in resource:
        key = kms_backends[place.account][place.region].keys.get(resource.rpartition("/")[2])
        return (iam.read(key.policy) if key is not None else None), ""
    if action.startswith("sts:AssumeRole"):
        role = callers.find_role(resource)
        return (iam.read(role.assume_role_policy_document) if role is not None else None), ""
    return None, ""


def _bucket_policy(resource: str) -> tuple[iam.Policy | None, str]:
    name = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    for account, backends in list(s3_backends.items()):
        bucket = backends["aws"].buckets.get(name)
        if bucket is not None:
            return (iam.read(json.loads(bucket.policy)) if bucket.policy else None), str(account)
    return None, ""


def _refused(reading: Reading, text: str) -> Refused:
    """Return AWS's refusal in the form of the service."""
    if reading.service == "ec2":
        return Refused("UnauthorizedOperation", f"You are not authorized to perform this operation. User: {text}", 403)
    if reading.protocol in ("query", "rest-xml"):
        return Refused("AccessDenied", f"User: {text}", 403)
    return Refused("AccessDeniedException", f"User: {text}", 400 if reading.protocol == "json" else 403)
