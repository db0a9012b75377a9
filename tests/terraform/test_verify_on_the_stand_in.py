"""`reconciler verify` against a living environment: a sound one passes, and each thing broken by hand is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.cli import main
from tests.terraform.inputs import ACCOUNT, REGION
from tests.terraform.sound_environment import NAME, make_environment
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
Break = Callable[[StandIn], object]
Found = set[tuple[int, str]]


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
    assert all(name.startswith(("Describe", "Get", "List", "BatchGet")) for name in called), called


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


def security_group(stand_in: StandIn) -> str:
    named = [{"Name": "group-name", "Values": [f"{NAME}-orders"]}]
    found = stand_in.client("ec2").describe_security_groups(Filters=named)["SecurityGroups"]
    return str(found[0]["GroupId"])


def open_ssh(stand_in: StandIn) -> None:
    anyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    stand_in.client("ec2").authorize_security_group_ingress(GroupId=security_group(stand_in), IpPermissions=[anyone])


def end_flow_logs(stand_in: StandIn) -> None:
    ec2 = stand_in.client("ec2")
    ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"] for log in ec2.describe_flow_logs()["FlowLogs"]])


def listener(stand_in: StandIn, port: int) -> str:
    elb = stand_in.client("elbv2")
    balancer = elb.describe_load_balancers(Names=[NAME])["LoadBalancers"][0]["LoadBalancerArn"]
    listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    return str(next(each["ListenerArn"] for each in listeners if each["Port"] == port))


def weaken_tls(stand_in: StandIn) -> None:
    elb = stand_in.client("elbv2")
    elb.modify_listener(ListenerArn=listener(stand_in, 443), SslPolicy="ELBSecurityPolicy-2016-08")


def answer_plainly(stand_in: StandIn) -> None:
    fixed: Any = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    stand_in.client("elbv2").modify_listener(ListenerArn=listener(stand_in, 80), DefaultActions=fixed)


def stop_rotation(stand_in: StandIn) -> None:
    kms = stand_in.client("kms")
    kms.disable_key_rotation(KeyId=kms.describe_key(KeyId=f"alias/{NAME}-ecr")["KeyMetadata"]["KeyId"])


def let_tags_move(stand_in: StandIn) -> None:
    ecr = stand_in.client("ecr")
    ecr.put_image_tag_mutability(repositoryName=f"{NAME}/orders", imageTagMutability="MUTABLE")


def scan_nothing(stand_in: StandIn) -> None:
    off = {"scanOnPush": False}
    stand_in.client("ecr").put_image_scanning_configuration(
        repositoryName=f"{NAME}/orders", imageScanningConfiguration=off
    )


def keep_untagged(stand_in: StandIn) -> None:
    stand_in.client("ecr").delete_lifecycle_policy(repositoryName=f"{NAME}/orders")


def forget_logs(stand_in: StandIn) -> None:
    stand_in.client("logs").put_retention_policy(logGroupName=f"/ecs/{NAME}/orders", retentionInDays=1)


def keep_logs_for_ever(stand_in: StandIn) -> None:
    stand_in.client("logs").delete_retention_policy(logGroupName=f"/codebuild/{NAME}/orders")


def silence_alarm(stand_in: StandIn) -> None:
    stand_in.client("cloudwatch").disable_alarm_actions(AlarmNames=[f"{NAME}-orders-MemoryUtilization"])


def delete_alarm(stand_in: StandIn) -> None:
    alarms = stand_in.client("cloudwatch")
    found = alarms.describe_alarms()["MetricAlarms"]
    alarms.delete_alarms(AlarmNames=[each["AlarmName"] for each in found if each["MetricName"] == "UnHealthyHostCount"])


def skip_approval(stand_in: StandIn) -> None:
    pipelines = stand_in.client("codepipeline")
    pipeline = pipelines.get_pipeline(name=f"{NAME}-orders")["pipeline"]
    pipeline["stages"] = [stage for stage in pipeline["stages"] if stage["name"] != "Approval"]
    pipelines.update_pipeline(pipeline=pipeline)


def tell(stand_in: StandIn, status: str) -> None:
    rules = stand_in.client("codestar-notifications")
    for rule in rules.list_notification_rules()["NotificationRules"]:
        if rules.describe_notification_rule(Arn=rule["Arn"])["Name"] == f"{NAME}-orders-pipeline":
            rules.update_notification_rule(Arn=rule["Arn"], Status=status)


def tell_nobody(stand_in: StandIn) -> None:
    tell(stand_in, "DISABLED")


def disarm_docker(stand_in: StandIn) -> None:
    builds = stand_in.client("codebuild")
    environment = builds.batch_get_projects(names=[f"{NAME}-orders"])["projects"][0]["environment"]
    builds.update_project(name=f"{NAME}-orders", environment={**environment, "privilegedMode": False})


def roll_half(stand_in: StandIn) -> None:
    stand_in.client("ecs").update_service(
        cluster=NAME, service="orders", deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 100}
    )


def look_away(stand_in: StandIn) -> None:
    off = [{"name": "containerInsights", "value": "disabled"}]
    stand_in.client("ecs").update_cluster(cluster=NAME, settings=off)


def decrypt_bucket(stand_in: StandIn) -> None:
    rule: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    stand_in.client("s3").put_bucket_encryption(Bucket=f"{NAME}-artifacts", ServerSideEncryptionConfiguration=rule)


def lose_owner(stand_in: StandIn) -> None:
    stand_in.client("ec2").delete_tags(Resources=[security_group(stand_in)], Tags=[{"Key": "Owner"}])


# Each breaks something else, so one environment serves all: what is new in the findings is its doing.
BROKEN: list[tuple[Break, int, str]] = [
    (stop_rotation, 5, f"key alias/{NAME}-ecr"),
    (decrypt_bucket, 5, f"bucket {NAME}-artifacts"),
    (weaken_tls, 6, f"load balancer {NAME}, port 443"),
    (scan_nothing, 7, f"repository {NAME}/orders"),
    (forget_logs, 9, f"log group /ecs/{NAME}/orders"),
    (keep_logs_for_ever, 9, f"log group /codebuild/{NAME}/orders"),
    (open_ssh, 10, f"security group {NAME}-orders"),
    (look_away, 11, f"cluster {NAME}"),
    (disarm_docker, 13, f"build project {NAME}-orders"),
    (skip_approval, 15, f"pipeline {NAME}-orders"),
    (roll_half, 16, "service orders"),
    (let_tags_move, 18, f"repository {NAME}/orders"),
    (keep_untagged, 19, f"repository {NAME}/orders"),
    (silence_alarm, 30, f"alarm {NAME}-orders-MemoryUtilization"),
    (delete_alarm, 30, "service orders"),
    (tell_nobody, 32, f"pipeline {NAME}-orders"),
    (end_flow_logs, 36, "VPC vpc-"),
    (answer_plainly, 40, f"load balancer {NAME}, port 80"),
    (lose_owner, 51, f"security group {NAME}-orders"),
]


@pytest.mark.parametrize(("break_it", "statement", "resource"), BROKEN, ids=[case[0].__name__ for case in BROKEN])
def test_what_is_broken_by_hand_is_found(
    configured: None,
    environment: StandIn,
    capsys: pytest.CaptureFixture[str],
    known: list[Found],
    break_it: Break,
    statement: int,
    resource: str,
) -> None:
    before = known[-1] if known else findings(capsys)
    break_it(environment)
    known.append(findings(capsys))
    new = known[-1] - before
    assert {number for number, _ in new} == {statement}
    assert any(name.startswith(resource) for _, name in new), new


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


def test_a_target_of_notifications_that_is_not_reached_is_found(
    configured: None, environment: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(environment, "ENABLED")
    topics = environment.client("sns")
    for arn in (topic["TopicArn"] for topic in topics.list_topics()["Topics"]):
        if f":{NAME}-" in arn:
            topics.delete_topic(TopicArn=arn)
    _, out, _ = verify(capsys, NAME)
    assert re.search(r"its notifications do not arrive: arn:aws:sns:\S+ is UNREACHABLE", out)
