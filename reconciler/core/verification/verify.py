"""All checks of one environment."""

from collections.abc import Iterator

from desired_state.checks.conflicts import Tier
from reconciler.core.verification import access, network, services, storage
from reconciler.core.verification.account import Account
from reconciler.core.verification.finding import Violation

_CHECKS = (
    network.vpcs, network.security_groups, network.balancers,
    storage.keys, storage.encryption, storage.states, storage.repositories, storage.tags,
    services.clusters, services.placement, services.rollouts, services.belongings, services.alarms,
    access.quotas,
)  # fmt: skip


def verify(
    account: Account, *, environment: str, tier: Tier, policies: frozenset[str] = frozenset()
) -> tuple[Violation, ...]:
    """Return every statement that the environment violates, by statement and resource.

    `policies` are the names in AWS of the managed policies that its services may have."""
    found = (*_all(account, environment, tier), *access.roles(account, policies))
    return tuple(sorted(found, key=lambda found: (found.statement, found.resource)))


def _all(account: Account, environment: str, tier: Tier) -> Iterator[Violation]:
    for check in _CHECKS:
        yield from check(account, environment)
    yield from storage.log_groups(account, environment, days=90 if tier == "prod" else 30)
    yield from services.pipelines(account, environment, tier)
