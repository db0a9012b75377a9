"""Values of environment variables: any scalar is text, written as its author wrote it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.instance import Key
from desired_state.kinds.manifest import read
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Problem
from tests.desired_state.manifests import build_from, document, platform, service, to_yaml, valid

TEXT = """
apiVersion: reconciler/v1
kind: Service
metadata: {{name: orders}}
spec:
  {{environments: [develop], type: internal, runtime: nodejs, repository: acme/orders, cpu: 256, memory: 512,
  scaling: {{min: 1, max: 2}}, {fields}}}
overrides: {{develop: {{{fields}}}}}
"""


def env(fields: str, of_sidecar: bool = False) -> dict[str, str]:
    """Return the variables that the spec of a service gets, which its override repeats."""
    result = build_from(platform(), a=TEXT.format(fields=fields).encode())
    assert result.problems == ()
    spec = result.instances[Key("develop", "orders")].spec
    assert isinstance(spec, ServiceSpec)
    return spec.sidecars[0].env if of_sidecar else spec.env


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("80", "80"), ("-1", "-1"), ("+5", "+5"), ("1.10", "1.10"), ("0x1F", "0x1F"), ("1.0e+3", "1.0e+3"),
        ("true", "true"), ("True", "True"), ("FALSE", "FALSE"), ("'010'", "010"), ("text", "text"), ('""', ""),
    ],
)  # fmt: skip
def test_a_scalar_is_the_text_that_is_written(written: str, text: str) -> None:
    assert env(f"env: {{A: {written}}}") == {"A": text}
    sidecars = f"sidecars: [{{name: proxy, image: registry.example/proxy:1, env: {{A: {written}}}}}]"
    assert env(sidecars, of_sidecar=True) == {"A": text}


@pytest.mark.parametrize("written", ["yes", "off", "010", "0o14", "1e3", "1_000", "12:30", ".inf"])
def test_what_two_versions_of_yaml_read_differently_is_a_problem_at_its_place(written: str) -> None:
    (problem, *_) = read(document(TEXT.format(fields=f"env: {{A: {written}}}")))
    assert isinstance(problem, Problem)
    assert (problem.line, written in problem.message) == (7, True)


@given(st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False))
def test_law_a_number_is_text_without_a_change_of_its_value(value: int | bool | float) -> None:
    manifest = service(env={"A": value}) if abs(value) < 2**63 else service(env={"A": "0"})
    spec = valid(manifest).spec if not isinstance(read(document(to_yaml(manifest))), tuple) else None
    if isinstance(spec, ServiceSpec) and abs(value) < 2**63:
        assert spec.env["A"] == str(value).lower() if isinstance(value, bool) else float(spec.env["A"]) == value


def test_other_kinds_keep_their_numbers() -> None:
    text = """
    apiVersion: reconciler/v1
    kind: Module
    metadata: {name: audit}
    spec: {environments: [develop], root: audit, inputs: {env: {A: 1.10}}}
    """
    found = read(document(text))
    assert not isinstance(found, tuple)
    assert found.model_dump(mode="json")["spec"]["inputs"] == {"env": {"A": 1.1}}
