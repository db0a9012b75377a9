"""Instances and records for tests, built from manifests as a service team writes them."""

from datetime import UTC, datetime, timedelta

from desired_state.instance import Instance, Key, digest_source
from desired_state.kinds.manifest import Manifest, read
from desired_state.reading.document import parse
from reconciler.core.environment import Environment
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import advance, first
from reconciler.core.status.events import Applied, Applying, Desired, Event

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DEVELOP = Environment("develop", "develop", "123456789012", "eu-central-1")
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/develop/orders:3f9c2d1"

PLATFORM = """
apiVersion: reconciler/v1
kind: Platform
metadata: {name: platform}
spec:
  environments: [develop]
  network: {cidr: 10.10.0.0/16, availabilityZones: [eu-central-1a, eu-central-1b, eu-central-1c], nat: single}
  alb: {certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/8f1c3f3e-0000-4000-8000-000000000001"}
  tags: {owner: platform, costCenter: "1000", compliance: internal}
"""

SERVICE = """
apiVersion: reconciler/v1
kind: Service
metadata: {name: orders, labels: {team: payments}}
spec:
  environments: [develop]
  type: public
  runtime: nodejs
  repository: acme/orders
  image: {tag: 3f9c2d1}
  cpu: 256
  memory: 512
  port: 8080
  scaling: {min: 2, max: 6}
  routing: {paths: ["/orders/*"], priority: 120}
"""


def manifest(text: str) -> Manifest:
    """Return the one manifest in the text, which must be valid."""
    found = read(parse("manifests.yaml", text.encode()).documents[0])
    assert not isinstance(found, tuple), found
    return found


def instance(text: str = SERVICE, *, needs: tuple[str, ...] = ("platform",), tree_id: str = "sha256:1") -> Instance:
    """Return the instance of the manifest in develop."""
    found = manifest(text)
    key = Key("develop", found.metadata.name)
    spec, kind = found.spec, found.kind
    return Instance(
        key=key,
        kind=kind,
        root=kind.lower(),
        labels=found.metadata.labels,
        spec=spec,
        depends_on=frozenset(Key("develop", name) for name in needs if name != key.name),
        source_digest=digest_source(kind=kind, key=key, labels=found.metadata.labels, spec=spec, tree_id=tree_id),
        tree_id=tree_id,
        path="manifests.yaml",
        line=2,
    )


def fold(record: Record, *events: Event, now: datetime = NOW) -> Record:
    """Return the record after these events."""
    for event in events:
        record = advance(record, event, now=now, retry_limit=3)
    return record


def new(text: str = SERVICE, *, commit: str = "c1") -> Record:
    """Return the record of an instance of which the engine has only seen the manifest."""
    return first(instance(text), commit)


def base(record: Record) -> Base:
    """Return the base of its state."""
    return Base(record.instance.root, record.instance.tree_id, {})


def applied(text: str = SERVICE, *, digest: str = "d1", at: datetime = NOW - timedelta(minutes=5)) -> Record:
    """Return a record whose desired digest was applied at that time."""
    record = new(text)
    intent = Intent("pass", digest, "p1", False, at)
    return fold(
        record,
        Desired(digest, record.instance.source_digest, "c1"),
        Applying(intent, base(record)),
        Applied({"task_definition_arn": "td:1"}, IMAGE),
        now=at,
    )


def with_policy(text: str, policy: str) -> str:
    """Return the manifest with this policy, which is written as YAML in one line."""
    return text.replace("  environments: [develop]", f"  environments: [develop]\n  policy: {policy}")
