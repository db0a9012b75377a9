"""Tenants: the teams that share a repository, and what the manifests of each may ask for.

An entry of a list is one name, or with `*` at its end all names that begin with it. What bears a service's own name
(its secrets below `<name>/`, its paths at and below `/<name>`) needs no entry.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from desired_state.instance import Key, Kind

# The roots that make roles and networks, or skip the checks of a Platform, a Service or a Job: `*` does not stand for
# them.
NAMED_ROOTS: Final = frozenset({"account", "platform", "service", "job"})
# The ends of the names of resources that the modules `service` and `job` make beside those that bear its own name.
SUFFIXES: Final = (
    *("build", "execution", "failed-runs", "missed", "missed-runs", "pipeline", "pre-deployment", "queue", "runs"),
    *("schedule", "task", "turns", "wake"),
)
_WILDCARD: Final = re.compile(r"\*\*/?|\*|\?")
_MEANINGS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One team: the paths of its manifests, and its grants. Each default is closed, or is the team's own name."""

    name: str
    paths: tuple[str, ...]
    environments: tuple[str, ...]
    kinds: tuple[Kind, ...] = ("Service",)
    roots: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None
    repositories: tuple[str, ...] | None = None
    depends_on: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    imports: bool = False
    ignore: bool = False
    instances: int = 50
    tasks: int = 20
    cpu: int = 4096

    @property
    def own_names(self) -> tuple[str, ...]:
        """Return the names of its manifests: `names`, else its own name and what begins with it and a hyphen."""
        return (self.name, f"{self.name}-*") if self.names is None else self.names

    def may_run(self, root: str) -> bool:
        """Return whether its Modules may run this root."""
        return root in self.roots if root in NAMED_ROOTS else matches(root, self.roots)


@dataclass(frozen=True, slots=True)
class Tenants:
    """All tenants by name, and the names of all environments, which no manifest of a tenant may have."""

    by_name: Mapping[str, Tenant]
    environments: frozenset[str] = frozenset()

    def of(self, path: str) -> Tenant | str:
        """Return the tenant of a file, or why it has none."""
        found = [tenant for tenant in self.by_name.values() if any(is_below(path, one) for one in tenant.paths)]
        if len(found) == 1:
            return found[0]
        if not found:
            return f"no tenant of the configuration has files here: add the path to one of {_listed(self.by_name)}"
        return f"the tenants {_listed(one.name for one in found)} both have files here: narrow their paths"

    def name_of(self, path: str) -> str | None:
        """Return the name of the file's tenant, None if it has none."""
        found = self.of(path)
        return found.name if isinstance(found, Tenant) else None

    def namesakes(self, name: str) -> frozenset[str]:
        """Return the tenants that a name belongs to: those with the closest entry for it, a full name before a
        beginning, a longer beginning before a shorter one."""
        found = {one.name: _closeness(name, one.own_names) for one in self.by_name.values()}
        closest = max(found.values(), default=0)
        return frozenset(tenant for tenant, close in found.items() if close == closest and close)

    def may_name(self, tenant: Tenant, name: str) -> bool:
        """Return whether manifests of the tenant may have this name, now or formerly."""
        return tenant.name in self.namesakes(name)

    def reserved_for(self, tenant: Tenant, name: str) -> tuple[str, str] | None:
        """Return another tenant, and the entry by which names of the instance's resources belong to it; None otherwise.

        The role of that tenant reaches all resources whose names begin with its entry: with `orders-*` it would reach
        the role `orders-execution` of the service `orders`.
        """
        for suffix in SUFFIXES:
            full = f"{name}-{suffix}"
            for owner in sorted(self.namesakes(full)) if not self.may_name(tenant, full) else ():
                for entry in self.by_name[owner].own_names:
                    if entry.endswith("*") and entry.startswith(f"{name}-") and matches(full, (entry,)):
                        return owner, entry
        return None

    def may_build(self, tenant: Tenant, repository: str) -> bool:
        """Return whether services of the tenant may be built from this repository (`owner/name`)."""
        if tenant.repositories is not None:
            return matches(repository, tenant.repositories)
        return self.may_name(tenant, repository.rpartition("/")[2])

    def may_declare(self, tenant: Tenant, key: Key) -> bool:
        """Return whether manifests of the tenant may have this name in this environment."""
        return key.environment in tenant.environments and self.may_name(tenant, key.name)

    def may_contain(self, path: str, key: Key) -> bool:
        """Return whether the file may declare the instance."""
        found = self.of(path)
        return isinstance(found, Tenant) and self.may_declare(found, key)

    def owner(self, key: Key, tenant: str | None, path: str) -> str | None:
        """Return the tenant that a known instance belongs to, as long as that one may still declare it.

        `tenant` is the one that the record keeps, `path` the file that it was read from."""
        found = self.by_name.get(tenant or self.name_of(path) or "")
        return found.name if found and self.may_declare(found, key) else None


def matches(text: str, entries: Iterable[str]) -> bool:
    """Return whether an entry is this text, or ends in `*` and begins it."""
    return any(text == one or (one.endswith("*") and text.startswith(one[:-1])) for one in entries)


def _closeness(text: str, entries: Iterable[str]) -> int:
    """Return how many characters of a text an entry says at most, its end included; 0 if none matches."""
    return max((len(one) + (one == text) for one in entries if matches(text, (one,))), default=0)


def is_below(path: str, pattern: str) -> bool:
    """Return whether a path is in a folder (`teams/shop/`) or matches a pattern: `*` and `?` stop at a slash, `**` does
    not. Letters are compared as Git has them, so neither another case nor a look-alike is the same path."""
    return _compiled(f"{pattern}**" if pattern.endswith("/") else pattern).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    text, at = "", 0
    for wildcard in _WILDCARD.finditer(pattern):
        text += re.escape(pattern[at : wildcard.start()]) + _MEANINGS[wildcard[0]]
        at = wildcard.end()
    return re.compile(text + re.escape(pattern[at:]), re.DOTALL)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
