"""Terraform works on the files of a root as Git has them."""

from desired_state.tree import Executable
from tests.edges.conftest import ROOT, Stage


async def test_terraform_gets_the_files_of_the_root_as_git_has_them(stage: Stage) -> None:
    """A program runs, tests and documents are found, and a manifest's input wins over a `*.auto.tfvars`."""
    root = ROOT + (
        'output "files" { value = join(" ", fileset(path.module, "tests/*")) }\n'
        'output "readme" { value = file("${path.module}/README.md") }\n'
        'resource "terraform_data" "program" {\n  provisioner "local-exec" { command = "./program" }\n}\n'
    )
    program = Executable(b"#!/bin/sh\ntouch ran\n")
    more = {"program": program, "tests/a.json": b"{}", "README.md": b"hello", "x.auto.tfvars": b'text = "other"'}
    async with stage.terraform().workspace(await stage.run(root, more=more, text="mine")) as workspace:
        await workspace.plan()
        assert await workspace.apply() == {"text": "mine", "files": "tests/a.json", "readme": "hello"}
    assert (stage.root() / "ran").exists()
