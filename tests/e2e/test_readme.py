"""The commands and links of the README: the commands work, and the linked files exist."""

import re
import subprocess
from pathlib import Path

import pytest

from desired_state.kinds.manifest import read
from desired_state.reading.document import parse
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.aws
def test_the_commands_to_try_by_hand_run_as_they_stand() -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(["bash", "-em"], input=script, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 instances would change" in done.stdout


def test_the_manifest_that_it_shows_is_valid() -> None:
    (manifest,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (document,) = parse("README.md", manifest.encode()).documents
    assert not isinstance(read(document), tuple)


@pytest.mark.parametrize(
    "page", sorted(str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(target).exists(), target
