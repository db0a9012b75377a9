"""An internal service."""

from tests.e2e.changes.acts import scale
from tests.e2e.changes.case import Case, holds, lacks
from tests.e2e.changes.names import group
from tests.e2e.fleet import LEDGER

SERVICE = "module.service."

LEDGER_CASES = (
    Case(
        "the log group is deleted",
        LEDGER,
        lambda aws: aws.client("logs").delete_log_group(logGroupName="/ecs/develop/ledger"),
        f"{SERVICE}aws_cloudwatch_log_group.this",
        "deleted",
    ),
    Case(
        "the images' lifecycle policy is deleted",
        LEDGER,
        lambda aws: aws.client("ecr").delete_lifecycle_policy(repositoryName="develop/ledger"),
        f"{SERVICE}aws_ecr_lifecycle_policy.this",
        "deleted",
    ),
    Case(
        "the repository's policy is deleted",
        LEDGER,
        lambda aws: aws.client("ecr").delete_repository_policy(repositoryName="develop/ledger"),
        f"{SERVICE}aws_ecr_repository_policy.this",
        "deleted",
    ),
    Case(
        "a scaling policy is deleted",
        LEDGER,
        lambda aws: scale(aws, "ledger", "delete_scaling_policy", PolicyName="develop-ledger-memory"),
        f'{SERVICE}aws_appautoscaling_policy.this["memory"]',
        "deleted",
    ),
    Case(
        "the execution role's policy is deleted",
        LEDGER,
        lambda aws: aws.client("iam").delete_role_policy(RoleName="develop-ledger-execution", PolicyName="start-task"),
        f"{SERVICE}aws_iam_role_policy.execution",
        "deleted",
    ),
    Case(
        "outgoing HTTPS is cut off",
        LEDGER,
        lambda aws: aws.client("ec2").revoke_security_group_egress(
            GroupId=group(aws, "develop-ledger"),
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ],
        ),
        f"{SERVICE}aws_security_group.this",
        "changed",
        "egress",
        holds("0.0.0.0/0"),
        lacks("0.0.0.0/0"),
    ),
    Case(
        "the task role is described otherwise",
        LEDGER,
        lambda aws: aws.client("iam").update_role(RoleName="develop-ledger-task", Description="by hand"),
        f"{SERVICE}aws_iam_role.task",
        "changed",
        "description",
        holds("runs with this"),
        "by hand",
    ),
)
