"""Wrong input is refused before anything is planned, with a message that names the variable and the values.

Every case is a module call of its own in one scratch root, so that one run of terraform shows all the messages.
"""

from __future__ import annotations

import json

import pytest

from tests.terraform import wrong_storage
from tests.terraform.inputs import (
    Variables,
    but,
    internal_service,
    public_service,
    worker,
)
from tests.terraform.runs import Refused
from tests.terraform.workbench import Workbench
from tests.terraform.wrong_parts import balancer, bucket, cluster, grant, monitoring, network, peering, secret, service

pytestmark = pytest.mark.aws


FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"
BY_HAND = "renewed by hand"
PROD_OF_ONE = but(public_service("prod"), scaling={"min": 1})
WITHOUT_ROUTING = service() | {"routing": None}
PROXY = {"name": "proxy", "image": "registry.example/proxy:1"}
FRACTION = service(routing={"priority": 1.5})

# case: module, variables, what the message must contain
REFUSED: dict[str, tuple[str, Variables, tuple[str, ...]]] = {
    "fargate_pair": ("service", service(resources={"memory": 700}), ("256", "700", "512, 1024, 2048")),
    "fargate_cpu": ("service", service(resources={"cpu": 300}), ("resources.cpu 300", "256")),
    "priority_zero": ("service", service(routing={"priority": 0}), ("routing.priority 0", "1 to 50000")),
    "priority_fraction": ("service", FRACTION, ("routing.priority 1.5",)),
    "six_paths": ("service", service(routing={"paths": ["/a", "/b", "/c", "/d", "/e", "/f"]}), ("routing.paths", "/f")),
    "relative_path": ("service", service(routing={"paths": ["orders"]}), ("routing.paths", "orders")),
    "public_without_routing": ("service", WITHOUT_ROUTING, ("orders", "public", "needs routing")),
    "internal_with_routing": (
        "service",
        internal_service("develop") | {"routing": {"paths": ["/x"], "priority": 1}},
        ("ledger", "internal", "must not have"),
    ),
    "port_too_high": ("service", service(port=65536), ("port 65536",)),
    "type": ("service", service(service={"type": "hidden"}), ('service.type "hidden"', "public or internal")),
    "runtime": ("service", service(service={"runtime": "cobol"}), ('service.runtime "cobol"',)),
    "service_name": ("service", service(service={"name": "Orders_1"}), ('service.name "Orders_1"',)),
    "image_without_tag": ("service", service(image={"uri": "acme/orders"}), ('image.uri "acme/orders"',)),
    "min_above_max": ("service", service(scaling={"min": 7}), ("scaling.min 7", "scaling.max 6")),
    "one_task_in_prod": ("service", PROD_OF_ONE, ("scaling.min 1", "prod")),
    "percentage": ("service", service(scaling={"cpu": 101}), ("scaling.cpu 101",)),
    "slow_timeout": ("service", service(health_check={"interval": 5, "timeout": 5}), ("interval 5", "timeout 5")),
    "check_of_a_worker": ("service", worker("develop") | {"health_check": {"path": "/"}}, ("mailer", "needs a port")),
    "matcher": ("service", service(health_check={"matcher": "200-599"}), ('health_check.matcher "200-599"',)),
    "clear_text_secret": ("service", service(environment_variables={"DB_PASSWORD": "x"}), ("DB_PASSWORD", "secrets")),
    "defined_twice": ("service", service(secrets={"LOG_LEVEL": "orders/level"}), ("LOG_LEVEL", "both define")),
    "secret_like_an_arn": ("service", service(secrets={"KEY_FILE": "orders-abc123"}), ("orders-abc123", "hyphen")),
    "broker_without_port": ("service", service() | {"kafka": {"brokers": ["b-1"]}}, ("kafka.brokers", "b-1")),
    "long_farewell": ("service", service(routing={"deregistration_delay": 901}), ("deregistration_delay 901", "900")),
    "secret_without_its_parts": ("service", service(secrets={"KEY_FILE": "orders:key"}), ("orders:key", "secrets")),
    "secret_of_another_service": ("service", service(secrets={"K": "arn:aws:iam::1:role/x"}), ("arn:aws:iam", "ARN")),
    "part_of_a_secret_like_an_arn": ("service", service(secrets={"K": "a-abc123:x::"}), ("a-abc123:x::", "hyphen")),
    **wrong_storage.CASES,
    "admitted_secret": ("service", service() | {"admitted_secrets": ["a-abc123"]}, ("a-abc123", "hyphen")),
    "admitted_port": ("service", service() | {"admitted_ports": [0]}, ("admitted_ports [0]",)),
    "level_of_a_service": (
        "service",
        service(permissions=grant("sns", "read", "news")),
        ("permissions.grants", "sns read"),
    ),
    "nothing_named": ("service", service(permissions=grant("s3", "read")), ("permissions.grants", '"s3":[]')),
    "wildcard_alone": ("service", service(permissions=grant("s3", "read", "*")), ("permissions.grants", '["*"]')),
    "arn_of_another_service": (
        "service",
        service(permissions=grant("sqs", "read", "arn:aws:sns:eu-central-1:123456789012:x")),
        ("permissions.grants", "by an ARN of their service"),
    ),
    "policy_without_arn": (
        "service",
        service(permissions={"policies": {"all": "AdministratorAccess"}}),
        ("permissions.policies", "AdministratorAccess"),
    ),
    "long_stop": ("service", service(stop_timeout=121), ("stop_timeout 121", "2 to 120")),
    "runtime_secret_like_an_arn": ("service", service(runtime_secrets=["a-abc123"]), ("a-abc123", "hyphen")),
    "sidecar_called_like_its_service": (
        "service",
        service(sidecars=[PROXY | {"name": "orders"}]),
        ("orders", "differ"),
    ),
    "a_public_service_of_any_runtime": (
        "service",
        service(service={"runtime": "java"}) | {"port": None},
        ("port is null", "orders", "java"),
    ),
    "greedy_container": ("service", service(container={"memory": 513}), ("container.memory 513", "512")),
    "greedy_shares": ("service", service(container={"cpu": 257}), ("container.cpu 257", "resources.cpu 256")),
    "system_path": ("service", service(container={"writable_paths": ["/proc/x"]}), ("container.writable_paths",)),
    "open_files": ("service", service(container={"open_files": {"soft": 2, "hard": 1}}), ("container.open_files",)),
    "capability": ("service", service(container={"capabilities": {"add": ["ALL"]}}), ("capabilities", "SYS_PTRACE")),
    "unknown_order": ("service", service(container={"starts_after": {"x": "START"}}), ("container.starts_after", "x")),
    "architecture": ("service", service(task={"architecture": "arm"}), ('task.architecture "arm"', "ARM64")),
    "small_disk": ("service", service(task={"ephemeral_storage": 20}), ("task.ephemeral_storage 20", "21 to 200")),
    "exec_without_files": ("service", service(task={"exec": True}), ("task.exec", "container.writable_root")),
    "check_of_nothing": ("service", service(health_check={"path": None}), ("health_check", "checks nothing")),
    "login_like_an_arn": ("service", service(image={"credentials": "a-abc123"}), ("a-abc123", "hyphen")),
    "sidecars_of_one_name": ("service", service(sidecars=[PROXY, PROXY]), ("proxy", "differ")),
    "sidecar_image": (
        "service",
        service(sidecars=[PROXY | {"image": "acme/proxy"}]),
        ("acme/proxy", "tag or a digest"),
    ),
    "greedy_sidecar": ("service", service(sidecars=[PROXY | {"memory": 512}]), ("512", "resources.memory 512")),
    "sidecar_with_a_password": (
        "service",
        service(sidecars=[PROXY | {"environment_variables": {"PASSWORD": "x"}}]),
        ("PASSWORD", "sidecar's secrets"),
    ),
    "sidecar_defined_twice": (
        "service",
        service(sidecars=[PROXY | {"environment_variables": {"A": "x"}, "secrets": {"A": "a/b"}}]),
        ('["A"]', "both"),
    ),
    "empty_command": ("service", service(pre_deployment={"command": []}), ("pre_deployment.command []",)),
    "endless_command": (
        "service",
        service(pre_deployment={"command": ["migrate"], "timeout": 7200}),
        ("pre_deployment.timeout 7200", "3600"),
    ),
    "migration_before_a_pipeline": (
        "service",
        service(image={"owner": "pipeline"}, pre_deployment={"command": ["migrate"]}),
        ("pre_deployment", "image.owner git", "pipeline"),
    ),
    "alarm_percentage": ("service", service(alarms={"cpu": 101}), ("alarms.cpu 101",)),
    "platform_of_tomorrow": ("service", service(platform={"schema_version": 2}), ("schema_version is 2",)),
    "tier": ("service", service(environment={"tier": "staging"}), ('environment.tier "staging"',)),
    "account": ("service", service(environment={"account_id": "42"}), ('environment.account_id "42"',)),
    "environment_name": ("service", service(environment={"name": "internal-a"}), ("internal-a", "load balancers")),
    "single_nat_in_prod": ("network", network("prod", nat="single"), ('network.nat "single"', "prod")),
    "nat_mode": ("network", network(nat="two"), ('network.nat "two"', "one_per_az, single or none")),
    "host_address": ("network", network(cidr="10.10.0.1/16"), ('network.cidr "10.10.0.1/16"',)),
    "small_network": ("network", network(cidr="10.10.0.0/24"), ('network.cidr "10.10.0.0/24"', "/20")),
    "same_zone_twice": (
        "network",
        network(availability_zones=["eu-central-1a", "eu-central-1a", "eu-central-1b"]),
        ("network.availability_zones", "three different"),
    ),
    "foreign_zone": (
        "network",
        network(availability_zones=["us-east-1a", "us-east-1b", "us-east-1c"]),
        ("us-east-1a", "eu-central-1"),
    ),
    "peered_production": (
        "network",
        network("prod", peerings={"data": {"vpc_id": "vpc-0a1b2c3d", "cidr": "10.50.0.0/16", "account_id": None}}),
        ('network.peerings ["data"]', "allow_prod_peering"),
    ),
    "overlapping_peer": ("network", peering(cidr="10.10.128.0/20"), ("10.10.128.0/20", "10.10.0.0/16", "overlap")),
    "peer_of_no_network": ("network", peering(cidr="10.50.0.1/16"), ("network.peerings", "10.50.0.1/16")),
    "peer_without_vpc": ("network", peering(vpc_id="data"), ("network.peerings", '"vpc_id":"data"')),
    "peer_of_both_sides": (
        "network",
        peering(connection_id="pcx-0a1b2c3d"),
        ("network.peerings", "either", "pcx-0a1b2c3d"),
    ),
    "peer_of_neither_side": ("network", peering(vpc_id=None), ("network.peerings", "either")),
    "peer_of_nobody": ("network", peering(account_id="42"), ("network.peerings", '"account_id":"42"')),
    "secret_without_rotation": ("secrets", secret(), ('secrets ["orders/url"]', "either")),
    "secret_with_both": (
        "secrets",
        secret(rotation={"lambda_arn": FUNCTION, "days": 30}, rotation_exempt_reason=BY_HAND),
        ('secrets ["orders/url"]', "not both"),
    ),
    "secret_name": ("secrets", secret("orders url", rotation_exempt_reason=BY_HAND), ("orders url", "names")),
    "new_secret_like_an_arn": ("secrets", secret("orders-abc123", rotation_exempt_reason=BY_HAND), ("orders-abc123",)),
    "short_reason": ("secrets", secret(rotation_exempt_reason="no"), ("rotation_exempt_reason", '"no"')),
    "rare_rotation": ("secrets", secret(rotation={"lambda_arn": FUNCTION, "days": 91}), ("rotation.days", "91")),
    "rotation_without_function": (
        "secrets",
        secret(rotation={"lambda_arn": "rotate", "days": 30}),
        ("rotation.lambda_arn", '"rotate"'),
    ),
    "rate_limit": ("alb", balancer(rate_limit=9), ("rate_limit 9", "10 to 2000000000")),
    "one_public_subnet": (
        "alb",
        balancer(vpc={"id": "vpc-0a1b2c3d", "cidr": "10.10.0.0/16", "public_subnet_ids": ["subnet-1"]}),
        ("vpc.public_subnet_ids has 1",),
    ),
    "log_prefix": ("alb", balancer(access_logs={"bucket": "b", "prefix": "/alb/"}), ('access_logs.prefix "/alb/"',)),
    "certificate": ("alb", balancer(certificate_arn="mine"), ('certificate_arn "mine"',)),
    "nat_gateway": ("monitoring", monitoring(nat_gateway_ids={"a": "eip-0"}), ('nat_gateway_ids {"a":"eip-0"}',)),
    "bucket_name": ("bucket", bucket(name="Logs"), ('name "Logs"',)),
    "bucket_key_of_s3": ("bucket", bucket(encryption="s3"), ("kms_key_arn", "encryption is s3")),
    "bucket_without_key": ("bucket", bucket(kms_key_arn=None), ('kms_key_arn "-"', "encryption is kms")),
    "bucket_of_no_time": ("bucket", bucket(expire_after_days=0), ("expire_after_days 0",)),
    "bucket_log_prefix": (
        "bucket",
        bucket(access_logs={"bucket": "logs", "prefix": "s3"}),
        ('access_logs.prefix "s3"', "slash at the end"),
    ),
    "bucket_statements": ("bucket", bucket(statements='[{"Sid": "X"}]'), ("statements", "policy statements")),
    "spot_in_prod": ("cluster", cluster("prod", spot=True), ("cluster.spot true", "prod")),
    "insights": ("cluster", cluster("develop", insights="disabled"), ('cluster.insights "disabled"',)),
}
ACCEPTED: dict[str, tuple[str, Variables]] = {
    "a_public_service": ("service", public_service("prod")),
    "an_internal_service": ("service", internal_service("qa")),
    "a_worker": ("service", worker("test")),
    "a_port_by_runtime": ("service", service() | {"port": None}),
    "a_closed_network": ("network", network(cidr="10.10.0.0/20", nat="none")),
    "a_peered_network": ("network", peering(accepted=True, callers=True)),
    "an_accepted_network": ("network", peering(vpc_id=None, connection_id="pcx-0a1b2c3d")),
    "an_exempt_secret": ("secrets", secret(rotation_exempt_reason=BY_HAND)),
    "a_rotated_secret": ("secrets", secret(rotation={"lambda_arn": FUNCTION, "days": 90})),
    "a_watch": ("monitoring", monitoring()),
    "a_balancer": ("alb", balancer(rate_limit=10)),
    "a_bucket": ("bucket", bucket(encryption="s3", kms_key_arn=None)),
    "a_spot_cluster": ("cluster", cluster("qa", insights="enhanced", spot=True)),
}


@pytest.fixture(scope="module")
def messages(workbench: Workbench) -> dict[str, str]:
    """Return Terraform's message for each case, over one plan of them all."""
    root = workbench.directory / "roots/cases"
    root.mkdir()
    (root / "providers.tf").write_text('provider "aws" {\n  region = "eu-central-1"\n}\n')
    # Through a variable, or Terraform would stop at what it can tell from the text alone.
    (root / "variables.tf").write_text('variable "cases" {\n  type = any\n}\n')
    calls = {case: (module, variables) for case, (module, variables, _) in REFUSED.items()} | ACCEPTED
    for case, (module, variables) in calls.items():
        arguments = {name: f"${{var.cases.{case}.{name}}}" for name in variables if name != "aws"}
        call = {"module": {case: {"source": f"../../modules/{module}", **arguments}}}
        (root / f"{case}.tf.json").write_text(json.dumps(call))
    with pytest.raises(Refused) as refusal:
        workbench.plan("roots/cases", {"cases": {case: variables for case, (_, variables) in calls.items()}})
    said: dict[str, str] = {}
    for file, text in refusal.value.messages:
        case = file.removesuffix(".tf.json")
        said[case] = f"{said.get(case, '')} {text}"
    return said


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_input_is_refused_with_the_values_in_the_message(messages: dict[str, str], case: str) -> None:
    _, _, expected = REFUSED[case]
    assert case in messages, "terraform took it"
    assert [part for part in expected if part not in messages[case]] == [], messages[case]


def test_what_is_right_is_not_refused(messages: dict[str, str]) -> None:
    assert set(messages) == set(REFUSED)
