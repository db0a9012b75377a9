"""An environment broken by hand in many ways, each with the statement and the resource that `verify` has to name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from deploy.local.standin import StandIn
from reconciler.core.verification.finding import PREREQUISITE
from tests.terraform.inputs import ACCOUNT, REGION
from tests.terraform.sound_environment import INSIGHTS, NAME, STATES, TAGS

Break = Callable[[StandIn], object]


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


def tell_nobody(stand_in: StandIn) -> None:
    rules = stand_in.client("codestar-notifications")
    for rule in rules.list_notification_rules()["NotificationRules"]:
        if rules.describe_notification_rule(Arn=rule["Arn"])["Name"] == f"{NAME}-orders-pipeline":
            rules.update_notification_rule(Arn=rule["Arn"], Status="DISABLED")


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


def lose_target(stand_in: StandIn) -> None:
    """Give the service's rule, ENABLED again, a target that AWS does not reach."""
    rules = stand_in.client("codestar-notifications")
    for rule in rules.list_notification_rules()["NotificationRules"]:
        if rules.describe_notification_rule(Arn=rule["Arn"])["Name"] == f"{NAME}-orders-pipeline":
            gone = f"arn:aws:sns:{REGION}:{ACCOUNT}:gone"
            targets = [{"TargetType": "SNS", "TargetAddress": gone}]
            rules.update_notification_rule(Arn=rule["Arn"], Status="ENABLED", Targets=targets)


def store_state_by_default(stand_in: StandIn) -> None:
    """Write a state as the S3 backend does without `kms_key_id`."""
    stand_in.client("s3").put_object(
        Bucket=STATES, Key=f"{NAME}/orders/terraform.tfstate", Body=b"{}", ServerSideEncryption="AES256"
    )


def store_state_with_another_key(stand_in: StandIn) -> None:
    key = stand_in.client("kms").create_key()["KeyMetadata"]["Arn"]
    stand_in.client("s3").put_object(
        Bucket=STATES, Key=f"{NAME}/platform/terraform.tfstate", Body=b"{}",
        ServerSideEncryption="aws:kms", SSEKMSKeyId=key,
    )  # fmt: skip


def keep_insights_for_ever(stand_in: StandIn) -> None:
    stand_in.client("logs").delete_retention_policy(logGroupName=INSIGHTS)


def decrypt_insights(stand_in: StandIn) -> None:
    """Make the log group again as ECS makes it: without a key."""
    logs = stand_in.client("logs")
    logs.delete_log_group(logGroupName=INSIGHTS)
    logs.create_log_group(logGroupName=INSIGHTS, tags=TAGS)
    logs.put_retention_policy(logGroupName=INSIGHTS, retentionInDays=90)


def unbind(stand_in: StandIn) -> None:
    stand_in.client("iam").delete_role_permissions_boundary(RoleName=f"{NAME}-orders-task")


def trust_anyone(stand_in: StandIn) -> None:
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [anyone]})
    stand_in.client("iam").update_assume_role_policy(RoleName=f"{NAME}-orders-pipeline", PolicyDocument=document)


def grant_by_hand(stand_in: StandIn) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam = stand_in.client("iam")
    iam.put_role_policy(RoleName=f"{NAME}-orders-build", PolicyName="quick-fix", PolicyDocument=document)


def attach_by_hand(stand_in: StandIn) -> None:
    iam = stand_in.client("iam")
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    policy = iam.create_policy(PolicyName="by-hand", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=f"{NAME}-orders-execution", PolicyArn=policy)


def use_up_vpcs(stand_in: StandIn) -> None:
    ec2 = stand_in.client("ec2")
    for number in range(5 - len(ec2.describe_vpcs()["Vpcs"])):
        ec2.create_vpc(CidrBlock=f"10.{200 + number}.0.0/16")


def use_up_addresses(stand_in: StandIn) -> None:
    ec2 = stand_in.client("ec2")
    for _ in range(5 - len(ec2.describe_addresses()["Addresses"])):
        ec2.allocate_address(Domain="vpc")


def lose_keys(stand_in: StandIn) -> None:
    """Write two states without the key of the states, and Insights' log group without a key."""
    for break_it in (store_state_by_default, store_state_with_another_key, decrypt_insights):
        break_it(stand_in)


def loosen_roles(stand_in: StandIn) -> None:
    """Change each role of the service in another way."""
    for break_it in (unbind, trust_anyone, grant_by_hand, attach_by_hand):
        break_it(stand_in)


def use_up_quotas(stand_in: StandIn) -> None:
    """Leave no VPC and no address."""
    for break_it in (use_up_vpcs, use_up_addresses):
        break_it(stand_in)


# Each breaks something else, so one environment serves all: what is new in the findings is its doing.
BROKEN: list[tuple[Break, int, *tuple[str, ...]]] = [
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
    (lose_target, 32, f"target arn:aws:sns:{REGION}:{ACCOUNT}:gone"),
    (end_flow_logs, 36, "VPC vpc-"),
    (answer_plainly, 40, f"load balancer {NAME}, port 80"),
    (lose_owner, 51, f"security group {NAME}-orders"),
    (lose_keys, 5, f"state {STATES}/{NAME}/orders/", f"state {STATES}/{NAME}/platform/", f"log group {INSIGHTS}"),
    (keep_insights_for_ever, 9, f"log group {INSIGHTS}"),
    (loosen_roles, 50, *(f"role {NAME}-orders-{user}" for user in ("task", "pipeline", "build", "execution"))),
    (use_up_quotas, PREREQUISITE, "quota VPCs", "quota elastic IP addresses"),
]
