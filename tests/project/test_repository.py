"""Files that other programs read about the project, held to what the project is."""

import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml

from tests.project.makefile import PROJECT, targets

WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
YAML = [*sorted((PROJECT / ".github").rglob("*.yml")), PROJECT / ".pre-commit-config.yaml"]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
FORMS = sorted(path for path in (PROJECT / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")


def read(path: str) -> Any:
    return yaml.safe_load((PROJECT / path).read_text())


HOOKS = [hook for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
UPDATES = read(".github/dependabot.yml")["updates"]


def files() -> list[str]:
    """Return the paths of the project's files, new ones included, from its root."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(listed, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_is_an_object(path: Any) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)


class TestWorkflows:
    """The workflows that GitHub runs."""

    def test_versions_of_python_are_those_that_the_package_promises(self) -> None:
        prefix = "Programming Language :: Python :: "
        promised = [
            name.removeprefix(prefix) for name in PYPROJECT["project"]["classifiers"] if name.startswith(prefix)
        ]
        (job,) = read(".github/workflows/ci.yml")["jobs"].values()
        assert job["strategy"]["matrix"]["python"] == promised
        assert PYPROJECT["project"]["requires-python"] == f">={promised[0]}"
        minors = [int(version.split(".")[1]) for version in promised]
        assert minors == list(range(minors[0], minors[0] + len(minors)))

    def test_the_oldest_version_is_the_one_that_tools_are_set_to(self) -> None:
        oldest = PYPROJECT["project"]["requires-python"].removeprefix(">=")
        assert PYPROJECT["tool"]["mypy"]["python_version"] == oldest
        assert PYPROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
        assert all(f"--python-version {oldest}" in line for line in targets()["lock"].recipe)

    def test_ci_runs_the_one_command_of_ci_with_the_version_of_its_matrix(self) -> None:
        (job,) = read(".github/workflows/ci.yml")["jobs"].values()
        assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
        (python,) = [step["with"]["python-version"] for step in job["steps"] if "setup-python" in step.get("uses", "")]
        assert python == "${{ matrix.python }}"

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
    def test_actions_are_pinned_and_rights_are_named(self, path: Any) -> None:
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"]
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 90
            for step in job["steps"]:
                assert "run" in step or re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step


class TestPreCommit:
    """Hooks that run what `make check` runs."""

    def test_each_command_of_check_is_a_hook_and_no_other_is(self) -> None:
        commands = [line.replace("$(MAKE)", "make") for line in targets()["check"].recipe]
        assert [hook["entry"] for hook in HOOKS] == commands

    def test_nothing_is_fetched_and_the_whole_project_is_looked_at(self) -> None:
        assert {repo["repo"] for repo in read(".pre-commit-config.yaml")["repos"]} == {"local"}
        for hook in HOOKS:
            assert (hook["language"], hook["pass_filenames"]) == ("system", False)

    def test_each_hook_has_files_that_wake_it(self) -> None:
        for hook in HOOKS:
            pattern = hook.get("files", {"python": r"\.py$"}.get(*hook.get("types", [""])))
            assert any(re.search(pattern, path) for path in files()), hook["id"]


class TestUpgrades:
    """Every file that locks versions has a bot that moves it."""

    def folders(self, ecosystem: str) -> list[str]:
        """Return the patterns of the folders that Dependabot looks at for an ecosystem."""
        mine = [entry for entry in UPDATES if entry["package-ecosystem"] == ecosystem]
        return [folder for entry in mine for folder in entry.get("directories", [entry.get("directory")])]

    @pytest.mark.parametrize(
        ("ecosystem", "name"),
        [("terraform", ".terraform.lock.hcl"), ("docker", "Dockerfile"), ("github-actions", "ci.yml")],
    )
    def test_dependabot_looks_where_versions_are(self, ecosystem: str, name: str) -> None:
        there = {str(PurePosixPath("/", path).parent) for path in files() if PurePosixPath(path).name == name}
        if ecosystem == "github-actions":
            there = {"/"}  # stands for .github/workflows
        assert there
        patterns = self.folders(ecosystem)
        assert {folder for folder in there if not any(fnmatch(folder, pattern) for pattern in patterns)} == set()
        assert [pattern for pattern in patterns if not any(fnmatch(folder, pattern) for folder in there)] == []

    def test_the_locked_packages_are_all_written_by_make_lock_which_a_workflow_runs(self) -> None:
        written = re.findall(r"-o (\S+)", "\n".join(targets()["lock"].recipe))
        assert sorted(written) == sorted(path for path in files() if re.fullmatch(r"requirements.*\.lock", path))
        (job,) = read(".github/workflows/lock.yml")["jobs"].values()
        assert "make lock" in [step.get("run") for step in job["steps"]]

    def test_every_ecosystem_is_looked_at_on_a_schedule(self) -> None:
        assert {entry["package-ecosystem"] for entry in UPDATES} == {"terraform", "docker", "github-actions"}
        assert all(entry["schedule"]["interval"] == "weekly" for entry in UPDATES)


def test_every_path_of_codeowners_exists_and_has_an_owner() -> None:
    lines = [line.split("#")[0].split() for line in (PROJECT / ".github/CODEOWNERS").read_text().splitlines()]
    rules = [line for line in lines if line]
    assert rules[0][0] == "*", "every file has an owner"
    paths = files()
    for pattern, *owners in rules[1:]:
        assert pattern.startswith("/"), pattern
        assert owners
        assert all(re.fullmatch(r"@[\w-]+(/[\w-]+)?", owner) for owner in owners), pattern
        wanted = pattern[1:] + "*" if pattern.endswith("/") else pattern[1:]
        assert any(fnmatch(path, wanted) for path in paths), pattern


class TestForms:
    """Issue forms, as GitHub takes them."""

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
    def test_a_form_asks_for_something_and_requires_some_of_it(self, path: Any) -> None:
        form = yaml.safe_load(path.read_text())
        assert form["name"]
        assert form["description"]
        fields = [field for field in form["body"] if field["type"] != "markdown"]
        assert len({field["id"] for field in fields}) == len(fields)
        for field in fields:
            assert field["type"] in {"input", "textarea", "dropdown", "checkboxes"}
            assert field["attributes"]["label"]
            assert field["type"] != "dropdown" or len(set(field["attributes"]["options"])) > 1
        assert any(field.get("validations", {}).get("required") for field in fields)

    def test_there_is_a_form_for_bugs_and_one_for_features(self) -> None:
        assert [path.stem for path in FORMS] == ["bug", "feature"]


@pytest.mark.parametrize(
    "path", ["SECURITY.md", ".github/pull_request_template.md", *(str(form.relative_to(PROJECT)) for form in FORMS)]
)
def test_commands_paths_and_links_that_are_named_exist(path: str) -> None:
    text = (PROJECT / path).read_text()
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert target in targets(), target
    for named in re.findall(r"\]\((?!http)([^)#]+)\)|`((?:docs|deploy|desired_state)/[\w/.-]+|[A-Z]+\.md)`", text):
        assert (PROJECT / "".join(named)).exists(), named


def test_editors_are_told_the_length_of_lines() -> None:
    text = (PROJECT / ".editorconfig").read_text()
    assert f"max_line_length = {PYPROJECT['tool']['ruff']['line-length']}\n" in text
    assert "[Makefile]\nindent_style = tab\n" in text


@pytest.mark.parametrize("package", PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
def test_a_package_says_that_it_is_typed(package: str) -> None:
    assert (PROJECT / package / "py.typed").exists()
    assert "Typing :: Typed" in PYPROJECT["project"]["classifiers"]
