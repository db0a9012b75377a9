"""Services, generated: every type and runtime, all task sizes, with and without everything that may be left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from tests.terraform.inputs import Variables, platform_output
from tests.terraform.plans import Resource
from tests.terraform.properties import secret_sources, storage, strategies
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.routings import further_networks, routings
from tests.terraform.properties.service_parts import (
    TAG,
    alarms,
    deployments,
    health_checks,
    kafka,
    permissions,
    scalings,
)
from tests.terraform.properties.settings import PROGRAM, with_settings
from tests.terraform.properties.subjects import Subject

MODULE = "modules/service/"
PORTS = {"nodejs": 3000, "python": 8000}
variable_names = st.from_regex(r"[A-Z][A-Z0-9]{0,6}_X", fullmatch=True)
clear_texts = st.dictionaries(variable_names, st.text(max_size=20), max_size=3)


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
            "credentials": draw(st.none() | secret_sources.secret_names),
            "command": draw(st.just([]) | PROGRAM),
            "essential": draw(st.booleans()),
            "memory": draw(st.none() | st.integers(6, 200)),
            "environment_variables": draw(clear_texts),
            "secrets": draw(secret_sources.secrets(environment)),
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
    login = draw(st.none() | secret_sources.secret_names) if uri == elsewhere else None
    owner = "git" if uri == elsewhere else draw(st.sampled_from(["git", "pipeline"]))
    image = {"owner": owner, "uri": uri, "credentials": login}
    routing = draw(routings()) if kind == "public" else None
    beside = draw(sidecars(name, environment))
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
        "scaling": draw(scalings(environment["tier"], kind == "public", kind == "internal" and port is None)),
        "spot": draw(
            st.none()
            | st.fixed_dictionaries({"share": st.integers(0, 100) | st.just(100)}, optional={"base": st.integers(0, 9)})
        ),
        "deployment": draw(st.just({}) | deployments),
        "routing": routing,
        "health_check": draw(st.none() | health_checks(routing, asked=bool(kind == "public" or port))),
        "network": draw(further_networks(kind == "public" or port is not None)),
        "stop_timeout": draw(st.none() | st.integers(2, 120)),
        "environment_variables": draw(clear_texts),
        "secrets": draw(secret_sources.secrets(environment)),
        "admitted_secrets": draw(st.lists(secret_sources.origins(environment), max_size=2, unique=True)),
        "runtime_secrets": draw(
            st.lists(secret_sources.secret_names | secret_sources.made_by_rds, max_size=3, unique=True)
        ),
        "kafka": draw(st.none() | kafka),
        "permissions": draw(permissions(environment)),
        "sidecars": beside,
        "storage": draw(storage.storages(environment, beside)),
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


def lowest(variables: Variables) -> int:
    """Return the fewest tasks at any time."""
    scaling = variables["scaling"]
    return min([int(scaling["min"]), *(int(one["min"]) for one in scaling["schedules"])])


def is_worker(variables: Variables) -> bool:
    """Return whether nothing calls the service."""
    return is_internal(variables) and variables["port"] is None


def has_image(variables: Variables) -> bool:
    return variables["image"]["uri"] is not None


def has_usual_rollout(variables: Variables) -> bool:
    """Return whether no field of the rollout is given: then it is as safe as the tier asks."""
    return not variables["deployment"]


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
    rules = 1 + len((variables["routing"] or {}).get("rules", ()))
    public = Counter(aws_lb_target_group=1, aws_lb_listener_rule=rules, aws_cloudwatch_metric_alarm=2)
    scaling = variables["scaling"]
    wakes = scaling["queue"] is not None and lowest(variables) == 0
    optional = Counter(
        aws_appautoscaling_policy=bool(scaling.get("requests_per_target")) + bool(scaling["queue"]) + wakes,
        aws_cloudwatch_metric_alarm=int(wakes),
        aws_appautoscaling_scheduled_action=len(scaling["schedules"]) if has_image(variables) else 0,
        aws_service_discovery_service=int(is_called(variables)),
        aws_iam_role_policy=bool(variables["runtime_secrets"])
        + bool(storage.with_iam(variables))
        + bool(variables["permissions"]["grants"])
        + int(variables["task"]["exec"]),
        aws_iam_role_policy_attachment=len(variables["permissions"]["policies"]),
        aws_efs_access_point=len(storage.opened_here(variables)),
        aws_ecs_task_definition=int(variables["pre_deployment"] is not None),
    )
    return always + (public if is_public(variables) else Counter()) + optional
