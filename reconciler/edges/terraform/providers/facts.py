"""Facts about a root's providers that a plan document lacks: their versions, and the schemas of types that change.

`terraform providers schema` prints the types that a warm provider serves in a fifth of a second, and all of them, which
takes seconds, without one. So a schema is read once per lock file and type, and only for types that change.
"""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from reconciler.provider.package import read_lock

_MOST_LOCKS = 16
Fetch = Callable[[], Awaitable[Mapping[str, Any]]]


class KnownSchemas:
    """The schemas that were read so far, by lock file and resource type; shared by all workspaces."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    async def of(self, lock: str, types: frozenset[str], fetch: Fetch) -> Mapping[str, Any]:
        """Return the schemas of these types, as `terraform providers schema -json` prints them."""
        known = self._known.setdefault(lock, {})
        if not types <= set(known):
            providers = (await fetch()).get("provider_schemas") or {}
            found = {name: each for one in providers.values() for name, each in one.get("resource_schemas", {}).items()}
            known.update({name: found[name] for name in types if name in found})
        while len(self._known) > _MOST_LOCKS:
            self._known.pop(next(iter(self._known)))
        return {"provider_schemas": {"": {"resource_schemas": {name: known.get(name, {}) for name in sorted(types)}}}}


def read_locked(root: Path) -> str:
    """Return the text of a root's lock file; empty when it has none."""
    lock = root / ".terraform.lock.hcl"
    return lock.read_text(encoding="utf-8") if lock.is_file() else ""


def versions(lock: str) -> str:
    """Return the providers of a lock file with their versions, such as `hashicorp/aws 5.100.0`."""
    locked = sorted(read_lock(lock).items())
    return ", ".join(f"{source.partition('/')[2]} {each.version}" for source, each in locked)


def changed_types(document: Mapping[str, Any]) -> frozenset[str]:
    """Return the types of the resources that changed outside of Terraform, or that a plan changes."""
    entries = [*(document.get("resource_drift") or ()), *(document.get("resource_changes") or ())]
    return frozenset(entry["type"] for entry in entries if "type" in entry and _has_both(entry.get("change") or {}))


def _has_both(change: Mapping[str, Any]) -> bool:
    return change.get("actions") not in (["no-op"], ["read"], ["create"]) and change.get("before") is not None
