"""The caller of a call: the session of a role, found by its access key, and the policies that limit it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from deploy.local import iam
from deploy.local.standin.calls import Call


class Caller:
    """A session of a role that may exist no more: then it has no policies, and may do nothing."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.principal = iam.role_session(session.role_arn, session.session_name)

    def policies(self, resource: iam.Policy | None) -> iam.Policies:
        role = find_role(self._session.role_arn)
        given = self._session.policy
        return iam.Policies(
            identity=list(_identity(role)) if role is not None else [],
            boundary=_boundary(role) if role is not None else None,
            session=[iam.read(given)] if given else None,
            resource=resource,
        )


def find(call: Call) -> Caller | None:
    """Return the caller of a call if it is a role's session; None for the stand-in's own key."""
    session = sts_backends[call.account]["aws"].get_assumed_role_from_access_key(call.access_key_id)
    return None if session is None else Caller(session)


def find_role(arn: str) -> Any:
    account = arn.split(":")[4]
    return next((role for role in iam_backends[account]["aws"].roles.values() if role.arn == arn), None)


def _identity(role: Any) -> Iterator[iam.Policy]:
    yield from (iam.read(document) for document in role.policies.values())
    for policy in role.managed_policies.values():
        yield _document(policy)


def _boundary(role: Any) -> iam.Policy | None:
    arn = role.permissions_boundary_arn
    if not arn:
        return None
    policy = iam_backends[role.account_id]["aws"].managed_policies.get(arn)
    return _document(policy) if policy is not None else iam.read({"Statement": []})


def _document(policy: Any) -> iam.Policy:
    return iam.read(next(version.document for version in policy.versions if version.is_default))
