"""An AWS environment as configured: account, region, role, tier, and the floor that manifests cannot loosen."""

from dataclasses import dataclass

from desired_state.checks.conflicts import Tier
from reconciler.core.floor import NO_FLOOR, Floor


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment: account, region and role. `endpoint` is an AWS-compatible endpoint, used instead of AWS's own.

    `tenant_roles`: the roles of tenants by name, in which Terraform works for their instances. `allow`: the loosened
    defaults that services may use, None for those of the tier. `policies`: the ARNs of managed policies by the names
    that services have for them.
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
    allow: frozenset[str] | None = None
    policies: tuple[tuple[str, str], ...] = ()

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

    def boundary_of(self, tenant: str | None) -> str | None:
        """Return the boundary of the roles of a tenant's services; None for the one of the environment.

        `deploy/ecs/target-account` makes it beside the tenant's role, and names it after that.
        """
        role = dict(self.tenant_roles).get(tenant or "")
        if role is None:
            return None
        account, _, name = role.partition(":role/")
        return f"{account}:policy/{name.rpartition('/')[2]}-boundary"
