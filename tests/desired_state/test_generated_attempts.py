"""Generated attempts: whatever an intruder declares, the others stay as they are; what is accepted is the intruder's.

The oracle is written again here, in other words than the product's: plain beginnings of names, and paths that are
matched one by one.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.instance import Instance
from desired_state.kinds.manifest import ModuleSpec
from desired_state.kinds.service.spec import ServiceSpec
from tests.desired_state.manifests import module, platform, service, to_yaml
from tests.desired_state.tenants import BEFORE, attempt, named, overridden

NAMES = [
    "intruder",
    "intruder-a",
    "intruder-eu",
    "intruders",
    "orders",
    "orders-2",
    "basket",
    "platform",
    "develop",
    "x",
]
PREFIXES = ["", "/", "develop/", "/develop/", "develop/develop/", "prod/", "test/", "//"]
FOLDERS = ["intruder", "intruder-a", "orders", "shared", "sharedx", "intruders", "..", "platform", "Intruder"]
IMAGES = [
    "public.ecr.aws/aws-observability/a:1",
    "public.ecr.aws/aws-observability-evil/a:1",
    "public.ecr.aws.evil.example/aws-observability/a:1",
    "docker.io/aws-observability/a:1",
]
FILES = [
    "teams/intruder/a.yaml",
    "teams/intruder/deep/b.yaml",
    "teams/shop/../c.yaml",
    "Teams/shop/d.yaml",
    "both/e.yaml",
]
ASKED = [
    "/orders",
    "/orders/1",
    "/orders/1/items",
    "/",
    "/intruder",
    "/intruder/x",
    "/intruders",
    "/intruder/eu/x",
    "/basket",
]

# Most of a manifest is ordinary, so that a single hostile value is what is refused.
names = st.sampled_from(["intruder"] * 9 + ["intruder-a"] * 9 + NAMES)
secrets = st.builds(
    "{}{}/{}".format, st.sampled_from(PREFIXES), st.sampled_from(FOLDERS), st.sampled_from(["k", "a/k"])
)
sources = st.one_of(
    secrets,
    secrets.map("{}:key::".format),
    secrets.map(lambda name: {"secret": name, "stage": "AWSPREVIOUS"}),
    secrets.map(lambda name: {"parameter": name}),
    secrets.map("arn:aws:secretsmanager:eu-central-1:111122223333:secret:{}-AbCdEf".format),
)
paths = st.one_of(
    st.sampled_from(["/orders/c*", "/*", "/intruder", "/intruder/*", "/intruder/eu/*", "/o*/x", "/intruder*"]),
    st.text(st.sampled_from("/*?ordersint"), max_size=9).map("/{}".format),
    st.text(st.sampled_from("/*?eux"), max_size=4).map("/intruder/{}".format),
)
sidecars = st.builds(
    lambda image, secret: [{"name": "side", "image": image, "secrets": {} if secret is None else {"S": secret}}],
    st.sampled_from(IMAGES),
    st.none() | sources,
)
routings = st.builds(
    lambda path, priority: {"paths": [path], "priority": priority}, paths, st.sampled_from([1, 120, 121, 900])
)
wishes = st.one_of(
    st.dictionaries(st.sampled_from("AB"), sources, max_size=2).map(lambda found: {"secrets": found}),
    st.lists(secrets, max_size=1).map(lambda found: {"runtimeSecrets": found}),
    sidecars.map(lambda found: {"sidecars": found}),
    names.map(lambda name: {"dependsOn": [name]}),
    names.map(lambda name: {"repository": f"acme/{name}"}),
    routings.map(lambda routing: {"type": "public", "routing": routing}),
    st.sampled_from([1, 20, 21]).map(lambda most: {"scaling": {"min": 1, "max": most}}),
    st.just({"import": [{"to": "aws_s3_bucket.this", "id": "orders"}]}),
    st.just({"policy": {"ignore": [{"address": "a.b", "path": "c", "owner": "me", "until": "2099-01-01"}]}}),
)
patches = st.lists(wishes, max_size=2).map(lambda found: {name: value for one in found for name, value in one.items()})
environments = st.sampled_from([["develop"]] * 6 + [["test"], ["develop", "prod"], ["qa"]])


def _service(name: str, repository: str, patch: dict[str, Any], where: list[str]) -> dict[str, Any]:
    return service(name, **{"repository": f"acme/{repository}", "environments": where, **patch})


def _former(manifest: dict[str, Any], former: str | None) -> dict[str, Any]:
    return manifest if former is None else named(manifest, formerName=former)


services = st.builds(_service, names, st.just("intruder"), patches, environments)
_FORGED = {"permissions_boundary_arn": None}
runs = st.sampled_from(
    [
        ("queue", {"retention": 1}),
        ("audit", {"retention": 1}),
        ("account", {"people": {}}),
        ("platform", {}),
        ("service", {}),
        ("service", {"platform": _FORGED}),
        ("queue", {"retention": 1, "platform": _FORGED}),
        ("queue", {"retention": 1, "aws": {"role_arn": "arn"}}),
    ]
)
modules = st.builds(
    lambda name, run: {**module(name), "spec": {"environments": ["develop"], "root": run[0], "inputs": run[1]}},
    names,
    runs,
)
platforms = st.builds(lambda where: platform(where, name="intruder"), st.sampled_from(["develop", "test", "prod"]))
formers = st.sampled_from([None] * 9 + NAMES)
patched = st.builds(lambda manifest, patch: overridden(manifest, **patch), services, patches)
valid = st.builds(_former, st.one_of(services, patched, modules), formers)
_wishing = st.builds(
    lambda patch, in_override: overridden(service("own"), **patch) if in_override else service("own", **patch),
    wishes.map(lambda patch: {"repository": "acme/intruder", **patch}),
    st.booleans(),
)


def _numbered(found: list[dict[str, Any]], other: dict[str, Any]) -> dict[str, bytes]:
    return {FILES[0]: to_yaml(*(named(one, name=f"intruder-{n}") for n, one in enumerate(found)), other)}


# Documents that the language accepts, most of them with one hostile wish: what is refused is refused for its tenant.
hostile = st.builds(_numbered, st.lists(_wishing, min_size=6, max_size=6), valid)

broken = valid.map(lambda manifest: {**manifest, "spec": {**manifest["spec"], "colour": "red"}})
documents = st.lists(st.one_of(valid, platforms, broken), min_size=1, max_size=3).map(lambda found: to_yaml(*found))
cut = st.builds(lambda content, at: content[:at], documents, st.integers(1, 600))
messy = st.dictionaries(st.sampled_from(FILES), st.one_of(documents, cut), min_size=1, max_size=2)


def matches(pattern: str, path: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(symbol, re.escape(symbol)) for symbol in pattern)
    return re.fullmatch(expression, path) is not None


def is_the_intruders(name: str) -> bool:
    return name == "intruder" or (name.startswith("intruder-") and name != "intruder-eu")


def check_service(one: Instance, spec: ServiceSpec) -> None:
    sidecar_secrets = [secret for sidecar in spec.sidecars for secret in sidecar.secrets.values()]
    own = [one.key.name, "shared", *filter(None, [one.former])]
    begins = [f"{prefix}{name}/" for name in own for prefix in ("", "/", "develop/", "/develop/", "test/", "/test/")]
    sources = [source.name for source in (*spec.secrets.values(), *sidecar_secrets)]
    for secret in (*spec.runtime_secrets, *sources):
        assert secret.startswith(tuple(begins))
        assert one.key.environment in secret or not secret.lstrip("/").startswith(("develop/", "test/", "prod/"))
    assert all(sidecar.image.startswith("public.ecr.aws/aws-observability/") for sidecar in spec.sidecars)
    assert is_the_intruders(spec.repository.removeprefix("acme/"))
    assert spec.scaling.max <= 20
    taken = [
        path for path in ASKED for pattern in (spec.routing.paths if spec.routing else ()) if matches(pattern, path)
    ]
    assert all(path.startswith(f"/{one.key.name}/") or path == f"/{one.key.name}" for path in taken)
    assert "/intruder/eu/x" not in taken or "/intruder/x" in taken
    assert spec.routing is None or spec.routing.priority != 120 or one.key.environment != "develop"


def check(files: Mapping[str, bytes]) -> None:
    """Assert that the others stay as they are, and that what is accepted of the files is the intruder's to declare."""
    outcome = attempt(files)
    outcome.check_others()
    for key, one in outcome.after.instances.items():
        if key not in BEFORE.instances:
            assert one.path.startswith("teams/intruder/")
            assert is_the_intruders(key.name)
            assert key.environment in {"develop", "test"}
            assert one.former is None or is_the_intruders(one.former)
            assert not one.spec.imports
            assert not one.policy.ignore
            assert all(is_the_intruders(other.name) or other.name == "platform" for other in one.depends_on)
            if isinstance(one.spec, ServiceSpec):
                check_service(one, one.spec)
            else:
                assert isinstance(one.spec, ModuleSpec)
                assert one.spec.root == "queue"
                assert set(one.spec.inputs) <= {"retention"}


@given(hostile)
@settings(max_examples=50)
def test_law_no_generated_attempt_takes_more_than_is_granted(files: dict[str, bytes]) -> None:
    check(files)


@given(messy)
@settings(max_examples=25)
def test_law_no_broken_or_misplaced_file_changes_another_tenant(files: dict[str, bytes]) -> None:
    check(files)


@pytest.mark.chaos
@pytest.mark.parametrize("attempts", [hostile, messy], ids=["hostile", "messy"])
@given(st.data())
@settings(max_examples=1_000, deadline=None)
def test_law_a_thousand_generated_attempts(attempts: st.SearchStrategy[dict[str, bytes]], data: st.DataObject) -> None:
    check(data.draw(attempts))
