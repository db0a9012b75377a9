"""Secrets of a service, proven: named by ARN, read by the role that needs them, decrypted by nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties import secret_sources, storage
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.roles import statements
from tests.terraform.properties.services import MODULE, SERVICE, containers, logins
from tests.terraform.runs import Refused

TASK, IAM, SECRETS = f"{MODULE}task.tf", f"{MODULE}iam.tf", f"{MODULE}secrets.tf"
SECRET_SOURCE = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:[0-9]{12}:.+")
LOOKS_SECRET = re.compile(r"(?i)(password|secret|token|api_?key|private_?key)")
WRONG = [
    Refusal("admitted_secrets", st.sampled_from([["a b"], ["orders:x"], ["a-abc123"], ["a:b::"]])),
    Refusal("runtime_secrets", st.sampled_from([["a b"], ["orders:x"]]), name="secrets that are none"),
    Refusal("runtime_secrets", st.sampled_from([["a-abc123"], ["orders/x-ABCDEF"]]), name="secrets like ARNs"),
]


def injected(variables: Variables) -> list[str]:
    """Return the sources that ECS reads when it starts a task, of this revision or a former one."""
    given = [variables["secrets"], *(sidecar["secrets"] for sidecar in variables["sidecars"])]
    found = [source for one in given for source in one.values()]
    return [*found, *variables["admitted_secrets"], *sorted(logins(variables))]


def with_secrets(variables: Variables) -> bool:
    return bool(variables["secrets"])


def with_platform_secrets(variables: Variables) -> bool:
    return any(secret_sources.has_platforms_key(source) for source in variables["secrets"].values())


def with_other_secrets(variables: Variables) -> bool:
    return any(":secretsmanager:" in source or "!" in source for source in injected(variables))


def with_parameters(variables: Variables) -> bool:
    return any(":ssm:" in source for source in injected(variables))


def with_admitted_secrets(variables: Variables) -> bool:
    return not {*variables["admitted_secrets"]} <= {*map(secret_sources.origin, variables["secrets"].values())}


def with_runtime_secrets(variables: Variables) -> bool:
    return bool(variables["runtime_secrets"])


def about_secrets(instance: Instance, role: str) -> list[dict[str, Any]]:
    """Return the statements of a role that are about secrets."""
    return statements(instance, role, "read-secrets" if role == "task" else None)


def reads(instance: Instance, role: str, action: str = "secretsmanager:GetSecretValue") -> set[str]:
    """The secrets that a role may read; each stands there with the end that Secrets Manager gives its ARN."""
    found = [s["Resource"] for s in about_secrets(instance, role) if action in s["Action"]]
    return {arn.removesuffix("-??????") for arns in found for arn in arns}


def check_keys(instance: Instance, role: str, sources: list[str]) -> None:
    """Assert that a role decrypts secrets of the platform with its key, and others with any key, but nothing else."""
    environment = instance.variables["environment"]
    decrypts = [s for s in about_secrets(instance, role) if "kms:Decrypt" in s["Action"]]
    of_platform = [instance.variables["platform"]["kms"]["secrets"]]
    own = [s for s in decrypts if s["Resource"] == of_platform]
    wanted = any(secret_sources.has_platforms_key(source) for source in sources)
    assert len(own) == wanted, f"the {role} role may decrypt with other keys"
    others = [source for source in sources if not secret_sources.has_platforms_key(source)]
    for context, service in (("SecretARN", "secretsmanager"), ("PARAMETER_ARN", "ssm")):
        key, named = f"kms:EncryptionContext:{context}", secret_sources.arns(environment, others, service)
        found = [s for s in decrypts if s not in own and key in s["Condition"].get("StringLike", {})]
        assert {arn.removesuffix("-??????") for s in found for arn in s["Condition"]["StringLike"][key]} == named, (
            "a key decrypts what was not named"
        )
        regions = {f"{service}.{arn.split(':')[3]}.amazonaws.com" for arn in named}
        assert {via for s in found for via in s["Condition"]["StringEquals"]["kms:ViaService"]} == regions, (
            "not through"
        )
        holders = {":".join(arn.split(":")[3:5]) for arn in named}
        assert {":".join(arn.split(":")[3:5]) for s in found for arn in s["Resource"]} == holders, "keys of others"
    assert len(decrypts) == len(own) + sum(
        bool(secret_sources.arns(environment, others, service)) for service in ("secretsmanager", "ssm")
    ), "a key decrypts anything"


@proof(
    26,
    "Secrets injection",
    of=SERVICE,
    broken_by=[
        Edit(SECRETS, 'Action   = ["secretsmanager:GetSecretValue"]', 'Action   = ["secretsmanager:*"]',
             says="secrets", where=with_platform_secrets),
        Edit(SECRETS, "sort(concat(local.platform_keyed[role], local.otherwise_keyed[role]))", '["*"]',
             says="may read", where=with_secrets),
        Edit(SECRETS, "Resource  = [var.platform.kms.secrets]", "Resource = [var.platform.kms.ecr]", says="decrypt",
             where=with_platform_secrets),
        Edit(SECRETS, "(found.context) = found.arns", '(found.context) = ["*"]', says="was not named",
             where=with_other_secrets),
        Edit(SECRETS, '${split(":", arn)[4]}:key/*', '*:key/*', says="keys of others", where=with_parameters),
        Edit(SECRETS, 'Action   = ["ssm:GetParameters"]', 'Action   = ["ssm:GetParameter"]', says="parameters",
             where=with_parameters),
        Edit(SECRETS, "concat(local.injected_secrets, var.admitted_secrets)", "local.injected_secrets",
             says="former revision", where=with_admitted_secrets),
        Edit(TASK, 'startswith(var.secrets[name], "arn:") ? "" : local.secret_prefix', '""', says="named by ARN",
             where=with_platform_secrets),
    ],
)  # fmt: skip
def test_property_26_secrets_injection(instance: Instance) -> None:
    """ECS takes secrets from Secrets Manager and SSM, with a role that may read these and those that tasks of a former
    revision still start with."""
    environment, sources = instance.variables["environment"], injected(instance.variables)
    taken = {entry["valueFrom"] for container in containers(instance) for entry in container["secrets"]}
    assert all(SECRET_SOURCE.fullmatch(source) for source in taken), "a secret is not named by ARN"
    admitted = instance.variables["admitted_secrets"]
    for service, action in (("secretsmanager", "secretsmanager:GetSecretValue"), ("ssm", "ssm:GetParameters")):
        read = reads(instance, "execution", action)
        what = "secrets" if service == "secretsmanager" else "parameters"
        assert secret_sources.arns(environment, admitted, service) <= read, (
            f"tasks of a former revision cannot start: {what}"
        )
        starting = {secret_sources.origin(source) for source in taken if f":{service}:" in source}
        assert starting <= read, f"ECS cannot read {what}; it may read others"
        assert read == secret_sources.arns(environment, sources, service), (
            f"the execution role may read other {what} than it needs"
        )
    check_keys(instance, "execution", sources)


@proof(
    43,
    "Task role secret access",
    of=SERVICE,
    broken_by=[
        Edit(SECRETS, "task = tolist(var.runtime_secrets)", "task = values(var.secrets)", says="code may read",
             where=with_secrets),
        Edit(IAM, "policy_names = [for policy in aws_iam_role_policy.task : policy.name]", "policy_names = []",
             says="exclusive", where=with_runtime_secrets),
        Edit(TASK, "task_role_arn            = aws_iam_role.task.arn", "task_role_arn = aws_iam_role.execution.arn",
             says="one role"),
    ],
)  # fmt: skip
def test_property_43_task_role_secret_access(instance: Instance) -> None:
    """The code may read the secrets that it names for that, and none of those that are put into its environment."""
    names = instance.variables["runtime_secrets"]
    named = secret_sources.arns(instance.variables["environment"], names, "secretsmanager")
    assert reads(instance, "task") == named, "the code may read other secrets"
    assert not reads(instance, "task", "ssm:GetParameters"), "the code may read parameters"
    check_keys(instance, "task", names)
    mounting = bool(storage.with_iam(instance.variables))
    assert bool(about_secrets(instance, "task")) == bool(named), "a role without secrets has a policy"
    exclusive = {entry.name: entry for entry in instance.plan.of("aws_iam_role_policies_exclusive")}["task"]
    asked = {
        "exec": instance.variables["task"]["exec"],
        "read-secrets": named,
        "use-data": instance.variables["permissions"]["grants"],
        "use-volumes": mounting,
    }
    policies = [name for name, reason in asked.items() if reason]
    assert exclusive.values["policy_names"] == policies, "the policy is not exclusive"
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
