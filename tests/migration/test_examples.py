"""Definitions in the shapes of other tools become manifests, and what they lose is said."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.migration.importing import Imported, import_files, named_files
from desired_state.reading.document import parse
from tests.migration.cases import WAITING, Example, examples, manifests, problems

EXAMPLES = examples()
SOURCES = ("copilot", "ecspresso", "compose", "task-definition")
of_each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.key)


def test_there_are_twelve_at_least_and_some_of_each_source() -> None:
    assert len(EXAMPLES) >= 12
    assert {example.source for example in EXAMPLES} == set(SOURCES)


@of_each
def test_an_example_becomes_the_expected_manifest(example: Example) -> None:
    converted = example.convert()
    assert converted.problems == ()
    assert converted.text == example.expected.read_text()


@of_each
def test_the_manifest_is_valid(example: Example) -> None:
    found = problems(example.expected.read_text())
    if example.key in WAITING:
        assert found, f"{example.key} is valid now: take it off WAITING"
    else:
        assert found == []


@of_each
def test_no_secret_of_a_source_is_written(example: Example) -> None:
    text = example.expected.read_text()
    assert "hunter2" not in text
    assert "not-here" not in text


def mappings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every mapping in data."""
    if isinstance(value, dict):
        yield path
        for key, one in value.items():
            yield from mappings(one, (*path, key))
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from mappings(one, (*path, index))


def names(path: tuple[str | int, ...]) -> list[str]:
    """Return the names by which a comment may say that a mapping, or one around it, is lost."""
    found = [""]
    for step in path:
        found.append(found[-1] + (f"[{step}]" if isinstance(step, int) else f".{step}"))
    return [name.removeprefix(".") for name in found[1:]]


@of_each
def test_nothing_is_lost_in_silence(example: Example) -> None:
    """A field that no table knows, at any place, is either a value of the manifest or a comment."""
    for name, content in example.files.items():
        if b"must_env" in content or (b"//" in content and name.endswith(".json")):
            continue  # comments of JSONC, which the other parser does not read
        data = yaml.safe_load(content.replace(b"\t", b" ").replace(b"\non:", b"\n'on':").replace(b": off", b": 'off'"))
        for path in mappings(data):
            if name == "ecspresso.yml" or (example.source == "compose" and path[:1] != ("services",)):
                continue
            changed = json.loads(json.dumps(data))
            around = changed
            for step in path:
                around = around[step]
            around["zzUnknown"] = {"value": "zz"} if path == ("services",) else "1"
            text = import_files(example.source, {**example.files, name: json.dumps(changed).encode()}).text
            comments = "".join(line for line in text.splitlines() if line.startswith("#"))
            said = (
                "zzUnknown" in text or "zz-unknown" in text or any(f" {around}: " in comments for around in names(path))
            )
            assert said, (name, path)


# Spellings that YAML parsers read differently, that other tools fill in, or that a runner of GitHub obeys.
SPELLINGS = (
    "on",
    "1e3",
    "0o17",
    "010",
    "12:30:45",
    "~",
    "${X}",
    "{{ x }}",
    "1h",
    "::error::x",
    "a ##[b]",
    "- a",
    "a: b",
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.text(max_size=12) | st.sampled_from(SPELLINGS),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=8,
)


def reads_back(converted: Imported) -> None:
    """Assert that the manifests are read as they were written, by this project's parser and by another."""
    parsed = parse("imported.yaml", converted.text.encode())
    assert parsed.problems == ()
    assert [dict(document.data) for document in parsed.documents] == manifests(converted.text)
    for document in parsed.documents:
        assert document.problems == ()
        assert set(document.data) <= {"apiVersion", "kind", "metadata", "spec", "overrides"}


@settings(max_examples=60)
@given(example=st.sampled_from(EXAMPLES), data=st.data())
def test_any_value_at_any_place_gives_text_that_reads_back(example: Example, data: st.DataObject) -> None:
    """No value breaks out of its place, whatever it is: in comments neither."""
    name = data.draw(st.sampled_from(sorted(example.files)))
    items = yaml.safe_load(
        example.files[name].replace(b"\t", b" ").replace(b"  //", b"  #").replace(b"\non:", b"\n'on':")
    )
    path = data.draw(st.sampled_from([path for path in mappings(items) if path or items]))
    around = items
    for step in path:
        around = around[step]
    around[data.draw(st.sampled_from(sorted(map(str, around))) if around else st.just("x"))] = data.draw(VALUES)
    reads_back(import_files(example.source, {**example.files, name: json.dumps(items).encode()}))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"\xff\xfe", b"[" * 200, b"a: &x 1\nb: *x\n", b"- 1\n", b"{", b"type: {}", b"services: 1", b"{}"],
)
def test_any_bytes_get_an_answer(source: str, content: bytes) -> None:
    converted = import_files(source, {"a.yml": content})
    assert converted.problems or converted.text
    assert all(problem.path == "a.yml" for problem in converted.problems)


@pytest.mark.parametrize("value", SPELLINGS)
def test_a_value_is_text_wherever_it_stands(value: str) -> None:
    variables = {"A": value, value if "x" not in value.lower() else "B": "b"}
    content = json.dumps(
        {"name": "a", "type": "Backend Service", "variables": variables, "image": {"labels": {"l": value}}}
    )
    converted = import_files("copilot", {"a.yml": content.encode()})
    reads_back(converted)
    if "${" not in value and "{{" not in value:
        spec = manifests(converted.text)[0]["spec"]
        assert (spec["env"]["A"], spec["dockerLabels"]["l"]) == (value, value)


@pytest.mark.parametrize("lines", ["\n# kind: Module\n", "x\nkind: Module", "a\u2028b", "\u202e"])
def test_a_comment_stays_one_line(lines: str) -> None:
    content = json.dumps({"name": "a", "type": "Backend Service", lines: lines, "variables": {lines: lines}})
    converted = import_files("copilot", {"a\nkind: Module.yml": content.encode()})
    reads_back(converted)
    assert manifests(converted.text)[0]["kind"] == "Service"


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("@daily", {"cron": "0 0 * * ? *"}),
        ("@every 90m", {"rate": "90m"}),
        ("rate(1 hour)", {"rate": "1h"}),
        ("cron(0 3 ? * MON *)", {"cron": "0 3 ? * MON *"}),
        ("0 12 * * MON", {"cron": "0 12 ? * MON *"}),
        ("*/15 8-18 * * 1-5", {"cron": "*/15 8-18 ? * MON-FRI *"}),
        ("0 0 1 * *", {"cron": "0 0 1 * ? *"}),
        ("0 0 * * 0,6", {"cron": "0 0 ? * SUN,SAT *"}),
        ("0 0 1 * 1", None),
    ],
)
def test_schedules_become_those_of_eventbridge(written: str, schedule: dict[str, str] | None) -> None:
    content = json.dumps(
        {"name": "a", "type": "Scheduled Job", "image": {"location": "a:1"}, "on": {"schedule": written}}
    )
    converted = import_files("copilot", {"a.yml": content.encode()})
    assert manifests(converted.text)[0]["spec"].get("schedule") == schedule
    assert ("on.schedule" in converted.text or " on: " in converted.text) is (schedule is None)


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("nginx", {"repository": "docker.io/library/nginx", "tag": "latest"}),
        ("acme/web:1.2", {"repository": "docker.io/acme/web", "tag": "1.2"}),
        ("localhost:5000/web:1", {"repository": "localhost:5000/web", "tag": "1"}),
        ("ghcr.io/a/b/c:v1", {"repository": "ghcr.io/a/b/c", "tag": "v1"}),
        (f"a.example/b:1@sha256:{'a' * 64}", {"repository": "a.example/b", "digest": f"sha256:{'a' * 64}"}),
    ],
)
def test_images_get_the_registry_that_docker_takes(written: str, image: dict[str, str]) -> None:
    content = json.dumps({"services": {"web": {"image": written}}})
    assert manifests(import_files("compose", {"a.yml": content.encode()}).text)[0]["spec"]["image"] == image


CONTAINER = {"name": "a", "image": "a:1", "readonlyRootFilesystem": True}


@pytest.mark.parametrize(
    ("source", "definition", "spec", "said"),
    [
        (
            "task-definition",
            {
                "containerDefinitions": [
                    {**CONTAINER, "healthCheck": {"command": ["CMD", "x"], "interval": 5, "retries": 1}}
                ]
            },
            {"healthCheck": {"command": ["CMD", "x"], "interval": 5, "timeout": 4, "unhealthyThreshold": 2}},
            "healthCheck.retries: 2 to 10 is what ECS takes",
        ),
        (
            "task-definition",
            {"containerDefinitions": [{**CONTAINER, "image": "nginx:{{ env `V` }}"}]},
            {"image": {"repository": "docker.io/library/nginx", "tag": "write-this"}},
            "{{ env `V` }} is a template of the other tool",
        ),
        (
            "task-definition",
            {"containerDefinitions": [{**CONTAINER, "linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}}]},
            {"linux": None},
            "on Fargate only SYS_PTRACE can be added",
        ),
        (
            "compose",
            {"services": {"a": {"image": "a", "volumes": ["/srv/cache", "./here:/there"]}}},
            {"volumes": {"cache": {}}, "mounts": {"/srv/cache": {"volume": "cache"}}},
            "a task has no folder of a host",
        ),
        (
            "copilot",
            {"name": "a", "type": "Backend Service", "http": {"path": "x"}, "image": {"port": 80}},
            {"type": "public", "routing": {"paths": ["/x", "/x/*"]}},
            "Copilot's load balancer of backends was internal",
        ),
        (
            "copilot",
            {"name": "a", "type": "Backend Service", "storage": {"volumes": {"v": {"path": "/v", "efs": True}}}},
            {"volumes": {"v": {}}, "mounts": {"/v": {"volume": "v", "readOnly": True}}},
            "Copilot made the file system",
        ),
        (
            "ecspresso",
            {"containerDefinitions": [CONTAINER], "enableExecuteCommand": True},
            {"exec": None, "writableRoot": None},
            "enableExecuteCommand: the importer does not know it",
        ),
    ],
)
def test_what_differs_here_is_written_as_it_has_to_be_and_said(
    source: str, definition: dict[str, Any], spec: dict[str, Any], said: str
) -> None:
    text = import_files(source, {"a.json": json.dumps(definition).encode()}).text
    (manifest,) = manifests(text)
    assert {name: manifest["spec"].get(name) for name in spec} == spec
    assert said in text


@pytest.mark.parametrize("kind", ["Request-Driven Web Service", "Static Site", ""])
def test_a_type_of_copilot_that_is_not_ecs_is_refused_with_its_place(kind: str) -> None:
    (problem,) = import_files("copilot", {"a.yml": f"name: a\ntype: '{kind}'\n".encode()}).problems
    assert "does not run on ECS" in problem.message


def test_a_configuration_of_ecspresso_names_its_files() -> None:
    content = next(example for example in EXAMPLES if example.key == "ecspresso/one").files["ecspresso.yml"]
    assert named_files(content) == ("ecs-service-def.json", "ecs-task-def.json")
    assert named_files(b"{}") == named_files(b"\x00") == ()


def test_the_expected_files_are_those_of_the_examples() -> None:
    expected = {path.name for path in (Path(__file__).parent / "expected").iterdir()}
    assert expected == {example.expected.name for example in EXAMPLES}
