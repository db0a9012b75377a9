"""The daemon's own secrets: no settings that are shown, no complaint about them and no text holds one."""

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


def written(folder: Path, settings: object) -> Path:
    path = folder / "reconciler.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def run(*arguments: str) -> None:
    with pytest.raises(SystemExit):
        main(list(arguments))


@pytest.mark.parametrize("form", ["table", "json"])
def test_the_settings_are_shown_without_secrets(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("config", "-o", form, "--config", str(written(tmp_path, SECRETS)))
    shown = capsys.readouterr().out
    assert "git.example/manifests.git" in shown
    assert "c4n4ry" not in shown


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_is_wrong_with_settings_is_told_without_secrets(
    wrong: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("config", "--config", str(written(tmp_path, wrong)))
    told = capsys.readouterr()
    assert "reconciler.yaml:" in told.err
    assert "c4n4ry" not in told.out + told.err


def test_a_daemon_that_cannot_start_tells_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(settings: object) -> None:
        raise RuntimeError(f"cannot reach https://deploy:{ROBOT}@git.example")

    monkeypatch.setattr("reconciler.app.daemon.serve", broken)
    run("run", "--config", str(written(tmp_path, SECRETS)))
    told = capsys.readouterr().err
    assert "unexpected error: RuntimeError" in told
    assert ROBOT not in told


def test_every_secret_of_the_daemon_is_known_word_for_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SESSION)
    settings = load(written(tmp_path, SECRETS))
    redactor = parts.redactor(settings)
    for secret in (TOKEN, KEY, SLACK, ROBOT, SESSION):
        assert secret not in redactor.text(f"nothing says what {secret} is")
    webhook = {name: value for name, value in SECRETS.items() if name != "slack"}
    hook = f"https://hooks.slack.example/{WEBHOOK}"
    redactor = parts.redactor(load(written(tmp_path, webhook | {"slack": {"webhook": hook}})))
    assert WEBHOOK not in redactor.text(f"posting to {hook} failed")


def test_a_key_that_was_made_is_known_too(tmp_path: Path) -> None:
    without = {name: value for name, value in SECRETS.items() if name != "redaction"}
    settings = load(written(tmp_path, without | {"data": str(tmp_path / "data")}))
    redactor = parts.redactor(settings)
    made = (tmp_path / "data" / "redaction.key").read_text().strip()
    assert made not in redactor.text(f"read {made}")


def test_neither_settings_nor_metrics_hide_where_manifests_come_from(tmp_path: Path) -> None:
    url = effective(load(written(tmp_path, SECRETS)))["git"]["url"]
    assert url == "https://********@git.example/manifests.git"
    assert without_userinfo(url) == "https://git.example/manifests.git"
