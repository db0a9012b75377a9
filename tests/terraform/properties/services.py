"""Services, generated: every type and runtime, all task sizes, with and without everything that may be left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from tests.terraform.inputs import Variables, platform_output
from tests.terraform.plans import Resource
from tests.terraform.properties import strategies
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.settings import PROGRAM, with_settings
from tests.terraform.properties.subjects import Subject

MODULE = "modules/service/"
PORTS = {"nodejs": 3000, "python": 8000}
PATH = st.from_regex(r"/[a-z0-9]{1,8}(/[a-z0-9*]{1,6}){0,2}", fullmatch=True)
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
variable_names = st.from_regex(r"[A-Z][A-Z0-9]{0,6}_X", fullmatch=True)
clear_texts = st.dictionaries(variable_names, st.text(max_size=20), max_size=3)
secret_names = st.from_regex(r"[a-z]{1,6}/[a-z_]{1,9}", fullmatch=True)
secrets = st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9]{0,6}_S", fullmatch=True), secret_names, max_size=3)
kafka = st.fixed_dictionaries(
    {"brokers": st.lists(st.from_regex(r"b-[1-9]\.[a-z]{1,9}:909[2468]", fullmatch=True), min_size=1, max_size=3)}
)
alarms = st.fixed_dictionaries(
    {"cpu": st.integers(1, 100), "memory": st.integers(1, 100), "server_errors": st.integers(0, 500)}
)


CHECKS = st.sampled_from([["CMD", "/bin/check", "--all"], ["CMD-SHELL", "curl -f http://localhost/ || exit 1"]])


@st.composite
def health_checks(draw: st.DrawFn, asked: bool) -> Variables:
    """Draw a check by path (where something can be asked), by command, or by both."""
    interval = draw(st.integers(5, 300))
    path, command = draw(st.tuples(PATH, st.none() | CHECKS) | st.tuples(st.none() | PATH, CHECKS))
    return {
        "path": path if asked else None,
        "command": command if asked else draw(CHECKS),
        "interval": interval,
        "timeout": draw(st.integers(2, min(120, interval - 1))),
        "healthy_threshold": draw(st.integers(2, 10)),
        "unhealthy_threshold": draw(st.integers(2, 10)),
        "matcher": draw(st.sampled_from(["200", "200-299", "200,302"])),
        "start_period": draw(st.integers(0, 300)),
    }


@st.composite
def platforms(draw: st.DrawFn, environment: Variables) -> Variables:
    """Return the outputs of an environment."""
    offered = platform_output(environment["name"])
    kinds = ("ecs", "ecr", "secrets", "logs", "s3")
    prod = environment["tier"] == "prod"
    boundary = strategies.arn(environment, "iam", "policy/boundary", region=False)
    peers = draw(st.lists(strategies.cidrs(16, 28), max_size=3, unique=True))
    return offered | {
        "peer_cidrs": peers,
        "caller_cidrs": peers[: draw(st.integers(0, 3))],
        "cluster": {
            "name": environment["name"],
            "arn": strategies.arn(environment, "ecs", f"cluster/{environment['name']}"),
            "spot": not prod and draw(st.booleans()),
        },
        "kms": {kind: draw(strategies.key_arns(environment)) for kind in kinds},
        "alarm_topic_arn": strategies.arn(environment, "sns", "alarms"),
        "permissions_boundary_arn": boundary,
    }


@st.composite
def sidecar_images(draw: st.DrawFn, environment: Variables) -> str:
    """Draw an image that needs no login, or one of a repository in ECR: the service's registry, another's, with a tag
    or a digest.
    """
    name = draw(st.sampled_from(["proxy", "a/collector"]))
    version = draw(TAG.map(":{}".format) | strategies.digests.map("@{}".format))
    if draw(st.booleans()):
        return f"public.example/{name}{version}"
    account = draw(st.just(environment["account_id"]) | strategies.accounts)
    region = draw(st.just(environment["region"]) | st.sampled_from(strategies.REGIONS[environment["partition"]]))
    suffix = "amazonaws.com.cn" if environment["partition"] == "aws-cn" else "amazonaws.com"
    registry = draw(st.sampled_from([f"dkr.ecr.{region}.{suffix}", f"dkr-ecr.{region}.on.aws"]))
    return f"{account}.{registry}/{name}{version}"


@st.composite
def sidecars(draw: st.DrawFn, service: str, environment: Variables) -> list[Variables]:
    names = st.lists(strategies.names(12).filter(lambda name: name != service), max_size=2, unique=True)
    return [
        {
            "name": name,
            "image": draw(sidecar_images(environment)),
            "credentials": draw(st.none() | secret_names),
            "command": draw(st.just([]) | PROGRAM),
            "essential": draw(st.booleans()),
            "memory": draw(st.none() | st.integers(6, 200)),
            "environment_variables": draw(clear_texts),
            "secrets": draw(secrets),
        }
        for name in draw(names)
    ]


@st.composite
def services(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    name, kind = draw(strategies.names(24)), draw(st.sampled_from(["public", "internal"]))
    runtime = draw(st.sampled_from([*PORTS, *PORTS, "java", None]))
    port = draw(strategies.ports if kind == "public" and runtime not in PORTS else st.none() | strategies.ports)
    suffix = "amazonaws.com.cn" if environment["partition"] == "aws-cn" else "amazonaws.com"
    registry = f"{environment['account_id']}.dkr.ecr.{environment['region']}.{suffix}"
    own = f"{registry}/{environment['name']}/{name}:{draw(TAG)}"
    elsewhere = draw(sidecar_images(environment))
    uri = draw(st.sampled_from([None, elsewhere, *[own] * 6]))
    login = draw(st.none() | secret_names) if uri == elsewhere else None
    owner = "git" if uri == elsewhere else draw(st.sampled_from(["git", "pipeline"]))
    image = {"owner": owner, "uri": uri, "credentials": login}
    fewest = draw(st.integers(2 if environment["tier"] == "prod" else 1, 50))
    paths = st.lists(PATH, min_size=1, max_size=5, unique=True)
    routing = {
        "paths": draw(paths),
        "priority": draw(st.integers(1, 50000)),
        "deregistration_delay": draw(st.integers(0, 900)),
    }
    migration = st.fixed_dictionaries({"command": PROGRAM, "timeout": st.integers(10, 3600)})
    drawn = {
        "environment": environment,
        "platform": draw(platforms(environment)),
        "service": {
            "name": name,
            "type": kind,
            "runtime": runtime,
            "repository": "acme/shop",
            "labels": draw(st.dictionaries(st.sampled_from(["team", "domain"]), strategies.TAG, max_size=2)),
        },
        "image": image,
        "resources": draw(strategies.fargate_sizes),
        "port": port,
        "admitted_ports": draw(st.lists(strategies.ports, max_size=2)),
        "scaling": {
            "min": fewest,
            "max": draw(st.integers(fewest, 100)),
            "cpu": draw(st.integers(1, 100)),
            "memory": draw(st.integers(1, 100)),
        },
        "routing": routing if kind == "public" else None,
        "health_check": draw(st.none() | health_checks(asked=bool(kind == "public" or port))),
        "stop_timeout": draw(st.none() | st.integers(2, 120)),
        "environment_variables": draw(clear_texts),
        "secrets": draw(secrets),
        "admitted_secrets": draw(st.lists(secret_names, max_size=2, unique=True)),
        "runtime_secrets": draw(st.lists(secret_names, max_size=3, unique=True)),
        "kafka": draw(st.none() | kafka),
        "sidecars": draw(sidecars(name, environment)),
        "pre_deployment": draw(st.none() | migration) if image["owner"] == "git" else None,
        "alarms": draw(alarms),
    }
    return draw(with_settings(drawn))


SERVICE = Subject(MODULE.rstrip("/"), services)


def is_public(variables: Variables) -> bool:
    return str(variables["service"]["type"]) == "public"


def is_internal(variables: Variables) -> bool:
    return not is_public(variables)


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


def is_called(variables: Variables) -> bool:
    """Internal, and no worker."""
    return is_internal(variables) and variables["port"] is not None


def has_image(variables: Variables) -> bool:
    return variables["image"]["uri"] is not None


def full_name(instance: Instance) -> str:
    return f"{instance.environment}-{instance.variables['service']['name']}"


def port(instance: Instance) -> int | None:
    """Return the port of the service; None for a worker."""
    given: int | None = instance.variables["port"]
    usual = PORTS.get(instance.variables["service"]["runtime"])
    return given or (usual if is_public(instance.variables) else None)


def definition(instance: Instance) -> Resource:
    return instance.plan.one("aws_ecs_task_definition", "this")


def containers(instance: Instance) -> list[dict[str, Any]]:
    """All containers of the service's tasks; its own comes first."""
    found: list[dict[str, Any]] = definition(instance).document("container_definitions")
    return sorted(found, key=lambda container: container["name"] != instance.variables["service"]["name"])


def secret_arns(instance: Instance, names: Any) -> set[str]:
    return {strategies.arn(instance.variables["environment"], "secretsmanager", f"secret:{name}") for name in names}


def logins(variables: Variables) -> set[str]:
    """Return the secrets with which ECS logs in at registries."""
    return {each["credentials"] for each in (variables["image"], *variables["sidecars"])} - {None}


def depends_on(instance: Instance, resource: str) -> set[str]:
    """Return what a resource of the module depends on explicitly."""
    (found,) = (one for one in instance.plan.configuration["resources"] if one["address"] == resource)
    return set(found.get("depends_on", ()))


def expected(variables: Variables) -> Counter[str]:
    """Return the number of resources of a service, by type."""
    always = Counter(
        aws_ecr_repository=1, aws_ecr_lifecycle_policy=1, aws_ecr_repository_policy=1,
        aws_ecs_task_definition=1, aws_ecs_service=1, aws_security_group=1, aws_cloudwatch_log_group=1,
        aws_iam_role=2, aws_iam_role_policy=1,
        aws_iam_role_policies_exclusive=2, aws_iam_role_policy_attachments_exclusive=2,
        aws_appautoscaling_target=1, aws_appautoscaling_policy=2, aws_cloudwatch_metric_alarm=3,
    )  # fmt: skip
    public = Counter(aws_lb_target_group=1, aws_lb_listener_rule=1, aws_cloudwatch_metric_alarm=2)
    optional = Counter(
        aws_service_discovery_service=int(is_called(variables)),
        aws_iam_role_policy=int(bool(variables["runtime_secrets"])) + int(variables["task"]["exec"]),
        aws_ecs_task_definition=int(variables["pre_deployment"] is not None),
    )
    return always + (public if is_public(variables) else Counter()) + optional
