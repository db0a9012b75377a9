"""The rollout that a service asks for: ECS gets exactly that, and it can always end."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st

from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, breaks, holds
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import MODULE, SERVICE, full_name, in_production, is_public

SERVICE_FILE, DEPLOYMENT = f"{MODULE}service.tf", f"{MODULE}deployment.tf"
KINDS = {"cpu", "memory", "running-tasks"}
BROKEN = [
    Edit(SERVICE_FILE, "    enable   = var.deployment.circuit_breaker", "    enable   = false", says="circuit breaker",
         where=lambda v: v["deployment"].get("circuit_breaker", True)),
    Edit(DEPLOYMENT, 'contains(local.alarm_kinds, alarm) ? "${local.full_name}-${alarm}" : alarm', "alarm",
         says="alarms", where=lambda v: bool(KINDS & {*v["deployment"].get("rollback_alarms", ())})),
    Edit(DEPLOYMENT, "concat(local.watched_kinds, var.deployment.rollback_alarms)", "var.deployment.rollback_alarms",
         says="alarms", where=lambda v: in_production(v) and not v["deployment"].get("rollback_alarms")),
    Edit(DEPLOYMENT, "var.deployment.maximum_percent > 100", "true", says="balances zones",
         where=lambda v: v["deployment"].get("maximum_percent") == 100),
    Edit(SERVICE_FILE, "  triggers             = local.deployment_triggers\n", "", says="starts no rollout",
         where=lambda v: bool(v["deployment"].get("force_new"))),
]  # fmt: skip
WRONG = [
    Refusal("deployment.minimum_healthy_percent", st.sampled_from([-1, 101, 0.5])),
    Refusal("deployment.maximum_percent", st.sampled_from([99, 201, 150.5])),
    Refusal("deployment.force_new", st.sampled_from(["a b", "-", "$(x)"])),
    Refusal("deployment.rollback_alarms", st.sampled_from([[""], ["-x"]])),
]


def a_rollout_is_the_one_that_was_asked_for(instance: Instance) -> None:
    asked, service = instance.variables["deployment"], instance.plan.one("aws_ecs_service").values
    least, most = service["deployment_minimum_healthy_percent"], service["deployment_maximum_percent"]
    assert (least, most) == (asked.get("minimum_healthy_percent", 100), asked.get("maximum_percent", 200))
    on = asked.get("circuit_breaker", True)
    assert service["deployment_circuit_breaker"] == [{"enable": on, "rollback": on}], "another circuit breaker"
    kinds = (
        {"cpu", "server-errors" if is_public(instance.variables) else "memory"} if instance.tier == "prod" else set()
    )
    kinds |= {*asked.get("rollback_alarms", ())}
    wanted = {f"{full_name(instance)}-{kind}" if kind in {*KINDS, "server-errors"} else kind for kind in kinds}
    assert {name for one in service["alarms"] for name in one["alarm_names"]} == wanted, "it watches other alarms"
    assert (service["availability_zone_rebalancing"] == "ENABLED") == (most > 100), "it balances zones without room"
    forced = asked.get("force_new")
    assert service.get("triggers") == ({"forced": forced} if forced else None), "the word starts no rollout"
    for tasks in range(1, instance.variables["scaling"]["max"] + 1):
        assert math.floor(tasks * most / 100) > math.ceil(tasks * least / 100), "it stands still"


def test_a_rollout_is_the_one_that_was_asked_for(laboratory: Laboratory) -> None:
    batch = laboratory.batch(SERVICE)
    holds(a_rollout_is_the_one_that_was_asked_for, batch, laboratory.seed)
    breaks(a_rollout_is_the_one_that_was_asked_for, SERVICE, BROKEN, batch, laboratory)


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)
