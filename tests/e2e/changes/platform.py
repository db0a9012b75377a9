"""The platform."""

import json

from tests.e2e.changes.case import EVERYTHING, SSH, Case, holds
from tests.e2e.changes.names import bucket, group, key, listener, private_route_table, private_subnet, vpc
from tests.e2e.fleet import PLATFORM

PLATFORM_CASES = (
    Case(
        "the log bucket's block of public access is lifted",
        PLATFORM,
        lambda aws: aws.client("s3").put_public_access_block(
            Bucket=bucket(aws),
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": False,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        ),
        "module.storage.module.logs.aws_s3_bucket_public_access_block.this",
        "changed",
        "block_public_acls",
        True,
        False,
    ),
    Case(
        "the log bucket's versioning is suspended",
        PLATFORM,
        lambda aws: aws.client("s3").put_bucket_versioning(
            Bucket=bucket(aws), VersioningConfiguration={"Status": "Suspended"}
        ),
        "module.storage.module.logs.aws_s3_bucket_versioning.this",
        "changed",
        "versioning_configuration.0.status",
        "Enabled",
        "Suspended",
    ),
    Case(
        "the log bucket's lifecycle is deleted",
        PLATFORM,
        lambda aws: aws.client("s3").delete_bucket_lifecycle(Bucket=bucket(aws)),
        "module.storage.module.logs.aws_s3_bucket_lifecycle_configuration.this",
        "deleted",
    ),
    Case(
        "a key is not rotated any more",
        PLATFORM,
        lambda aws: aws.client("kms").disable_key_rotation(KeyId=key(aws, "secrets")),
        'module.security.aws_kms_key.this["secrets"]',
        "changed",
        "enable_key_rotation",
        True,
        False,
    ),
    Case(
        "a key's alias is deleted",
        PLATFORM,
        lambda aws: aws.client("kms").delete_alias(AliasName="alias/develop-logs"),
        'module.security.aws_kms_alias.this["logs"]',
        "deleted",
    ),
    Case(
        "callers of internal services are let in from everywhere",
        PLATFORM,
        lambda aws: aws.client("ec2").authorize_security_group_ingress(
            GroupId=group(aws, "develop-internal-services"), IpPermissions=[SSH]
        ),
        "module.security.aws_security_group.internal_services",
        "changed",
        "ingress",
        [],
        holds("0.0.0.0/0"),
    ),
    Case(
        "an old TLS policy is chosen",
        PLATFORM,
        lambda aws: aws.client("elbv2").modify_listener(
            ListenerArn=listener(aws, 443), SslPolicy="ELBSecurityPolicy-2016-08"
        ),
        "module.alb.aws_lb_listener.https",
        "changed",
        "ssl_policy",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
        "ELBSecurityPolicy-2016-08",
    ),
    Case(
        "names in the VPC are switched off",
        PLATFORM,
        lambda aws: aws.client("ec2").modify_vpc_attribute(VpcId=vpc(aws), EnableDnsHostnames={"Value": False}),
        "module.network.aws_vpc.this",
        "changed",
        "enable_dns_hostnames",
        True,
        False,
    ),
    Case(
        "a private subnet gives out public addresses",
        PLATFORM,
        lambda aws: aws.client("ec2").modify_subnet_attribute(
            SubnetId=private_subnet(aws), MapPublicIpOnLaunch={"Value": True}
        ),
        'module.network.aws_subnet.private["eu-central-1a"]',
        "changed",
        "map_public_ip_on_launch",
        False,
        True,
    ),
    Case(
        "private tasks lose their way out",
        PLATFORM,
        lambda aws: aws.client("ec2").delete_route(
            RouteTableId=private_route_table(aws), DestinationCidrBlock="0.0.0.0/0"
        ),
        'module.network.aws_route.private_nat["eu-central-1a"]',
        "deleted",
    ),
    Case(
        "the flow logs are kept for a day",
        PLATFORM,
        lambda aws: aws.client("logs").put_retention_policy(
            logGroupName=next(
                item["logGroupName"]
                for item in aws.client("logs").describe_log_groups()["logGroups"]
                if "flow" in item["logGroupName"]
            ),
            retentionInDays=1,
        ),
        "module.network.aws_cloudwatch_log_group.flow",
        "changed",
        "retention_in_days",
        lambda value: value > 1,
        1,
    ),
    Case(
        "the flow logs' role may do everything",
        PLATFORM,
        lambda aws: aws.client("iam").put_role_policy(
            RoleName=next(r["RoleName"] for r in aws.client("iam").list_roles()["Roles"] if "flow" in r["RoleName"]),
            PolicyName="all",
            PolicyDocument=json.dumps(EVERYTHING),
        ),
        "module.network.aws_iam_role_policies_exclusive.flow_logs",
        "changed",
        "policy_names",
        lambda value: "all" not in value,
        lambda value: "all" in value,
    ),
)
