"""Keys, source digests and the durable form of instances."""

import copy
import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from desired_state.instance import Instance, Key, canonical_json
from desired_state.reading.merge import merge_patch
from desired_state.snapshot import build
from tests.desired_state.manifests import (
    ROOTS,
    build_from,
    example_files,
    module,
    names,
    platform,
    public,
    service,
    services,
    to_yaml,
)
from tests.desired_state.parts import settings as container_settings


def instance_of(manifest: dict[str, Any], roots: dict[str, bytes] = ROOTS) -> Instance:
    files = {"platform.yaml": to_yaml(platform()), "a.yaml": to_yaml(manifest)}
    snapshot = build(commit="c", files=files, roots=roots, environments=None)
    assert snapshot.problems == ()
    return snapshot.instances[Key("develop", manifest["metadata"]["name"])]


def digest_of(manifest: dict[str, Any], roots: dict[str, bytes] = ROOTS) -> str:
    return instance_of(manifest, roots).source_digest


@given(names, names)
def test_a_key_is_read_back_as_written(environment: str, name: str) -> None:
    environment = environment[:16].rstrip("-")
    assert Key.parse(str(Key(environment, name))) == Key(environment, name)


@pytest.mark.parametrize("text", ["", "orders", "develop/", "/orders", "a/b/c", "Develop/orders", "../x", "a/b\n"])
def test_text_of_another_form_is_rejected_as_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="is not an instance: write environment/name"):
        Key.parse(text)


def test_keys_are_ordered_by_environment_then_name() -> None:
    assert sorted([Key("qa", "a"), Key("develop", "b"), Key("develop", "a")]) == [
        Key("develop", "a"),
        Key("develop", "b"),
        Key("qa", "a"),
    ]


def test_an_instance_has_its_root_its_platform_and_its_place() -> None:
    instance = instance_of(service("orders"))
    assert (instance.kind, instance.root) == ("Service", "service")
    assert instance.depends_on == {Key("develop", "platform")}
    assert (instance.path, instance.line) == ("a.yaml", 1)
    assert instance.policy is instance.spec.policy
    assert instance_of(module()).root == "audit"


def test_a_platform_does_not_depend_on_itself() -> None:
    assert build_from(platform()).instances[Key("develop", "platform")].depends_on == frozenset()


@settings(max_examples=40)
@given(services(), st.randoms(use_true_random=False))
def test_a_digest_ignores_the_style_of_a_manifest(manifest: dict[str, Any], random: Random) -> None:
    """Vary key order, comments and quotes, none of which may cause a new plan."""
    fields = list(manifest["spec"].items())
    random.shuffle(fields)
    other = {**dict(reversed(manifest.items())), "spec": dict(fields)}
    styled = b"# a comment\n" + yaml.dump(other, Dumper=_Quoting, sort_keys=False).encode()
    digests = set()
    for content in (to_yaml(manifest), styled):
        snapshot = build(commit="c", files={"a.yaml": content}, roots=ROOTS, environments=None)
        assert snapshot.problems == ()
        digests |= {instance.source_digest for instance in snapshot.instances.values()}
    assert len(digests) == 1


class _Quoting(yaml.SafeDumper):
    """A dumper that writes block style with all text in quotes."""


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def test_a_digest_ignores_the_policy_and_the_other_environments() -> None:
    plain = digest_of(service())
    assert digest_of(service(policy={"mode": "observe", "interval": "1d", "suspend": True, "prune": False})) == plain
    assert digest_of(service(environments=["develop", "qa"])) == plain
    assert digest_of({**service(), "overrides": {"develop": {"policy": {"mode": "approve"}}}}) == plain


BASE = public("orders", paths=["/a"], priority=1, healthCheck={"path": "/h"}, image={"tag": "a1"}, env={"A": "1"})


@pytest.mark.parametrize(
    "change",
    [
        {"type": "internal", "routing": None},
        {"runtime": "python"},
        {"repository": "acme/other"},
        {"image": {"tag": "a2"}},
        {"image": None},
        {"cpu": 512, "memory": 1024},
        {"memory": 1024},
        {"port": 81},
        {"scaling": {"min": 2}},
        {"scaling": {"max": 3}},
        {"scaling": {"cpu": 61}},
        {"scaling": {"memory": 61}},
        {"routing": {"paths": ["/b"]}},
        {"routing": {"priority": 2}},
        {"routing": {"hosts": ["shop.example.com"]}},
        {"routing": {"headers": {"X-Team": ["shop"]}}},
        {"routing": {"methods": ["GET"]}},
        {"routing": {"query": {"version": ["2"]}}},
        {"routing": {"sources": ["192.0.2.0/24"]}},
        {"routing": {"rules": [{"paths": ["/b"], "priority": 2}]}},
        {"routing": {"redirects": [{"paths": ["/b"], "priority": 2, "to": {"host": "new.example.com"}}]}},
        {"routing": {"stickiness": {}}},
        {"routing": {"slowStart": "30s"}},
        {"routing": {"algorithm": "round_robin"}},
        {"routing": {"protocolVersion": "HTTP2"}},
        {"healthCheck": {"port": 9000}},
        {"healthCheck": {"path": "/i"}},
        {"healthCheck": {"interval": 31}},
        {"healthCheck": None},
        {"env": {"A": "2"}},
        {"env": {"B": "1"}},
        {"secrets": {"B": "x"}},
        {"kafka": {"brokers": ["b:1"]}},
        {"security": {"groups": ["sg-0123456789abcdef0"]}},
        {"security": {"egress": [{"cidr": "10.50.0.0/16", "ports": [5432]}]}},
        {"connect": {}},
        {"connect": {"alias": "orders"}},
        {"stopTimeout": "90s"},
        {"permissions": [{"service": "telemetry"}]},
        {"policies": ["bedrock"]},
        {"delivery": {"branch": "master"}},
        {"delivery": {}},
        {"scaling": {"requestsPerTarget": 900}},
        {"scaling": {"queue": {"name": "jobs", "backlogPerTask": 1}}},
        {"scaling": {"schedules": [{"cron": "0 8 ? * * *", "min": 2, "max": 3}]}},
        {"scaling": {"cooldowns": {"in": 0}}},
        {"spot": 0},
        {"spot": {"share": 50, "base": 2}},
        {"deployment": {"circuitBreaker": False}},
        {"deployment": {"minimumHealthyPercent": 0}},
        {"deployment": {"forceNew": "again"}},
        {"image": {"repository": "ghcr.io/acme/orders"}},
        {"sidecars": [{"name": "proxy", "image": "registry.example/proxy:1", "cpu": 64}]},
        {"command": ["serve"]},
        {"container": {"memory": 256}},
        {"architecture": "arm64"},
        {"ephemeralStorage": 50},
        {"exec": True, "writableRoot": True},
        *({name: value} for name, value in container_settings().items()),
    ],
)
def test_a_digest_covers_every_other_value(change: dict[str, Any]) -> None:
    """Make the change in an override and in the spec, which must give the same digest."""
    overridden = digest_of({**copy.deepcopy(BASE), "overrides": {"develop": change}})
    assert overridden != digest_of(BASE)
    assert overridden == digest_of({**BASE, "spec": merge_patch(BASE["spec"], change)})


def test_a_field_that_is_not_set_leaves_digest_and_record_as_they_were_before_it() -> None:
    # The digest of commit 4e24693; with another one, an upgrade would plan every service again.
    assert digest_of(service()) == "sha256:abfc91c4977deaf919587a4b4402bd824967885ee44069385f5ec975e4763aad"
    spec = instance_of(service()).to_json()["spec"]
    assert isinstance(spec, dict)
    assert not {"stopTimeout", "delivery", "deployment", "spot", "permissions", "policies"} & set(spec)


def test_a_digest_covers_name_labels_and_environment() -> None:
    base = service("orders", environments=["develop", "qa"])
    files = {"a.yaml": to_yaml(base), "b.yaml": to_yaml({**base, "metadata": {"name": "other"}})}
    snapshot = build(commit="c", files=files, roots=ROOTS, environments=None)
    labelled = digest_of({**service(), "metadata": {"name": "orders", "labels": {"team": "a"}}})
    digests = {instance.source_digest for instance in snapshot.instances.values()} | {labelled}
    assert len(digests) == 5


@pytest.mark.parametrize("path", [path for path in ROOTS if "service" in path])
def test_a_digest_covers_every_file_of_its_root(path: str) -> None:
    changed = {**ROOTS, path: ROOTS[path] + b"\n"}
    assert digest_of(service(), changed) != digest_of(service())
    assert digest_of(module(), changed) == digest_of(module())


def test_a_digest_ignores_files_of_other_roots_and_modules() -> None:
    for path in ("modules/network/README.md", "roots/platform/more.tf", "README.md"):
        assert digest_of(service(), {**ROOTS, path: b"text"}) == digest_of(service())


@settings(max_examples=40)
@given(services())
def test_an_instance_is_read_back_from_json(manifest: dict[str, Any]) -> None:
    instance = instance_of(manifest)
    assert Instance.from_json(json.loads(json.dumps(instance.to_json()))) == instance


def test_the_examples_are_read_back_from_json() -> None:
    snapshot = build(commit="c", files=example_files(), roots=ROOTS, environments=None)
    for instance in snapshot.instances.values():
        assert Instance.from_json(instance.to_json()) == instance


GOOD = instance_of(service()).to_json()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {},
        {**GOOD, "more": 1},
        {**GOOD, "key": "orders"},
        {**GOOD, "kind": "Platform"},
        {**GOOD, "spec": {}},
        {**GOOD, "line": 0},
        {**GOOD, "root": "../x"},
        {**GOOD, "sourceDigest": "sha256:x"},
        {**GOOD, "dependsOn": ["x"]},
        {name: value for name, value in GOOD.items() if name != "treeId"},
    ],
)
def test_invalid_data_is_rejected(data: JsonValue) -> None:
    with pytest.raises(ValueError, match="not"):
        Instance.from_json(data)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3)))
def test_any_other_json_is_rejected(data: JsonValue) -> None:
    with pytest.raises(ValueError, match="not"):
        Instance.from_json(data)


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": [1, "é"], "a": {"d": None, "c": True}}) == '{"a":{"c":true,"d":null},"b":[1,"é"]}'


def test_instances_are_values() -> None:
    instance = instance_of(service())
    assert replace(instance, line=2) != instance
    with pytest.raises(AttributeError):
        instance.line = 2  # type: ignore[misc]  # frozen on purpose
