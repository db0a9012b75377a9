"""A corpus of harmful differences, each similar to a harmless one."""

import json
from typing import Any

from tests.core.plan.container_differences import ENVIRONMENT, MEMORY, container, task
from tests.core.plan.differences import OPEN, ROUTES, Case, policy

ACCOUNT = "111122223333"

HARMFUL: dict[str, Case] = {
    "another image": ("aws_ecs_task_definition.this", task(), task(image="orders:2")),
    "another value": (
        "aws_ecs_task_definition.this",
        task(),
        task(environment=[{"name": "A", "value": "2"}, {"name": "B", "value": "2"}]),
    ),
    "a variable that lost its value": (
        "aws_ecs_task_definition.this",
        task(),
        task(environment=[{"name": "A", "value": ""}, {"name": "B", "value": "2"}]),
    ),
    "a variable more": (
        "aws_ecs_task_definition.this",
        task(),
        task(environment=[*ENVIRONMENT, {"name": "C", "value": "3"}]),
    ),
    "a port more": (
        "aws_ecs_task_definition.this",
        task(),
        task(portMappings=[{"containerPort": 8080, "protocol": "tcp"}, {"containerPort": 22, "protocol": "tcp"}]),
    ),
    "the same port over UDP": (
        "aws_ecs_task_definition.this",
        task(),
        task(portMappings=[{"containerPort": 8080, "protocol": "udp"}]),
    ),
    "another stop timeout": ("aws_ecs_task_definition.this", task(stopTimeout=90), task(stopTimeout=30)),
    "the default stop timeout of ECS": ("aws_ecs_task_definition.this", task(stopTimeout=90), task()),
    "a /tmp that is only root's": (
        "aws_ecs_task_definition.this",
        task(linuxParameters=MEMORY),
        task(linuxParameters={"tmpfs": [{"containerPath": "/tmp", "mountOptions": ["exec"]}]}),
    ),
    "a root file system that can be written to": (
        "aws_ecs_task_definition.this",
        task(readonlyRootFilesystem=True),
        task(readonlyRootFilesystem=False),
    ),
    "a privileged container": ("aws_ecs_task_definition.this", task(), task(privileged=True)),
    "a container that is not essential": ("aws_ecs_task_definition.this", task(), task(essential=False)),
    "a command in another order": ("aws_ecs_task_definition.this", task(command=["a", "b"]), task(command=["b", "a"])),
    "a read-only mount": (
        "aws_ecs_task_definition.this",
        task(),
        task(mountPoints=[{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": True}]),
    ),
    "an action more": (
        "aws_iam_policy.this",
        policy(),
        policy(Action=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    ),
    "another principal": ("aws_kms_key.this", policy(Principal={"AWS": ACCOUNT}), policy(Principal={"AWS": "*"})),
    "a condition less": ("aws_sns_topic.this", policy(Condition={"Bool": {"aws:SecureTransport": "true"}}), policy()),
    "JSON in another order that may mean something": (
        "aws_ecr_lifecycle_policy.this",
        {"policy": '{"rules": [1, 2]}'},
        {"policy": '{"rules": [2, 1]}'},
    ),
    "a tag": ("aws_lb.this", {"tags": {"Owner": "a"}}, {"tags": {"Owner": "b"}}),
    "a route beside the managed one": (
        "aws_route_table.this",
        {"id": "rtb-1", "route": ROUTES},
        {"id": "rtb-1", "route": [*ROUTES, {"cidr_block": "192.0.2.0/24", "gateway_id": "igw-9"}]},
    ),
    "a rule beside the managed one": (
        "aws_security_group.this",
        {"id": "sg-1", "ingress": []},
        {"id": "sg-1", "ingress": [OPEN, OPEN | {"from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}]},
    ),
    "another source of a managed rule": (
        "aws_security_group.this",
        {"id": "sg-1", "ingress": [OPEN]},
        {"id": "sg-1", "ingress": [OPEN | {"cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"]}]},
    ),
    "an address with another owner": (
        "aws_eip.spare",
        {"id": "eipalloc-2", "association_id": "", "network_interface": ""},
        {"id": "eipalloc-2", "association_id": "eipassoc-2", "network_interface": "eni-9"},
    ),
    "CORS on a bucket": (
        "aws_s3_bucket.logs",
        {"id": "logs", "cors_rule": []},
        {"id": "logs", "cors_rule": [{"allowed_origins": ["*"]}]},
    ),
}


def _task(**fields: Any) -> Case:
    return ("aws_ecs_task_definition.this", task(), task(**fields))


def _changed(address: str, attribute: str, old: Any, new: Any, **more: Any) -> Case:
    return (address, {**more, attribute: old}, {**more, attribute: new})


_STATEMENT = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
HARMFUL |= {
    "an empty block instead of another": (
        "aws_wafv2_web_acl.this",
        {"default_action": [{"allow": [], "block": [{}]}]},
        {"default_action": [{"allow": [{}], "block": []}]},
    ),
    "an empty block more": ("aws_wafv2_web_acl.this", {"none": []}, {"none": [{"handling": []}]}),
    "another secret": _task(secrets=[{"name": "S", "valueFrom": "arn:9"}, {"name": "T", "valueFrom": "arn:2"}]),
    "a secret less": _task(secrets=[{"name": "S", "valueFrom": "arn:1"}]),
    "another user": _task(user="0"),
    "another order of starts": _task(dependsOn=[{"containerName": "proxy", "condition": "HEALTHY"}]),
    "another login": _task(repositoryCredentials={"credentialsParameter": "evil/registry"}),
    "another entry point": _task(entryPoint=["sh", "-c"]),
    "a health check less": _task(healthCheck=None),
    "a health check of another command": _task(healthCheck={"command": ["CMD", "false"]}),
    "another place of a mount": _task(mountPoints=[{"sourceVolume": "tmp", "containerPath": "/var"}]),
    "a capability": _task(linuxParameters={"capabilities": {"add": ["SYS_PTRACE"]}}),
    "another limit of open files": _task(ulimits=[{"name": "nofile", "softLimit": 1, "hardLimit": 1}]),
    "logs to another group": _task(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "x"}}),
    "a container more": (
        "aws_ecs_task_definition.this",
        task(),
        {"container_definitions": json.dumps([container(), container(name="miner")])},
    ),
    "more memory": _changed("aws_ecs_task_definition.this", "memory", "512", "4096"),
    "tasks with public addresses": _changed(
        "aws_ecs_service.this", "network_configuration", [{"assign_public_ip": False}], [{"assign_public_ip": True}]
    ),
    "a circuit breaker that is off": _changed(
        "aws_ecs_service.this", "deployment_circuit_breaker", [{"enable": True}], [{"enable": False}]
    ),
    "a shell into the tasks": _changed("aws_ecs_service.this", "enable_execute_command", False, True),
    "a session of twelve hours": _changed("aws_iam_role.task", "max_session_duration", 3600, 43200),
    "another account that may assume a role": _changed("aws_iam_role.task", "assume_role_policy", "{}", _STATEMENT),
    "a policy attached to a role without an exclusive resource": _changed(
        "aws_iam_role.other", "managed_policy_arns", [], ["arn:admin"], id="other"
    ),
    "an inline policy of a role without an exclusive resource": _changed(
        "aws_iam_role.other", "inline_policy", [], [{"name": "all", "policy": _STATEMENT}], id="other"
    ),
    "a boundary less": _changed("aws_iam_role.task", "permissions_boundary", "arn:1", ""),
    "a policy of a topic without a separate resource": _changed(
        "aws_sns_topic.other", "policy", "{}", _STATEMENT, id="o"
    ),
    "a policy of a queue without a separate resource": _changed(
        "aws_sqs_queue.other", "policy", "", _STATEMENT, id="o"
    ),
    "a queue that is not encrypted": _changed("aws_sqs_queue.other", "kms_master_key_id", "key-1", "", id="o"),
    "a key that is not rotated": _changed("aws_kms_key.data", "enable_key_rotation", True, False, id="key-1"),
    "a bucket's website": _changed("aws_s3_bucket.logs", "website", [], [{"index_document": "i"}], id="logs"),
    "a bucket's copies to another account": _changed(
        "aws_s3_bucket.logs", "replication_configuration", [], [{"role": "arn:9"}], id="logs"
    ),
    "a bucket's lifecycle": _changed("aws_s3_bucket.logs", "lifecycle_rule", [], [{"enabled": True}], id="logs"),
    "versions of a bucket without a separate resource": _changed(
        "aws_s3_bucket.logs", "versioning", [{"enabled": True}], [{"enabled": False}], id="logs"
    ),
    "an incoming rule of a network ACL": _changed(
        "aws_network_acl.private",
        "ingress",
        [],
        [{"rule_no": 90, "protocol": "-1", "cidr_block": "0.0.0.0/0"}],
        id="acl",
    ),
    "a route table of an endpoint": _changed("aws_vpc_endpoint.s3", "route_table_ids", [], ["rtb-9"], id="vpce-1"),
    "a policy of an endpoint": _changed("aws_vpc_endpoint.s3", "policy", "{}", _STATEMENT, id="vpce-1"),
    "names in a VPC that are off": _changed("aws_vpc.this", "enable_dns_hostnames", True, False),
    "IPv6 in a VPC": _changed("aws_vpc.this", "ipv6_cidr_block", "", "2001:db8::/56"),
    "public addresses in a subnet": _changed("aws_subnet.this", "map_public_ip_on_launch", False, True),
    "a member of a database cluster": _changed("aws_rds_cluster.this", "cluster_members", ["c-1"], ["c-1", "c-2"]),
    "a database open to the world": _changed("aws_db_instance.this", "publicly_accessible", False, True),
    "backups of a day": _changed("aws_db_instance.this", "backup_retention_period", 30, 1),
    "a target group of a scaling group": _changed("aws_autoscaling_group.this", "target_group_arns", [], ["arn:9"]),
    "a volume of an instance": _changed(
        "aws_instance.this", "ebs_block_device", [], [{"volume_id": "vol-9", "device_name": "/dev/sdi"}], id="i-1"
    ),
    "another health check of a target group": _changed(
        "aws_lb_target_group.this", "health_check", [{"path": "/healthz"}], [{"path": "/"}]
    ),
    "an old TLS policy": _changed("aws_lb_listener.https", "ssl_policy", "TLS13", "2016-08"),
    "tags of images that may move": _changed("aws_ecr_repository.this", "image_tag_mutability", "IMMUTABLE", "MUTABLE"),
    "logs that are kept for a day": _changed("aws_cloudwatch_log_group.this", "retention_in_days", 30, 1),
    "variables of a function": _changed("aws_lambda_function.this", "environment", [], [{"variables": {"A": "1"}}]),
    "a table without a way back": _changed("aws_dynamodb_table.this", "deletion_protection_enabled", True, False),
}
