"""The decision: AWS's order of policies, from an explicit deny to the default.

Sources, the first three in https://docs.aws.amazon.com/IAM/latest/UserGuide:
reference_policies_evaluation-logic_policy-eval-denyallow.html (one account),
reference_policies_evaluation-logic-cross-account.html, access_policies_boundaries.html, and for keys
https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploy.local.iam.policy import Policy, Statement
from deploy.local.iam.principal import Kind, Match
from deploy.local.iam.request import Request


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies that bear on a request; None is a kind of policy that is not attached, and limits nothing.

    `resource` is the policy of the resource itself: of a bucket, a topic, a secret, a repository, a key, or the trust
    policy of a role. `controls` are service control policies, those of one level of the organisation in each entry.
    """

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Sequence[Policy] | None = None
    resource: Policy | None = None
    controls: Sequence[Sequence[Policy]] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, the reason for it, and the statement that decided, if one did."""

    allowed: bool
    reason: str
    statement: Statement | None = None


def decide(request: Request, policies: Policies) -> Decision:
    """Decide about a request as AWS would."""
    for title, statement in _denies(request, policies):
        return Decision(False, f"{_asked(request)}: explicitly denied by the {title}, {statement.title}", statement)
    if not _has_identity(request):
        return _by_resource(request, policies)
    for level in policies.controls:
        if not _allow(request, level):
            return _refused(request, "no service control policy of one level allows it")
    match, granting = _granted(request, policies)
    if request.principal.account != request.owner:
        return _across_accounts(request, policies, granting)
    return _within_account(request, policies, match, granting)


def _within_account(request: Request, policies: Policies, match: Match, granting: Statement | None) -> Decision:
    if match is Match.ITSELF:
        return _allowed(request, "resource policy", granting)
    limit = _limit(request, policies)
    if match is Match.ROLE:
        return _refused(request, limit) if limit else _allowed(request, "resource policy", granting)
    if _has_to_be_granted(request) and match is Match.NOT:
        return _refused(request, "the resource's own policy has to allow it, and does not")
    return _by_identity(request, policies)


def _across_accounts(request: Request, policies: Policies, granting: Statement | None) -> Decision:
    if granting is None:
        return _refused(request, "the resource is another account's, and its policy does not allow it")
    return _by_identity(request, policies)


def _by_resource(request: Request, policies: Policies) -> Decision:
    # A service or an identity provider has no policies of its own.
    _, granting = _granted(request, policies)
    if granting is None:
        return _refused(request, "the resource policy does not allow it")
    return _allowed(request, "resource policy", granting)


def _by_identity(request: Request, policies: Policies) -> Decision:
    granting = _allow(request, policies.identity)
    if granting is None and request.principal.kind is not Kind.ROOT:
        return _refused(request, "no identity policy allows it")
    limit = _limit(request, policies)
    return _refused(request, limit) if limit else _allowed(request, "identity policy", granting)


def _limit(request: Request, policies: Policies) -> str:
    if policies.boundary is not None and not _allow(request, (policies.boundary,)):
        return "the permissions boundary does not allow it"
    if policies.session is not None and not _allow(request, policies.session):
        return "the session policy does not allow it"
    return ""


def _denies(request: Request, policies: Policies) -> Iterator[tuple[str, Statement]]:
    bounded = policies.boundary is not None
    if policies.resource:
        for each in policies.resource.applying(request, allows=False):
            if each.means(request, bounded):
                yield "resource policy", each
    if not _has_identity(request):
        return
    kinds = {
        "identity policy": policies.identity,
        "permissions boundary": [policies.boundary] if policies.boundary else (),
        "session policy": policies.session or (),
        "service control policy": [policy for level in policies.controls for policy in level],
    }
    for title, listed in kinds.items():
        for policy in listed:
            yield from ((title, each) for each in policy.applying(request, allows=False))


def _granted(request: Request, policies: Policies) -> tuple[Match, Statement | None]:
    """Return the nearest way in which the resource policy grants the request, with its statement."""
    if policies.resource is None:
        return Match.NOT, None
    bounded = policies.boundary is not None
    grants = [(each.means(request, bounded), each) for each in policies.resource.applying(request, allows=True)]
    match, statement = max(grants, key=lambda grant: grant[0], default=(Match.NOT, None))
    return match, statement if match else None


def _allow(request: Request, policies: Sequence[Policy]) -> Statement | None:
    return next((each for policy in policies for each in policy.applying(request, allows=True)), None)


def _has_to_be_granted(request: Request) -> bool:
    """Say whether the policy of the resource has to allow the request also in its own account: keys and roles."""
    kind = {"sts": ":role/", "kms": ":key/"}.get(request.action.lower().partition(":")[0])
    return kind is not None and kind in request.resource


def _has_identity(request: Request) -> bool:
    return request.principal.kind not in (Kind.SERVICE, Kind.FEDERATED)


def _allowed(request: Request, title: str, statement: Statement | None) -> Decision:
    by = f"the {title}, {statement.title}" if statement else "being the account's root user"
    return Decision(True, f"{_asked(request)}: allowed by {by}", statement)


def _refused(request: Request, why: str) -> Decision:
    return Decision(False, f"{_asked(request)}: {why}")


def _asked(request: Request) -> str:
    return f"{request.principal.arn}, {request.action} on {request.resource}"
