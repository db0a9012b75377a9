"""Requests: what is asked of AWS, by whom, and the condition keys that come with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from deploy.local.iam.principal import Principal

Values = tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """One action on one resource; a call that touches several resources is several requests.

    `context` has the condition keys that the service documents for the call, and no others: a key that is left out is
    absent, which is not the same as empty. Keys that follow from the principal are added. `resource_account` is the
    owner of a resource whose ARN names no account, such as a bucket; without it the principal's own account owns it.
    """

    action: str
    resource: str
    principal: Principal
    context: Mapping[str, str | Values] = field(default_factory=dict)
    resource_account: str = ""

    @property
    def owner(self) -> str:
        """Return the account that owns the resource."""
        parts = self.resource.split(":")
        named = parts[4] if len(parts) > 5 else ""
        return self.resource_account or (named if named.isdigit() else "") or self.principal.account

    @cached_property
    def _keys(self) -> Mapping[str, Values]:
        owner = {"aws:ResourceAccount": self.owner} if self.owner else {}
        given = {**owner, **self.principal.context, **self.context}
        return {key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in given.items()}

    def values(self, key: str) -> Values | None:
        """Return the values of a condition key, or None if it is absent. Names of keys are not case-sensitive."""
        return self._keys.get(key.lower())
