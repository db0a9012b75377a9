"""The variables of a root: every field of a manifest reaches them, and the root declares every one of them."""

import re
from dataclasses import replace

import pytest

from desired_state.kinds.container.runtime import USUAL_PORTS
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.service_secrets import origin_in_ecs
from reconciler.core.inputs.variables import desired_digest, variables
from tests.core.compiled import LISTED, inputs_of, service_inputs, with_field
from tests.core.instances import DEVELOP, IMAGE, PLATFORM, SERVICE, instance
from tests.core.test_inputs_of_services import HERE, PARTNER, URL_PARAMETER
from tests.terraform.configuration import PROJECT, blocks

ROOTS = PROJECT / "terraform" / "roots"
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
