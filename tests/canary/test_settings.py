"""The secrets of the daemon's settings: neither the shown settings nor messages about them hold one."""

from pathlib import Path

import pytest
import yaml

from reconciler.app import parts
from reconciler.cli import main
from reconciler.config.effective import effective
from reconciler.config.load import load
from reconciler.edges.telemetry.metrics import without_userinfo

TOKEN, KEY, SLACK, WEBHOOK = "c4n4ry-of-the-api", "c4n4ry-of-the-marks", "xoxb-c4n4ry-of-slack", "T0/B0/c4n4ryHook"
ROBOT, SESSION = "c4n4ryOfTheRobot", "c4n4ry/Of+TheSession"
SECRETS = {
    "git": {"url": f"https://deploy:{ROBOT}@git.example/manifests.git"},
    "auth": {"token": TOKEN},
    "redaction": {"key": KEY},
    "slack": {"token": SLACK, "channel": "ops"},
    "environments": {"develop": {"account": "123456789012", "region": "eu-central-1", "tier": "develop"}},
}
WRONG = [
    {"auth": "c4n4ry-as-a-section"},
    {"slack": "c4n4ry-as-a-section"},
    {"redaction": {"key": "c4n4ry"}},
    {"auth": {"token": ["c4n4ry"]}},
    {"slack": {"webhook": "https://hooks.slack.example/c4n4ry?x"}},
    {"slack": {"api_url": "https://deploy:c4n4ry@slack.example/"}},
    {"store": {"endpoint": "http://deploy:c4n4ry@127.0.0.1:5000"}},
    {"git": {"url": "https://deploy:c4n4ry@git.example/\x07"}},
]


def write(folder: Path, settings: object) -> Path:
    path = folder / "reconciler.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def run(*arguments: str) -> None:
    with pytest.raises(SystemExit):
        main(list(arguments))


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_settings_are_shown_without_secrets(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("config", "-o", form, "--config", str(write(tmp_path, SECRETS)))
    shown = capsys.readouterr().out
    assert "git.example/manifests.git" in shown
    assert "c4n4ry" not in shown


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_messages_about_wrong_settings_hold_no_secret(
    wrong: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("config", "--config", str(write(tmp_path, wrong)))
    output = capsys.readouterr()
    assert "reconciler.yaml:" in output.err
    assert "c4n4ry" not in output.out + output.err


def test_a_daemon_that_cannot_start_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(settings: object) -> None:
        raise RuntimeError(f"cannot reach https://deploy:{ROBOT}@git.example")

    monkeypatch.setattr("reconciler.app.daemon.serve", broken)
    run("run", "--config", str(write(tmp_path, SECRETS)))
    output = capsys.readouterr().err
    assert "unexpected error: RuntimeError" in output
    assert ROBOT not in output


def test_every_secret_of_the_daemon_is_redacted_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SESSION)
    settings = load(write(tmp_path, SECRETS))
    redactor = parts.redactor(settings)
    for secret in (TOKEN, KEY, SLACK, ROBOT, SESSION):
        assert secret not in redactor.text(f"the text quotes {secret} without a name")
    webhook = {name: value for name, value in SECRETS.items() if name != "slack"}
    hook = f"https://hooks.slack.example/{WEBHOOK}"
    redactor = parts.redactor(load(write(tmp_path, webhook | {"slack": {"webhook": hook}})))
    assert WEBHOOK not in redactor.text(f"posting to {hook} failed")


def test_a_generated_key_is_redacted_too(tmp_path: Path) -> None:
    without = {name: value for name, value in SECRETS.items() if name != "redaction"}
    settings = load(write(tmp_path, without | {"data": str(tmp_path / "data")}))
    redactor = parts.redactor(settings)
    made = (tmp_path / "data" / "redaction.key").read_text().strip()
    assert made not in redactor.text(f"read {made}")


def test_settings_and_metrics_show_the_source_of_the_manifests(tmp_path: Path) -> None:
    url = effective(load(write(tmp_path, SECRETS)))["git"]["url"]
    assert url == "https://********@git.example/manifests.git"
    assert without_userinfo(url) == "https://git.example/manifests.git"
