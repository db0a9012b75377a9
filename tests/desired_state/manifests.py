"""Manifests for tests: builders of small valid ones, and Hypothesis strategies for any valid one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import desired_state
from desired_state.checks.conflicts import EnvironmentFacts, Tier
from desired_state.instance import Key
from desired_state.kinds.manifest import Manifest, read
from desired_state.kinds.service.fargate import SIZES
from desired_state.located import Problem
from desired_state.reading.document import Document, parse
from desired_state.reading.merge import merge_patch
from desired_state.snapshot import Snapshot, build

PACKAGE = Path(desired_state.__file__).parent
ROOTS = {
    "roots/platform/main.tf": b'module "network" {\n  source = "../../modules/network"\n}\n',
    "roots/service/main.tf": b'module "service" {\n  source = "../../modules/service"\n}\n',
    "roots/audit/main.tf": b'variable "retention" { type = number }\n',
    "modules/network/main.tf": b"",
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
secret_names = st.from_regex(r"[a-z]{1,5}/[a-z_]{1,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff\u2028\u2029\ufeff"))

builds = st.fixed_dictionaries(
    {},
    optional={
        "branch": st.just("master"),
        "timeout": st.just("1h"),
        "compute": st.just("large"),
        "branches": st.lists(st.sampled_from(["main", "release/*", "hotfix/*.*"]), unique=True, max_size=3),
        "dockerfile": st.just("docker/Dockerfile"),
        "context": st.sampled_from(["app", "services/orders"]),
        "target": st.just("run"),
        "buildArgs": st.dictionaries(st.sampled_from(["A", "VERSION"]), st.text("ab '\"$(){}\\", max_size=9)),
        "cache": st.booleans(),
    },
)
# Any number of tasks has room in these percents.
deployments = st.fixed_dictionaries(
    {},
    optional={
        "minimumHealthyPercent": st.just(0) | st.just(100),
        "maximumPercent": st.just(200),
        "circuitBreaker": st.booleans(),
        "rollbackAlarms": st.lists(st.sampled_from(["cpu", "memory", "shop latency"]), unique=True, max_size=3),
        "forceNew": st.from_regex(r"[a-z0-9][a-z0-9.-]{0,8}", fullmatch=True),
        "strategy": st.just("rolling"),
    },
)


@st.composite
def scalings(draw: st.DrawFn, *, worker: bool) -> dict[str, Any]:
    """Draw bounds and targets of an internal service; a worker may have no task while its queue is empty."""
    lowest = draw(st.integers(1, 50))
    found = {"min": lowest, "max": draw(st.integers(lowest, 100)), "cpu": draw(st.integers(1, 100))}
    more: dict[str, Any] = {
        "queue": draw(st.none() | st.just({"name": "jobs", "backlogPerTask": draw(st.integers(1, 99))})),
        "cooldowns": draw(st.none() | st.just({"in": draw(st.integers(0, 3600))})),
        "schedules": draw(
            st.lists(
                st.sampled_from(
                    [{"cron": "0 8 ? * MON-FRI *"}, {"at": "2027-01-31T08:00", "timezone": "Europe/Berlin"}]
                ).flatmap(
                    lambda when: st.just(when | {"min": draw(st.integers(0, 9)), "max": draw(st.integers(9, 20))})
                ),
                max_size=2,
            )
        ),
    }
    if worker and more["queue"] and draw(st.booleans()):
        found["min"] = 0
    return found | {name: value for name, value in more.items() if value is not None}


@st.composite
def services(draw: st.DrawFn, name: st.SearchStrategy[str] = names) -> dict[str, Any]:
    """Draw any valid service in develop without dependencies."""
    cpu = draw(st.sampled_from(sorted(SIZES)))
    port = draw(st.none() | st.integers(1, 65535))
    changes: dict[str, Any] = {
        "runtime": draw(st.sampled_from(["nodejs", "python"])),
        "cpu": cpu,
        "memory": draw(st.sampled_from(SIZES[cpu])),
        "port": port,
        "scaling": draw(scalings(worker=port is None)),
        "env": draw(st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9]{0,3}_X", fullmatch=True), texts, max_size=3)),
        "secrets": draw(st.dictionaries(st.from_regex(r"[A-Z]{1,4}_Z", fullmatch=True), secret_names, max_size=2)),
        "stopTimeout": draw(st.none() | st.integers(2, 120).map("{}s".format) | st.sampled_from(["1m", "2m"])),
        "spot": draw(st.none() | st.integers(0, 100) | st.just({"share": 100, "base": 0})),
        "deployment": draw(st.none() | deployments),
        "delivery": draw(st.none() | builds),
        "policy": {
            "mode": draw(st.sampled_from(["auto", "approve", "observe"])),
            "interval": draw(st.sampled_from(["30s", "10m", "2h", "1d"])),
        },
    }
    if draw(st.booleans()):
        changes["image"] = {"tag": draw(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True))}
    return service(draw(name), **changes)


repositories = st.lists(
    services(st.sampled_from(["a", "b", "c", "d"])), unique_by=lambda one: str(one["metadata"]["name"]), max_size=3
)
