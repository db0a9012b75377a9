"""The policies of one account as the plans of its roots make them, put together so that requests can be decided.

A plan that makes everything anew knows no ARN yet; names give those of roles, buckets, topics and repositories. Keys
get made-up ARNs, those of the platform the ones that `tests/terraform/inputs.py` gives to services.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy.local.iam import Decision, Policies, Policy, Request, decide, read
from deploy.local.iam.principal import Kind
from tests.iam.planned import Document, documents_in
from tests.terraform.inputs import ACCOUNT, KEY, REGION
from tests.terraform.plans import Plan, Resource

IAM = f"arn:aws:iam::{ACCOUNT}"
LOGS = "the policies of CloudWatch Logs"
DAEMON_KEY, TOPICS_KEY, AUDIT_KEY = f"{KEY}7", f"{KEY}8", f"{KEY}9"
KEYS = {
    f'module.security.aws_kms_key.this["{purpose}"]': f"{KEY}{n}"
    for n, purpose in enumerate(("ecs", "ecr", "secrets", "logs", "s3"))
} | {
    "aws_kms_key.this": DAEMON_KEY,
    "module.monitoring.aws_kms_key.topics": TOPICS_KEY,
    "module.audit.aws_kms_key.this": AUDIT_KEY,
}
ATTACHED = {"aws_s3_bucket_policy": "aws_s3_bucket", "aws_sns_topic_policy": "aws_sns_topic"}


@dataclass(frozen=True, slots=True)
class Installed:
    """A policy document and its place in the world: the ARN of the role or resource that it belongs to."""

    document: Document
    owner: str
    boundary: str = ""  # of a role's trust policy: the ARN of the role's boundary

    @property
    def is_identity(self) -> bool:
        return self.document.kind == "aws_iam_role_policy"

    @property
    def policy(self) -> Policy:
        return read(self.document.content)

    def without(self, place: int) -> Installed:
        """Return the same without one statement."""
        kept = [each for index, each in enumerate(self.document.content["Statement"]) if index != place]
        return self.having(kept)

    def having(self, statements: list[Any]) -> Installed:
        """Return the same with other statements."""
        return replace(self, document=replace(self.document, content=self.document.content | {"Statement": statements}))


@dataclass(frozen=True)
class World:
    """All policies that are installed."""

    installed: tuple[Installed, ...]

    def changed(self, old: Installed, new: Installed) -> World:
        """Return the world with one document replaced."""
        return World(tuple(new if each is old else each for each in self.installed))

    def decide(self, request: Request) -> Decision:
        """Decide about a request with all policies that bear on it."""
        role = request.principal.role if request.principal.kind is Kind.ROLE_SESSION else ""
        return decide(
            request,
            Policies(
                identity=[each.policy for each in self.installed if each.is_identity and each.owner == role],
                boundary=self._boundary_of(role),
                resource=self._policy_of(_owner(request)),
            ),
        )

    def concerns(self, each: Installed, request: Request) -> bool:
        """Say whether a document can make a difference for a request."""
        limited = each.owner == self._boundary_arn(request.principal.role)
        mine = request.principal.role if each.is_identity else _owner(request)
        return limited or each.owner == mine

    def _boundary_of(self, role: str) -> Policy | None:
        wanted = self._boundary_arn(role)
        return next((each.policy for each in self.installed if wanted and each.owner == wanted), None)

    def _boundary_arn(self, role: str) -> str:
        return next((each.boundary for each in self.installed if role and each.owner == role and each.boundary), "")

    def _policy_of(self, owner: str) -> Policy | None:
        found = [each.policy for each in self.installed if not each.is_identity and each.owner == owner]
        return Policy(tuple(statement for policy in found for statement in policy.statements)) if found else None


def world(plans: Mapping[str, Plan]) -> World:
    """Return the world that the plans of several roots make together."""
    return World(tuple(each for plan in plans.values() for each in _installed(plan)))


def _installed(plan: Plan) -> Iterator[Installed]:
    resources = {resource.address: resource for resource in plan.resources}
    for document in documents_in(plan):
        resource = resources[document.address]
        if document.attribute == "assume_role_policy":
            yield Installed(document, f"{IAM}:role/{resource.values['name']}", _boundary(resource, plan))
        elif document.kind != "aws_iam_policy" or "boundary" in document.address:
            yield Installed(document, _place(resource, resources))


def _place(resource: Resource, resources: Mapping[str, Resource]) -> str:
    values = resource.values
    if resource.type in ATTACHED:
        target = resources[resource.address.replace(resource.type, ATTACHED[resource.type])].values
        return (
            f"arn:aws:s3:::{target['bucket']}"
            if "bucket" in target
            else f"arn:aws:sns:{REGION}:{ACCOUNT}:{target['name']}"
        )
    return {
        "aws_iam_role_policy": lambda: f"{IAM}:role/{values['role']}",
        "aws_iam_policy": lambda: f"{IAM}:policy/{values['name']}",
        "aws_kms_key": lambda: KEYS[resource.address],
        "aws_ecr_repository_policy": lambda: f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{values['repository']}",
        "aws_cloudwatch_log_resource_policy": lambda: LOGS,
    }[resource.type]()


def _boundary(resource: Resource, plan: Plan) -> str:
    """Return the ARN of a role's boundary; one that is made in the same plan is not known yet."""
    if resource.unknown.get("permissions_boundary"):
        made = [each.values["name"] for each in plan.of("aws_iam_policy") if "boundary" in each.address]
        return f"{IAM}:policy/{made[0]}"
    return resource.values.get("permissions_boundary") or ""


def _owner(request: Request) -> str:
    """Return the ARN of what has a policy for this request: of an object that is its bucket."""
    service = request.action.partition(":")[0]
    return {"s3": request.resource.partition("/")[0], "logs": LOGS}.get(service, request.resource)
