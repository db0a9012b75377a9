"""Base of the demo's steps: queries to the daemon, and manifests to push."""

from typing import Any

import yaml

from deploy.local.demo.evidence import Aws
from deploy.local.demo.stage import Stage
from deploy.local.display import Display, StepFailed
from deploy.local.watch import Watch
from deploy.local.workplace import ROOT
from desired_state.reading.merge import merge_patch

SERVICES = ("catalog", "ledger", "orders", "payments")
EXAMPLES = ROOT / "desired_state" / "examples"


class Scene(Watch):
    """Stage, display and AWS clients, with queries to the daemon."""

    def __init__(self, stage: Stage, display: Display) -> None:
        super().__init__(stage, display)
        self._stage = stage
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

    def _daemon_ended(self) -> tuple[bool | None, str]:
        return (None, "an apply is finishing") if self._stage.daemon_runs else (True, "")
