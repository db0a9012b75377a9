"""Runs a buildspec as CodeBuild does: its phases in order, in bash, in a clone of a real repository.

docker, aws, trivy, npm, pip and pytest are stubs that write down how they were called. `docker push` and the calls of
`aws ecr` share a registry whose tags never change, as ECR's do; a pattern makes any call fail. The last image that was
built has the tag `built-last`; the service runs the images of `running`.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

URL = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/develop/orders"
STUBBED = ("aws", "docker", "npm", "pip", "pytest", "trivy")
STUB = r"""#!/usr/bin/env bash
call="${0##*/} $*"
echo "$call" >>"$CALLS"
if [[ -n "$FAILING" && "$call" =~ $FAILING ]]; then
  echo "An error occurred (ToldToFail): $call" >&2
  exit 1
fi
case "$call" in
  "npm test"|"pytest "*) echo "in $(git rev-parse --show-prefix | sed 's#/$##'):" ;;&
  "aws ecr get-login-password") echo "password-of-the-registry" ;;
  "aws ecr describe-images "*)
    if ! grep -qx "$IMAGE_TAG" "$REGISTRY"; then
      echo "An error occurred (ImageNotFoundException) when calling the DescribeImages operation" >&2
      exit 254
    fi
    grep "$IMAGE_TAG" "$REGISTRY" | paste -s ;;
  "docker login "*) read -r password; [[ "$password" == password-of-the-registry ]] ;;
  "docker push "*)
    tag="${call##*:}"
    if grep -qx "$tag" "$REGISTRY"; then
      echo "tag invalid: The image tag '$tag' already exists and cannot be overwritten: immutable" >&2
      exit 1
    fi
    echo "$tag" >>"$REGISTRY" ;;
  "aws ssm get-parameter "*) echo "$ECR_REPOSITORY_URL:built-last" ;;
  "aws ecs describe-services "*) for image in $RUNNING; do printf 'arn:%s\t' "$image"; done ;;
  "aws ecs describe-task-definition "*)
    shift 3
    echo "${1#arn:}" ;;
  "aws ecr batch-get-image "*)
    tag="${call##*imageTag=}"
    if grep -qx "${tag%% *}" "$REGISTRY"; then echo "manifest of ${tag%% *}"; fi ;;
  "aws ecr put-image "*)
    tag="${call##*--image-tag }"
    if grep -qx "${tag%% *}" "$REGISTRY"; then
      echo "An error occurred (ImageAlreadyExistsException) when calling the PutImage operation" >&2
      exit 254
    fi
    echo "${tag%% *}" >>"$REGISTRY" ;;
  "pytest ") git ls-files | grep -qE '(^|/)test_[^/]*\.py$' || exit 5 ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a build: the phases that failed, the calls in order, its output, and the artifact if there is one."""

    failed: tuple[str, ...]
    calls: tuple[str, ...]
    said: str
    artifact: str | None

    def of(self, *programs: str) -> list[str]:
        return [call for call in self.calls if call.startswith(programs)]


@dataclass
class Builder:
    """A repository with one commit on its branches, a registry that lasts, and stubs before the real programs."""

    home: Path
    branches: tuple[str, ...] = ("feature/cart",)
    files: tuple[str, ...] = ("Dockerfile",)
    commit: str = field(init=False)

    def __post_init__(self) -> None:
        for name in STUBBED:
            stub = self.home / "stubs" / name
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text(STUB)
            stub.chmod(0o755)
        self.forget()
        origin = self.home / "origin"
        self._git(self.home, "init", "--quiet", f"--initial-branch={self.branches[0]}", str(origin))
        for name in self.files:
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            (origin / name).touch()
        self._git(origin, "add", "--all")
        self._git(origin, "commit", "--quiet", "--message=work")
        self.commit = self._git(origin, "rev-parse", "HEAD").strip()
        for branch in self.branches[1:]:
            self._git(origin, "branch", branch)
        self._git(self.home, "clone", "--quiet", str(origin), str(self.home / "clone"))

    def forget(self) -> None:
        """Empty the registry."""
        (self.home / "registry").write_text("")

    def run(self, buildspec: dict[str, Any], *, failing: str = "", running: str = "", **variables: str) -> Ended:
        """Build once. `failing` is a bash pattern of the calls that fail, `running` names the images that the service
        runs; `variables` replace CodeBuild's.
        """
        calls, artifact = self.home / "calls", self.home / "clone/imagedefinitions.json"
        calls.write_text("")
        artifact.unlink(missing_ok=True)
        given = {
            **self._surroundings(),
            **{name: str(value) for name, value in buildspec["env"]["variables"].items()},
            "WORK": str(self.home / "work"),
            "CALLS": str(calls),
            "REGISTRY": str(self.home / "registry"),
            "FAILING": failing,
            "RUNNING": running,
            "BRANCH_PATTERN": "feature/*",
            "ECR_REPOSITORY": "develop/orders",
            "ECR_REPOSITORY_URL": URL,
            "ENVIRONMENT": "develop",
            "IMAGE_TAG": self.commit,
            **variables,
        }
        failed, said = self._phases(buildspec, given)
        kept = artifact.read_text() if artifact.exists() else None
        return Ended(tuple(failed), tuple(calls.read_text().splitlines()), said, kept)

    def _phases(self, buildspec: dict[str, Any], given: dict[str, str]) -> tuple[list[str], str]:
        """As in CodeBuild: after a failed pre_build nothing runs, after a failed build post_build still does."""
        failed: list[str] = []
        said = ""
        for phase in ("install", "pre_build", "build", "post_build"):
            if failed and (phase != "post_build" or failed != ["build"]):
                continue
            for block in buildspec["phases"][phase]["commands"]:
                done = subprocess.run(
                    ["bash", "-c", block],
                    cwd=self.home / "clone",
                    env={**given, "CODEBUILD_BUILD_SUCCEEDING": "0" if failed else "1"},
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=120,
                )
                said += done.stdout + done.stderr
                if done.returncode != 0:
                    failed.append(phase)
                    break
        return failed, said

    def _git(self, folder: Path, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *arguments],
            cwd=folder,
            env=self._surroundings(),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    def _surroundings(self) -> dict[str, str]:
        path = f"{self.home / 'stubs'}{os.pathsep}{os.environ['PATH']}"
        return {"HOME": str(self.home), "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"}


def read_buildspec(text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed
