"""Overrides are merged per environment, and the merged spec must be valid."""

import pytest

from desired_state.kinds.manifest import read, spec_in
from desired_state.kinds.service.spec import ServiceSpec
from tests.desired_state.manifests import document, public, valid


def override_problems(overrides: str, base: str = "") -> list[str]:
    """Return the problems of a small public service whose overrides begin in line 12, without the file's name."""
    text = f"""\
apiVersion: reconciler/v1
kind: Service
metadata: {{name: orders}}
spec: {{environments: [develop, prod], type: public, runtime: python, repository: a/b,
  cpu: 256,
  memory: 512,
  port: 80, routing: {{paths: ["/"], priority: 1}},
  scaling: {{min: 1, max: 2}},
  {base}
  }}
overrides:
{overrides}"""
    result = read(document(text))
    return [str(problem).removeprefix("a.yaml:") for problem in result] if isinstance(result, tuple) else []


def test_overrides_are_merged_per_environment() -> None:
    manifest = valid(
        {
            **public("orders", paths=["/"], priority=1, environments=["develop", "prod"], env={"A": "1", "B": "2"}),
            "overrides": {"prod": {"scaling": {"max": 9}, "env": {"A": None, "C": "3"}, "policy": {"mode": "approve"}}},
        }
    )
    develop, prod = spec_in(manifest, "develop"), spec_in(manifest, "prod")
    assert isinstance(develop, ServiceSpec)
    assert isinstance(prod, ServiceSpec)
    assert (develop.scaling.max, develop.env, develop.policy.mode) == (2, {"A": "1", "B": "2"}, "auto")
    assert (prod.scaling.min, prod.scaling.max, prod.env) == (1, 9, {"B": "2", "C": "3"})
    assert prod.policy.mode == "approve"


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ("  prod: {cpu: 512}", "12:15: memory 512 is not valid for cpu 512 on Fargate: "),
        ("  prod: {cpuu: 512}", '12:10: unknown field "cpuu": did you mean "cpu"?'),
        ("  prod: {scaling: {max: 0}}", "12:25: scaling.max is 0, but must be at least 1"),
        ("  prod: {scaling: {min: 5}}", "12:25: max 2 is less than min 5"),
        ("  prod: {routing: null}", "12:19: a public service needs routing (paths)"),
        ("  prod: {type: internal}", "12:16: an internal service has no routing"),
        (
            "  prod: {healthCheck: {interval: 60}}",
            "12:23: healthCheck needs path (what the load balancer asks for), command (run in the container) or both",
        ),
        ("  prod: {memory: null}", "12:18: memory is missing"),
        ("  prod: {environments: [prod]}", "12:10: environments cannot be overridden"),
        ("  prdo: {cpu: 256}", '12:3: "prdo" is not in spec.environments: did you mean "prod"?'),
        ("  prod: [1]", "12:9: overrides.prod must be a mapping: write each entry as NAME: value, without a hyphen"),
    ],
)
def test_a_bad_override_is_a_problem_in_the_override(overrides: str, problem: str) -> None:
    found = override_problems(overrides)
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_a_mistake_in_the_spec_is_reported_once_and_not_for_every_override() -> None:
    found = override_problems("  prod: {scaling: {max: 9}}\n  develop: {scaling: {max: 8}}", base="prot: 8080")
    assert found == ['9:3: unknown field "prot": port is written too, so remove this one']
