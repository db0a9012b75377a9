"""Access checks: the roles of services, and the quotas of the account."""

from collections.abc import Iterator, Mapping

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
    "task": frozenset({"exec", "read-secrets", "use-data", "use-volumes"}),
    "build": frozenset({"build"}),
    "pipeline": frozenset({"deliver"}),
}


def roles(account: Account, listed: frozenset[str]) -> Iterator[Violation]:
    """Check that each role is trusted by its service alone, is bounded, and has no policy by hand.

    `listed` are the names of the managed policies that services of the environment may have."""
    for role in account.roles:
        where = f"role {role.name}"
        if role.trusted != {PRINCIPALS[role.user]}:
            trusted = ", ".join(sorted(role.trusted)) or "no principal"
            yield Violation(where, 50, f"trusts {trusted}, not {PRINCIPALS[role.user]} alone")
        if role.boundary is None:
            yield Violation(where, 50, "has no permissions boundary")
        if added := _added(role, listed):
            yield Violation(where, 50, f"has policies that the service's root does not write: {', '.join(added)}")


def quotas(account: Account, environment: str) -> Iterator[Violation]:
    """Check that each quota leaves room for one more."""
    for quota in account.quotas:
        if quota.used >= quota.limit:
            source = " (AWS's default: Service Quotas gave no value)" if quota.documented else ""
            found = f"{quota.used} of {quota.limit} are in use{source}: the next one is refused"
            yield Violation(f"quota {quota.name}", PREREQUISITE, found)


def _added(role: Role, listed: frozenset[str]) -> list[str]:
    attached = role.attached - listed if role.user == "task" else role.attached
    return sorted((role.inline - POLICIES[role.user]) | attached)
