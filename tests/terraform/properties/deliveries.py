"""Services in connected environments, generated: both runtimes and types, all tiers, either owner of the image."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from tests.terraform.builds import Builder, Ended, read_buildspec
from tests.terraform.inputs import Variables, platform_output
from tests.terraform.plans import Resource
from tests.terraform.properties import strategies
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.subjects import Subject

MODULE = "modules/service"
BRANCHES = {"develop": "feature/*", "test": "release/*.*.*", "qa": "release/*.*.*", "prod": "prod/*"}
PART = st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True).filter(str.isascii)
repositories = st.lists(PART, min_size=2, max_size=2).map("/".join)
tags = st.from_regex(r"[0-9a-f]{7,40}", fullmatch=True).filter(str.isascii)


@st.composite
def platforms(draw: st.DrawFn, environment: Variables) -> Variables:
    """Return the outputs of a connected environment; roles have a boundary in production."""
    name = environment["name"]
    service = draw(st.sampled_from(["codeconnections", "codestar-connections"]))
    boundary = strategies.arn(environment, "iam", f"policy/{name}-boundary", region=False)
    bucket = f"{name}-artifacts-{environment['account_id']}"
    return platform_output(name) | {
        "cluster": {"name": name, "arn": strategies.arn(environment, "ecs", f"cluster/{name}"), "spot": False},
        "kms": {kind: draw(strategies.key_arns(environment)) for kind in ("ecs", "ecr", "secrets", "logs", "s3")},
        "artifact_bucket": {"name": bucket, "arn": f"arn:{environment['partition']}:s3:::{bucket}"},
        "alarm_topic_arn": strategies.arn(environment, "sns", f"{name}-alarms"),
        "notification_topic_arn": strategies.arn(environment, "sns", f"{name}-deliveries"),
        "permissions_boundary_arn": boundary if environment["tier"] == "prod" else None,
        "connection_arn": strategies.arn(environment, service, f"connection/{draw(st.uuids())}"),
    }


@st.composite
def delivered(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    name, kind = draw(strategies.names(24)), draw(st.sampled_from(["public", "internal"]))
    registry = f"{environment['account_id']}.dkr.ecr.{environment['region']}.amazonaws.com"
    uri = f"{registry}/{environment['name']}/{name}:{draw(tags)}" if draw(st.booleans()) else None
    fewest = 2 if environment["tier"] == "prod" else 1
    return {
        "environment": environment,
        "platform": draw(platforms(environment)),
        "service": {
            "name": name,
            "type": kind,
            "runtime": draw(st.sampled_from(["nodejs", "python", None])),
            "repository": draw(repositories),
            "labels": {},
        },
        "image": {"owner": draw(st.sampled_from(["git", "pipeline"])), "uri": uri},
        "resources": draw(strategies.fargate_sizes),
        "port": draw(strategies.ports),
        "scaling": {"min": fewest, "max": draw(st.integers(fewest, 20))},
        "routing": {"paths": [f"/{name}"], "priority": draw(st.integers(1, 50000))} if kind == "public" else None,
        "delivery": {
            "default_branch": draw(st.sampled_from(["main", "master", "release/next"])),
            "build_timeout": draw(st.integers(5, 2160)),
            "runtime_version": draw(st.sampled_from([None, "20", "3.12"])),
            "branches": draw(
                st.just([]) | st.just(["main"]) | st.just(["trunk", "feature/*", "release/*.*.*", "prod/*"])
            ),
            "dockerfile": draw(st.sampled_from([None, "docker/Dockerfile"])),
            "context": draw(st.sampled_from([None, "app"])),
            "target": draw(st.sampled_from([None, "run"])),
            "build_args": draw(st.dictionaries(st.sampled_from(["A", "VERSION"]), st.text("a '\"$(;)\\", max_size=9))),
            "cache": draw(st.booleans()),
        },
    }


DELIVERED = Subject(MODULE, delivered)


def deploys(variables: Variables) -> bool:
    return str(variables["image"]["owner"]) == "pipeline"


def builds_only(variables: Variables) -> bool:
    return not deploys(variables)


def is_approved(variables: Variables) -> bool:
    return deploys(variables) and str(variables["environment"]["tier"]) == "prod"


def is_triggered(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) != "develop"


def branches(variables: Variables) -> list[str]:
    """Return the patterns of branches whose commits are built."""
    given: list[str] = variables["delivery"]["branches"]
    return given or [BRANCHES[variables["environment"]["tier"]]]


def full_name(instance: Instance) -> str:
    return f"{instance.environment}-{instance.variables['service']['name']}"


def pipeline(instance: Instance) -> Resource:
    return instance.plan.one("aws_codepipeline")


def project(instance: Instance) -> Resource:
    return instance.plan.one("aws_codebuild_project")


def actions(instance: Instance) -> dict[str, dict[str, Any]]:
    """The one action of every stage, in order."""
    return {stage["name"]: stage["action"][0] for stage in pipeline(instance).values["stage"]}


def statements(instance: Instance, role: str) -> dict[str, dict[str, Any]]:
    """Return the permissions of one role of a delivery, by the name of the statement."""
    policy = instance.plan.one("aws_iam_role_policy", role).document("policy")
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def build_variables(instance: Instance) -> dict[str, str]:
    return {
        entry["name"]: entry["value"] for entry in project(instance).values["environment"][0]["environment_variable"]
    }


def buildspec(instance: Instance) -> dict[str, Any]:
    return read_buildspec(project(instance).values["source"][0]["buildspec"])


@cache
def _builder() -> tuple[TemporaryDirectory[str], Builder]:
    directory = TemporaryDirectory(prefix="build-")
    branches = ("feature/cart", "release/1.2.3", "prod/2026-11", "main")
    return directory, Builder(
        Path(directory.name), branches=branches, files=("Dockerfile", "test_it.py", "app/test_it.py")
    )


def built(instance: Instance) -> tuple[Ended, str]:
    """A build of one commit with the instance's buildspec and variables, from an empty registry. Returns the commit."""
    _, builder = _builder()
    builder.forget()
    return builder.run(buildspec(instance), **build_variables(instance) | {"IMAGE_TAG": builder.commit}), builder.commit
