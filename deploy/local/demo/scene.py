"""Base of the demo's steps: queries to the daemon, and manifests to push."""

import json
import urllib.request
from typing import Any

import yaml

from deploy.local.demo.display import Display, StepFailed, require
from deploy.local.demo.evidence import Aws
from deploy.local.demo.stage import ROOT, Stage
from desired_state.merge import merge_patch

SERVICES = ("catalog", "ledger", "orders", "payments")
EXAMPLES = ROOT / "desired_state" / "examples"


class Scene:
    """Stage, display and AWS clients, with queries to the daemon."""

    def __init__(self, stage: Stage, display: Display) -> None:
        self._stage = stage
        self._display = display
        self._aws = Aws(stage)

    def _platform(self) -> str:
        """Return the example platform of develop with a certificate, which operators request beforehand."""
        document = yaml.safe_load((EXAMPLES / "platforms" / "develop.yaml").read_text())
        document["spec"]["alb"]["certificateArn"] = self._aws.certificate("develop.example.com")
        return str(yaml.safe_dump(document, sort_keys=False))

    def _prod(self, *, cost_center: str) -> str:
        """Return the example platform of production without change windows, because the demo runs at any hour.

        Its secrets are removed: their rotation needs a function that this account does not have.
        """
        document = yaml.safe_load((EXAMPLES / "platforms" / "prod.yaml").read_text())
        spec = document["spec"]
        spec["alb"]["certificateArn"] = self._aws.certificate("prod.example.com")
        spec["tags"]["costCenter"] = cost_center
        del spec["policy"], spec["secrets"]
        return str(yaml.safe_dump(document, sort_keys=False))

    def _examples(self) -> dict[str, str]:
        """Return the example repository without prod, which has its own step, and without the account's audit."""
        files = {str(path.relative_to(EXAMPLES)): path.read_text() for path in EXAMPLES.rglob("*") if path.is_file()}
        for name in SERVICES:
            document = yaml.safe_load(files[f"services/{name}.yaml"])
            document["spec"]["environments"].remove("prod")
            del document["overrides"]["prod"]
            files[f"services/{name}.yaml"] = yaml.safe_dump(document, sort_keys=False)
        del files["platforms/prod.yaml"], files["account.yaml"]
        return files | {"platforms/develop.yaml": self._platform()}

    def _spec(self, name: str) -> dict[str, Any]:
        """Return the merged spec of an example service in develop."""
        document = yaml.safe_load((EXAMPLES / "services" / f"{name}.yaml").read_text())
        merged = merge_patch(document["spec"], document["overrides"]["develop"])
        if not isinstance(merged, dict):
            raise StepFailed(f"{name}.yaml has no spec")
        return merged

    def _edited(self, name: str, *, memory: int | None = None, tag: str | None = None, **env: str) -> str:
        document = yaml.safe_load((self._stage.clone / "services" / f"{name}.yaml").read_text())
        spec = document["spec"]
        spec["memory"] = memory or spec["memory"]
        document["overrides"]["develop"]["env"] |= env
        if tag:
            spec["image"] = {"tag": tag}
        return str(yaml.safe_dump(document, sort_keys=False))

    def _wait_for_fetch(self, commit: str) -> None:
        def poll() -> tuple[bool | None, str]:
            accepted = self._api("source")["commit"]
            return (True, "") if accepted == commit else (None, f"the daemon is at {str(accepted)[:7]}")

        self._display.wait("the daemon's fetch", poll)

    def _wait_until_idle(self) -> None:
        """Wait until the daemon has passed every instance, all are ready, and no pass runs."""

        def poll() -> tuple[bool | None, str]:
            self._require_daemon()
            health, instances = self._health(), self._api("instances")["instances"]
            if not health["ready"]:
                return None, "no commit was accepted yet"
            if self._passes() < len(instances):
                return None, f"{self._passes():.0f} passes of {len(instances)} instances"
            busy = [f"{i['key']} {i['reason']}" for i in instances if not i["ready"]]
            return (True, "") if not busy and not health["running"] else (None, ", ".join(busy) or "a pass is running")

        self._display.wait("an idle daemon", poll)

    def _passes(self) -> float:
        """Return the number of passes that this daemon has made."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._stage.http_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("reconciler_passes_total{"))

    def _daemon_ended(self) -> tuple[bool | None, str]:
        return (None, "an apply is finishing") if self._stage.daemon_runs else (True, "")

    def _require_daemon(self) -> None:
        require(self._stage.daemon_runs, f"the daemon ended; its log is {self._stage.log}")

    def _health(self) -> dict[str, Any]:
        return self._get("healthz")

    def _api(self, path: str) -> dict[str, Any]:
        return self._get(f"api/v1/{path}")

    def _get(self, path: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._stage.http_port}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                document: dict[str, Any] = json.load(answer)
                return document
        except OSError:
            return {"instances": [], "problems": [], "commit": None, "ready": False}
