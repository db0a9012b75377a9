"""The variables that groups of a service's fields become."""

import pytest

from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.service_permissions import PolicyNotListed
from reconciler.core.inputs.variables import variables
from tests.core.compiled import BEDROCK, LISTED, inputs_of, service_inputs, with_field
from tests.core.instances import DEVELOP, IMAGE, instance

PARTNER = "arn:aws:secretsmanager:eu-west-1:999900001111:secret:partner/key-AbCdEf"
HERE = f"arn:aws:secretsmanager:{DEVELOP.region}:{DEVELOP.account}:secret:orders/url-AbCdEf"
URL_PARAMETER = f"arn:aws:ssm:{DEVELOP.region}:{DEVELOP.account}:parameter/orders/url"


def test_secrets_of_the_platform_have_the_names_that_it_gave_them() -> None:
    text = with_field(
        "secrets: {URL: orders/url, OTHER: partner/key}\n  runtimeSecrets: [orders/url, partner/key]\n"
        "  sidecars: [{name: proxy, image: registry.example/proxy:1, secrets: {KEY: orders/url}}]"
    )
    platform = {**placeholder_platform(DEVELOP), "secret_names": {"orders/url": "develop/orders/url"}}
    found = variables(instance(text), DEVELOP, platform=platform, image=IMAGE)
    assert found["secrets"] == {"URL": "develop/orders/url", "OTHER": "partner/key"}
    assert found["runtime_secrets"] == ["develop/orders/url", "partner/key"]
    assert found["sidecars"][0]["secrets"] == {"KEY": "develop/orders/url"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("orders/url", "develop/orders/url"),
        ("'orders/url:key'", "develop/orders/url:key::"),
        ("{secret: orders/url, stage: AWSPREVIOUS}", "develop/orders/url::AWSPREVIOUS:"),
        ("'rds!db-0a1b:password::'", "rds!db-0a1b:password::"),
        (f"'{PARTNER}:user::'", f"{PARTNER}:user::"),
        ("{parameter: /orders/url}", f"arn:aws:ssm:{DEVELOP.region}:{DEVELOP.account}:parameter/orders/url"),
        ("{parameter: url}", f"arn:aws:ssm:{DEVELOP.region}:{DEVELOP.account}:parameter/url"),
    ],
)
def test_a_source_of_a_secret_reaches_the_root_in_the_form_of_ecs(source: str, expected: str) -> None:
    platform = {**placeholder_platform(DEVELOP), "secret_names": {"orders/url": "develop/orders/url"}}
    found = variables(instance(with_field(f"secrets: {{URL: {source}}}")), DEVELOP, platform=platform, image=IMAGE)
    assert found["secrets"] == {"URL": expected}


def test_every_rule_reaches_the_root_by_a_key_that_stays() -> None:
    text = (
        'routing: {paths: ["/o"], priority: 120, hosts: [shop.example.com], slowStart: 1m, stickiness: {duration: 1h},'
        ' rules: [{paths: ["/b"], priority: 7, headers: {X-A: ["1"]}}],'
        ' redirects: [{paths: ["/c"], priority: 8, to: {path: "/o", port: 8443}, permanent: true}]}'
    )
    assert service_inputs(with_field(text))["routing"] == {
        "paths": ["/o"],
        "priority": 120,
        "hosts": ["shop.example.com"],
        "deregistration_delay": 30,
        "rules": {
            "rule-0": {"paths": ["/b"], "priority": 7, "headers": {"X-A": ["1"]}},
            "redirect-0": {
                "paths": ["/c"],
                "priority": 8,
                "redirect": {"path": "/o", "port": "8443", "status_code": "HTTP_301"},
            },
        },
        "stickiness": {"duration": 3600},
        "slow_start": 60,
    }


def test_ways_out_and_service_connect_reach_the_root_as_one_variable() -> None:
    text = (
        "security: {groups: [sg-0123456789abcdef0], egress: [{cidr: 10.50.0.0/16, ports: [53, 8000-8100],"
        " protocol: udp}]}\n  connect: {alias: orders, protocol: http, idleTimeout: 5m}"
    )
    assert service_inputs(with_field(text))["network"] == {
        "security_groups": ["sg-0123456789abcdef0"],
        "egress": [
            {"cidr": "10.50.0.0/16", "protocol": "udp", "from": 53, "to": 53},
            {"cidr": "10.50.0.0/16", "protocol": "udp", "from": 8000, "to": 8100},
        ],
        "connect": {"alias": "orders", "protocol": "http", "idle_timeout": 300},
    }
    assert "network" not in service_inputs()


def test_what_scaling_follows_beside_cpu_and_memory_reaches_the_root_only_where_it_is_said() -> None:
    assert service_inputs()["scaling"] == {"min": 2, "max": 6, "cpu": 60, "memory": 70}
    text = (
        "scaling: {min: 2, max: 6, requestsPerTarget: 900, queue: {name: jobs, backlogPerTask: 5}, cooldowns: {in: 0},"
        ' schedules: [{cron: "0 8 ? * MON-FRI *", timezone: Europe/Berlin, min: 4, max: 9},'
        ' {at: "2027-01-31T08:00", min: 1, max: 1}]}'
    )
    found = inputs_of(instance(with_field(text)), running_schedule=1)["scaling"]
    assert found == {
        "min": 2,
        "max": 6,
        "cpu": 60,
        "memory": 70,
        "requests_per_target": 900,
        "queue": {"name": "jobs", "backlog_per_task": 5},
        "cooldowns": {"scale_in": 0},
        "schedules": [
            {"cron": "0 8 ? * MON-FRI *", "timezone": "Europe/Berlin", "min": 4, "max": 9},
            {"at": "2027-01-31T08:00:00", "timezone": "UTC", "min": 1, "max": 1},
        ],
        "schedule_in_force": 1,
    }


def test_a_share_of_spot_is_written_alone_or_with_its_base() -> None:
    assert service_inputs(with_field("spot: 50"))["spot"] == {"share": 50, "base": 1}
    assert service_inputs(with_field("spot: {share: 0, base: 0}"))["spot"] == {"share": 0, "base": 0}


def test_the_rollout_gets_what_the_manifest_sets_and_the_rest_from_the_module() -> None:
    text = (
        "deployment: {minimumHealthyPercent: 0, maximumPercent: 150, circuitBreaker: false,"
        ' rollbackAlarms: [cpu, shop-latency], forceNew: "2", strategy: rolling}'
    )
    assert service_inputs(with_field(text))["deployment"] == {
        "minimum_healthy_percent": 0,
        "maximum_percent": 150,
        "circuit_breaker": False,
        "rollback_alarms": ["cpu", "shop-latency"],
        "force_new": "2",
    }
    assert service_inputs(with_field("deployment: {}"))["deployment"] == {}


def test_permissions_are_grants_by_level_and_policies_by_the_configurations_arns() -> None:
    text = with_field(
        "permissions: [{service: s3, resources: [orders-uploads], access: readwrite}, {service: telemetry},\n"
        "    {service: secrets, resources: [orders/key, orders/other]}]\n  runtimeSecrets: [orders/key]\n"
        "  policies: [bedrock]"
    )
    found = service_inputs(text, LISTED)
    assert found["permissions"] == {
        "grants": [
            {"service": "s3", "access": "readwrite", "resources": ["orders-uploads"]},
            {"service": "telemetry", "access": "write", "resources": []},
        ],
        "policies": {"bedrock": BEDROCK},
    }
    assert found["runtime_secrets"] == ["orders/key", "orders/other"]
    with pytest.raises(PolicyNotListed, match="no policy bedrock is listed for the environment any more"):
        service_inputs(text)
