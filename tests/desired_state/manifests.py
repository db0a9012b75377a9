"""Manifests for tests: builders of small valid ones, and Hypothesis strategies for any valid one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import desired_state
from desired_state.checks.conflicts import EnvironmentFacts, Tier
from desired_state.instance import Key
from desired_state.kinds.container.runtime import USUAL_PORTS
from desired_state.kinds.manifest import Manifest, read
from desired_state.kinds.service.fargate import SIZES
from desired_state.located import Problem
from desired_state.reading.document import Document, parse
from desired_state.reading.merge import merge_patch
from desired_state.snapshot import Snapshot, build
from tests.desired_state.parts import (
    builds,
    connects,
    deployments,
    env_values,
    images,
    permissions,
    routings,
    scalings,
    secret_sources,
    securities,
    settings,
)

PACKAGE = Path(desired_state.__file__).parent
ROOTS = {
    "roots/platform/main.tf": b'module "network" {\n  source = "../../modules/network"\n}\n',
    "roots/service/main.tf": b'module "service" {\n  source = "../../modules/service"\n}\n',
    "roots/audit/main.tf": b'variable "retention" { type = number }\n',
    "roots/job/main.tf": b'module "job" {\n  source = "../../modules/job"\n}\n',
    "modules/network/main.tf": b"",
    "modules/job/main.tf": b"",
    "modules/service/main.tf": b"",
}
TIERS: tuple[Tier, ...] = ("develop", "test", "qa", "prod")
FOUR: dict[str, EnvironmentFacts] = {tier: EnvironmentFacts(tier) for tier in TIERS}
DEVELOP = {"develop": EnvironmentFacts("develop")}


def example_files() -> dict[str, bytes]:
    examples = PACKAGE / "examples"
    return {path.relative_to(examples).as_posix(): path.read_bytes() for path in examples.rglob("*.yaml")}


def service(name: str = "orders", **changes: Any) -> dict[str, Any]:
    """Return an internal service in develop, with `changes` merged into its spec (a JSON merge patch)."""
    spec = {
        "environments": ["develop"],
        "type": "internal",
        "runtime": "nodejs",
        "repository": f"acme/{name}",
        "cpu": 256,
        "memory": 512,
        "port": 8080,
        "scaling": {"min": 1, "max": 2},
    }
    return _manifest("Service", name, spec, changes)


def public(name: str, *, paths: list[str], priority: int, **changes: Any) -> dict[str, Any]:
    return service(name, type="public", routing={"paths": paths, "priority": priority}, **changes)


def platform(environment: str = "develop", *, name: str = "platform", **changes: Any) -> dict[str, Any]:
    spec = {
        "environments": [environment],
        "network": {
            "cidr": "10.10.0.0/16",
            "availabilityZones": ["eu-central-1a", "eu-central-1b", "eu-central-1c"],
        },
        "alb": {"certificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/aaaa-bbbb"},
        "tags": {"owner": "team", "costCenter": "1", "compliance": "none"},
    }
    return _manifest("Platform", name, spec, changes)


def module(name: str = "audit", **changes: Any) -> dict[str, Any]:
    spec = {"environments": ["develop"], "root": "audit", "inputs": {"retention": 30}}
    return _manifest("Module", name, spec, changes)


def job(name: str = "report", **changes: Any) -> dict[str, Any]:
    """Return a job in develop that runs on demand, with `changes` merged into its spec."""
    spec = {
        "environments": ["develop"],
        "image": {"service": "orders", "tag": "1"},
        "cpu": 256,
        "memory": 512,
    }
    return _manifest("Job", name, spec, changes)


def _manifest(kind: str, name: str, spec: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": merge_patch(spec, changes),
    }


def to_yaml(*manifests: Mapping[str, Any]) -> bytes:
    """Write manifests as JSON documents, which are valid YAML with all text in quotes."""
    return "\n---\n".join(json.dumps(one, indent=1, ensure_ascii=False) for one in manifests).encode()


def document(text: str | bytes) -> Document:
    content = text if isinstance(text, bytes) else text.encode()
    return parse("a.yaml", content).documents[0]


def problems_of(manifest: Mapping[str, Any]) -> list[str]:
    """Return the messages about a manifest."""
    result = read(document(to_yaml(manifest)))
    return [problem.message for problem in result] if isinstance(result, tuple) else []


def valid(manifest: Mapping[str, Any]) -> Manifest:
    result = read(document(to_yaml(manifest)))
    assert not isinstance(result, tuple), result
    return result


def build_from(
    *manifests: Mapping[str, Any], environments: Mapping[str, EnvironmentFacts] | None = DEVELOP, **files: bytes
) -> Snapshot:
    """Build a snapshot of manifests, each in the file that `file_of` names, and of further `files`."""
    content = {file_of(one): to_yaml(one) for one in manifests}
    content |= {f"{name}.yaml": data for name, data in files.items()}
    return build(commit="c1", files=content, roots=ROOTS, environments=environments)


def file_of(manifest: Mapping[str, Any]) -> str:
    environment = manifest["spec"]["environments"][0]
    return f"{manifest['kind'].lower()}-{manifest['metadata']['name']}-{environment}.yaml"


def keys(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(map(str, snapshot.instances))


def known(snapshot: Snapshot) -> dict[Key, str]:
    """Return the source digests of instances that have accepted the whole snapshot."""
    return {key: instance.source_digest for key, instance in snapshot.instances.items()}


def messages(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.message for problem in problems]


names = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True).filter(lambda name: name != "internal")


@st.composite
def services(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> dict[str, Any]:
    """Draw any valid service in develop without dependencies."""
    cpu = draw(st.sampled_from(sorted(SIZES)))
    port, is_public = draw(st.none() | st.integers(1, 65535)), draw(st.booleans())
    runtime = draw(st.sampled_from(["nodejs", "python", "java", None]))
    if is_public and runtime not in USUAL_PORTS:
        port = port or 8080
    changes: dict[str, Any] = {
        "runtime": runtime,
        "healthCheck": draw(st.none() | st.just({"command": ["CMD", "check"]})),
        "cpu": cpu,
        "memory": draw(st.sampled_from(SIZES[cpu])),
        "port": port,
        "scaling": draw(scalings(worker=port is None and not is_public)),
        "env": draw(st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9]{0,3}_X", fullmatch=True), env_values, max_size=3)),
        "secrets": draw(st.dictionaries(st.from_regex(r"[A-Z]{1,4}_Z", fullmatch=True), secret_sources, max_size=2)),
        "stopTimeout": draw(st.none() | st.integers(2, 120).map("{}s".format) | st.sampled_from(["1m", "2m"])),
        "spot": draw(st.none() | st.integers(0, 100) | st.just({"share": 100, "base": 0})),
        "deployment": draw(st.none() | deployments),
        "permissions": draw(permissions),
        "security": draw(st.none() | securities),
        "connect": draw(st.none() | connects),
        "delivery": draw(st.none() | builds),
        "policy": {
            "mode": draw(st.sampled_from(["auto", "approve", "observe"])),
            "interval": draw(st.sampled_from(["30s", "10m", "2h", "1d"])),
        },
    }
    if is_public:
        changes |= {"type": "public", "routing": draw(routings())}
    changes["image"] = draw(st.none() | images)
    if draw(st.booleans()):
        efs = {"fileSystem": "fs-0a1b2c3d", "iam": draw(st.booleans())}
        changes["volumes"] = {"data": draw(st.sampled_from([{}, {"efs": efs}]))}
        changes["mounts"] = {"/data": {"volume": "data", "readOnly": draw(st.booleans())}}
        changes["envFiles"] = ["arn:aws:s3:::acme-config/orders.env"]
    all_settings = {**settings(), "command": ["serve"], "architecture": "arm64", "ephemeralStorage": 50}
    changes |= {field: all_settings[field] for field in draw(st.sets(st.sampled_from(sorted(all_settings))))}
    changes |= draw(st.sampled_from([{}, {"container": {"cpu": 64, "memory": 128, "memoryReservation": 64}}]))
    if draw(st.booleans()):
        proxy = {**settings(), "name": "proxy", "image": "registry.example/proxy:1", "cpu": 64, "memory": 64}
        changes |= {"sidecars": [proxy | {"healthCheck": {"command": ["CMD", "check"]}}]}
        changes |= {"startsAfter": {"proxy": draw(st.sampled_from(["START", "HEALTHY"]))}}
    return service(draw(name), **changes)


repositories = st.lists(
    services(st.sampled_from(["a", "b", "c", "d"])), unique_by=lambda one: str(one["metadata"]["name"]), max_size=3
)
