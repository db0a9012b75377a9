"""Guards: what AWS refuses because of what exists, and moto accepts. All of them are in one table.

A guard runs before moto, with the parameters of the call. `tests/standin` has a case for each, which must be refused by
the stand-in and accepted by plain moto, so that a guard that moto no longer needs is found and deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from deploy.local.standin.guards import in_use, linked_roles, names, networks, new_roles, quotas
from deploy.local.standin.guards.guard import Guard, Place, Refused
from deploy.local.standin.guards.settings import Quotas, Settings

# What is made on the side comes last, when nothing refuses the call any more.
GUARDS: tuple[Guard, ...] = (
    *in_use.GUARDS,
    *names.GUARDS,
    *networks.GUARDS,
    *new_roles.GUARDS,
    *quotas.GUARDS,
    *linked_roles.GUARDS,
)
_BY_CALL: dict[tuple[str, str], list[Guard]] = defaultdict(list)
for _guard in GUARDS:
    _BY_CALL[_guard.service, _guard.operation].append(_guard)

__all__ = ["GUARDS", "Guard", "Place", "Quotas", "Refused", "Settings", "check"]


def check(service: str, operation: str, parameters: Mapping[str, Any], place: Place) -> None:
    """Run the guards of a call. Raises: Refused."""
    for guard in _BY_CALL.get((service, operation), ()):
        guard.check(parameters, place)
