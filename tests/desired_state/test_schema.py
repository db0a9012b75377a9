"""The JSON Schema files are the generated ones, and accept every manifest that the models accept."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from desired_state.kinds.manifest import KINDS
from desired_state.kinds.schemas import generate, generate_union, write, write_union
from tests.desired_state.manifests import PACKAGE, example_files, module, service, services

VALIDATORS = {kind: Draft202012Validator(generate(kind)) for kind in KINDS}

UNION = Draft202012Validator(generate_union())


def errors(manifest: dict[str, Any]) -> list[str]:
    return [error.message for error in VALIDATORS[manifest["kind"]].iter_errors(manifest)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_are_current(kind: str) -> None:
    """Compare the file with the generated schema; `reconciler schema KIND` prints the new content."""
    assert (PACKAGE / "schema" / f"{kind.lower()}.json").read_text(encoding="utf-8") == write(kind)


def test_the_file_of_every_kind_is_current() -> None:
    """Compare the file with the generated schema; `reconciler schema manifest` prints the new content."""
    assert (PACKAGE / "schema" / "manifest.json").read_text(encoding="utf-8") == write_union()


@settings(max_examples=20)
@given(services(), st.sampled_from([None, "kind", "spec"]))
def test_the_schema_of_every_kind_decides_as_that_of_the_kind(manifest: dict[str, Any], without: str | None) -> None:
    changed = {name: value for name, value in manifest.items() if name != without}
    assert UNION.is_valid(changed) is (without is None)
    assert UNION.is_valid({**manifest, "kind": "Poem"}) is False
    assert [one.message for one in UNION.iter_errors({**manifest, "spec": {}})] == errors({**manifest, "spec": {}})


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_are_valid_json_schemas(kind: str) -> None:
    Draft202012Validator.check_schema(generate(kind))
    assert json.loads(write(kind))["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", example_files())
def test_the_examples_are_accepted(path: str) -> None:
    assert errors(yaml.safe_load(example_files()[path])) == []


@settings(max_examples=50)
@given(services())
def test_every_valid_service_is_accepted(manifest: dict[str, Any]) -> None:
    assert errors(manifest) == []


def test_a_module_is_accepted() -> None:
    assert errors(module()) == []


@pytest.mark.parametrize(
    "override",
    [
        {"cpu": 512},
        {"scaling": {"max": 9}},
        {"healthCheck": None},
        {"env": {"A": None}},
        {"policy": {"windows": [{"days": ["mon"], "from": "08:00", "to": "17:00", "timezone": "UTC"}]}},
    ],
)
def test_an_override_may_be_any_part_of_a_spec(override: dict[str, Any]) -> None:
    assert errors({**service(), "overrides": {"develop": override}}) == []


@pytest.mark.parametrize(
    "bad",
    [
        {**service(), "speck": {}},
        service(cpu=300),
        service(cpu="256"),
        service(prot=80),
        service(env={"A": [1]}),
        service(policy={"interval": "soon"}),
        {**service(), "overrides": {"develop": {"prot": 80}}},
        {**service(), "overrides": {"develop": {"environments": ["prod"]}}},
        {**service(), "overrides": {"develop": {"policy": {"windows": [{"days": ["mon"]}]}}}},
    ],
)
def test_common_mistakes_are_rejected(bad: dict[str, Any]) -> None:
    assert errors(bad)
