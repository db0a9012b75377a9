"""Permissions: the role that each request needs, and whether a principal has it. `docs/security.md` has the table."""

from collections.abc import Collection, Iterable, Mapping

from reconciler.core.principal import Grant, Principal, Role

ACTION_ROLES: Mapping[str, Role] = {
    "reconcile": Role.OPERATE,
    "suspend": Role.OPERATE,
    "resume": Role.OPERATE,
    "unlock": Role.OPERATE,
    "approve": Role.APPROVE,
    "adopt": Role.APPROVE,
    "reject": Role.APPROVE,
    "prune": Role.APPROVE,
    "run-task": Role.APPROVE,
    "adopt-state": Role.ADMIN,
    "freeze": Role.OPERATE,
    "unfreeze": Role.APPROVE,
    "orphans": Role.OPERATE,
}
"""The least role for each action of the API, and for the list of orphans, which calls AWS."""

FIELD_ROLES: Mapping[tuple[str, str], Role] = {
    ("reconcile", "override_window"): Role.APPROVE,
    ("reconcile", "from_empty"): Role.ADMIN,
    ("unlock", "lock_id"): Role.ADMIN,
}
"""Fields of a request that ask for more than its action alone."""


def needed(action: str, fields: Collection[str] = ()) -> Role:
    """Return the role that an action with these fields needs; the highest for an action without a rule."""
    return max(
        ACTION_ROLES.get(action, Role.ADMIN),
        *(role for (name, field), role in FIELD_ROLES.items() if name == action and field in fields),
        Role.READ,
    )


def role_in(grants: Iterable[Grant], environment: str | None, tenant: str | None = None) -> Role | None:
    """Return the highest role in an environment for a tenant; None without any.

    Without an environment the role must hold in all of them, without a tenant for all of them.
    """
    held = [
        grant.role for grant in grants if _covers(grant.environments, environment) and _covers(grant.tenants, tenant)
    ]
    return max(held, default=None)


def _covers(granted: frozenset[str] | None, wanted: str | None) -> bool:
    return granted is None or wanted in granted


def allows(principal: Principal, need: Role, environment: str | None, tenant: str | None = None) -> bool:
    """Return whether the principal has that role, or a higher one, there."""
    held = role_in(principal.grants, environment, tenant)
    return held is not None and held >= need
