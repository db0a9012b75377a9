"""The variables of a root: every field of a manifest reaches them, and the root declares every one of them."""

import re
from collections.abc import Set
from dataclasses import replace
from typing import Any

import pytest

from desired_state.instance import Instance
from desired_state.kinds.container.runtime import USUAL_PORTS
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.service_permissions import PolicyNotListed
from reconciler.core.inputs.service_secrets import origin_in_ecs
from reconciler.core.inputs.variables import desired_digest, variables
from tests.core.instances import DEVELOP, IMAGE, PLATFORM, SERVICE, instance
from tests.terraform.configuration import PROJECT, blocks

ROOTS = PROJECT / "terraform" / "roots"
PARTNER = "arn:aws:secretsmanager:eu-west-1:999900001111:secret:partner/key-AbCdEf"
HERE = f"arn:aws:secretsmanager:{DEVELOP.region}:{DEVELOP.account}:secret:orders/url-AbCdEf"
URL_PARAMETER = f"arn:aws:ssm:{DEVELOP.region}:{DEVELOP.account}:parameter/orders/url"
# Fields that say when and in which order to apply, never the content.
NO_INPUT = {"environments", "depends_on", "imports", "policy"}
# One change per field of a service, as the manifest writes it. A new field needs a row here.
CHANGES: dict[str, str] = {
    "type": "type: internal\n  routing: null",
    "runtime": "runtime: python",
    "repository": "repository: acme/other",
    "image": "image: null",
    "delivery": "delivery: {branch: master}",
    "cpu": "cpu: 512\n  memory: 1024",
    "memory": "memory: 1024",
    "port": "port: 8081",
    "scaling": "scaling: {min: 3, max: 6}",
    "spot": "spot: 50",
    "deployment": "deployment: {circuitBreaker: false}",
    "routing": 'routing: {paths: ["/other"], priority: 120}',
    "health_check": "healthCheck: {path: /healthz}",
    "security": "security: {groups: [sg-0123456789abcdef0]}",
    "connect": "connect: {alias: orders}",
    "stop_timeout": "stopTimeout: 90s",
    "env": "env: {LEVEL: info}",
    "secrets": "secrets: {KEY_FILE: orders/key}",
    "runtime_secrets": "runtimeSecrets: [orders/key]",
    "permissions": "permissions: [{service: s3, resources: [orders-uploads], access: read}]",
    "policies": "policies: [bedrock]",
    "env_files": "envFiles: ['arn:aws:s3:::acme-config/orders.env']",
    "volumes": "volumes: {data: {}}",
    "mounts": "volumes: {data: {}}\n  mounts: {/data: {volume: data}}",
    "kafka": 'kafka: {brokers: ["b-1.kafka.example:9094"]}',
    "sidecars": "sidecars: [{name: proxy, image: registry.example/proxy:1}]",
    "command": "command: [serve]",
    "entry_point": "entryPoint: [/bin/app]",
    "working_directory": "workingDirectory: /srv",
    "user": 'user: "1000"',
    "ulimits": "ulimits: {nofile: {soft: 1024, hard: 4096}}",
    "docker_labels": "dockerLabels: {team: payments}",
    "linux": "linux: {initProcess: false}",
    "writable_root": "writableRoot: true",
    "writable_paths": "writablePaths: [/var/cache/app]",
    "container": "container: {memory: 256}",
    "architecture": "architecture: arm64",
    "ephemeral_storage": "ephemeralStorage: 50",
    "exec": "exec: true\n  writableRoot: true",
    "starts_after": "startsAfter: {proxy: START}\n  sidecars: [{name: proxy, image: registry.example/proxy:1}]",
    "pre_deployment": "preDeployment: {command: [migrate]}",
    "alarms": "alarms: {cpu: 50}",
}

# The policies of `policies` are those of the configuration.
BEDROCK = "arn:aws:iam::aws:policy/AmazonBedrockReadOnly"
LISTED = replace(DEVELOP, policies=(("bedrock", BEDROCK), ("other", BEDROCK)))


def with_field(text: str) -> str:
    """Return the service manifest with these lines in its spec, in place of its own of the same names."""
    fields = text.split("\n  ")
    names = {field.partition(":")[0] for field in fields}
    kept = [line for line in SERVICE.splitlines() if not (line[:2] == "  " and line.strip().partition(":")[0] in names)]
    return "\n".join([*kept, *(f"  {field}" for field in fields)])


def service_inputs(text: str = SERVICE, environment: Environment = DEVELOP) -> dict[str, Any]:
    """Return the variables of the service's root."""
    return inputs_of(instance(text), environment)


def inputs_of(
    found: Instance,
    environment: Environment = DEVELOP,
    *,
    running_ports: Set[int] = frozenset(),
    running_secrets: Set[str] = frozenset(),
    running_schedule: int | None = None,
) -> dict[str, Any]:
    """Return the variables of the instance's root; a service gets the outputs of a placeholder platform."""
    platform = placeholder_platform(environment) if isinstance(found.spec, ServiceSpec) else None
    running: dict[str, Any] = {
        "running_ports": running_ports,
        "running_secrets": running_secrets,
        "running_schedule": running_schedule,
    }
    return dict(variables(found, environment, platform=platform, image=IMAGE, **running))


def test_the_table_has_every_field_of_a_service() -> None:
    assert set(CHANGES) | NO_INPUT == set(ServiceSpec.model_fields)


@pytest.mark.parametrize("field", CHANGES)
def test_every_field_of_a_service_reaches_its_root(field: str) -> None:
    assert service_inputs(with_field(CHANGES[field]), LISTED) != service_inputs()


def test_the_policy_reaches_no_root() -> None:
    assert service_inputs(with_field("policy: {mode: approve}")) == service_inputs()


def test_roots_declare_every_variable_that_they_are_given() -> None:
    # Terraform only warns of a value for a variable that the root does not declare, and drops the value.
    whole = inputs_of(
        instance(
            with_field(
                "\n  ".join(
                    CHANGES[name]
                    for name in (
                        "stop_timeout",
                        "delivery",
                        "deployment",
                        "spot",
                        "connect",
                        "permissions",
                        "volumes",
                        "exec",
                    )
                )
            )
        ),
        running_ports=frozenset({9090}),
        running_secrets=frozenset({"orders/former"}),
    )
    declared = {kind: blocks(ROOTS / kind, "variable") for kind in ("service", "platform")}
    assert set(whole) == set(declared["service"])
    platform = instance(PLATFORM)
    assert isinstance(platform.spec, PlatformSpec)
    assert set(inputs_of(platform)) == set(declared["platform"])


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


def test_peerings_and_brokers_reach_the_root_with_these_names() -> None:
    peering = "{connectionId: pcx-0a1b2c3d, cidr: 10.50.0.0/16, callers: true}"
    more = f"nat: single, peerings: {{data: {peering}}}}}\n  kafka: {{brokerCidrs: [10.50.16.0/20]}}"
    found = inputs_of(instance(PLATFORM.replace("nat: single}", more)))
    assert found["network"]["peerings"] == {
        "data": {
            "vpc_id": None,
            "connection_id": "pcx-0a1b2c3d",
            "cidr": "10.50.0.0/16",
            "account_id": None,
            "accepted": False,
            "callers": True,
        }
    }
    assert found["kafka"] == {"broker_security_group_id": None, "broker_cidrs": ["10.50.16.0/20"]}


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


def test_a_stop_timeout_is_whole_seconds() -> None:
    assert service_inputs(with_field("stopTimeout: 2m"))["stop_timeout"] == 120


def test_the_build_gets_what_the_manifest_sets_and_the_rest_from_the_module() -> None:
    scanner = f"registry.example/trivy:1@sha256:{'0' * 64}"
    more = (
        "branches: [main, hotfix/*], dockerfile: docker/Dockerfile, context: services/orders/, target: run,"
        ' buildArgs: {VERSION: "1"}, cache: false'
    )
    all_of_it = f'{{branch: master, timeout: 2h, compute: large, scanner: "{scanner}", runtimeVersion: "20", {more}}}'
    assert service_inputs(with_field(f"delivery: {all_of_it}"))["delivery"] == {
        "default_branch": "master",
        "build_timeout": 120,
        "compute_type": "BUILD_GENERAL1_LARGE",
        "scanner_image": scanner,
        "runtime_version": "20",
        "branches": ["main", "hotfix/*"],
        "dockerfile": "docker/Dockerfile",
        "context": "services/orders",
        "target": "run",
        "build_args": {"VERSION": "1"},
        "cache": False,
    }
    assert service_inputs(with_field("delivery: {}"))["delivery"] == {}


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


def test_without_a_stop_timeout_the_desired_digest_is_the_one_from_before_the_field() -> None:
    # As commit 4e24693 computed it: with another digest, an upgrade would plan every service again.
    inputs = service_inputs()
    assert not {"stop_timeout", "delivery", "deployment", "spot", "permissions"} & set(inputs)
    digest = desired_digest("sha256:1", inputs, terraform_version="1.11.4")
    assert digest == "sha256:62e43b1b3bb317ecab3ee183eeddceba09678d66b098acca91def6ebec1b0f2e"


@pytest.mark.parametrize(
    ("fields", "running", "admitted"),
    [
        ("port: 8080", {8080}, None),
        ("port: 9090", {8080}, [8080]),
        ("port: 9090", {8080, 9090, 7070}, [7070, 8080]),
        ("port: null", {3000}, None),
        ("port: null", {8080, 3000}, [8080]),
        ("port: 9090\n  type: internal\n  routing: null", {8080}, [8080]),
        ("port: null\n  type: internal\n  routing: null\n  healthCheck: null", {8080}, None),
    ],
)
def test_tasks_at_a_former_port_are_reached_until_they_are_gone(
    fields: str, running: set[int], admitted: list[int] | None
) -> None:
    assert inputs_of(instance(with_field(fields)), running_ports=running).get("admitted_ports") == admitted


@pytest.mark.parametrize(
    ("fields", "running", "admitted"),
    [
        ("secrets: {URL: orders/url}", {"orders/url"}, None),
        ("secrets: {URL: orders/url}", {"orders/url", "orders/key"}, ["orders/key"]),
        ("secrets: {}", {"orders/url", "orders/key"}, ["orders/key", "orders/url"]),
        ("secrets: {URL: 'orders/url:key'}", {"orders/url"}, None),
        ("secrets: {URL: {secret: orders/url, stage: AWSPREVIOUS}}", {"orders/url"}, None),
        ("secrets: {URL: {parameter: /orders/url}}", {"orders/url", URL_PARAMETER}, ["orders/url"]),
        ("secrets: {URL: orders/url}", {"orders/url", URL_PARAMETER}, [URL_PARAMETER]),
        (f"secrets: {{URL: '{PARTNER}:user::'}}", {PARTNER}, None),
        (f"secrets: {{URL: '{PARTNER}'}}", {"partner/key"}, ["partner/key"]),
        (f"secrets: {{URL: '{HERE}'}}", {"orders/url"}, None),
        (
            "secrets: {}\n  sidecars: [{name: proxy, image: r.example/p:1, secrets: {K: orders/key}}]",
            {"orders/key"},
            None,
        ),
    ],
)
def test_tasks_with_a_former_secret_may_start_until_they_are_gone(
    fields: str, running: set[str], admitted: list[str] | None
) -> None:
    found = inputs_of(instance(with_field(fields)), running_secrets=running)
    assert found.get("admitted_secrets") == admitted


@pytest.mark.parametrize(
    ("value_from", "expected"),
    [
        (HERE, "orders/url"),
        (f"{HERE}:key::", "orders/url"),
        (f"{PARTNER}:user::", PARTNER),
        (URL_PARAMETER, URL_PARAMETER),
        ("/orders/url", URL_PARAMETER),
        ("orders/url", URL_PARAMETER),
    ],
)
def test_what_a_running_task_reads_is_named_as_the_manifest_names_it(value_from: str, expected: str) -> None:
    assert origin_in_ecs(value_from, DEVELOP) == expected


def test_the_ports_of_runtimes_are_those_of_the_module() -> None:
    module = (PROJECT / "terraform/modules/service/task.tf").read_text()
    ports = dict(re.findall(r"(\w+) = \{\n\s+port\s+= (\d+)", module))
    assert {runtime: int(port) for runtime, port in ports.items()} == USUAL_PORTS
    for runtime, port in ports.items():
        given = instance(with_field(f"runtime: {runtime}\n  port: null"))
        assert "admitted_ports" not in inputs_of(given, running_ports={int(port)})


def test_roles_of_a_tenant_with_a_role_of_its_own_are_within_the_boundary_beside_that_role() -> None:
    where = replace(DEVELOP, tenant_roles=(("shop", "arn:aws:iam::123456789012:role/teams/reconciler-shop"),))
    assert [where.boundary_of(tenant) for tenant in (None, "bank")] == [None, None]
    found = where.boundary_of("shop")
    assert found == "arn:aws:iam::123456789012:policy/reconciler-shop-boundary"
    platform = placeholder_platform(where)
    for boundary, expected in ((None, platform), (found, {**platform, "permissions_boundary_arn": found})):
        given = variables(instance(SERVICE), where, platform=platform, image=IMAGE, boundary=boundary)
        assert given["platform"] == expected


def test_a_service_needs_its_platform() -> None:
    with pytest.raises(ValueError, match="develop/orders needs the outputs of its platform"):
        variables(instance(), DEVELOP, platform=None, image=IMAGE)


def test_a_sidecar_and_a_pre_deployment_task_reach_the_root_with_these_names() -> None:
    sidecar = (
        "{name: proxy, image: registry.example/proxy:1, command: [run], essential: false, memory: 64,"
        " env: {LEVEL: info}, secrets: {KEY_FILE: orders/key}}"
    )
    found = service_inputs(with_field(f"sidecars: [{sidecar}]\n  preDeployment: {{command: [migrate], timeout: 10m}}"))
    assert found["sidecars"] == [
        {
            "name": "proxy",
            "image": "registry.example/proxy:1",
            "command": ["run"],
            "essential": False,
            "memory": 64,
            "environment_variables": {"LEVEL": "info"},
            "secrets": {"KEY_FILE": "orders/key"},
        }
    ]
    assert found["pre_deployment"] == {"command": ["migrate"], "timeout": 600}
