"""A whole environment on the stand-in that holds every statement: its platform by API, its service by Terraform."""

from __future__ import annotations

import json
from typing import Any

from deploy.local.standin import StandIn
from tests.standins import make_state_bucket
from tests.terraform.deliveries import CONNECTION, delivered, write_root
from tests.terraform.inputs import ACCOUNT, REGION, Variables, but, public_service
from tests.terraform.landscape import make_platform
from tests.terraform.workbench import Workbench

NAME = "verified"
TAGS = {"Environment": NAME, "Owner": "platform-team", "CostCenter": "4711", "Compliance": "internal"}
LISTED = [{"Key": key, "Value": value} for key, value in TAGS.items()]
ALARMS = ("CPUUtilization", "MemoryUtilization", "RunningTaskCount")
PUBLIC_ALARMS = ("UnHealthyHostCount", "HTTPCode_Target_5XX_Count")
ROOT = "roots/verified"
STATES = f"reconciler-state-{ACCOUNT}-{REGION}"
INSIGHTS = f"/aws/ecs/containerinsights/{NAME}/performance"


def make_environment(stand_in: StandIn, workbench: Workbench) -> None:
    """prod's tier under another name, with one public service, `orders`."""
    platform = make_platform(stand_in, NAME)
    keys = _keys(stand_in)
    topic = _stores(stand_in, keys)
    _network(stand_in, platform["vpc_id"])
    _balancer(stand_in, platform["alb"])
    ecs = stand_in.client("ecs")
    ecs.update_cluster(cluster=NAME, settings=[{"name": "containerInsights", "value": "enhanced"}])
    ecs.tag_resource(
        resourceArn=platform["cluster"]["arn"], tags=[{"key": key, "value": value} for key, value in TAGS.items()]
    )
    bucket = {"name": f"{NAME}-artifacts", "arn": f"arn:aws:s3:::{NAME}-artifacts"}
    offered = platform | {"kms": keys, "artifact_bucket": bucket, "notification_topic_arn": topic}
    boundary = _boundary(stand_in)
    service = but(delivered(public_service("prod")), environment={"name": NAME}, platform=_connected(offered, boundary))
    workbench.plan(ROOT, write_root(workbench.directory / ROOT, {"orders": service}, TAGS))
    workbench.apply(ROOT)
    _alarms(stand_in, topic)
    _insights(stand_in, keys)
    _states(stand_in)


def _connected(offered: Variables, boundary: str) -> Variables:
    return {**offered, "permissions_boundary_arn": boundary, "connection_arn": CONNECTION}


def _boundary(stand_in: StandIn) -> str:
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": everything})
    made = stand_in.client("iam").create_policy(PolicyName=f"{NAME}-boundary", PolicyDocument=document)
    return str(made["Policy"]["Arn"])


def _states(stand_in: StandIn) -> None:
    """The bucket of the states with its key, and the states of the platform and of the service."""
    make_state_bucket(stand_in, STATES)
    s3 = stand_in.client("s3")
    for name in ("platform", "orders"):
        s3.put_object(
            Bucket=STATES, Key=f"{NAME}/{name}/terraform.tfstate", Body=b"{}",
            ServerSideEncryption="aws:kms", SSEKMSKeyId=f"alias/{STATES}",
        )  # fmt: skip


def _insights(stand_in: StandIn, keys: dict[str, str]) -> None:
    logs = stand_in.client("logs")
    logs.create_log_group(logGroupName=INSIGHTS, kmsKeyId=keys["logs"], tags=TAGS)
    logs.put_retention_policy(logGroupName=INSIGHTS, retentionInDays=90)


def _keys(stand_in: StandIn) -> dict[str, str]:
    kms = stand_in.client("kms")
    made = {}
    for purpose in ("ecs", "ecr", "secrets", "logs", "s3"):
        tags = [{"TagKey": key, "TagValue": value} for key, value in TAGS.items()]
        made[purpose] = kms.create_key(Tags=tags)["KeyMetadata"]["Arn"]
        kms.enable_key_rotation(KeyId=made[purpose])
        kms.create_alias(AliasName=f"alias/{NAME}-{purpose}", TargetKeyId=made[purpose])
    return made


def _stores(stand_in: StandIn, keys: dict[str, str]) -> str:
    """Buckets, a topic and a secret. Returns the topic."""
    s3 = stand_in.client("s3")
    for name, algorithm in (
        ("artifacts", {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": keys["s3"]}),
        ("logs", {"SSEAlgorithm": "AES256"}),
    ):
        bucket = f"{NAME}-{name}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": LISTED})
        rule: Any = {"Rules": [{"ApplyServerSideEncryptionByDefault": algorithm}]}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)
    stand_in.client("secretsmanager").create_secret(
        Name=f"{NAME}/database-url", SecretString="hush", KmsKeyId=keys["secrets"], Tags=LISTED
    )
    created = stand_in.client("sns").create_topic(
        Name=f"{NAME}-deliveries", Attributes={"KmsMasterKeyId": keys["s3"]}, Tags=LISTED
    )
    return str(created["TopicArn"])


def _network(stand_in: StandIn, vpc: str) -> None:
    ec2 = stand_in.client("ec2")
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    ec2.create_tags(Resources=[vpc, *(group["GroupId"] for group in groups)], Tags=LISTED)
    stand_in.client("logs").create_log_group(logGroupName=f"vpc-flow-{NAME}")
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=f"vpc-flow-{NAME}",
        DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/flow",
    )  # fmt: skip


def _balancer(stand_in: StandIn, alb: Variables) -> None:
    elb = stand_in.client("elbv2")
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    elb.modify_listener(
        ListenerArn=alb["listener_arn"], DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}]
    )
    certificate = stand_in.client("acm").request_certificate(DomainName="verified.example")["CertificateArn"]
    elb.create_listener(
        LoadBalancerArn=alb["arn"], Port=443, Protocol="HTTPS", SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )  # fmt: skip
    logs = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": f"{NAME}-logs"}
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=alb["arn"], Attributes=[{"Key": key, "Value": value} for key, value in logs.items()]
    )
    elb.add_tags(ResourceArns=[alb["arn"]], Tags=LISTED)


def _alarms(stand_in: StandIn, topic: str) -> None:
    (service,) = stand_in.client("ecs").describe_services(cluster=NAME, services=["orders"])["services"]
    group = service["loadBalancers"][0]["targetGroupArn"].rpartition(":")[2]
    of_service = [{"Name": "ClusterName", "Value": NAME}, {"Name": "ServiceName", "Value": "orders"}]
    watched = dict.fromkeys(ALARMS, of_service) | {
        metric: [{"Name": "TargetGroup", "Value": group}] for metric in PUBLIC_ALARMS
    }
    for metric, dimensions in watched.items():
        stand_in.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{NAME}-orders-{metric}", MetricName=metric, Namespace="AWS/ECS", Dimensions=dimensions,
            Statistic="Average", Period=60, EvaluationPeriods=1, Threshold=80,
            ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic], ActionsEnabled=True,
        )  # fmt: skip
