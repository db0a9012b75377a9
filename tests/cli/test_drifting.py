"""`drift` and `diff`, against a real API."""

import json

from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.record.model import Drift
from reconciler.core.vocabulary import Reason
from tests.cli.conftest import Cli, Served
from tests.web.control import NOON, PAYMENTS


def test_drift_shows_the_value_of_the_state_and_the_value_found_and_exits_3(cli: Cli, daemon: Served) -> None:
    ended = cli("drift")
    assert ended.code == 3
    assert ended.out.startswith("develop/orders: OutOfBandChange for ")
    assert "confirmed; repair waits for approval or the change window" in ended.out
    assert "  ~ aws_ecs_service.this\n      desired_count: 4 → 2\n" in ended.out


def test_drift_of_instances_that_did_not_drift_exits_0(cli: Cli, daemon: Served) -> None:
    ended = cli("drift", "develop/payments")
    assert (ended.code, ended.out) == (0, "no drift\n")
    assert json.loads(cli("drift", "develop/payments", "-o", "json").out) == {"instances": []}
    assert cli("drift", "develop/gone").code == 2


def test_drift_as_json_is_the_answer_of_the_api(cli: Cli, daemon: Served) -> None:
    ended = cli("drift", "develop/orders", "-o", "json")
    assert ended.code == 3
    (found,) = json.loads(ended.out)["instances"]
    assert found["drift"]["resources"][0]["attributes"]["desired_count"] == {"old": 4, "new": 2, "redacted": False}


def test_drift_that_no_plan_removes_comes_with_its_remedy(cli: Cli, daemon: Served) -> None:
    rule = ResourceSummary("aws_s3_bucket.logs", ("update",), {"cors_rule": ([], [{}])})
    drift = Drift(Reason.UNMANAGED_ADDITION, (rule,), NOON, "report")
    daemon.control.known[PAYMENTS] = daemon.control.known[PAYMENTS].replace(drift=drift)
    out = cli("drift", "develop/payments").out
    assert "seen once" in out
    assert "! aws_s3_bucket.logs: delete the CORS rules, or manage it with" in out


def test_diff_shows_the_last_plan_and_exits_3_when_it_would_change_something(cli: Cli, daemon: Served) -> None:
    ended = cli("diff", "develop/orders")
    assert ended.code == 3
    assert '  ± aws_ecs_task_definition.this (is tainted)\n      memory: "512" → "1024"\n' in ended.out
    assert json.loads(cli("diff", "develop/orders", "-o", "json").out)["plan"]["digest"] == "sha256:p1"


def test_diff_without_a_plan_exits_0_with_a_message(cli: Cli, daemon: Served) -> None:
    ended = cli("diff", "develop/payments")
    assert (ended.code, ended.out) == (0, "develop/payments has no plan yet\n")
