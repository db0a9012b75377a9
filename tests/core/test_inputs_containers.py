"""The variables of containers: settings reach the root with the names of secrets that the platform gave."""

from dataclasses import replace

from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.variables import variables
from tests.core.compiled import inputs_of, service_inputs, with_field
from tests.core.instances import DEVELOP, instance

GHCR = "image: {repository: ghcr.io/acme/orders, tag: v1, credentials: orders/ghcr}"
PROXY = "sidecars: [{name: proxy, image: 'ghcr.io/acme/proxy:1', credentials: orders/proxy}]"


def test_logins_at_registries_reach_the_root_under_the_names_of_the_platform() -> None:
    platform = {**placeholder_platform(DEVELOP), "secret_names": {"orders/ghcr": "develop/orders/ghcr"}}
    text = with_field(f"{GHCR}\n  {PROXY}")
    found = variables(instance(text), DEVELOP, platform=platform, image="ghcr.io/acme/orders:v1")
    assert found["image"] == {"owner": "git", "uri": "ghcr.io/acme/orders:v1", "credentials": "develop/orders/ghcr"}
    assert found["sidecars"][0]["credentials"] == "orders/proxy"
    assert "credentials" not in service_inputs()["image"]


def test_tasks_with_a_former_login_may_start_until_they_are_gone() -> None:
    running = {"orders/ghcr", "orders/proxy", "orders/former"}
    found = inputs_of(instance(with_field(f"{GHCR}\n  {PROXY}")), running_secrets=running)
    assert found["admitted_secrets"] == ["orders/former"]


ALL = """
  command: [serve]
  entryPoint: [/bin/app]
  workingDirectory: /srv
  user: "1000:1000"
  ulimits: {nofile: {soft: 1024, hard: 4096}}
  dockerLabels: {team: payments}
  linux: {initProcess: false, capabilities: {add: [SYS_PTRACE], drop: [ALL]}}
  writableRoot: true
  writablePaths: [/var/cache/app]
  container: {cpu: 128, memory: 256, memoryReservation: 128}
  architecture: arm64
  ephemeralStorage: 50
  exec: true
  startsAfter: {proxy: HEALTHY}
  sidecars: [{name: proxy, image: "registry.example/proxy:1", cpu: 64, memoryReservation: 64, ports: [9000],
    healthCheck: {command: [CMD, check]}}, {name: late, image: "registry.example/late:1", user: root,
    dependsOn: {orders: START, proxy: START}}]
"""


def test_all_settings_reach_the_root_with_these_names() -> None:
    found = service_inputs(with_field(ALL.strip()))
    assert found["container"] == {
        "command": ["serve"],
        "entry_point": ["/bin/app"],
        "working_directory": "/srv",
        "user": "1000:1000",
        "open_files": {"soft": 1024, "hard": 4096},
        "labels": {"team": "payments"},
        "without_init": True,
        "capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]},
        "writable_root": True,
        "writable_paths": ["/var/cache/app"],
        "cpu": 128,
        "memory": 256,
        "memory_reservation": 128,
        "starts_after": {"proxy": "HEALTHY"},
    }
    assert found["task"] == {"architecture": "ARM64", "ephemeral_storage": 50, "exec": True}
    assert [sidecar["settings"] for sidecar in found["sidecars"]] == [
        {
            "cpu": 64,
            "memory_reservation": 64,
            "ports": [9000],
            "health_check": {
                "command": ["CMD", "check"],
                "interval": 30,
                "timeout": 5,
                "retries": 3,
                "start_period": 0,
            },
        },
        {"user": "root", "starts_after": {"orders": "START", "proxy": "START"}},
    ]


def test_a_sidecar_waits_for_the_container_that_a_renamed_service_has_in_aws() -> None:
    text = with_field("sidecars: [{name: a, image: 'registry.example/a:1', dependsOn: {orders: START}}]")
    renamed = replace(instance(text), former="shop")
    assert inputs_of(renamed)["sidecars"][0]["settings"] == {"starts_after": {renamed.service_name: "START"}}
    assert renamed.service_name == "shop"


def test_without_settings_no_variable_is_there() -> None:
    assert not {"container", "task"} & set(service_inputs())
