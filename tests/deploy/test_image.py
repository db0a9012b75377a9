"""Static checks of the Dockerfile, because building it needs a Docker engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from base64 import b64encode
from datetime import timedelta
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reconciler.config.models import Settings
from reconciler.config.values import read_duration
from reconciler.edges.source.repository import Access, run
from reconciler.edges.terraform.plugins import MIRROR_VARIABLE
from tests.deploy.calls import PROJECT

ASKPASS = PROJECT / "deploy/image/git-askpass"
TASK = (PROJECT / "deploy/ecs/task.tf").read_text()


def instructions() -> list[tuple[str, str]]:
    """Return every instruction with its arguments, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", (PROJECT / "Dockerfile").read_text()))
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def of(kind: str) -> list[str]:
    return [arguments for name, arguments in instructions() if name == kind]


def copied() -> list[str]:
    """Return every path that is copied from the project."""
    found = []
    for arguments in of("COPY"):
        words = [word for word in arguments.split() if not word.startswith("--")]
        if "--from=" not in arguments:
            found += words[:-1]
    return found


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for arguments in of("ENV") for pair in arguments.split())


def test_hadolint_finds_no_problem() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    finished = subprocess.run([str(hadolint), "Dockerfile"], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (finished.returncode, finished.stdout) == (0, "")


@pytest.mark.parametrize("path", copied())
def test_copied_paths_exist_and_are_not_ignored(path: str) -> None:
    assert (PROJECT / path).exists()
    rules = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert any(path == rule or path.startswith(f"{rule}/") for rule in allowed)


def test_copied_stages_exist_and_the_base_image_is_pinned_by_tag() -> None:
    stages = {arguments.split(" AS ")[1] for arguments in of("FROM") if " AS " in arguments}
    wanted = {match[1] for arguments in of("COPY") if (match := re.search(r"--from=(\S+)", arguments))}
    assert wanted == stages
    assert {arguments.split()[0] for arguments in of("FROM")} == {"python:3.11.13-slim-bookworm"}


def test_packages_are_installed_by_hash() -> None:
    installs = re.findall(r"pip [^&]*\binstall [^&]*", " && ".join(of("RUN")))
    from_outside = [line for line in installs if "wheels/*.whl" not in line]
    assert from_outside
    assert all("--require-hashes" in line and "--no-deps" in line for line in from_outside)
    assert all("--no-build-isolation" in line for line in re.findall(r"pip wheel [^&]*", " && ".join(of("RUN"))))


def test_the_lock_of_the_builder_has_all_build_requirements() -> None:
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["build-system"]["requires"]
    locked = re.findall(r"(?m)^([a-z0-9-]+)==", (PROJECT / "requirements-build.lock").read_text())
    assert {re.split(r"[<>=]", name)[0] for name in wanted} <= set(locked)
    development = (PROJECT / "requirements-dev.lock").read_text()
    pins = re.findall(r"(?m)^[a-z0-9-]+==\S+", (PROJECT / "requirements-build.lock").read_text())
    assert [pin for pin in pins if pin not in development] == []


def test_the_provider_is_initialised_with_the_lock_file_that_every_root_has() -> None:
    (build,) = [arguments for arguments in of("RUN") if "deploy.local.tools" in arguments]
    assert "init -backend=false -input=false -lockfile=readonly" in build
    locks = [file.read_text() for file in (PROJECT / "terraform").rglob(".terraform.lock.hcl")]
    assert len(set(locks)) == 1, "one provider serves every root"


def test_the_download_of_terraform_needs_only_python_and_the_copied_files(tmp_path: Path) -> None:
    stage = instructions()[
        : next(n for n, (name, given) in enumerate(instructions()) if given.endswith(" AS packages"))
    ]
    for *sources, target in (arguments.split() for name, arguments in stage if name == "COPY"):
        for source in sources:
            copy, found = tmp_path / target, PROJECT / source
            if found.is_dir():
                shutil.copytree(found, copy)
            else:
                copy.mkdir(parents=True, exist_ok=True)
                shutil.copy(found, copy)
    bare = [sys.executable, "-S", "-m", "deploy.local.tools", "--help"]  # -S: without any package
    environment = {"PATH": os.environ["PATH"]}
    finished = subprocess.run(bare, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert (tmp_path / "provider/.terraform.lock.hcl").exists()


def test_the_user_is_not_root_and_the_same_on_ecs() -> None:
    assert of("USER") == ["10001:10001"]
    assert f'"{of("USER")[0]}"' in TASK
    assert [name for name, _ in instructions()].index("USER") < [name for name, _ in instructions()].index("ENTRYPOINT")


def test_the_volumes_are_those_of_the_task() -> None:
    (volumes,) = of("VOLUME")
    assert variables()["RECONCILER__DATA"] in volumes
    assert f'data = "{variables()["RECONCILER__DATA"]}"' in TASK
    assert set(re.findall(r'"(/[^"]+)"', volumes)) == {variables()["RECONCILER__DATA"], "/tmp"}


def test_its_environment_variables_are_settings() -> None:
    for name in variables():
        if name.startswith("RECONCILER__"):
            assert name.removeprefix("RECONCILER__").split("__")[0].lower() in Settings.model_fields
    assert MIRROR_VARIABLE in variables()


def test_the_health_check_is_the_same_as_on_ecs() -> None:
    (check,) = of("HEALTHCHECK")
    assert "/healthz" in check
    options = dict(re.findall(r"--([a-z-]+)=(\S+)", check))
    assert {name: read_duration(options[name]).total_seconds() for name in ("interval", "timeout", "start-period")} == {
        "interval": 30,
        "timeout": 10,
        "start-period": 120,
    }
    for name, value in {"interval": 30, "timeout": 10, "retries": 5, "startPeriod": 120}.items():
        assert re.search(rf"{name}\s+= {value}\n", TASK)


def test_no_builder_is_left_in_the_image() -> None:
    last = instructions()[max(n for n, (name, _) in enumerate(instructions()) if name == "FROM") :]
    run = " ".join(arguments for name, arguments in last if name == "RUN")
    assert "pip uninstall --yes pip setuptools wheel" in run
    assert not any(fnmatch(word, pattern) for word in run.split() for pattern in ("gcc*", "build-essential", "*-dev"))
    assert "venv --without-pip" in " ".join(of("RUN"))


@pytest.mark.parametrize(
    ("prompt", "given", "answer"),
    [
        ("Username for 'https://git.example': ", {}, "git"),
        ("Username for 'https://git.example': ", {"GIT_USERNAME": "x-access-token"}, "x-access-token"),
        ("Password for 'https://git@git.example': ", {"GIT_PASSWORD": r"p4$s\n w'ord"}, r"p4$s\n w'ord"),
        ("Password for 'https://git@git.example': ", {}, ""),
    ],
)
def test_askpass_answers_from_the_environment(prompt: str, given: dict[str, str], answer: str) -> None:
    environment = {"PATH": os.environ["PATH"]} | given
    finished = subprocess.run(
        [str(ASKPASS), prompt], env=environment, capture_output=True, text=True, timeout=10, check=True
    )
    assert finished.stdout == f"{answer}\n"
    assert os.access(ASKPASS, os.X_OK)


class Forge(BaseHTTPRequestHandler):
    """A Git forge with one branch, which requires a password."""

    def do_GET(self) -> None:
        wanted = b64encode(b"git:p4$s w'ord").decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="forge"')
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"0" * 39 + b"1\trefs/heads/main\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gave it
        """Print nothing on stderr."""


def test_the_daemons_git_authenticates_with_the_password_of_its_environment(tmp_path: Path) -> None:
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    for folder in ("objects", "refs"):
        (tmp_path / folder).mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), Forge) as forge:
        threading.Thread(target=forge.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{forge.server_port}/manifests.git"
        environment = {"GIT_ASKPASS": str(ASKPASS), "GIT_PASSWORD": "p4$s w'ord"}
        answer = run(tmp_path, "ls-remote", "origin", url=url, access=Plain(timedelta(seconds=30), environment))
        forge.shutdown()
    assert answer.decode().split() == ["0" * 39 + "1", "refs/heads/main"]


class Plain(Access):
    """Access that allows plain HTTP, which the daemon refuses, because the test's forge has no certificate."""

    def variables(self, directory: Path, url: str | None) -> dict[str, str]:
        found = super().variables(directory, url)
        return found | {"GIT_ALLOW_PROTOCOL": "http"}
