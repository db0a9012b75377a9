"""Ten faults, of every family at least one, against a real daemon; `make chaos` injects two hundred of all kinds.

At the end everything is as Git asks for it, nothing is lost, made twice or left behind, and no foreign lock was broken.
"""

from pathlib import Path

import pytest

from reconciler.provider.package import PackageNotFound, locate
from tests.chaos.run import run
from tests.chaos.schedule import BY_NAME
from tests.chaos.table import text
from tests.provider.terraform_runs import mirrors

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds processes where Linux shows them"),
]

KINDS = (
    "container-killed",
    "disk-full",
    "clock-ahead",
    "history-rewritten",
    "terraform-killed",
    "warm-provider-killed",
    "aws-errs",
    "plan-corrupted",
    "foreign-lock-released",
    "person-changes-aws",
)
SEED = 2024


@pytest.mark.timeout(900)
@pytest.mark.chaos
def test_faults_of_every_family_are_survived(tmp_path: Path) -> None:
    try:
        locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")
    kinds = [BY_NAME[name] for name in KINDS]
    log = tmp_path / "daemon.log"
    results = run(seed=SEED, number=len(kinds), kinds=kinds, within=800, say=print, log=log)
    assert results.passed, f"{text(results)}\n{log.read_text()}"
