"""The settings of a service's containers, proven: each container has its own, and no more than was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.terraform.inputs import Variables
from tests.terraform.properties import secret_sources, strategies
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.roles import statements
from tests.terraform.properties.services import MODULE, SERVICE, containers, logins
from tests.terraform.properties.test_service_secrets import injected, reads


def with_login(variables: Variables) -> bool:
    """Return whether a registry gets a login whose secret no variable has as well."""
    others = variables | {
        "image": {"credentials": None},
        "sidecars": [one | {"credentials": None} for one in variables["sidecars"]],
    }
    return not logins(variables) <= {*map(secret_sources.origin, injected(others))}


def wanted(settings: Variables, memory: int) -> dict[str, Any]:
    """Return what ECS has to be told about a container with these settings, of which each may be absent."""
    scratch = [{"containerPath": path, "size": memory // 2} for path in ("/tmp", *settings["writable_paths"])]
    after = settings["starts_after"]
    limits = settings["open_files"]
    found = {
        "entryPoint": settings["entry_point"],
        "workingDirectory": settings["working_directory"],
        "user": settings["user"],
        "dockerLabels": settings["labels"],
        "ulimits": limits and [{"name": "nofile", "softLimit": limits["soft"], "hardLimit": limits["hard"]}],
        "memoryReservation": settings["memory_reservation"],
        "dependsOn": [{"containerName": name, "condition": after[name]} for name in sorted(after)] or None,
        "capabilities": settings["capabilities"],
    }
    settled = {
        **{name: value for name, value in found.items() if value is not None},
        "cpu": settings["cpu"] or 0,
        "readonlyRootFilesystem": not settings["writable_root"],
        "initProcessEnabled": not settings["without_init"],
        "tmpfs": scratch,
    }
    return filled(settled)


def told(container: dict[str, Any]) -> dict[str, Any]:
    """Return the same of a planned container."""
    linux = container["linuxParameters"]
    flat = {
        **container,
        **linux,
        "tmpfs": [{key: one[key] for key in ("containerPath", "size")} for one in linux["tmpfs"]],
    }
    return filled({name: flat[name] for name in KEYS if name in flat})


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """Return a container without what the provider leaves out of a plan: no CPU units, and no capabilities."""
    capabilities = {name: names for name, names in (values.get("capabilities") or {}).items() if names}
    kept = {name: value for name, value in values.items() if value != 0 or value is False}
    return {name: capabilities if name == "capabilities" else value for name, value in kept.items()}


KEYS = (
    *("entryPoint", "workingDirectory", "user", "dockerLabels", "ulimits", "memoryReservation", "dependsOn", "cpu"),
    *("capabilities", "readonlyRootFilesystem", "initProcessEnabled", "tmpfs"),
)
FILE = f"{MODULE}containers.tf"


def own(name: str) -> Callable[[Variables], bool]:
    return lambda variables: bool(variables["container"][name])


@proof(
    2,
    "Runtime configuration support",
    part="containers",
    of=SERVICE,
    broken_by=[
        Edit(FILE, "each.writable_root ? false : null", "false", says="the service's own container",
             where=lambda v: not v["container"]["writable_root"]),
        Edit(FILE, "user                   = each.user", "user = null", says="the service's own container",
             where=own("user")),
        Edit(FILE, "!each.without_init", "true", says="the service's own container", where=own("without_init")),
        Edit(FILE, "concat([\"/tmp\"], each.writable_paths)", "[\"/tmp\"]", says="the service's own container",
             where=own("writable_paths")),
        Edit(FILE, "dependsOn         = length(each.starts_after) == 0", "dependsOn = true",
             says="the service's own container", where=own("starts_after")),
        Edit(f"{MODULE}task.tf", "    local.of_task[sidecar.name],\n", "", says="a sidecar",
             where=lambda v: any(each["settings"]["cpu"] for each in v["sidecars"])),
        Edit(f"{MODULE}task.tf", "command = var.container.command, ", "", says="command", where=own("command")),
        Edit(f"{MODULE}task.tf", "cpu_architecture        = var.task.architecture", 'cpu_architecture = "X86_64"',
             says="architecture", where=lambda v: v["task"]["architecture"] == "ARM64"),
    ],
)  # fmt: skip
def test_property_02_runtime_configuration_support_containers(instance: Instance) -> None:
    """Each container has its settings and no others: without any, nothing can be written and nothing is assumed."""
    variables, memory = instance.variables, instance.variables["resources"]["memory"]
    first, *others = containers(instance)
    limit = variables["container"]["memory"]
    assert told(first) == wanted(variables["container"], limit or memory), "the service's own container is another one"
    assert (first.get("command"), first.get("memory")) == (variables["container"]["command"], limit), "another command"
    given = {each["name"]: each for each in variables["sidecars"]}
    for other in others:
        sidecar = given[other["name"]]
        assert told(other) == wanted(sidecar["settings"], sidecar["memory"] or memory), "a sidecar is another one"
        listens = [mapping["containerPort"] for mapping in other["portMappings"]]
        assert listens == sidecar["settings"]["ports"], "a sidecar listens elsewhere"
    for task in instance.plan.of("aws_ecs_task_definition"):
        (platform,) = task.values["runtime_platform"]
        assert platform["cpu_architecture"] == variables["task"]["architecture"], "tasks have another architecture"


@proof(
    43,
    "Task role secret access",
    part="exec",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}service.tf", "enable_execute_command             = var.task.exec",
             "enable_execute_command = true", says="opened", where=lambda v: not v["task"]["exec"]),
        Edit(f"{MODULE}exec.tf", "var.task.exec ?", "true ?", says="role", where=lambda v: not v["task"]["exec"]),
        Edit(f"{MODULE}exec.tf", '"${local.exec_group}:*"', '"*"', says="logged",
             where=lambda v: v["task"]["exec"]),
    ],
)  # fmt: skip
def test_property_43_task_role_secret_access_exec(instance: Instance) -> None:
    """A shell can be opened in a task only where that is asked for, and its sessions are logged by the cluster."""
    asked = instance.variables["task"]["exec"]
    service = instance.plan.one("aws_ecs_service").values
    assert service["enable_execute_command"] == asked, "a shell can be opened where nobody asked for it, or cannot"
    allowed = {action: one["Resource"] for one in statements(instance, "task", "exec") for action in one["Action"]}
    sessions = {action for action in allowed if action.startswith("ssmmessages:")}
    assert len(sessions) == (4 if asked else 0), "the code's role opens sessions"
    group = f"log-group:/cluster/{instance.environment}/exec:*"
    logs = strategies.arn(instance.variables["environment"], "logs", group)
    assert allowed.get("logs:PutLogEvents") == ([logs] if asked else None), "sessions are logged elsewhere"


@proof(
    26,
    "Secrets injection",
    part="logins",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}secrets.tf", ", local.logins)", ")", says="cannot log in", where=with_login),
        Edit(f"{MODULE}registries.tf", "credentialsParameter = secret", 'credentialsParameter = "x"',
             says="another login", where=with_login),
    ],
)  # fmt: skip
def test_property_26_secrets_injection_logins(instance: Instance) -> None:
    """A registry gets the login that its image names and no other, and the execution role may read it."""
    variables = instance.variables
    given = {one["name"]: one["credentials"] for one in variables["sidecars"]}
    given[variables["service"]["name"]] = variables["image"]["credentials"]
    found = {
        one["name"]: one.get("repositoryCredentials", {}).get("credentialsParameter") for one in containers(instance)
    }
    assert found == given, "a registry gets another login"
    wanted = secret_sources.arns(variables["environment"], sorted(logins(variables)), "secretsmanager")
    assert wanted <= reads(instance, "execution"), "ECS cannot log in at a registry"
