"""Bootstrap and the platforms of develop and prod, applied: nothing is left to do, and changes by hand are found.

Terraform waits a minute for each load balancer, so the roots are applied at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.local.standin import StandIn
from desired_state.kinds.adoption import Import
from reconciler.edges.terraform.imports import write
from tests.deploy.actions import needed, used
from tests.iam.uploads import OWN_KEY_ONLY, let_through
from tests.standins import AMPLE, borrowed
from tests.terraform.inputs import ACCOUNT, AWS, REGION, Variables, but, platform_variables
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = [pytest.mark.aws, pytest.mark.long]
PEER_CIDR = "10.50.0.0/16"
ROTATION = {"lambda_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate", "days": 30}
Clients = Callable[[str], Any]
Changes = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Applied:
    workbench: Workbench
    root: str
    variables: Variables

    def plan(self) -> Plan:
        return self.workbench.plan(self.root, self.variables)


@pytest.fixture(scope="module")
def account() -> Iterator[StandIn]:
    """An account of its own, whose IAM is late: other tests make a platform of the same name by hand."""
    with borrowed() as running:
        running.configure(quotas=AMPLE, unseen_calls=1)
        yield running


@pytest.fixture(scope="module")
def before(account: StandIn) -> int:
    """Return the number of the last call before the roots are applied: another test may have used the stand-in."""
    return account.last_request()


@pytest.fixture(scope="module")
def applied(workbench: Workbench, account: StandIn, before: int) -> dict[str, Applied]:
    """Each root in a tree of its own, after its first apply."""
    acm, ec2 = account.client("acm"), account.client("ec2")
    certificate = acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    peer = ec2.create_vpc(CidrBlock=PEER_CIDR)["Vpc"]["VpcId"]
    given = {
        "bootstrap": ("bootstrap", bootstrap()),
        "develop": ("roots/platform", develop(certificate)),
        "prod": ("roots/platform", prod(certificate, peer)),
    }
    trees = {
        name: Workbench(workbench.directory.with_name(f"tree-{name}"), account.environment(), workbench.warm)
        for name in given
    }

    def apply(name: str) -> Applied:
        root, variables = given[name]
        trees[name].plan(root, variables)
        trees[name].apply(root)
        return Applied(trees[name], root, variables)

    with ThreadPoolExecutor(len(given)) as pool:
        return dict(zip(given, pool.map(apply, given), strict=True))


def bootstrap() -> Variables:
    state = {"bucket": f"states-{ACCOUNT}", "lock_table": "locks"}
    return {"account": {"id": ACCOUNT, "region": REGION}, "aws": AWS, "state": state}


def develop(certificate: str) -> Variables:
    """Cheap: one NAT gateway, Spot, nobody to tell."""
    return but(
        platform_variables("develop"),
        network={"nat": "single"},
        cluster={"spot": True},
        alb={"certificate_arn": certificate},
    )


def prod(certificate: str, peer: str) -> Variables:
    """Everything that a manifest can ask for."""
    return but(
        platform_variables("prod"),
        network={"cidr": "10.100.0.0/16", "peerings": {"data": {"vpc_id": peer, "cidr": PEER_CIDR}},
                 "allow_prod_peering": True},
        alb={"certificate_arn": certificate, "rate_limit": 5000},
        subscribers={"alarms": ["oncall@example.com"], "deliveries": ["team@example.com"]},
        secrets={"orders/url": {"rotation": ROTATION}, "orders/key": {"rotation_exempt_reason": "made by a partner"}},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["bootstrap", "develop", "prod"])
def test_a_second_plan_finds_nothing_to_do(applied: dict[str, Applied], name: str) -> None:
    plan = applied[name].plan()
    assert plan.resources
    assert plan.changed() == {}


def test_a_secret_that_was_made_with_another_name_keeps_it(applied: dict[str, Applied]) -> None:
    code = applied["prod"].workbench.directory / "modules/secrets/main.tf"
    text = code.read_text()
    code.write_text(text.replace('"${var.environment.name}/"', '"of-another-version/"'))
    try:
        assert applied["prod"].plan().changed() == {}
    finally:
        code.write_text(text)


def test_the_bucket_of_the_states_takes_nothing_that_names_another_key(applied: dict[str, Applied]) -> None:
    plan = applied["bootstrap"].plan()
    key, bucket = plan.one("aws_kms_key").values["arn"], f"states-{ACCOUNT}"
    policy = plan.one("aws_s3_bucket_policy").document("policy")
    assert let_through(policy, bucket, key, f"alias/{bucket}") == OWN_KEY_ONLY


def test_a_bootstrap_from_another_folder_makes_nothing_that_exists(
    applied: dict[str, Applied], account: StandIn
) -> None:
    made, bucket = applied["bootstrap"], f"states-{ACCOUNT}"
    key = account.client("kms").describe_key(KeyId=f"alias/{bucket}")["KeyMetadata"]["KeyId"]
    elsewhere = Workbench(
        made.workbench.directory.with_name("elsewhere"), made.workbench.environment, made.workbench.warm
    )
    ids = {"aws_s3_bucket.state": bucket, "aws_kms_key.state": key, "aws_kms_alias.state": f"alias/{bucket}",
           "aws_dynamodb_table.lock": "locks"}  # fmt: skip
    write(elsewhere.directory / "bootstrap", [Import(to=address, id=name) for address, name in ids.items()])
    changed = elsewhere.plan("bootstrap", made.variables).changed()
    adopted = {address: changed.pop(address) for address in ids if address in changed}
    assert adopted == {"aws_kms_key.state": ("update",)}, "AWS does not say how long a key waits for its deletion"
    assert set(changed.values()) == {("create",)}, "settings of the bucket, which AWS overwrites"


def test_every_call_for_a_platform_is_allowed_by_the_shipped_policies(
    applied: dict[str, Applied], account: StandIn, before: int
) -> None:
    """Beside the platforms the log has the bootstrap, which people run."""
    assert applied.keys() > {"bootstrap"}
    called = {action for action in used(account.requests(before)) if not action.startswith(("dynamodb:", "ecr:"))}
    assert called - needed("platform") == set()


@pytest.fixture(scope="module")
def prod_plan(applied: dict[str, Applied]) -> Plan:
    return applied["prod"].plan()


def open_a_port(client: Clients, plan: Plan) -> None:
    group = plan.one("aws_security_group", "internal_services").values["id"]
    anyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[anyone])


def let_the_network_in(client: Clients, plan: Plan) -> None:
    acl = plan.one("aws_network_acl").values["id"]
    client("ec2").create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=1, Protocol="-1", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0"
    )


def tag_the_vpc(client: Clients, plan: Plan) -> None:
    client("ec2").create_tags(Resources=[plan.one("aws_vpc").values["id"]], Tags=[{"Key": "Mine", "Value": "now"}])


def write_a_policy(client: Clients, plan: Plan) -> None:
    client("iam").put_role_policy(RoleName="prod-vpc-flow-logs", PolicyName="all", PolicyDocument=everything())


def attach_a_policy(client: Clients, plan: Plan) -> None:
    arn = client("iam").create_policy(PolicyName="anything", PolicyDocument=everything())["Policy"]["Arn"]
    client("iam").attach_role_policy(RoleName="prod-vpc-flow-logs", PolicyArn=arn)


def widen_the_boundary(client: Clients, plan: Plan) -> None:
    boundary = plan.one("aws_iam_policy").values["arn"]
    client("iam").create_policy_version(PolicyArn=boundary, PolicyDocument=everything(), SetAsDefault=True)


def forget_logs_sooner(client: Clients, plan: Plan) -> None:
    client("logs").put_retention_policy(logGroupName="/vpc/prod/flow", retentionInDays=1)


def stop_versioning(client: Clients, plan: Plan) -> None:
    bucket = f"prod-artifacts-{ACCOUNT}-{REGION}"
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def open_a_bucket(client: Clients, plan: Plan) -> None:
    client("s3").delete_public_access_block(Bucket=f"prod-logs-{ACCOUNT}-{REGION}")


def weaken_tls(client: Clients, plan: Plan) -> None:
    listener = plan.one("aws_lb_listener", "https").values["arn"]
    client("elbv2").modify_listener(ListenerArn=listener, SslPolicy="ELBSecurityPolicy-2016-08")


def stop_rotating_a_key(client: Clients, plan: Plan) -> None:
    client("kms").disable_key_rotation(KeyId=plan.one("aws_kms_key", "topics").values["id"])


def silence_an_alarm(client: Clients, plan: Plan) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=["prod-alb-errors"])


def publish_for_everybody(client: Clients, plan: Plan) -> None:
    (topic,) = (found.values["arn"] for found in plan.of("aws_sns_topic") if found.key == "alarms")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def everything() -> str:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


BY_HAND: dict[str, tuple[Callable[[Clients, Plan], None], str]] = {
    "module.security.aws_security_group.internal_services": (open_a_port, "update"),
    "module.network.aws_network_acl.private": (let_the_network_in, "update"),
    "module.network.aws_vpc.this": (tag_the_vpc, "update"),
    "module.network.aws_iam_role_policies_exclusive.flow_logs": (write_a_policy, "update"),
    "module.network.aws_iam_role_policy_attachments_exclusive.flow_logs": (attach_a_policy, "update"),
    'module.security.aws_iam_policy.boundary["prod-boundary"]': (widen_the_boundary, "update"),
    "module.network.aws_cloudwatch_log_group.flow": (forget_logs_sooner, "update"),
    "module.storage.module.artifacts.aws_s3_bucket_versioning.this": (stop_versioning, "update"),
    "module.storage.module.logs.aws_s3_bucket_public_access_block.this": (open_a_bucket, "create"),
    "module.alb.aws_lb_listener.https": (weaken_tls, "update"),
    "module.monitoring.aws_kms_key.topics": (stop_rotating_a_key, "update"),
    'module.monitoring.aws_cloudwatch_metric_alarm.shared["alb-errors"]': (silence_an_alarm, "create"),
    'module.monitoring.aws_sns_topic_policy.this["alarms"]': (publish_for_everybody, "update"),
}


@pytest.fixture(scope="module")
def found(applied: dict[str, Applied], prod_plan: Plan, account: StandIn) -> Changes:
    """Return the plan after all changes by hand."""
    for change, _ in BY_HAND.values():
        change(account.client, prod_plan)
    return applied["prod"].plan().changed()


@pytest.mark.parametrize("address", BY_HAND)
def test_a_change_by_hand_is_taken_back_by_the_next_plan(found: Changes, address: str) -> None:
    assert found.get(address) == (BY_HAND[address][1],)


def test_the_next_plan_does_nothing_else(found: Changes) -> None:
    assert set(found) == set(BY_HAND)
