"""A public service."""

import json

from tests.e2e.changes.acts import another_image, attach, scale, target_tracking
from tests.e2e.changes.case import EVERYTHING, SSH, Case, holds, lacks
from tests.e2e.changes.names import group, rule, target_group
from tests.e2e.fleet import ORDERS

SERVICE = "module.service."

ORDERS_CASES = (
    Case(
        "SSH is opened to everybody",
        ORDERS,
        lambda aws: aws.client("ec2").authorize_security_group_ingress(
            GroupId=group(aws, "develop-orders"), IpPermissions=[SSH]
        ),
        f"{SERVICE}aws_security_group.this",
        "changed",
        "ingress",
        lacks("0.0.0.0/0"),
        holds("0.0.0.0/0"),
    ),
    Case(
        "an inline policy is put on the task role",
        ORDERS,
        lambda aws: aws.client("iam").put_role_policy(
            RoleName="develop-orders-task", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING)
        ),
        f"{SERVICE}aws_iam_role_policies_exclusive.task",
        "changed",
        "policy_names",
        [],
        ["all"],
    ),
    Case(
        "a policy is attached to the task role",
        ORDERS,
        lambda aws: attach(aws, "develop-orders-task"),
        f"{SERVICE}aws_iam_role_policy_attachments_exclusive.task",
        "changed",
        "policy_arns",
        [],
        holds("policy/everything"),
    ),
    Case(
        "log retention is shortened",
        ORDERS,
        lambda aws: aws.client("logs").put_retention_policy(logGroupName="/ecs/develop/orders", retentionInDays=1),
        f"{SERVICE}aws_cloudwatch_log_group.this",
        "changed",
        "retention_in_days",
        30,
        1,
    ),
    Case(
        "the most tasks are raised",
        ORDERS,
        lambda aws: scale(aws, "orders", "register_scalable_target", MinCapacity=2, MaxCapacity=50),
        f"{SERVICE}aws_appautoscaling_target.this",
        "changed",
        "max_capacity",
        6,
        50,
    ),
    Case(
        "the scaling target is raised",
        ORDERS,
        lambda aws: scale(aws, "orders", "put_scaling_policy", **target_tracking(95.0)),
        f'{SERVICE}aws_appautoscaling_policy.this["cpu"]',
        "changed",
        "target_tracking_scaling_policy_configuration.0.target_value",
        lambda value: value != 95,
        95,
    ),
    Case(
        "tags of images may move",
        ORDERS,
        lambda aws: aws.client("ecr").put_image_tag_mutability(
            repositoryName="develop/orders", imageTagMutability="MUTABLE"
        ),
        f"{SERVICE}aws_ecr_repository.this",
        "changed",
        "image_tag_mutability",
        "IMMUTABLE",
        "MUTABLE",
    ),
    Case(
        "images are not scanned any more",
        ORDERS,
        lambda aws: aws.client("ecr").put_image_scanning_configuration(
            repositoryName="develop/orders", imageScanningConfiguration={"scanOnPush": False}
        ),
        f"{SERVICE}aws_ecr_repository.this",
        "changed",
        "image_scanning_configuration.0.scan_on_push",
        True,
        False,
    ),
    Case(
        "images expire after a day",
        ORDERS,
        lambda aws: aws.client("ecr").put_lifecycle_policy(
            repositoryName="develop/orders",
            lifecyclePolicyText='{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePushed",'
            '"countUnit":"days","countNumber":1},"action":{"type":"expire"}}]}',
        ),
        f"{SERVICE}aws_ecr_lifecycle_policy.this",
        "changed",
        "policy",
        holds("untagged"),
        lacks("untagged"),
    ),
    Case(
        "everybody may pull the images",
        ORDERS,
        lambda aws: aws.client("ecr").set_repository_policy(
            repositoryName="develop/orders",
            policyText=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Sid": "x", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}],
                }
            ),
        ),
        f"{SERVICE}aws_ecr_repository_policy.this",
        "changed",
        "policy",
        holds("PullByTheService"),
        lacks("PullByTheService"),
    ),
    Case(
        "the health check asks another path",
        ORDERS,
        lambda aws: aws.client("elbv2").modify_target_group(TargetGroupArn=target_group(aws), HealthCheckPath="/"),
        f'{SERVICE}aws_lb_target_group.this["this"]',
        "changed",
        "health_check.0.path",
        "/healthz",
        "/",
    ),
    Case(
        "the service takes all paths",
        ORDERS,
        lambda aws: aws.client("elbv2").modify_rule(
            RuleArn=rule(aws), Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]
        ),
        f'{SERVICE}aws_lb_listener_rule.this["this"]',
        "changed",
        "condition",
        holds("/orders"),
        holds("/*"),
    ),
    Case(
        "another account may assume the execution role",
        ORDERS,
        lambda aws: aws.client("iam").update_assume_role_policy(
            RoleName="develop-orders-execution",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
                            "Action": "sts:AssumeRole",
                        }
                    ],
                }
            ),
        ),
        f"{SERVICE}aws_iam_role.execution",
        "changed",
        "assume_role_policy",
        holds("ecs-tasks.amazonaws.com"),
        holds("999999999999"),
    ),
    Case(
        "the execution role's own policy is widened",
        ORDERS,
        lambda aws: aws.client("iam").put_role_policy(
            RoleName="develop-orders-execution", PolicyName="start-task", PolicyDocument=json.dumps(EVERYTHING)
        ),
        f"{SERVICE}aws_iam_role_policy.execution",
        "changed",
        "policy",
        holds("PullImage"),
        lacks("PullImage"),
    ),
    Case(
        "an image is rolled out past Git",
        ORDERS,
        another_image,
        f"{SERVICE}aws_ecs_task_definition.this",
        "changed",
        "container_definitions.orders.image",
        holds("orders:3f9c2d1"),
        holds("busybox"),
    ),
    Case(
        "the tag of the owner is changed",
        ORDERS,
        lambda aws: aws.client("iam").tag_role(
            RoleName="develop-orders-task", Tags=[{"Key": "Owner", "Value": "somebody"}]
        ),
        f"{SERVICE}aws_iam_role.task",
        "changed",
        "tags_all.Owner",
        "platform-team",
        "somebody",
    ),
)
