"""The proofs themselves: what is wrong with the code, with an edit or with a refusal does not pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables, but, platform_variables
from tests.terraform.properties.laboratory import Instance, Laboratory, read
from tests.terraform.properties.proof import Edit, breaks, holds, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.subjects import Subject, draw
from tests.terraform.properties.test_network import MAIN, networks

FEW = Subject("modules/network", networks, plans=1, instances=3)


def named_after_the_environment(instance: Instance) -> None:
    name = instance.plan.one("aws_vpc").values["tags"]["Name"]
    assert name == instance.environment, f"called {name}"


def named_vpc(instance: Instance) -> None:
    assert instance.plan.one("aws_vpc").values["tags"]["Name"] == "vpc", "not called vpc"


RENAMED = Edit(MAIN, "tags = { Name = var.environment.name }", 'tags = { Name = "vpc" }', says="called vpc")


def test_a_property_that_holds_and_an_edit_that_breaks_it(laboratory: Laboratory) -> None:
    batch = laboratory.batch(FEW)
    assert len(batch) == 3
    holds(named_after_the_environment, batch, laboratory.seed)
    breaks(named_after_the_environment, FEW, [RENAMED], batch, laboratory)


def test_a_property_that_does_not_hold_shows_the_smallest_instance_and_the_seed(laboratory: Laboratory) -> None:
    batch = laboratory.batch(FEW)
    smallest = min((str(instance.variables) for instance in batch), key=len)
    with pytest.raises(pytest.fail.Exception, match="not called vpc") as failed:
        holds(named_vpc, batch, laboratory.seed)
    assert f"3 of 3 instances (seed {laboratory.seed}), the smallest: {smallest}" in str(failed.value)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (Edit(MAIN, "# The VPC", "# A VPC", says="called"), "breaks nothing"),
        (Edit(MAIN, "no such text", "", says="called"), "adapt the edit"),
        (Edit(MAIN, RENAMED.before, RENAMED.after, says="an open port"), "another reason"),
        (Edit(MAIN, RENAMED.before, RENAMED.after, says="", where=lambda _: False), "no instance can tell"),
    ],
)
def test_an_edit_that_proves_nothing_is_refused(laboratory: Laboratory, edit: Edit, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        breaks(named_after_the_environment, FEW, [edit], laboratory.batch(FEW), laboratory)


def test_the_rest_of_the_handful_is_asked_when_the_first_instance_cannot_tell(laboratory: Laboratory) -> None:
    batch = laboratory.batch(FEW)
    first = batch[0].environment

    def the_first_alone_holds(instance: Instance) -> None:
        assert instance.environment == first, "another one"

    breaks(the_first_alone_holds, FEW, [replace(RENAMED, says="another one")], batch, laboratory)


@pytest.mark.parametrize(
    ("refusal", "complaint"),
    [
        (Refusal("network.nat", st.just("one_per_az")), "DID NOT RAISE"),
        (Refusal("network.nat", st.just("two"), says=("three modes",)), "no message says"),
    ],
)
def test_a_refusal_that_does_not_come_fails(laboratory: Laboratory, refusal: Refusal, complaint: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception), match=complaint):
        refused(laboratory, FEW, refusal)


def test_a_proof_is_named_by_number_and_title() -> None:
    with pytest.raises(AssertionError, match="test_property_08_vpc_network_segmentation"):
        proof(8, "VPC network segmentation", of=FEW, broken_by=[RENAMED])(named_vpc)
    with pytest.raises(AssertionError, match="proves nothing"):
        proof(8, "VPC network segmentation", of=FEW, broken_by=[])


def test_the_same_seed_draws_the_same(laboratory: Laboratory) -> None:
    assert draw(st.integers(), 50, 1) == draw(st.integers(), 50, 1) != draw(st.integers(), 50, 2)
    assert draw(st.sampled_from([1, 2]), 5, 1)[:2] in ([1, 2], [2, 1])


def test_a_root_is_planned_with_its_own_provider_and_tags(laboratory: Laboratory) -> None:
    def tops() -> st.SearchStrategy[Variables]:
        return st.sampled_from(["develop", "prod"]).map(
            lambda tier: {name: platform_variables(tier)[name] for name in ("environment", "aws", "tags")}
        )

    def rest(top: Variables) -> st.SearchStrategy[Variables]:
        return st.just(but(platform_variables(top["environment"]["tier"]), **top))

    root = Subject("roots/platform", rest, shared=tops(), plans=2, instances=2)
    tags = [
        instance.plan.one("aws_vpc", module="module.network").values["tags_all"] for instance in laboratory.batch(root)
    ]
    assert [found["Environment"] for found in tags] == [instance.environment for instance in laboratory.batch(root)]
    assert {found["Owner"] for found in tags} == {"platform-team"}
    assert {instance.plan.outputs for instance in laboratory.batch(root)} == {frozenset({"platform"})}


def test_an_instance_is_read_as_if_it_had_been_planned_alone(laboratory: Laboratory) -> None:
    (given,) = (variables for variables in laboratory.generated(FEW)[0][:1])
    (instance,) = read(laboratory.plan(FEW, [given]), [given])
    flow_log = instance.plan.one("aws_flow_log")
    assert flow_log.address == "aws_flow_log.this"
    assert instance.plan.references(flow_log, "iam_role_arn") == {
        "aws_iam_role.flow_logs.arn",
        "aws_iam_role.flow_logs",
    }
