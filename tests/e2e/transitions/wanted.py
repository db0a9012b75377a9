"""A service as a manifest asks for it: the fields that a transition changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

TAGS = ("3f9c2d1", "77aa012", "9b0c3de")
SECRETS = ("app/one", "app/two")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service. `name` is its name in AWS, `renamed` that of its manifest where it has another one."""

    name: str
    priority: int | None
    paths: tuple[str, ...] = ()
    port: int | None = 8080
    tag: str = TAGS[0]
    cpu: int = 256
    health: str = "/healthz"
    interval: int = 30
    secrets: tuple[str, ...] = ()
    sidecars: tuple[str, ...] = ()
    fewest: int = 2
    level: str = "info"
    renamed: str | None = None

    @property
    def manifest_name(self) -> str:
        """Return the name of the manifest."""
        return self.renamed or self.name

    @property
    def public(self) -> bool:
        """Return whether the load balancer leads to it."""
        return self.priority is not None

    def manifest(self) -> str:
        """Return the manifest as YAML."""
        spec: dict[str, Any] = {
            "environments": ["develop"],
            "type": "public" if self.public else "internal",
            "runtime": "nodejs",
            "repository": f"acme/{self.name}",
            "image": {"tag": self.tag},
            "cpu": self.cpu,
            "memory": 2 * self.cpu,
            "scaling": {"min": self.fewest, "max": 2 * self.fewest},
            "env": {"LOG_LEVEL": self.level},
            "secrets": {f"SECRET_{number}": secret for number, secret in enumerate(self.secrets)},
            "sidecars": [{"name": name, "image": f"registry.example/{name}:1"} for name in self.sidecars],
        }
        if self.port is not None:
            spec |= {"port": self.port, "healthCheck": {"path": self.health, "interval": self.interval}}
        if self.public:
            spec["routing"] = {"paths": list(self.paths), "priority": self.priority}
        metadata = {"name": self.manifest_name, **({"formerName": self.name} if self.renamed else {})}
        document = {"apiVersion": "reconciler/v1", "kind": "Service", "metadata": metadata, "spec": spec}
        return yaml.safe_dump(document)
