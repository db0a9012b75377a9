"""A judge of the platform engineers' own, with the daemon as a process: `reconciler plan` and the daemon agree."""

from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from tests.e2e.daemon import Daemon, module

pytestmark = pytest.mark.aws

# It reads the plan twice, once as conftest does and once as checkov does.
JUDGE = (
    'grep -q forbidden && { echo "FAIL - $RECONCILER_INSTANCE says what is forbidden"; exit 1; }; '
    '! grep -q forbidden "$0"'
)


def test_what_a_judge_denies_is_not_applied_until_it_allows(aws: StandIn, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, aws, more={"policy": {"command": ["/bin/sh", "-c", JUDGE, "{plan}"]}})
    daemon.write({"alpha.yaml": module("alpha", text="forbidden"), "beta.yaml": module("beta", text="fine")})
    planned = daemon.run("plan", "--repo", str(daemon.manifests))
    assert planned.returncode == 1
    assert "FAIL - develop/alpha says what is forbidden" in planned.stdout
    daemon.start()
    try:
        daemon.until_settled("beta")
        told = daemon.until_reason("alpha", "PolicyDenied")["message"]
        assert told.endswith("`/bin/sh` denies the plan (exit code 1): FAIL - develop/alpha says what is forbidden")
        assert daemon.text("alpha") is None
        daemon.write({"alpha.yaml": module("alpha", text="allowed")})
        daemon.until_settled("alpha")
        assert daemon.text("alpha") == "allowed"
        assert not list((daemon.folder / "data" / "work").glob("**/policy"))
    finally:
        daemon.stop()
