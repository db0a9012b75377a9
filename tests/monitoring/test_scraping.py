"""Prometheus of the demo: our configuration with its target, None if Prometheus is missing, an error if it ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from deploy.local.prometheus import PrometheusFailed, render, scraping
from tests.monitoring.conftest import Promtool
from tests.monitoring.rules import PROMETHEUS, alerts, rules
from tests.patience import PATIENCE
from tests.provider.conftest import processes


def test_the_configuration_is_ours_with_one_target(tmp_path: Path, promtool: Promtool) -> None:
    path = render("127.0.0.1:4711", tmp_path, every="2s", pending="3s")
    assert f"{len(rules())} rules found" in promtool("check", "config", path)
    (job,) = yaml.safe_load(path.read_text())["scrape_configs"]
    assert job == {"job_name": "reconciler", "static_configs": [{"targets": ["127.0.0.1:4711"]}]}
    (file,) = (tmp_path / "rules").iterdir()
    rendered = [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    assert {rule["alert"]: rule["for"] for rule in rendered if "alert" in rule} == dict.fromkeys(alerts(), "3s")


def test_without_a_pending_time_the_alerts_keep_their_own(tmp_path: Path) -> None:
    render("127.0.0.1:4711", tmp_path, every="1s", pending=None)
    (file,) = (tmp_path / "rules").iterdir()
    rendered = [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    assert rendered == rules()


def test_without_the_programs_there_is_no_prometheus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with scraping("127.0.0.1:4711", tmp_path / "prometheus", tools=tmp_path / "tools") as prometheus:
        assert prometheus is None
    assert not (tmp_path / "prometheus").exists()


def test_a_prometheus_that_ends_at_once_is_an_error_with_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("prometheus", "promtool"):
        (tmp_path / name).write_text("#!/bin/sh\necho no space left; exit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrometheusFailed, match="no space left"), scraping("127.0.0.1:4711", tmp_path / "p"):
        pass


def test_a_killed_parent_leaves_no_prometheus(tmp_path: Path, promtool: Promtool) -> None:
    script = (
        "from pathlib import Path; import sys, time; from deploy.local.prometheus import scraping\n"
        "with scraping('127.0.0.1:4711', Path(sys.argv[1])): print('up', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROMETHEUS.parents[1], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        assert len(processes(f"--config.file={tmp_path}")) == 1
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while processes(f"--config.file={tmp_path}"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
