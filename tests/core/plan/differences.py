"""A corpus of harmless differences, which are no drift."""

import json
from collections.abc import Mapping
from typing import Any

Case = tuple[str, Mapping[str, Any], Mapping[str, Any]]
ACCOUNT = "111122223333"


def policy(**fields: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["a", "b"], **fields}
    other = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": {"AWS": ACCOUNT}}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement, other]})}


def reordered(value: Mapping[str, Any]) -> dict[str, Any]:
    document = json.loads(value["policy"])
    return {"policy": json.dumps({"Statement": document["Statement"][::-1], "Version": document["Version"]})}


LONG = {
    "policy": json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": f"s{n}", "Action": "a"} for n in range(99)]})
}
ROUTES = [{"cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}]
OWN_ROUTE = {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "igw-1"}
OPEN = {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/8"]}
OWN_RULE = {
    "security_group_id": "sg-1",
    "ip_protocol": "tcp",
    "from_port": 443,
    "to_port": 443,
    "cidr_ipv4": "10.0.0.0/8",
}


OUTSIDE: dict[str, Case] = {
    "a count that the autoscaler owns": ("aws_ecs_service.this", {"desired_count": 2}, {"desired_count": 5}),
    "bounds that a schedule set": ("aws_appautoscaling_target.this", {"min_capacity": 2}, {"min_capacity": 4}),
    "a revision that a pipeline registered": (
        "aws_ecs_service.this",
        {"task_definition": "orders:1"},
        {"task_definition": "orders:2"},
    ),
    "the newest revision of a family": (
        "aws_ecs_task_definition.this",
        {"revision": 1, "arn": "orders:1"},
        {"revision": 2, "arn": "orders:2"},
    ),
    "no tags instead of none": ("aws_lb.this", {"tags": None}, {"tags": {}}),
    "an empty list instead of null": ("aws_subnet.this", {"ipv6": None}, {"ipv6": []}),
    "an empty text instead of null": ("aws_sns_topic.this", {"policy_id": None}, {"policy_id": ""}),
    "false instead of null": ("aws_vpc.this", {"flag": None}, {"flag": False}),
    "0 instead of null": ("aws_cloudwatch_log_group.this", {"retention_in_days": None}, {"retention_in_days": 0}),
    "a block in which everything is null": (
        "aws_lb_target_group.this",
        {"target_group_health": []},
        {"target_group_health": [{"dns_failover": [{"minimum_healthy_targets_count": None}]}]},
    ),
    "tags that the provider merges": ("aws_lb.this", {"tags_all": {"a": "1"}}, {"tags_all": {"a": "1", "b": "2"}}),
    "members of a set in another order": ("aws_vpc.this", {"zones": ["a", "b"]}, {"zones": ["b", "a"]}),
    "blocks of a set in another order": (
        "aws_ecs_cluster.this",
        {"setting": [{"name": "a"}, {"name": "b"}, {"name": "c"}]},
        {"setting": [{"name": "c"}, {"name": "a"}, {"name": "b"}]},
    ),
    "a policy with other blanks": (
        "aws_iam_policy.this",
        policy(),
        {"policy": json.dumps(json.loads(policy()["policy"]), indent=4)},
    ),
    "a policy's statements in another order": ("aws_iam_policy.this", policy(), reordered(policy())),
    "a policy's actions in another order": (
        "aws_iam_policy.this",
        policy(),
        policy(Action=["s3:PutObject", "s3:GetObject"]),
    ),
    "one action instead of a list of one": (
        "aws_iam_policy.this",
        policy(Action=["s3:GetObject"]),
        policy(Action="s3:GetObject"),
    ),
    "an account written as its root": (
        "aws_kms_key.this",
        policy(Principal={"AWS": ACCOUNT}),
        policy(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
    ),
    "a condition's value as a list": (
        "aws_sns_topic.this",
        policy(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        policy(Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}),
    ),
    "a long policy in another order": ("aws_iam_policy.this", LONG, reordered(LONG)),
    "JSON that is no policy, with other blanks": (
        "aws_ecr_lifecycle_policy.this",
        {"policy": '{"rules": [1, 2]}'},
        {"policy": '{"rules":[1,2]}'},
    ),
    "inline policies that an exclusive resource watches": (
        "aws_iam_role.task",
        {"id": "task", "inline_policy": []},
        {"id": "task", "inline_policy": [{"name": "start-task"}]},
    ),
    "attachments that an exclusive resource watches": (
        "aws_iam_role.task",
        {"id": "task", "managed_policy_arns": []},
        {"id": "task", "managed_policy_arns": ["arn:1"]},
    ),
    "the id of a role that was made anew": (
        "aws_iam_role.task",
        {"unique_id": "AROA1"},
        {"unique_id": "AROA2"},
    ),
    "the load balancers of a target group": (
        "aws_lb_target_group.this",
        {"load_balancer_arns": []},
        {"load_balancer_arns": ["arn:1"]},
    ),
    "a timestamp": ("aws_lambda_function.this", {"last_modified": "1"}, {"last_modified": "2"}),
    "the table's capacity, scaled": ("aws_dynamodb_table.this", {"read_capacity": 5}, {"read_capacity": 9}),
    "a route of a separate resource": (
        "aws_route_table.this",
        {"id": "rtb-1", "route": []},
        {"id": "rtb-1", "route": ROUTES},
    ),
    "a bucket's policy of a separate resource": (
        "aws_s3_bucket.logs",
        {"id": "logs", "policy": ""},
        {"id": "logs", "policy": "{}"},
    ),
    "a bucket's encryption of a separate resource": (
        "aws_s3_bucket.logs",
        {"id": "logs", "server_side_encryption_configuration": []},
        {"id": "logs", "server_side_encryption_configuration": [{"rule": []}]},
    ),
    "an address that a NAT gateway of the same state took": (
        "aws_eip.nat",
        {"id": "eipalloc-1", "association_id": "", "private_ip": ""},
        {"id": "eipalloc-1", "association_id": "eipassoc-1", "private_ip": "10.0.0.9"},
    ),
    "a topic's policy of a separate resource": (
        "aws_sns_topic.alarms",
        {"id": "arn:alarms", "policy": '{"Id":"__default_policy_ID","Statement":[]}'},
        {"id": "arn:alarms", "policy": '{"Statement":[{"Sid":"Publisher"}]}'},
    ),
    "a protocol by its number": (
        "aws_network_acl.private",
        {"ingress": [{"protocol": "tcp", "rule_no": 100}]},
        {"ingress": [{"protocol": "6", "rule_no": 100}]},
    ),
    "a subnet that fell to the default network ACL": (
        "aws_default_network_acl.public",
        {"subnet_ids": ["subnet-1"]},
        {"subnet_ids": ["subnet-1", "subnet-2"]},
    ),
    "a policy that was attached somewhere": (
        "module.access.aws_iam_policy.people",
        {"id": "p", "attachment_count": 0},
        {"id": "p", "attachment_count": 1},
    ),
    "a database's last moment to restore": (
        "aws_db_instance.this",
        {"latest_restorable_time": "1", "status": "available"},
        {"latest_restorable_time": "2", "status": "backing-up"},
    ),
    "names that AWS gives a load balancer": (
        "aws_lb.this",
        {"dns_name": "", "zone_id": ""},
        {"dns_name": "a.elb", "zone_id": "Z1"},
    ),
    "what AWS makes together with a VPC": (
        "aws_vpc.this",
        {"default_network_acl_id": "", "default_route_table_id": "", "main_route_table_id": ""},
        {"default_network_acl_id": "acl-1", "default_route_table_id": "rtb-1", "main_route_table_id": "rtb-1"},
    ),
    "the newest version of a function": (
        "aws_lambda_function.this",
        {"version": "1", "qualified_arn": "a:1"},
        {"version": "2", "qualified_arn": "a:2"},
    ),
    "a distribution that is on its way": (
        "aws_cloudfront_distribution.this",
        {"etag": "1", "status": "InProgress", "in_progress_validation_batches": 1},
        {"etag": "2", "status": "Deployed", "in_progress_validation_batches": 0},
    ),
    "a certificate that was renewed": ("aws_acm_certificate.this", {"not_after": "1"}, {"not_after": "2"}),
    "a file system that has grown": (
        "aws_efs_file_system.this",
        {"size_in_bytes": [{"value": 1}]},
        {"size_in_bytes": [{"value": 2}]},
    ),
    "name servers of a zone": ("aws_route53_zone.this", {"name_servers": []}, {"name_servers": ["ns-1"]}),
    "a volume of an attachment": (
        "aws_instance.this",
        {"id": "i-1", "ebs_block_device": []},
        {"id": "i-1", "ebs_block_device": [{"device_name": "/dev/sdh", "volume_id": "vol-1", "volume_size": 8}]},
    ),
    "a key's policy of a separate resource": (
        "aws_kms_key.data",
        {"id": "key-1", "policy": "{}"},
        {"id": "key-1", "policy": '{"Statement":[]}'},
    ),
    "a queue's dead letters of a separate resource": (
        "aws_sqs_queue.work",
        {"id": "https://work", "redrive_policy": ""},
        {"id": "https://work", "redrive_policy": '{"maxReceiveCount":3}'},
    ),
    "an ACL of a separate resource": (
        "aws_s3_bucket.logs",
        {"id": "logs", "acl": None, "grant": []},
        {"id": "logs", "acl": "private", "grant": [{"type": "CanonicalUser"}]},
    ),
    "a rule of a group of a separate resource": (
        "aws_security_group.this",
        {"id": "sg-1", "ingress": []},
        {"id": "sg-1", "ingress": [OPEN]},
    ),
}
STATE = {
    "aws_route.internet": OWN_ROUTE,
    "aws_s3_bucket_policy.logs": {"bucket": "logs"},
    "aws_s3_bucket_server_side_encryption_configuration.logs": {"bucket": "logs"},
    "aws_vpc_security_group_ingress_rule.web": OWN_RULE,
    "aws_sns_topic_policy.alarms": {"arn": "arn:alarms"},
    "aws_nat_gateway.this": {"allocation_id": "eipalloc-1"},
    "aws_volume_attachment.a": {"id": "vai-1", "instance_id": "i-1", "volume_id": "vol-1", "device_name": "/dev/sdh"},
    "aws_ebs_volume.v": {"id": "vol-1", "size": 8},
    "aws_kms_key_policy.data": {"id": "key-1", "key_id": "key-1", "policy": '{"Statement":[]}'},
    "aws_sqs_queue_redrive_policy.work": {"id": "https://work", "queue_url": "https://work"},
    "aws_s3_bucket_acl.logs": {"id": "logs,private", "bucket": "logs"},
    "aws_iam_role_policies_exclusive.task": {"role_name": "task", "policy_names": ["start-task"]},
    "aws_iam_role_policy_attachments_exclusive.task": {"role_name": "task", "policy_arns": ["arn:1"]},
}
