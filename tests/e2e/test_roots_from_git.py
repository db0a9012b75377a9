"""A platform team promotes a Terraform module by moving refs, with the daemon as a process and real git."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from tests import roles
from tests.e2e.daemon import ACCOUNT, ROOT, Daemon, module
from tests.edges.source.author import Author

pytestmark = pytest.mark.aws
FILE = "terraform/roots/probe/main.tf"
BROKEN = 'resource "terraform_data" "broken" {\n  provisioner "local-exec" {\n    command = "exit 1"\n  }\n}\n'


def version(number: int, more: str = "") -> str:
    """The probe root of that version: its output names it."""
    return ROOT.replace("input = var.text", f'input = "v{number} ${{var.text}}"') + more


def push(author: Author, text: str, *refs: str) -> None:
    author.push(**{FILE: text})
    for ref in refs:
        author.git("push", "--quiet", "--force", str(author.bare), f"HEAD:{ref}")


@pytest.fixture
def author(tmp_path: Path) -> Author:
    (tmp_path / "forge").mkdir()
    return Author(tmp_path / "forge")


@pytest.fixture
def settings(author: Author, aws: StandIn) -> dict[str, Any]:
    place = {"account": ACCOUNT, "region": aws.region, "endpoint": aws.endpoint, "role": roles.ROLE}
    return {
        "terraform": {
            "source": {"git": {"url": author.url, "path": "terraform"}},
            "lock_timeout": "1s",
            "allow": {"provisioners": True},
        },
        "environments": {
            "develop": {**place, "tier": "develop"},
            "prod": {**place, "tier": "prod", "floor": {"mode": "auto"}, "source": {"ref": "v1"}},
        },
    }


def test_a_module_change_goes_where_its_ref_goes_and_stops_where_it_breaks(
    author: Author, aws: StandIn, tmp_path: Path, settings: dict[str, Any]
) -> None:
    push(author, version(1), "refs/tags/v1")
    daemon = Daemon(tmp_path, aws, more=settings)
    saved = 0

    def look() -> None:
        """Have the daemon fetch at once: it looks when a manifest is saved."""
        nonlocal saved
        saved += 1
        daemon.write({"note.yaml": f"# {saved}\n"})

    def prod() -> dict[str, Any]:
        return daemon.get("api/v1/instances/prod/alpha") or {}

    def shown() -> list[str]:
        return [str(one["message"]) for one in (daemon.get("api/v1/source") or {"problems": ()})["problems"]]

    daemon.write({"alpha.yaml": module("alpha", environments="[develop, prod]", text="one")})
    daemon.start()
    try:
        daemon.until(lambda: daemon.instance("alpha").get("current") and prod().get("current"))

        push(author, version(2))
        look()
        daemon.until(lambda: daemon.text("alpha") == "v2 one" and daemon.instance("alpha")["current"])
        assert prod()["current"], "its ref did not move"
        for environment, text in (("develop", "v2"), ("prod", "v1")):
            there = tmp_path / environment
            rendered = daemon.run("render", f"{environment}/alpha", str(there), "--repo", str(daemon.manifests))
            assert rendered.returncode == 0, rendered.stderr
            assert f'"{text} ' in (there / "roots/probe/main.tf").read_text()

        push(author, version(3, BROKEN), "refs/tags/v1")
        look()
        daemon.until(lambda: prod().get("reason") == "RolloutHeld" and "ApplyFailed" in prod()["message"])
        assert prod()["terraform_tree"]["running"] != prod()["terraform_tree"]["wanted"]

        push(author, version(4), "refs/tags/v1")
        look()
        daemon.until(lambda: daemon.instance("alpha")["current"] and prod()["current"])
        assert (daemon.text("alpha"), prod()["reason"]) == ("v4 one", "Applied")

        author.git("push", "--quiet", str(author.bare), ":refs/tags/v1")
        look()
        daemon.until(lambda: any("'v1'" in message and "stays in use" in message for message in shown()))
        assert prod()["current"]
    finally:
        daemon.stop()
