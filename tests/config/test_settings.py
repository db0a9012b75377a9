"""Precedence of sources, refused values and their messages, and conversions for other layers."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from desired_state.kinds.fields import EnvironmentName
from reconciler.config.effective import origins_of
from reconciler.config.load import load
from reconciler.config.models import ConfigFailed
from reconciler.core.environment import Environment
from reconciler.core.floor import NO_FLOOR, PROD_FLOOR, Floor
from tests.config.configuration import DEVELOP, problems, read

# Where settings come from


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = load()
    assert settings.data == tmp_path / ".reconciler"
    assert settings.store.path == tmp_path / ".reconciler" / "records.sqlite3"
    assert settings.http.socket == tmp_path / ".reconciler" / "reconciler.sock"
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8080)


def test_paths_are_relative_to_the_file_and_not_to_the_working_directory(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "r.yaml").write_text('data: state\nterraform: {source: {path: ../tf}}\ngit: {url: "./m.git"}\n')
    settings = load(folder / "r.yaml")
    assert settings.data == folder / "state"
    assert settings.terraform.source.path == tmp_path / "tf"
    assert settings.git.url == str(folder / "m.git")


def test_an_explicit_file_precedes_the_variable_and_a_file_that_is_not_named_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("named", "variable", "reconciler"):
        (tmp_path / f"{name}.yaml").write_text(f"git: {{branch: {name}}}\n")
    with pytest.raises(ConfigFailed, match=r"reconciler\.yaml: is in this folder, but not named.*Pass --config"):
        load()
    assert load(Path("/dev/null")).git.branch == "main"
    monkeypatch.setenv("RECONCILER_CONFIG", "variable.yaml")
    assert load().git.branch == "variable"
    assert load(Path("named.yaml")).git.branch == "named"


def test_a_variable_overrides_one_key_and_keeps_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER__GIT__INTERVAL", "5m")
    monkeypatch.setenv("RECONCILER__TERRAFORM__TIMEOUTS__PLAN", "20m")
    monkeypatch.setenv("RECONCILER__TERRAFORM__WARM", "false")
    settings = read("git: {branch: live, interval: 10s}\nterraform: {timeouts: {plan: 1m, apply: 2h}}\n")
    assert (settings.git.branch, settings.git.interval) == ("live", timedelta(minutes=5))
    assert settings.terraform.timeouts.plan == timedelta(minutes=20)
    assert settings.terraform.timeouts.apply == timedelta(hours=2)
    assert settings.terraform.warm is False


def test_an_environment_can_be_configured_by_variables_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {"ACCOUNT": "012345678901", "REGION": "eu-central-1", "TIER": "prod"}.items():
        monkeypatch.setenv(f"RECONCILER__ENVIRONMENTS__PROD__{key}", value)
    monkeypatch.setenv("RECONCILER__ENVIRONMENTS__DEVELOP__ACCOUNT", "111122223333")
    settings = read(f"environments: {{{DEVELOP.replace('111122223333', '999999999999')}}}\n")
    assert settings.environment("prod").account == "012345678901"
    assert settings.environment("develop").account == "111122223333"


def test_every_setting_has_an_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILER__GIT__BRANCH", "live")
    found = origins_of(read("git:\n  url: ssh://git.example/m.git\n  branch: main\n"))
    assert found["git.url"] == "reconciler.yaml:2"
    assert found["git.branch"] == "RECONCILER__GIT__BRANCH"
    assert found["git.timeout"] == "default"


# Refused values


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("git: {urll: x}", '1:7: git.urll: unknown key; did you mean "url"?'),
        ("gti: {url: x}", '1:1: gti: unknown key; did you mean "git"?'),
        ("_env_prefix: X", "1:1: _env_prefix: unknown key; the choices are"),
        ("_cli_parse_args: true", "1:1: _cli_parse_args: unknown key; the choices are"),
        ("git: {interval: 5}", "1:17: git.interval: 5 must be a duration such as 30s, 10m or 2h"),
        ("git: {interval: 0s}", '1:17: git.interval: "0s" must be longer than 0s'),
        ("git: {timeout: 99999999999d}", '"99999999999d" must be at most 366d'),
        ("git: {timeout: 367d}", "must be at most 366d"),
        ("git: {branch: '--upload-pack=x'}", "must be the name of a Git branch"),
        ("git: {branch: a..b}", "must be the name of a Git branch"),
        ("git: {url: a, directory: b}", "git: url and directory exclude each other"),
        ("git: {path: ../x}", "git: path must be inside the repository"),
        ("git: 7", "1:6: git: 7 must be a section with keys"),
        ("terraform: {concurrency: 0}", "terraform.concurrency: 0 must be at least 1"),
        ("terraform: {warm: maybe}", 'terraform.warm: "maybe" must be true or false'),
        ("terraform: {warm: yes}", "yes"),
        ("http: {port: 99999}", "1:14: http.port: 99999 must be at most 65535"),
        ("http: {port: web}", 'http.port: "web" must be a whole number'),
        ("http: {socket: /" + "x" * 120 + "}", "the system allows 107"),
        ("state: {bucket: 'x-{user}'}", "may contain {account} and {region} and no other braces"),
        ("state: {bucket: 'x-{account'}", "may contain {account} and {region} and no other braces"),
        ("state: {bucket: 'State_{account}'}", "must yield an S3 bucket name"),
        ("state: {prefix: a/b}", "must be empty or end with a slash"),
        ("state: {kms_key_id: mine}", "must be the id, the alias (alias/…) or the ARN of a KMS key, or default"),
        ("state: {bucket: states.example}", "a bucket with dots has no key of its name: set kms_key_id"),
        ("slack: {token: xoxb-12345, channel: '#a', webhook: 'https://h/x'}", "slack: token and webhook exclude"),
        ("slack: {token: xoxb-12345}", "slack: token needs a channel to post to: set channel"),
        ("slack: {webhook: 'https://h/x', channel: '#a'}", "slack: webhook already belongs to a channel"),
        ("slack: {webhook: 'ftp://h/x'}", "slack.webhook: must be a URL such as https://host/path"),
        ("slack: {api_url: 'https://user:word@h/'}", "must be a URL such as https://host/path"),
        ("slack: {environments: [PROD]}", "must be at most 16 lower-case letters"),
        ("retry: {base: 1h}", "retry: cap must not be shorter than base"),
        ("policy: {prune_limit_percent: 101}", "must be at most 100"),
        ("policy: {command: [./judge]}", "must begin with the name of a program on PATH, or with an absolute path"),
        ("policy: {command: conftest test}", "policy.command: "),
        ("logs: {level: loud}", "logs.level: \"loud\" must be 'debug', 'info', 'warning' or 'error'"),
        ("environments: {develop: {region: eu-central-1, tier: qa}}", "environments.develop.account: is required"),
        (
            f"environments: {{{DEVELOP.replace('tier: develop', 'tier: dev')}}}",
            'environments.develop.tier: "dev" must be',
        ),
        (f"environments: {{{DEVELOP.replace('eu-central-1', 'Frankfurt')}}}", "must be an AWS region such as"),
        (f"environments: {{{DEVELOP.replace('1111', '1')}}}", "must be an AWS account number: 12 digits"),
        (f"environments: {{{DEVELOP.replace('develop:', 'DEV:')}}}", "1:16: environments.DEV: "),
        (f"environments: {{{DEVELOP[:-1]}, colour: red}}}}", "environments.develop.colour: unknown key; the choices"),
        (f"environments: {{{DEVELOP[:-1]}, role: admin}}}}", "must be the ARN of a role"),
        (f"environments: {{{DEVELOP[:-1]}, endpoint: 'file:///etc'}}}}", "must be a URL such as"),
        ("git: {url: a}\ngit: {url: b}", '2:1: duplicate key "git"'),
        ("git: [", "not valid YAML"),
        ("a: 1\n---\nb: 2", "contains 2 YAML documents: keep one"),
    ],
)
def test_a_bad_value_is_refused_with_place_key_and_allowed_values(text: str, problem: str) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert found[0].startswith("reconciler.yaml") or "http.socket" in found[0]
    assert problem in found[0]


def test_all_problems_are_reported_together() -> None:
    assert len(problems("gti: 1\ngit: {branch: '-x', urll: 2}\nhttp: {port: -1}\n")) == 4


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("RECONCILER__GTI__URL", "x", 'RECONCILER__GTI__URL: gti: unknown section; did you mean "git"?'),
        ("RECONCILER__GIT__URLL", "x", 'RECONCILER__GIT__URLL: git.urll: unknown key; did you mean "url"?'),
        ("RECONCILER__GIT__INTERVAL", "soon", 'RECONCILER__GIT__INTERVAL: git.interval: "soon" must be a duration'),
        ("RECONCILER__GIT", "soon", "RECONCILER__GIT: is not JSON: set the whole section as JSON, or set single keys"),
        ("RECONCILER_CONFIG", "gone.yaml", "gone.yaml: cannot be read: No such file or directory"),
    ],
)
def test_a_bad_variable_is_reported_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigFailed) as failure:
        load()
    assert len(failure.value.problems) == 1
    assert problem in failure.value.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        *("auth: {token: hunter2}", "redaction: {key: hunter2}", "auth: {token: [hunter2]}"),
        *("slack: {token: hunter2}", "slack: {webhook: 'hunter2://x'}", "slack: {token: hunter2-and-more}"),
    ],
)
def test_a_bad_secret_is_not_quoted_in_the_message(text: str) -> None:
    (problem,) = problems(text)
    assert "hunter2" not in problem


def test_the_daemon_needs_a_source_of_manifests_and_an_environment() -> None:
    with pytest.raises(ConfigFailed) as failure:
        load().check_runnable()
    assert [problem.split(":")[0] for problem in failure.value.problems] == ["git", "environments"]
    read(f"git: {{directory: m}}\nenvironments: {{{DEVELOP}}}\n").check_runnable()


def test_an_environment_whose_names_would_be_those_of_another_is_refused() -> None:
    def environments(account: str) -> str:
        one = '{account: "111122223333", region: eu-central-1, tier: prod}'
        other = one.replace("111122223333", account)
        return f"git: {{directory: m}}\nenvironments: {{prod: {one}, prod-eu: {other}}}\n"

    read(environments("222233334444")).check_runnable()
    with pytest.raises(ConfigFailed, match=r"environments\.prod-eu: begins with 'prod' and a hyphen"):
        read(environments("111122223333")).check_runnable()


def test_an_environment_in_the_slack_settings_must_be_configured() -> None:
    text = f"git: {{directory: m}}\nenvironments: {{{DEVELOP}}}\nslack: {{environments: [devlop]}}\n"
    with pytest.raises(ConfigFailed, match=r"slack\.environments: .devlop. is not configured; did you mean"):
        read(text).check_runnable()


# Conversions for other layers


def test_an_environment_becomes_the_value_that_the_engine_uses() -> None:
    floor = "floor: {mode: approve, prune: false, reason: required}, endpoint: 'http://127.0.0.1:5000'"
    settings = read(f"environments: {{{DEVELOP[:-1]}, {floor}}}}}\n")
    assert settings.environment("develop") == Environment(
        name="develop",
        tier="develop",
        account="111122223333",
        region="eu-central-1",
        endpoint="http://127.0.0.1:5000",
        floor=Floor(mode="approve", prune=False, reason="required"),
    )
    assert settings.facts()["develop"].tier == "develop"


def test_production_is_closed_by_default_and_a_setting_opens_it() -> None:
    prod = DEVELOP.replace("develop", "prod")
    assert read(f"environments: {{{prod}}}\n").environment("prod").floor == PROD_FLOOR
    assert read(f"environments: {{{DEVELOP}}}\n").environment("develop").floor == NO_FLOOR
    window = 'windows: ["mon,fri 08:00-17:00 Europe/Berlin"]'
    floor = f"floor: {{mode: auto, observe: true, suspend: true, interval: 7d, ignore: 366d, {window}}}"
    found = read(f"environments: {{{prod[:-1]}, {floor}}}}}\n").environment("prod").floor
    assert (found.mode, found.observe, found.suspend, found.ignore) == ("auto", True, True, timedelta(days=366))
    assert [(one.days, one.from_, one.to) for one in found.windows] == [(("mon", "fri"), "08:00", "17:00")]
    with pytest.raises(ConfigFailed, match=r"floor\.windows\.0: .* must be days, hours and a time zone, such as"):
        read(f"environments: {{{prod[:-1]}, floor: {{windows: ['monday 8-17']}}}}}}\n")


def test_an_unknown_environment_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigFailed, match='did you mean "develop"'):
        read(f"environments: {{{DEVELOP}}}\n").environment("devlop")


def test_an_account_may_be_written_without_quotes() -> None:
    assert read(f"environments: {{{DEVELOP.replace(chr(34), '')}}}\n").environment("develop").account == "111122223333"


@pytest.mark.parametrize(
    ("name", "right"), [("a", True), ("a-1", True), ("a" * 16, True), ("a" * 17, False), ("a-", False)]
)
def test_environment_names_follow_the_same_rule_as_in_manifests(name: str, right: bool) -> None:
    class Manifest(BaseModel):
        environment: EnvironmentName

    def holds(check: Any) -> bool:
        try:
            check()
        except (ValueError, ConfigFailed):
            return False
        return True

    assert holds(lambda: Manifest(environment=name)) is right
    assert holds(lambda: read(f"environments: {{{DEVELOP.replace('develop:', name + ':')}}}")) is right


def test_concurrency_follows_the_cores_and_can_be_set() -> None:
    warm, cold = load().terraform.workers, read("terraform: {warm: false}").terraform.workers
    assert warm == 2 * cold >= 2
    assert read("terraform: {concurrency: 7}").terraform.workers == 7


def test_a_table_needs_a_bucket_for_the_trees_that_its_records_name() -> None:
    (problem,) = problems("store: {table: reconciler}\n")
    assert problem.startswith("reconciler.yaml:1:8: store: ")
    assert "a table needs a bucket" in problem
    assert read("store: {table: reconciler, bucket: reconciler-data}\n").store.bucket == "reconciler-data"


# Terraform roots from Git


def test_an_environment_can_override_the_ref() -> None:
    settings = read(
        "git: {url: ./m.git}\n"
        'terraform: {source: {git: {url: "../roots.git", ref: stable, path: terraform}}}\n'
        'environments: {prod: {account: "111122223333", region: eu-central-1, tier: prod, source: {ref: v1.4.0}}}\n'
    )
    settings.check_runnable()
    assert settings.terraform.source.git.url == str(Path.cwd().parent / "roots.git")
    assert settings.environments["prod"].source.ref == "v1.4.0"


def test_a_ref_without_a_repository_is_refused() -> None:
    settings = read(f"git: {{url: ./m.git}}\nenvironments: {{{DEVELOP[:-1]}, source: {{ref: v1}}}}}}\n")
    with pytest.raises(ConfigFailed, match=r"environments.develop.source.ref: v1 .* has no url"):
        settings.check_runnable()


@pytest.mark.parametrize("ref", ["--upload-pack=x", "a..b", "a b", "main@{1}", "x:y", "main~1"])
def test_a_ref_that_is_not_a_name_is_refused_with_its_place(ref: str) -> None:
    found = problems(f'terraform: {{source: {{git: {{url: "./r.git", ref: "{ref}"}}}}}}\n')
    assert "terraform.source.git.ref" in found[0]
    assert "must be the name of a Git branch or tag" in found[0]
