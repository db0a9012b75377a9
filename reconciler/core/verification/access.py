"""Access checks: the roles of services, and the quotas of the account."""

from collections.abc import Iterator, Mapping

from desired_state.checks.conflicts import Tier
from reconciler.core.verification.account import Account, Role
from reconciler.core.verification.finding import PREREQUISITE, Violation

# Who takes a role on, and the policies that the module of a service writes into it.
PRINCIPALS: Mapping[str, str] = {
    "execution": "ecs-tasks.amazonaws.com",
    "task": "ecs-tasks.amazonaws.com",
    "build": "codebuild.amazonaws.com",
    "pipeline": "codepipeline.amazonaws.com",
}
POLICIES: Mapping[str, frozenset[str]] = {
    "execution": frozenset({"start-task"}),
    "task": frozenset({"exec", "read-secrets"}),
    "build": frozenset({"build"}),
    "pipeline": frozenset({"deliver"}),
}


def roles(account: Account, environment: str, tier: Tier) -> Iterator[Violation]:
    """Check that each role is trusted by its service alone, is bounded in production, and has no policy by hand."""
    for role in account.roles:
        where = f"role {role.name}"
        if role.trusted != {PRINCIPALS[role.user]}:
            trusted = ", ".join(sorted(role.trusted)) or "no principal"
            yield Violation(where, 50, f"trusts {trusted}, not {PRINCIPALS[role.user]} alone")
        if tier == "prod" and role.boundary is None:
            yield Violation(where, 50, "has no permissions boundary")
        if added := _added(role):
            yield Violation(where, 50, f"has policies that the service's root does not write: {', '.join(added)}")


def quotas(account: Account, environment: str) -> Iterator[Violation]:
    """Check that each quota leaves room for one more."""
    for quota in account.quotas:
        if quota.used >= quota.limit:
            source = " (AWS's default: Service Quotas gave no value)" if quota.documented else ""
            found = f"{quota.used} of {quota.limit} are in use{source}: the next one is refused"
            yield Violation(f"quota {quota.name}", PREREQUISITE, found)


def _added(role: Role) -> list[str]:
    return sorted((role.inline - POLICIES[role.user]) | role.attached)
