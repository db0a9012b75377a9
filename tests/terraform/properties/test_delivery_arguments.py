"""Arguments of a build, proven: they reach docker word for word, and nothing of them is run."""

from __future__ import annotations

from tests.terraform.inputs import Variables
from tests.terraform.properties.deliveries import DELIVERED, MODULE, branches, build_variables, built
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import EDITS, Edit, breaks, holds
from tests.terraform.properties.services import PORTS

CODEBUILD, BUILDSPEC = f"{MODULE}/codebuild.tf", f"{MODULE}/templates/buildspec.yml.tftpl"


def is_tested(variables: Variables) -> bool:
    """Return whether the build runs tests of its own: those of a runtime that it knows."""
    return variables["service"]["runtime"] in PORTS


BROKEN = [
    Edit(CODEBUILD, "replace(var.delivery.build_args[name], \"'\", \"'\\\\''\")", "var.delivery.build_args[name]",
         says="docker is called", where=lambda v: any("'" in value for value in v["delivery"]["build_args"].values())),
    Edit(CODEBUILD, '"--target" = var.delivery.target', '"--target" = null', says="docker is called",
         where=lambda v: v["delivery"]["target"] is not None),
    Edit(BUILDSPEC, 'cache ? "--cache-from', '!cache ? "--cache-from', says="docker is called"),
    Edit(BUILDSPEC, "          cd '${context}'\n", "", says="tests run elsewhere",
         where=lambda v: v["delivery"]["context"] is not None and is_tested(v)),
    Edit(CODEBUILD, "'refs/remotes/origin/${one}'", "'refs/remotes/origin/other'", says="is built",
         where=lambda v: len(v["delivery"]["branches"]) > 1),
]  # fmt: skip


def a_build_is_the_one_that_was_asked_for(instance: Instance) -> None:
    delivery = instance.variables["delivery"]
    ended, commit = built(instance)
    assert ended.failed == (), f"a commit of {branches(instance.variables)} is built: {ended.said}"
    registry = build_variables(instance)["ECR_REPOSITORY_URL"]
    words = ["docker build"]
    words += [f"--cache-from {registry}:built-last"] if delivery["cache"] else []
    words += ["--build-arg BUILDKIT_INLINE_CACHE=1"]
    words += [f"--file {delivery['dockerfile']}"] if delivery["dockerfile"] else []
    words += [f"--target {delivery['target']}"] if delivery["target"] else []
    words += [f"--build-arg {name}={value}" for name, value in sorted(delivery["build_args"].items())]
    words += [f"--tag {registry}:{commit}", delivery["context"] or "."]
    assert ended.of("docker build") == [" ".join(words)], f"docker is called otherwise than {words}"
    if delivery["context"] and is_tested(instance.variables):
        assert f"in {delivery['context']}:" in ended.said, "tests run elsewhere than in the context"


def test_a_build_is_the_one_that_was_asked_for(laboratory: Laboratory) -> None:
    batch = laboratory.batch(DELIVERED)
    holds(a_build_is_the_one_that_was_asked_for, batch, laboratory.seed)
    breaks(a_build_is_the_one_that_was_asked_for, DELIVERED, BROKEN[:EDITS], batch, laboratory)
