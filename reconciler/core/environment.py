"""An AWS environment as configured: account, region, role, tier, and the floor that manifests cannot loosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from desired_state.checks import Tier
from desired_state.policy import Mode

_STRICTNESS: Mapping[Mode, int] = {"auto": 0, "approve": 1, "observe": 2}


@dataclass(frozen=True, slots=True)
class EffectiveMode:
    """The mode by which an instance is reconciled, and what decided it: its manifest, or the environment's floor."""

    mode: Mode
    origin: Literal["manifest", "floor"]


@dataclass(frozen=True, slots=True)
class Floor:
    """Settings that the platform engineers fixed for an environment; a manifest can only be stricter.

    `reason` says whether an act of a person there needs one.
    """

    mode: Mode = "auto"
    prune: bool = True
    reason: Literal["optional", "required"] = "optional"

    def effective_mode(self, declared: Mode) -> EffectiveMode:
        """Return the stricter mode of the floor and of a manifest; the manifest's where both are the same."""
        if _STRICTNESS[self.mode] > _STRICTNESS[declared]:
            return EffectiveMode(self.mode, "floor")
        return EffectiveMode(declared, "manifest")


NO_FLOOR = Floor()


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment: account, region and role. `endpoint` is an AWS-compatible endpoint, used instead of AWS's own.

    `tenant_roles`: the roles of tenants by name, in which Terraform works for their instances.
    """

    name: str
    tier: Tier
    account: str
    region: str
    role: str | None = None
    partition: str = "aws"
    endpoint: str | None = None
    floor: Floor = NO_FLOOR
    tenant_roles: tuple[tuple[str, str], ...] = ()

    def role_of(self, tenant: str | None) -> str | None:
        """Return the role in which Terraform works for a tenant's instance.

        Raises: ValueError for a tenant without a role where tenants have roles of their own.
        """
        if tenant is None or not self.tenant_roles:
            return self.role
        found = dict(self.tenant_roles).get(tenant)
        if found is None:
            raise ValueError(f"environments.{self.name}.tenant_roles has no role for the tenant {tenant}")
        return found
