"""The effect of a connection on the service module, proven: exactly these resources and outputs, and narrow roles."""

from __future__ import annotations

from collections import Counter

from tests.terraform.inputs import Variables
from tests.terraform.properties.deliveries import (
    DELIVERED,
    MODULE,
    buildspec,
    built,
    deploys,
    full_name,
    is_approved,
    statements,
)
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof

PIPELINE = f"{MODULE}/pipeline.tf"
BUILD = f"{MODULE}/codebuild.tf"
ROLES = f"{MODULE}/delivery_iam.tf"
SHARED = f"{MODULE}/delivery.tf"
BUILDSPEC = f"{MODULE}/templates/buildspec.yml.tftpl"
ADDED = Counter(
    aws_codebuild_project=1, aws_codepipeline=1, aws_codestarnotifications_notification_rule=1, aws_ssm_parameter=1,
)  # fmt: skip
OF_EACH_ROLE = ("role", "role_policy", "role_policies_exclusive", "role_policy_attachments_exclusive")
OUTPUTS = {"pipeline_name", "pipeline_arn", "codebuild_project_name", "image_parameter_name"}
UNSCOPED = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}


def without(kind: str, name: str) -> tuple[str, str]:
    """An edit's texts that take a resource out of a file."""
    head = f'resource "{kind}" "{name}" {{\n  for_each = '
    return f"{head}local.delivered", f"{head}toset([])"


def is_nodejs(variables: Variables) -> bool:
    return str(variables["service"]["runtime"]) == "nodejs"


def is_python(variables: Variables) -> bool:
    return str(variables["service"]["runtime"]) == "python"


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


@proof(
    1,
    "Module resource creation completeness",
    of=DELIVERED,
    part="deliveries",
    broken_by=[
        Edit(PIPELINE, *without("aws_codestarnotifications_notification_rule", "this"), says="notification_rule"),
        Edit(SHARED, *without("aws_ssm_parameter", "image"), says="aws_ssm_parameter"),
        Edit(ROLES, *without("aws_iam_role_policies_exclusive", "pipeline"), says="aws_iam_role_policies_exclusive"),
    ],
)
def test_property_01_module_resource_creation_completeness_deliveries(instance: Instance) -> None:
    """A connection adds one of everything that a delivery needs, and two roles that nothing else can be added to."""
    found = Counter(resource.type for resource in instance.plan.of(*ADDED))
    assert found == ADDED, f"it adds {found}, not {ADDED}"
    assert {group.name for group in instance.plan.of("aws_cloudwatch_log_group")} >= {"this", "build"}, "log groups"
    for kind in OF_EACH_ROLE:
        names = {resource.name for resource in instance.plan.of(f"aws_iam_{kind}")}
        assert names >= {"build", "pipeline"}, f"aws_iam_{kind}: {names}"


@proof(
    2,
    "Runtime configuration support",
    of=DELIVERED,
    part="builds",
    broken_by=[
        Edit(BUILDSPEC, "          npm test\n", "", says="npm", where=is_nodejs),
        Edit(
            BUILDSPEC,
            "pytest || ended=$?",
            "true || ended=$?",
            says="pytest",
            where=is_python,
        ),
        Edit(BUILDSPEC, 'runtime == "python"', "true", says="pytest", where=lambda v: not is_python(v)),
        Edit(
            BUILDSPEC, 'runtime != "none"', "true", says="another version", where=lambda v: not v["service"]["runtime"]
        ),
        Edit(
            BUILDSPEC,
            '${runtime}: "${version}"',
            '${runtime}: "22"',
            says="version",
            where=lambda v: v["delivery"]["runtime_version"] and v["service"]["runtime"],
        ),
    ],
)
def test_property_02_runtime_configuration_support_builds(instance: Instance) -> None:
    """Each runtime is tested with its own tools, in the version that is asked for."""
    runtime = instance.variables["service"]["runtime"]
    wanted = {"nodejs": ["npm ci", "npm test"], "python": ["pytest "]}.get(runtime, [])
    version = instance.variables["delivery"]["runtime_version"] or {"nodejs": "22", "python": "3.13"}.get(runtime)
    installed = buildspec(instance)["phases"]["install"].get("runtime-versions")
    assert installed == ({runtime: version} if wanted else None), f"another version than {version}: {installed}"
    ended, _ = built(instance)
    assert ended.of("npm", "pytest") == wanted, f"{runtime} is tested with {ended.of('npm', 'pytest')}, not {wanted}"


@proof(
    4,
    "Module outputs presence",
    of=DELIVERED,
    part="deliveries",
    broken_by=[
        Edit(f"{MODULE}/outputs_delivery.tf", f'output "{name}"', 'output "other"', says=name)
        for name in sorted(OUTPUTS)
    ],
)
def test_property_04_module_outputs_presence_deliveries(instance: Instance) -> None:
    """Pipeline, build project and pointer are put out by name."""
    assert instance.plan.outputs >= OUTPUTS, f"{sorted(OUTPUTS - instance.plan.outputs)} are missing"


@proof(
    9,
    "CloudWatch log retention",
    of=DELIVERED,
    part="builds",
    broken_by=[
        Edit(BUILD, "retention_in_days = local.retention", "retention_in_days = 7", says="7 days"),
        Edit(BUILD, "retention_in_days = local.retention", "retention_in_days = null", says="0 days"),
        Edit(BUILD, "skip_destroy      = !local.disposable", "skip_destroy = false", says="outlive",
             where=lambda v: v["environment"]["tier"] in {"qa", "prod"}),
    ],
)  # fmt: skip
def test_property_09_cloudwatch_log_retention_builds(instance: Instance) -> None:
    """The logs of builds are kept as long as those of tasks."""
    group = instance.plan.one("aws_cloudwatch_log_group", "build").values
    kept = group.get("retention_in_days")
    assert group["skip_destroy"] == (instance.tier in {"qa", "prod"}), "the logs do not outlive the service"
    assert kept == (90 if instance.tier == "prod" else 30), f"they are kept {kept} days"


@proof(
    50,
    "Environment-based IAM restrictions",
    of=DELIVERED,
    part="deliveries",
    broken_by=[
        Edit(ROLES, "permissions_boundary = var.platform.permissions_boundary_arn", "permissions_boundary = null",
             says="boundary", where=in_production),
        Edit(ROLES, "Resource = [local.build_arn]", 'Resource = ["*"]', says="everywhere"),
        Edit(ROLES, '"iam:PassedToService" = "ecs-tasks.amazonaws.com"', '"iam:PassedToService" = "*"',
             says="passes roles", where=deploys),
        Edit(ROLES, "local.execution_arn, ", '"*", ', says="everywhere", where=deploys),
        Edit(ROLES, '"aws:SourceArn" = arn', '"aws:SourceArn" = "*"', says="anybody's"),
        Edit(ROLES, "if local.approved]", "]", says="asks", where=lambda variables: not is_approved(variables)),
    ],
)  # fmt: skip
def test_property_50_environment_based_iam_restrictions_deliveries(instance: Instance) -> None:
    """Roles of a delivery have the boundary that the environment has, and reach what is the service's own."""
    boundary = instance.variables["platform"]["permissions_boundary_arn"]
    for name in ("build", "pipeline"):
        role = instance.plan.one("aws_iam_role", name)
        assert role.values.get("permissions_boundary") == boundary, "not the environment's boundary"
        (trust,) = role.document("assume_role_policy")["Statement"]
        source = trust["Condition"]["StringEquals"]["aws:SourceArn"]
        assert source.endswith(full_name(instance)), "it works for anybody's builds and pipelines"
        for statement in statements(instance, name).values():
            wide = "*" in statement["Resource"] and not set(statement["Action"]) <= UNSCOPED
            assert not wide, f"{statement['Sid']} reaches everywhere"
    may = statements(instance, "pipeline")
    assert ("AskForApproval" in may) is is_approved(instance.variables), "it asks for approval without need"
    assert ("HandRolesToTasks" in may) is deploys(instance.variables)
    if deploys(instance.variables):
        passed = may["HandRolesToTasks"]
        names = {arn.rpartition("/")[2] for arn in passed["Resource"]}
        assert names == {f"{full_name(instance)}-execution", f"{full_name(instance)}-task"}, "it passes roles of others"
        assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}, (
            "it passes roles to other services"
        )
