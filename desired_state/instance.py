"""Instances: one manifest in one environment, that is one Terraform root with one state.

The source digest covers everything that can change what Terraform does, and nothing else: the policy and the list of
the manifest's other environments are left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from pydantic import Field, JsonValue, ValidationError

from desired_state.kinds.fields import EnvironmentName, Name, RootName, Strict
from desired_state.kinds.manifest import Spec, read_spec
from desired_state.kinds.policy import Policy

Kind: TypeAlias = Literal["Platform", "Service", "Module", "Job"]
_NOT_IN_DIGEST: Final = frozenset({"policy", "environments"})
_ONLY_IF_SET: Final = frozenset({"import"})  # an instance without imports keeps the digest it had before `spec.import`


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The name of an instance: `<environment>/<name>`."""

    environment: str
    name: str

    def __str__(self) -> str:
        return f"{self.environment}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read a key from `<environment>/<name>`. Raises ValueError if the text has another form."""
        try:
            parts = _Parts.model_validate_json(
                json.dumps(dict(zip(("environment", "name"), text.split("/"), strict=True)))
            )
        except ValueError as error:
            raise ValueError(f"{text!r} is not an instance: write environment/name, such as develop/orders") from error
        return cls(parts.environment, parts.name)


@dataclass(frozen=True, slots=True)
class Instance:
    """The desired state of one name in one environment, and the place (`path`, `line`) of its manifest."""

    key: Key
    kind: Kind
    root: str
    labels: Mapping[str, str]
    spec: Spec
    depends_on: frozenset[Key]
    source_digest: str
    tree_id: str
    path: str
    line: int
    former: str | None = None

    @property
    def policy(self) -> Policy:
        """Return the policy of the merged spec."""
        return self.spec.policy

    @property
    def service_name(self) -> str:
        """Return the name of the AWS resources of a service or job: after a rename they keep the former name."""
        return self.former or self.key.name

    def to_json(self) -> dict[str, JsonValue]:
        """Convert to plain JSON data for durable records; `from_json` reads it."""
        return {
            "key": str(self.key),
            "kind": self.kind,
            "root": self.root,
            "labels": dict(self.labels),
            "spec": self.spec.model_dump(mode="json"),
            "dependsOn": [str(key) for key in sorted(self.depends_on)],
            "sourceDigest": self.source_digest,
            "treeId": self.tree_id,
            "path": self.path,
            "line": self.line,
            "former": self.former,
        }

    @classmethod
    def from_json(cls, data: JsonValue) -> "Instance":
        """Read an instance from the data of `to_json`. Raises ValueError if the data is not an instance."""
        try:
            stored = _Stored.model_validate_json(json.dumps(data, allow_nan=False))
            spec = read_spec(stored.kind, stored.spec)
        except (ValidationError, TypeError) as error:
            raise ValueError(f"not a stored instance: {error}") from error
        return cls(
            key=Key.parse(stored.key),
            kind=stored.kind,
            root=stored.root,
            labels=stored.labels,
            spec=spec,
            depends_on=frozenset(map(Key.parse, stored.depends_on)),
            source_digest=stored.source_digest,
            tree_id=stored.tree_id,
            path=stored.path,
            line=stored.line,
            former=stored.former,
        )


def digest_source(
    *, kind: Kind, key: Key, labels: Mapping[str, str], spec: Spec, tree_id: str, former: str | None = None
) -> str:
    """Return `sha256:<hex>` over the canonical JSON of kind, key, labels, spec, tree id and former name."""
    content: JsonValue = {
        "kind": kind,
        "name": key.name,
        "environment": key.environment,
        "labels": dict(labels),
        "spec": {
            name: value
            for name, value in spec.model_dump(mode="json").items()
            if name not in _NOT_IN_DIGEST and (value or name not in _ONLY_IF_SET)
        },
        "tree": tree_id,
        **({"former": former} if former else {}),
    }
    return f"sha256:{sha256(canonical_json(content).encode()).hexdigest()}"


def canonical_json(data: JsonValue) -> str:
    """Write data in its one canonical form: sorted keys, no whitespace, no escaped non-ASCII characters."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class _Parts(Strict):
    environment: EnvironmentName
    name: Name


class _Stored(Strict):
    key: str
    kind: Kind
    root: RootName
    labels: dict[str, str]
    spec: dict[str, JsonValue]
    depends_on: tuple[str, ...]
    source_digest: str = Field(pattern="^sha256:[0-9a-f]{64}$")
    tree_id: str = Field(pattern="^sha256:[0-9a-f]{64}$")
    path: str
    line: int = Field(ge=1)
    former: str | None = None
