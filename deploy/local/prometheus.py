"""A real Prometheus that scrapes one daemon with our rules, for the demo and the tests.

    with scraping("127.0.0.1:8080", folder) as prometheus:
        if prometheus is None:      # not available on this machine
            …
        prometheus.values("reconciler_queue_depth")

Its configuration is `deploy/prometheus/prometheus.yml` with another target, shorter intervals and no Alertmanager. It
ends with the process that started it, even if that is killed; it must be started from the main thread.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.local.tools import TOOLS, ToolMissing, ensure_prometheus
from reconciler.provider.processes import tether

DIRECTORY = Path(__file__).resolve().parents[1] / "prometheus"
READY_WITHIN = 60.0
_ENDS_WITHIN = 20.0
_ANSWERS_WITHIN = 30.0


class PrometheusFailed(Exception):
    """Prometheus did not start; the message contains the end of its log."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that is pending or firing."""

    name: str
    state: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Return the instant vector of an expression: labels and value of each series. Raises: OSError."""
        quoted = urllib.parse.urlencode({"query": expression})
        result = self._get(f"query?{quoted}")["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def values(self, expression: str) -> list[float]:
        """Return only the values of an expression. Raises: OSError."""
        return [value for _, value in self.query(expression)]

    def alerts(self, *names: str) -> list[Alert]:
        """Return the pending and firing alerts, all of them or those with these names. Raises: OSError."""
        found = [
            Alert(item["labels"]["alertname"], item["state"], item["labels"], item["annotations"])
            for item in self._get("alerts")["alerts"]
        ]
        return [alert for alert in found if not names or alert.name in names]

    def rule_errors(self) -> list[str]:
        """Return the last error of every rule whose evaluation failed. Raises: OSError."""
        rules = [rule for group in self._get("rules")["groups"] for rule in group["rules"]]
        return [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule.get("lastError")]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=_ANSWERS_WITHIN) as answer:  # noqa: S310 - ours, on loopback
            return json.load(answer)["data"]


@contextlib.contextmanager
def scraping(
    target: str, folder: Path, *, every: str = "1s", pending: str | None = None, tools: Path = TOOLS
) -> Iterator[Prometheus | None]:
    """Scrape `target` (host:port) for the length of a block; yield None when no Prometheus is available.

    All its files are in `folder`. `pending` replaces the `for` of every alert, so that alerts fire soon.
    Raises: PrometheusFailed.
    """
    try:
        program = ensure_prometheus(tools).prometheus
    except ToolMissing:
        yield None
        return
    configuration = render(target, folder, every=every, pending=pending)
    port = _free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(_command(program, configuration, port), cwd=folder, stdout=log, stderr=log)
    try:
        _until_ready(process, port, folder / "prometheus.log")
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def render(target: str, folder: Path, *, every: str, pending: str | None) -> Path:
    """Write our configuration and rules for one target. Returns the path of the configuration."""
    rules = folder / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    for path in (DIRECTORY / "rules").glob("*.rules.yml"):
        document = yaml.safe_load(path.read_text())
        for rule in [rule for group in document["groups"] for rule in group["rules"]]:
            if pending is not None and "alert" in rule:
                rule["for"] = pending
        (rules / path.name).write_text(yaml.safe_dump(document))
    document = yaml.safe_load((DIRECTORY / "prometheus.yml").read_text())
    del document["alerting"]
    document["global"] = {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every}
    (job,) = document["scrape_configs"]
    job["static_configs"] = [{"targets": [target]}]
    configuration = folder / "prometheus.yml"
    configuration.write_text(yaml.safe_dump(document))
    return configuration


def _command(program: Path, configuration: Path, port: int) -> Sequence[str]:
    return [
        *(sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), str(program)),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={configuration.parent / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]


def _until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5):
            return
        time.sleep(0.1)
    raise PrometheusFailed(f"Prometheus did not become ready: {log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
