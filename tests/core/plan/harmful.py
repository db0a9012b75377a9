"""A corpus of harmful differences, each similar to a harmless one."""

from tests.core.plan.differences import ENVIRONMENT, OPEN, ROUTES, Case, policy, task

ACCOUNT = "111122223333"

HARMFUL: dict[str, Case] = {
    "another image": ("aws_ecs_task_definition.this", task(), task(image="orders:2")),
    "another value": (
        "aws_ecs_task_definition.this",
        task(),
        task(environment=[{"name": "A", "value": "2"}, {"name": "B", "value": "2"}]),
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
        {"id": "eipalloc-2", "association_id": ""},
        {"id": "eipalloc-2", "association_id": "eipassoc-2"},
    ),
    "CORS on a bucket": (
        "aws_s3_bucket.logs",
        {"id": "logs", "cors_rule": []},
        {"id": "logs", "cors_rule": [{"allowed_origins": ["*"]}]},
    ),
}
