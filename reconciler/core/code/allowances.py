"""Allowances: what the code of Terraform roots may do on the machine that runs it, beyond what every root may."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PROVIDER = "hashicorp/aws"
BUILT_IN = "terraform.io/builtin/terraform"
_REGISTRY = "registry.terraform.io/"


@dataclass(frozen=True, slots=True)
class Allowances:
    """The allowances of roots: `providers` by source, such as `hashicorp/random`; `modules` by how theirs begins.

    `files`: paths that only a run knows, or outside of the tree. `provider_settings`: of the AWS provider.
    """

    providers: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    provisioners: bool = False
    files: bool = False
    remote_state: bool = False
    provider_settings: frozenset[str] = frozenset()

    def admits_provider(self, source: str) -> bool:
        """Return whether the provider of that source may run."""
        wanted = source.removeprefix(_REGISTRY).lower()
        return wanted in {PROVIDER, BUILT_IN} or wanted in self.providers

    def admits_module(self, source: str) -> bool:
        """Return whether a module of that source, outside of the tree, may be installed and read."""
        return ".." not in source and any(source.startswith(beginning) for beginning in self.modules)


NOTHING = Allowances()


@dataclass(frozen=True, slots=True)
class AllowancesByTenant:
    """The allowances of all roots: those of a tenant where it has its own, else `common`."""

    common: Allowances = NOTHING
    own: Mapping[str, Allowances] = field(default_factory=dict)

    def of(self, tenant: str | None) -> Allowances:
        """Return the allowances of the roots of a tenant's instances."""
        return self.own.get(tenant or "", self.common)


NOTHING_FOR_ALL = AllowancesByTenant()


def install_only(allowances: AllowancesByTenant) -> Iterable[str]:
    """Return the full sources of the providers that Terraform may install, for whichever tenant.

    The code of a root is read with the allowances of its tenant before a provider is installed for it.
    """
    named = {PROVIDER, *(name for each in (allowances.common, *allowances.own.values()) for name in each.providers)}
    return sorted(name if name.count("/") > 1 else f"{_REGISTRY}{name}" for name in named)
