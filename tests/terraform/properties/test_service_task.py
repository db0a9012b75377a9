"""The tasks of a service, proven: sizes that Fargate has, a network card each, secrets that stay secret, logs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import strategies as st

from desired_state.kinds.service.fargate import SIZES
from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import (
    MODULE,
    SERVICE,
    containers,
    definition,
    logins,
    secret_arns,
)
from tests.terraform.properties.subjects import draw
from tests.terraform.runs import Refused

TASK, IAM = f"{MODULE}task.tf", f"{MODULE}iam.tf"
SECRET_SOURCE = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:[0-9]{12}:.+")
LOOKS_SECRET = re.compile(r"(?i)(password|secret|token|api_?key|private_?key)")
CHANGES = "resource_changes"
EACH, OTHERS = 25, 100
CPUS = st.sampled_from([*SIZES, 0, 128, 300, 32768])
MEMORIES = st.sampled_from(sorted({m for sizes in SIZES.values() for m in sizes} | {0, 256, 700, 3000, 131072}))
WRONG = [
    Refusal("admitted_secrets", st.sampled_from([["a b"], ["orders:x"], ["a-abc123"]])),
    Refusal("runtime_secrets", st.sampled_from([["a b"], ["orders:x"]]), name="secrets that are none"),
    Refusal("runtime_secrets", st.sampled_from([["a-abc123"], ["orders/x-ABCDEF"]]), name="secrets like ARNs"),
]


def with_secrets(variables: Variables) -> bool:
    return bool(variables["secrets"])


def with_admitted_secrets(variables: Variables) -> bool:
    return not {*variables["admitted_secrets"]} <= {*variables["secrets"].values()}


def with_runtime_secrets(variables: Variables) -> bool:
    return bool(variables["runtime_secrets"])


def statements(instance: Instance, role: str) -> list[dict[str, Any]]:
    """Return the statements of a role's inline policies; nothing without any."""
    policies = [policy for policy in instance.plan.of("aws_iam_role_policy") if policy.name == role]
    return [statement for policy in policies for statement in policy.document("policy")["Statement"]]


def reads(instance: Instance, role: str) -> set[str]:
    """The secrets that a role may read; each stands there with the end that Secrets Manager gives its ARN."""
    found = [s["Resource"] for s in statements(instance, role) if "secretsmanager:GetSecretValue" in s["Action"]]
    return {arn.removesuffix("-??????") for arns in found for arn in arns}


@proof(
    22,
    "Task resource limits",
    of=SERVICE,
    broken_by=[
        Edit(TASK, "memory                   = var.resources.memory", "memory = var.resources.cpu", says="MiB",
             where=lambda variables: variables["resources"]["cpu"] != variables["resources"]["memory"]),
        Edit(TASK, '["FARGATE"]', '["EC2"]', says="Fargate"),
        Edit(TASK, '"mode=1777"', '"mode=0755"', says="only root"),
        Edit(f"{MODULE}containers.tf", "var.resources.memory) / 2", "var.resources.memory) * 2", says="half"),
        Edit(f"{MODULE}containers.tf", "coalesce(local.limits[container], var.resources.memory)",
             "var.resources.memory", says="half",
             where=lambda variables: any(sidecar["memory"] for sidecar in variables["sidecars"])),
        Edit(TASK, "var.task.ephemeral_storage == null ? []", "true ? []", says="disk",
             where=lambda variables: variables["task"]["ephemeral_storage"]),
    ],
)  # fmt: skip
def test_property_22_task_resource_limits(instance: Instance) -> None:
    """A task has the size that was asked for, which is one that Fargate has; at most half of it is anybody's /tmp."""
    task, asked = definition(instance).values, instance.variables["resources"]
    assert (task["cpu"], task["memory"]) == (str(asked["cpu"]), str(asked["memory"])), "another CPU, or other MiB"
    assert int(task["memory"]) in SIZES[int(task["cpu"])], "not a size of Fargate"
    assert task["requires_compatibilities"] == ["FARGATE"], "not for Fargate alone"
    taken = sum(container.get("memory", 0) for container in containers(instance))
    assert taken < int(task["memory"]), "the sidecars leave no memory to the service"
    disk = [storage["size_in_gib"] for storage in task["ephemeral_storage"]]
    wanted = instance.variables["task"]["ephemeral_storage"]
    assert disk == ([wanted] if wanted else []), "another disk than was asked for"
    for each in instance.plan.of("aws_ecs_task_definition"):
        for container in each.document("container_definitions"):
            scratches = container["linuxParameters"]["tmpfs"]
            assert scratches[0]["containerPath"] == "/tmp"
            own = container["name"] == instance.variables["service"]["name"]
            given = instance.variables["container"]["memory"] if own else container.get("memory")
            for scratch in scratches:
                assert "mode=1777" in scratch["mountOptions"], "only root can write to it"
                assert scratch["size"] == (given or int(task["memory"])) // 2, "not half of the container's memory"


def sized(laboratory: Laboratory, pairs: Iterable[tuple[int, int]]) -> Iterator[list[Variables]]:
    """A service of each of these sizes, in plans of a few."""
    base = laboratory.generated(SERVICE)[0][0] | {"sidecars": []}
    services = [base | {"resources": {"cpu": cpu, "memory": memory}} for cpu, memory in pairs]
    return (services[start : start + EACH] for start in range(0, len(services), EACH))


def test_all_74_fargate_sizes_are_accepted(laboratory: Laboratory) -> None:
    pairs = {(cpu, memory) for cpu, sizes in SIZES.items() for memory in sizes}
    assert len(pairs) == 74
    changes = [change for some in sized(laboratory, pairs) for change in laboratory.plan(SERVICE, some)[CHANGES]]
    planned = {
        (int(change["change"]["after"]["cpu"]), int(change["change"]["after"]["memory"]))
        for change in changes
        if (change["type"], change["name"]) == ("aws_ecs_task_definition", "this")
    }
    assert planned == pairs


def test_any_other_size_is_refused_with_both_values(laboratory: Laboratory) -> None:
    """The neighbours of what Fargate has, and sizes of no kind. Manifests are held to every pair of all there are."""
    others = st.tuples(CPUS, MEMORIES).filter(lambda pair: pair[1] not in SIZES.get(pair[0], ()))
    pairs = set(draw(others, OTHERS, laboratory.seed))
    said: set[tuple[int, int]] = set()
    for some in sized(laboratory, pairs):
        with pytest.raises(Refused) as refusing:
            laboratory.plan(SERVICE, some)
        text = " ".join(text for _, text in refusing.value.messages)
        found = re.findall(r"resources\.memory (\d+) is not valid for resources\.cpu (\d+) on Fargate", text)
        said |= {(int(cpu), int(memory)) for memory, cpu in found}
    assert said == pairs


@proof(
    26,
    "Secrets injection",
    of=SERVICE,
    broken_by=[
        Edit(IAM, 'Action   = ["secretsmanager:GetSecretValue"]', 'Action   = ["secretsmanager:*"]', says="may read",
             where=with_secrets),
        Edit(IAM, 'sort(distinct([for secret in secrets : "${local.secret_prefix}${secret}-??????"]))', '["*"]',
             says="may read", where=with_secrets),
        Edit(IAM, "Resource  = [var.platform.kms.secrets]", "Resource = [var.platform.kms.ecr]", says="decrypt",
             where=with_secrets),
        Edit(IAM, "concat(local.injected_secrets, var.admitted_secrets)", "local.injected_secrets",
             says="former revision", where=with_admitted_secrets),
        Edit(TASK, 'valueFrom = "${local.secret_prefix}${var.secrets[name]}"', "valueFrom = var.secrets[name]",
             says="named by ARN", where=with_secrets),
    ],
)  # fmt: skip
def test_property_26_secrets_injection(instance: Instance) -> None:
    """ECS takes the values of secrets from Secrets Manager, with a role that may read these and those that tasks of a
    former revision still start with."""
    taken = {entry["valueFrom"] for container in containers(instance) for entry in container["secrets"]}
    assert all(SECRET_SOURCE.fullmatch(source) for source in taken), "a secret is not named by ARN"
    taken |= secret_arns(instance, logins(instance.variables))
    admitted = secret_arns(instance, instance.variables["admitted_secrets"])
    assert admitted <= reads(instance, "execution"), "tasks of a former revision cannot start"
    assert reads(instance, "execution") == taken | admitted, "the execution role may read other secrets than it needs"
    decrypts = [s["Resource"] for s in statements(instance, "execution") if "kms:Decrypt" in s["Action"]]
    keys = [[instance.variables["platform"]["kms"]["secrets"]]] if taken or admitted else []
    assert decrypts == keys, "the execution role may decrypt with other keys"


@proof(
    43,
    "Task role secret access",
    of=SERVICE,
    broken_by=[
        Edit(IAM, "task = tolist(var.runtime_secrets)", "task = values(var.secrets)", says="code may read",
             where=with_secrets),
        Edit(IAM, "policy_names = [for policy in aws_iam_role_policy.task : policy.name]", "policy_names = []",
             says="exclusive", where=with_runtime_secrets),
        Edit(TASK, "task_role_arn            = aws_iam_role.task.arn", "task_role_arn = aws_iam_role.execution.arn",
             says="one role"),
    ],
)  # fmt: skip
def test_property_43_task_role_secret_access(instance: Instance) -> None:
    """The code may read the secrets that it names for that, and none of those that are put into its environment."""
    named = secret_arns(instance, instance.variables["runtime_secrets"])
    assert reads(instance, "task") == named, "the code may read other secrets"
    exclusive = {entry.name: entry for entry in instance.plan.of("aws_iam_role_policies_exclusive")}["task"]
    wanted = [name for name, asked in (("exec", instance.variables["task"]["exec"]), ("read-secrets", named)) if asked]
    assert sorted(exclusive.values["policy_names"]) == wanted, "the policy is not exclusive"
    for task in instance.plan.of("aws_ecs_task_definition"):
        roles = [instance.plan.references(task, name) for name in ("execution_role_arn", "task_role_arn")]
        assert [{role.split(".")[1] for role in found if "." in role} for found in roles] == [
            {"execution"},
            {"task"},
        ], "ECS and the code share one role"


@proof(
    44,
    "Secrets in task definition",
    of=SERVICE,
    broken_by=[
        Edit(TASK, "for name in sort(keys(var.secrets)) :", "for name in [] :", says="every secret",
             where=with_secrets),
        Edit(TASK, "    var.environment_variables,\n", "    var.environment_variables,\n    var.secrets,\n",
             says="in clear text", where=with_secrets),
    ],
)  # fmt: skip
def test_property_44_secrets_in_task_definition(instance: Instance) -> None:
    """A container has exactly the secrets that it was given, and none of them among its variables."""
    own, *sidecars = containers(instance)
    given = [instance.variables, *sorted(instance.variables["sidecars"], key=lambda sidecar: sidecar["name"])]
    for container, wanted in zip([own, *sorted(sidecars, key=lambda c: c["name"])], given, strict=True):
        names = {entry["name"] for entry in container["secrets"]}
        assert names == set(wanted["secrets"]), "not every secret is injected"
        clear = {entry["name"] for entry in container["environment"]}
        assert not names & clear, "a secret is in clear text"
        assert not any(LOOKS_SECRET.search(name) for name in clear), "what looks like a secret is in clear text"


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_secrets_are_refused(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, SERVICE, refusal)


def test_variables_that_look_like_secrets_are_refused_by_name(laboratory: Laboratory) -> None:
    names = ["DB_PASSWORD", "clientSecret", "AUTH_TOKEN", "APIKEY", "PRIVATE_KEY"]
    base = laboratory.generated(SERVICE)[0][0]
    with pytest.raises(Refused) as refusing:
        laboratory.plan(SERVICE, [base | {"environment_variables": {name: "x"}} for name in names])
    for name in names:
        assert any(f'["{name}"]' in text and "secrets" in text for _, text in refusing.value.messages), name


@proof(
    29,
    "Service-specific log groups",
    of=SERVICE,
    broken_by=[
        Edit(f"{MODULE}locals.tf", '"/ecs/${var.environment.name}/${local.name}"', '"/ecs/${var.environment.name}"',
             says="its own log group"),
        Edit(TASK, '"awslogs-group"         = local.log_group', '"awslogs-group" = "/ecs/all"', says="elsewhere"),
        Edit(TASK, "skip_destroy      = !local.disposable", "skip_destroy = false", says="outlive",
             where=lambda v: v["environment"]["tier"] in {"qa", "prod"}),
    ],
)  # fmt: skip
def test_property_29_service_specific_log_groups(instance: Instance) -> None:
    """All containers of a service log to one group that is the service's alone."""
    service = instance.variables["service"]["name"]
    group = instance.plan.one("aws_cloudwatch_log_group", "this").values
    assert group["name"] == f"/ecs/{instance.environment}/{service}", "the service has not its own log group"
    assert group["kms_key_id"] == instance.variables["platform"]["kms"]["logs"]
    assert group["retention_in_days"] == (90 if instance.tier == "prod" else 30)
    assert group["skip_destroy"] == (instance.tier in {"qa", "prod"}), "the logs do not outlive the service"
    for task in instance.plan.of("aws_ecs_task_definition"):
        for container in task.document("container_definitions"):
            logs = container["logConfiguration"]
            prefix = service if task.name == "this" else "pre-deployment"
            assert logs["logDriver"] == "awslogs"
            assert logs["options"]["awslogs-group"] == group["name"], "a container logs elsewhere"
            assert logs["options"]["awslogs-region"] == instance.variables["environment"]["region"]
            assert logs["options"]["awslogs-stream-prefix"] == prefix
