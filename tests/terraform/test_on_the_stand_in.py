"""The service module, applied: what is there is what the plan said, and a change by hand does not survive."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.core.schedule.budget import expected_calls
from tests.terraform.applied_services import CASES, EXTRA
from tests.terraform.inputs import ACCOUNT, REGION, Variables, but
from tests.terraform.landscape import make_platform
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
ORDERS = "module.orders.aws_"
PARTNER = "arn:aws:secretsmanager:us-east-1:999900001111:secret:partner/key-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/ledger/mail-key"
PROXY = {"name": "proxy", "image": "public.example/proxy:1"}


def with_data(files: str, group: str) -> Variables:
    """Return every form of a secret, volumes of both kinds, mounts and a file of variables, for two containers."""
    return {
        "secrets": {
            "DATABASE_URL": "ledger/database-url",
            "DATABASE_USER": "rds!db-0b1e2f3a-4f3a-8b1e-0b1e2f3a4c5d:username::",
            "PARTNER_KEY": f"{PARTNER}:user::",
            "MAIL_KEY": PARAMETER,
        },
        "sidecars": [PROXY],
        "storage": {
            "volumes": {
                "scratch": {},
                "files": {"efs": {"file_system": files, "security_group": group}},
            },
            "mounts": [
                {"path": "/files", "volume": "files"},
                {"path": "/scratch", "volume": "scratch"},
                {"container": "proxy", "path": "/files", "volume": "files", "read_only": True},
            ],
            "env_files": [{"arn": "arn:aws:s3:::acme-config/ledger.env"}],
        },
    }


@pytest.fixture(scope="module")
def platform(stand_in: StandIn) -> Variables:
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    stand_in.client("iam").create_policy(PolicyName="develop-extra", PolicyDocument=json.dumps(nothing))
    return make_platform(stand_in, "develop")


@pytest.fixture(scope="module")
def applied(workbench: Workbench, platform: Variables, stand_in: StandIn) -> Variables:
    """A public service, an internal one and a worker without an image, in one state. Returns the root's variables."""
    root = workbench.directory / "roots/three"
    root.mkdir()
    (root / "main.tf").write_text(
        f'provider "aws" {{\n  region = "{REGION}"\n}}\nvariable "cases" {{\n  type = any\n}}\n'
    )
    for case, variables in CASES.items():
        more = ["storage"] if case == "ledger" else []
        arguments = {name: f"${{var.cases.{case}.{name}}}" for name in [*variables, *more] if name != "aws"}
        call = {"module": {case: {"source": "../../modules/service", **arguments}}}
        outputs = {f"{case}_service_arn": {"value": f"${{module.{case}.service_arn}}"}}
        (root / f"{case}.tf.json").write_text(json.dumps({**call, "output": outputs}))
    files = stand_in.client("efs").create_file_system(CreationToken="ledger", Encrypted=True)["FileSystemId"]
    given = {"cases": {case: variables | {"platform": platform} for case, variables in CASES.items()}}
    given["cases"]["ledger"] |= with_data(files, platform["security_groups"]["internal_services"])
    # The stand-in refuses a group that is not there, as AWS does.
    given["cases"]["orders"]["network"] |= {"security_groups": [platform["security_groups"]["kafka_client"]]}
    workbench.plan("roots/three", given)
    workbench.apply("roots/three")
    return given


@pytest.fixture(scope="module")
def calls() -> list[int]:
    """Return the number of calls of the second plan."""
    return []


@pytest.fixture(scope="module")
def second_plan(workbench: Workbench, applied: Variables, stand_in: StandIn, calls: list[int]) -> Plan:
    last = stand_in.last_request()
    plan = workbench.plan("roots/three", applied)
    calls.append(len(stand_in.requests(last)))
    return plan


@pytest.fixture(scope="module")
def plan_after_changes_by_hand(
    workbench: Workbench, applied: Variables, second_plan: Plan, stand_in: StandIn
) -> dict[str, tuple[str, ...]]:
    assert second_plan.resources
    group = second_plan.one("aws_security_group", "this", "module.orders").values["id"]
    anyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    stand_in.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[anyone])
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = stand_in.client("iam")
    iam.put_role_policy(RoleName="develop-orders-task", PolicyName="all", PolicyDocument=json.dumps(everything))
    policy = iam.create_policy(PolicyName="all", PolicyDocument=json.dumps(everything))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="develop-orders-task", PolicyArn=policy)
    iam.delete_role_policy(RoleName="develop-ledger-task", PolicyName="use-data")
    iam.detach_role_policy(RoleName="develop-ledger-task", PolicyArn=EXTRA)
    stand_in.client("logs").put_retention_policy(logGroupName="/ecs/develop/orders", retentionInDays=1)
    stand_in.client("ecs").update_service(cluster="develop", service="orders", desiredCount=5)
    (deployment, *_) = describe(stand_in, "orders")["deployments"]
    connect = deployment["serviceConnectConfiguration"]
    connect["services"][0]["clientAliases"][0]["dnsName"] = "by-hand"
    stand_in.client("ecs").update_service(cluster="develop", service="orders", serviceConnectConfiguration=connect)
    balancer = stand_in.client("elbv2")
    rules = {
        rule["Priority"]: rule["RuleArn"]
        for rule in balancer.describe_rules(ListenerArn=applied["cases"]["orders"]["platform"]["alb"]["listener_arn"])[
            "Rules"
        ]
    }
    elsewhere = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/elsewhere"]}}
    balancer.modify_rule(RuleArn=rules["7"], Conditions=[elsewhere])
    (target_group,) = balancer.describe_target_groups()["TargetGroups"]
    balancer.modify_target_group_attributes(
        TargetGroupArn=target_group["TargetGroupArn"], Attributes=[{"Key": "slow_start.duration_seconds", "Value": "0"}]
    )
    return workbench.plan("roots/three", applied).changed()


def describe(stand_in: StandIn, service: str) -> dict[str, Any]:
    found: dict[str, Any] = stand_in.client("ecs").describe_services(cluster="develop", services=[service])["services"][
        0
    ]
    return found


def test_a_second_plan_finds_nothing_to_do(second_plan: Plan) -> None:
    assert second_plan.changed() == {}


def test_a_plan_makes_no_more_calls_than_the_budget_of_drift_checks_expects(
    second_plan: Plan, calls: list[int]
) -> None:
    resources = len(second_plan.resources)
    assert resources < calls[0] <= expected_calls(resources)


def test_a_schedule_in_force_is_no_drift_and_a_change_by_hand_is(
    workbench: Workbench, applied: Variables, second_plan: Plan, stand_in: StandIn
) -> None:
    """AWS sets the bounds of a schedule at its time; the next plan is told which, and keeps them."""
    assert second_plan.resources
    scaling = stand_in.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/develop/night",
    }
    scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=9)
    by_day = {"cases": but(applied["cases"], night={"scaling": {"schedule_in_force": 0}})}
    assert workbench.plan("roots/three", by_day).changed() == {}
    address = "module.night.aws_appautoscaling_target.this"
    assert workbench.plan("roots/three", applied).changed() == {address: ("update",)}
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=6)
    action = scaling.describe_scheduled_actions(**target)["ScheduledActions"][0]
    scaling.delete_scheduled_action(**target, ScheduledActionName=action["ScheduledActionName"])
    scaling.put_scaling_policy(
        **target,
        PolicyName="develop-night-cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 99,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    plan = workbench.plan("roots/three", applied).changed()
    scheduled = f'module.night.aws_appautoscaling_scheduled_action.this["{action["ScheduledActionName"][-1]}"]'
    assert plan == {scheduled: ("create",), 'module.night.aws_appautoscaling_policy.this["cpu"]': ("update",)}
    workbench.apply("roots/three")
    assert workbench.plan("roots/three", applied).changed() == {}


def test_services_run_what_was_asked_for(second_plan: Plan, stand_in: StandIn) -> None:
    counts = {
        resource.values["name"]: resource.values["desired_count"] for resource in second_plan.of("aws_ecs_service")
    }
    assert counts == {"orders": 2, "ledger": 2, "mailer": 0, "night": 0}
    # its own group, the badge of internal callers, and the badge that the brokers admit
    assert len(describe(stand_in, "ledger")["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]) == 3
    # orders: its own group, the badge, and the one of its manifest
    assert len(describe(stand_in, "orders")["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]) == 3


def test_a_service_mounts_its_directory_of_a_file_system_and_starts_with_every_kind_of_secret(
    second_plan: Plan, stand_in: StandIn
) -> None:
    ecs, iam = stand_in.client("ecs"), stand_in.client("iam")
    task = ecs.describe_task_definition(taskDefinition="develop-ledger")["taskDefinition"]
    (point,) = stand_in.client("efs").describe_access_points()["AccessPoints"]
    assert point["RootDirectory"]["Path"] == "/develop-ledger/files"
    (mounted,) = [volume for volume in task["volumes"] if volume["name"] == "files"]
    assert mounted["efsVolumeConfiguration"]["transitEncryption"] == "ENABLED"
    assert mounted["efsVolumeConfiguration"]["authorizationConfig"] == {
        "accessPointId": point["AccessPointId"],
        "iam": "ENABLED",
    }
    policy = iam.get_role_policy(RoleName="develop-ledger-task", PolicyName="use-volumes")["PolicyDocument"]
    (statement,) = policy["Statement"]
    arn = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/{point['AccessPointId']}"
    assert statement["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": arn}}
    own, proxy = sorted(task["containerDefinitions"], key=lambda container: str(container["name"]))
    assert own["environmentFiles"] == [{"type": "s3", "value": "arn:aws:s3:::acme-config/ledger.env"}]
    assert {"sourceVolume": "files", "containerPath": "/files", "readOnly": True} in proxy["mountPoints"]
    assert {secret["name"]: secret["valueFrom"].split(":")[2] for secret in own["secrets"]} == {
        "DATABASE_URL": "secretsmanager",
        "DATABASE_USER": "secretsmanager",
        "PARTNER_KEY": "secretsmanager",
        "MAIL_KEY": "ssm",
    }


def test_a_shell_can_be_opened_in_the_tasks_of_the_one_service_that_asks_for_it(
    second_plan: Plan, stand_in: StandIn
) -> None:
    assert second_plan.changed() == {}
    shells = {name: describe(stand_in, name).get("enableExecuteCommand", False) for name in CASES}
    assert shells == {"orders": False, "ledger": True, "mailer": False, "night": False}
    found = stand_in.client("ecs").describe_task_definition(taskDefinition="develop-ledger")["taskDefinition"]
    assert (found["runtimePlatform"]["cpuArchitecture"], found["ephemeralStorage"]) == ("ARM64", {"sizeInGiB": 50})


def test_the_next_plan_takes_back_what_was_added_by_hand(
    plan_after_changes_by_hand: dict[str, tuple[str, ...]],
) -> None:
    assert plan_after_changes_by_hand == {
        f"{ORDERS}security_group.this": ("update",),
        f"{ORDERS}iam_role_policies_exclusive.task": ("update",),
        f"{ORDERS}iam_role_policy_attachments_exclusive.task": ("update",),
        f"{ORDERS}cloudwatch_log_group.this": ("update",),
        f"{ORDERS}ecs_service.this": ("update",),
        f'{ORDERS}lb_listener_rule.this["rule-0"]': ("update",),
        f'{ORDERS}lb_target_group.this["this"]': ("update",),
        'module.ledger.aws_iam_role_policy.task["use-data"]': ("create",),
        "module.ledger.aws_iam_role_policies_exclusive.task": ("update",),
        "module.ledger.aws_iam_role_policy_attachments_exclusive.task": ("update",),
        'module.ledger.aws_iam_role_policy_attachment.task["extra"]': ("create",),
    }, "and leaves the number of tasks to scaling"
