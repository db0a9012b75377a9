"""`reconciler verify` against a living environment: a sound one passes, and each thing broken by hand is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.cli import main
from tests.standins import borrowed
from tests.terraform.broken_by_hand import BROKEN, Break, security_group
from tests.terraform.inputs import ACCOUNT, REGION
from tests.terraform.sound_environment import NAME, make_environment
from tests.terraform.warm import Warm
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
Found = set[tuple[int, str]]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    """An account of its own: quotas count what is in it, and other files leave their platforms there."""
    with borrowed() as running:
        yield running


@pytest.fixture(scope="module")
def workbench(stand_in: StandIn, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("verified") / "tree", stand_in.environment(), warm)


@pytest.fixture(scope="module")
def environment(stand_in: StandIn, workbench: Workbench) -> StandIn:
    make_environment(stand_in, workbench)
    return stand_in


@pytest.fixture(scope="module")
def known() -> list[Found]:
    """Return the last violations."""
    return []


@pytest.fixture
def configured(environment: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration file with the environment, and credentials for it."""
    for name, value in environment.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    settings = {"account": ACCOUNT, "region": REGION, "tier": "prod", "endpoint": environment.endpoint}
    Path("reconciler.yaml").write_text(json.dumps({"environments": {NAME: settings}}))
    monkeypatch.setenv("RECONCILER_CONFIG", "reconciler.yaml")


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["verify", *arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def findings(capsys: pytest.CaptureFixture[str]) -> Found:
    code, out, err = verify(capsys, NAME, "-o", "json")
    assert not err
    found = json.loads(out)["findings"]
    assert code == (1 if found else 0)
    return {(each["statement"], each["resource"]) for each in found}


def test_a_sound_environment_passes_and_nothing_was_changed(
    configured: None, environment: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    since = environment.last_request()
    code, out, err = verify(capsys, NAME)
    assert (code, err) == (0, ""), out
    assert "meets every requirement that can be verified" in out
    called = {call["operation"] for call in environment.requests(since)}
    assert called
    assert all(name.startswith(("Describe", "Get", "Head", "List", "BatchGet")) for name in called), called


def test_what_belongs_to_others_is_none_of_its_business(
    configured: None, environment: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    before = findings(capsys)
    environment.client("cloudwatch").put_metric_alarm(
        AlarmName="of-others", MetricName="CPUUtilization", Namespace="AWS/ECS", Statistic="Average", Period=60,
        Dimensions=[{"Name": "ClusterName", "Value": "other"}, {"Name": "ServiceName", "Value": "orders"}],
        EvaluationPeriods=1, Threshold=80, ComparisonOperator="GreaterThanThreshold", ActionsEnabled=False,
    )  # fmt: skip
    environment.client("ecr").create_repository(repositoryName="other/orders")
    environment.client("logs").create_log_group(logGroupName="/ecs/other/orders")
    environment.client("ec2").create_vpc(CidrBlock="10.99.0.0/16")
    assert findings(capsys) == before


def test_an_environment_that_is_not_configured_is_invalid_input(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = verify(capsys, "nowhere")
    assert code == 2
    assert "'nowhere' is not configured" in err


@pytest.mark.parametrize(
    ("break_it", "statement", "resources"),
    [(break_it, statement, resources) for break_it, statement, *resources in BROKEN],
    ids=[case[0].__name__ for case in BROKEN],
)
def test_what_is_broken_by_hand_is_found(
    configured: None,
    environment: StandIn,
    capsys: pytest.CaptureFixture[str],
    known: list[Found],
    break_it: Break,
    statement: int,
    resources: list[str],
) -> None:
    before = known[-1] if known else findings(capsys)
    break_it(environment)
    known.append(findings(capsys))
    new = known[-1] - before
    assert {number for number, _ in new} == {statement}
    missed = [resource for resource in resources if not any(name.startswith(resource) for _, name in new)]
    assert not missed, new


def test_people_read_resource_statement_and_what_was_found(
    configured: None, environment: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    open_everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    environment.client("ec2").authorize_security_group_ingress(
        GroupId=security_group(environment), IpPermissions=[open_everything]
    )
    code, out, _ = verify(capsys, NAME)
    assert code == 1
    assert out.splitlines()[0].split() == ["RESOURCE", "STATEMENT", "FOUND"]
    assert "10 Security group least privilege" in out
    assert "every protocol from 10.0.0.0/8" in out
