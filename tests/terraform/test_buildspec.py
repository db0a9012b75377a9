"""The buildspec of a real plan, run: what a build does, in which order, and where it stops."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.builds import URL, Builder, read_buildspec
from tests.terraform.plans import Plan

pytestmark = pytest.mark.aws


def buildspec_of(plan: Plan, case: str) -> dict[str, Any]:
    project = plan.one("aws_codebuild_project", module=f"module.{case}.").values
    return read_buildspec(project["source"][0]["buildspec"])


@pytest.fixture
def nodejs(deliveries: Plan) -> dict[str, Any]:
    return buildspec_of(deliveries, "develop")


@pytest.fixture
def python(deliveries: Plan) -> dict[str, Any]:
    return buildspec_of(deliveries, "long")


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def tags(builder: Builder) -> list[str]:
    return [builder.commit, f"develop-{builder.commit}", f"latest-{builder.commit}"]


def pushes(builder: Builder) -> list[str]:
    return [f"docker push {URL}:{tag}" for tag in tags(builder)]


def test_a_build_tests_builds_scans_and_pushes_in_this_order(nodejs: dict[str, Any], builder: Builder) -> None:
    ended = builder.run(nodejs)
    assert ended.failed == (), ended.said
    image = f"{URL}:{builder.commit}"
    order = [
        call
        for call in ended.calls
        if call.startswith(("docker login", "npm", "docker build", "trivy", "docker push", "aws ssm put"))
    ]
    assert [call.split()[:2] for call in order] == [
        ["docker", "login"], ["npm", "ci"], ["npm", "test"], ["docker", "build"], ["trivy", "image"],
        ["docker", "push"], ["docker", "push"], ["docker", "push"], ["aws", "ssm"],
    ]  # fmt: skip
    assert ended.of("docker push") == pushes(builder)
    assert ended.of("trivy") == [
        f"trivy image --exit-code 1 --severity HIGH,CRITICAL --ignore-unfixed --no-progress {image}"
    ]
    assert json.loads(ended.artifact or "") == [{"name": "orders", "imageUri": image}]


def test_the_pointer_names_the_image_by_its_commit(nodejs: dict[str, Any], builder: Builder) -> None:
    (pointed,) = builder.run(nodejs).of("aws ssm put-parameter")
    assert "--name /develop/orders/image" in pointed
    assert pointed.endswith(f"--value {URL}:{builder.commit}")


def test_the_artifact_is_what_the_pipeline_deploys(nodejs: dict[str, Any]) -> None:
    assert nodejs["artifacts"]["files"] == ["imagedefinitions.json"]


@pytest.mark.parametrize("step", ["npm ci", "npm test", "docker login"])
def test_a_failure_before_the_build_ends_it_with_nothing_built(
    nodejs: dict[str, Any], builder: Builder, step: str
) -> None:
    ended = builder.run(nodejs, failing=f"^{step}")
    assert ended.failed == ("pre_build",)
    assert ended.of("docker build", "docker push", "aws ssm put") == []
    assert ended.artifact is None


@pytest.mark.parametrize("step", ["docker build", "trivy"])
def test_a_failed_build_or_scan_pushes_nothing(nodejs: dict[str, Any], builder: Builder, step: str) -> None:
    ended = builder.run(nodejs, failing=f"^{step}")
    assert ended.failed == ("build",)
    assert "nothing is pushed" in ended.said
    assert ended.of("docker push", "aws ssm put") == []
    assert ended.artifact is None


def test_a_retry_takes_the_image_that_is_there_and_repeats_nothing(nodejs: dict[str, Any], builder: Builder) -> None:
    first = builder.run(nodejs)
    again = builder.run(nodejs)
    assert again.failed == (), again.said
    assert again.of("npm", "docker build", "trivy", "docker push") == []
    assert again.artifact == first.artifact
    assert "taken as it is" in again.said


def test_a_retry_after_half_of_the_pushes_adds_the_missing_tags(nodejs: dict[str, Any], builder: Builder) -> None:
    first = builder.run(nodejs, failing="^docker push .*:latest-")
    assert first.failed == ("post_build",)
    assert first.artifact is None
    again = builder.run(nodejs)
    assert again.failed == (), again.said
    assert again.of("docker pull", "docker push") == [
        f"docker pull --quiet {URL}:{builder.commit}", f"docker push {URL}:latest-{builder.commit}",
    ]  # fmt: skip


def test_a_tag_that_another_build_pushed_meanwhile_ends_the_build_with_the_reason(
    nodejs: dict[str, Any], builder: Builder
) -> None:
    (builder.home / "registry").write_text(f"develop-{builder.commit}\n")
    ended = builder.run(nodejs)
    assert ended.failed == ("post_build",)
    assert "Tags here never change" in ended.said
    assert ended.of("aws ssm put") == []
    assert ended.artifact is None


def test_a_registry_that_does_not_answer_is_no_registry_without_the_image(
    nodejs: dict[str, Any], builder: Builder
) -> None:
    ended = builder.run(nodejs, failing="^aws ecr describe-images")
    assert ended.failed == ("pre_build",)
    assert "ToldToFail" in ended.said


@pytest.mark.parametrize(
    ("branch", "pattern", "taken"),
    [
        ("feature/cart", "feature/*", True),
        ("feature/cart/icons", "feature/*", False),
        ("main", "feature/*", False),
        ("release/1.2.3", "release/*.*.*", True),
        ("release/next", "release/*.*.*", False),
        ("prod/2026-11", "prod/*", True),
        ("release/1.2.3", "prod/*", False),
    ],
)
def test_an_environment_takes_commits_of_its_branches_only(
    nodejs: dict[str, Any], tmp_path: Path, branch: str, pattern: str, taken: bool
) -> None:
    ended = Builder(tmp_path, branches=(branch,)).run(nodejs, BRANCH_PATTERN=pattern)
    assert (ended.failed == ()) is taken, ended.said
    assert bool(ended.of("docker push")) is taken
    assert ("is on no branch" in ended.said) is not taken


@pytest.mark.parametrize("tag", ["set-by-the-pipeline", "", "main", "3f9c2d1", "$(touch hacked)"])
def test_a_build_without_a_commit_says_how_to_start_it(nodejs: dict[str, Any], builder: Builder, tag: str) -> None:
    ended = builder.run(nodejs, IMAGE_TAG=tag)
    assert ended.failed == ("pre_build",)
    assert "start the pipeline" in ended.said
    assert not (builder.home / "clone/hacked").exists()


def test_a_build_starts_from_the_layers_of_the_image_that_was_built_last(
    nodejs: dict[str, Any], builder: Builder
) -> None:
    (build,) = builder.run(nodejs).of("docker build")
    assert f"--cache-from {URL}:built-last --build-arg BUILDKIT_INLINE_CACHE=1" in build


def test_what_runs_is_marked_before_a_push_can_make_it_one_image_too_many(
    nodejs: dict[str, Any], builder: Builder
) -> None:
    """Both sides of a deployment that is not over; not an image of another registry, nor one that is gone already."""
    (builder.home / "registry").write_text("old\nnew\ndeployed-old\n")
    running = f"{URL}:old {URL}:new {URL}:gone public.example/proxy:1"
    ended = builder.run(nodejs, running=running)
    assert ended.failed == (), ended.said
    assert [call.partition("--image-tag ")[2].split()[0] for call in ended.of("aws ecr put-image")] == [
        "deployed-old", "deployed-new",
    ]  # fmt: skip
    order = [call.split()[:3] for call in ended.of("aws ecr put-image", "docker push")]
    assert order[:2] == [["aws", "ecr", "put-image"]] * 2
    assert "deployed-new" in (builder.home / "registry").read_text().split()


@pytest.mark.parametrize("call", ["aws ecs describe-services", "aws ecs describe-task-definition", "aws ecr put-image"])
def test_a_build_that_cannot_mark_what_runs_pushes_nothing(nodejs: dict[str, Any], builder: Builder, call: str) -> None:
    (builder.home / "registry").write_text("old\n")
    ended = builder.run(nodejs, running=f"{URL}:old", failing=f"^{call}")
    assert ended.failed == ("post_build",)
    assert ended.of("docker push", "aws ssm put") == []


def test_python_installs_what_is_asked_for_and_runs_pytest(python: dict[str, Any], tmp_path: Path) -> None:
    builder = Builder(tmp_path, files=("Dockerfile", "requirements.txt", "tests/test_ledger.py"))
    ended = builder.run(python)
    assert ended.failed == (), ended.said
    assert ended.of("pip", "pytest") == ["pip install --quiet --requirement requirements.txt", "pytest "]
    assert json.loads(ended.artifact or "")[0]["name"] == "ledger-of-all-payments"


def test_a_python_project_without_tests_is_not_built(python: dict[str, Any], builder: Builder) -> None:
    ended = builder.run(python)
    assert ended.failed == ("pre_build",)
    assert "pytest found no tests" in ended.said
    assert ended.of("docker build") == []


def test_failing_python_tests_stop_the_build(python: dict[str, Any], tmp_path: Path) -> None:
    builder = Builder(tmp_path, files=("Dockerfile", "test_ledger.py"))
    ended = builder.run(python, failing="^pytest")
    assert ended.failed == ("pre_build",)
    assert ended.of("docker build") == []


@pytest.mark.parametrize("case", ["develop", "long"])
def test_every_block_is_sound_shell(deliveries: Plan, case: str, tmp_path: Path) -> None:
    """`bash -n` everywhere; shellcheck too where it is installed (Debian's package `shellcheck`)."""
    for phase in buildspec_of(deliveries, case)["phases"].values():
        for block in phase["commands"]:
            assert "set -euo pipefail" in block
            script = tmp_path / "block.sh"
            script.write_text(f"#!/usr/bin/env bash\n{block}")
            linters = [["bash", "-n"], *([["shellcheck"]] if shutil.which("shellcheck") else [])]
            for linter in linters:
                done = subprocess.run([*linter, str(script)], capture_output=True, text=True, check=False, timeout=60)
                assert done.returncode == 0, done.stdout + done.stderr
