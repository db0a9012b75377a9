"""Terraform works on the files of a root as Git has them."""

import json
import re
from pathlib import Path

import pytest

from desired_state.files.tree import Executable
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.terraform.code.remote_modules import unpinned
from tests.edges.conftest import ROOT, Stage
from tests.edges.source.author import Author


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


@pytest.fixture
def module(tmp_path: Path) -> Author:
    """Return a module in a repository of its own: a tag, a branch, and a folder in it."""
    (tmp_path / "forge").mkdir()
    author = Author(tmp_path / "forge")
    text = 'output "x" { value = 1 }'
    author.push(**{"main.tf": text, "sub/main.tf": text})
    author.git("push", "--quiet", str(author.bare), "HEAD:refs/heads/stable")
    author.git("push", "--quiet", str(author.bare), "HEAD:refs/tags/v1")
    return author


async def test_a_remote_module_must_not_be_able_to_move(stage: Stage, module: Author) -> None:
    """Terraform clones what two calls share once: the tag is found in the one clone."""
    commit = module.git("rev-parse", "HEAD")
    fixed = ("?ref=v1", "//sub?ref=v1", f"?ref={commit}", "?depth=1&ref=v1")
    for query, message in (("?ref=stable", "ref=stable, which is no tag"), ("//sub", "no `?ref=`"), (None, None)):
        calls = [f'module "m{n}" {{ source = "git::{module.url}{one}" }}\n' for n, one in enumerate(fixed)]
        calls += [f'module "moves" {{ source = "git::{module.url}{query}" }}\n'] if query is not None else []
        async with stage.terraform().workspace(await stage.run(ROOT + "".join(calls), text="v1")) as workspace:
            if message is None:
                await workspace.plan()
                continue
            with pytest.raises(TerraformFailed, match=re.escape(message)) as failed:
                await workspace.plan()
            assert failed.value.reason == Reason.INVALID_CONFIGURATION
            assert failed.value.message.startswith("`module.moves` has ")
            assert f"write `?ref={commit}`" in failed.value.message
            with pytest.raises(TerraformFailed, match="plan first"):
                await workspace.apply()
            await workspace.plan(destroy=True)


async def test_a_tag_that_moved_is_refused_when_the_workspace_is_made_anew(stage: Stage, module: Author) -> None:
    run = await stage.run(ROOT + f'module "m" {{ source = "git::{module.url}//sub?ref=v1" }}\n', text="v1")
    async with stage.terraform().workspace(run) as workspace:
        await workspace.plan()
    first = module.git("rev-parse", "HEAD")
    module.push(**{"sub/main.tf": 'output "x" { value = 2 }'})
    module.git("push", "--quiet", "--force", str(module.bare), "HEAD:refs/tags/v1")
    for work in ("work", "elsewhere"):
        async with stage.terraform(work).workspace(run) as workspace:
            if work == "work":
                await workspace.plan()
                continue
            with pytest.raises(TerraformFailed, match=rf"`module.m` was moved from {first} to [0-9a-f]") as failed:
                await workspace.plan()
            assert failed.value.reason == Reason.INVALID_CONFIGURATION


@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        ("5.1.2", None),
        ("= 5.1", None),
        ("~> 5.0", 'has version = "~> 5.0", which the next release may satisfy: write `version = "5.1.2"`'),
        (">= 5.1.2, < 6", 'write `version = "5.1.2"`'),
        ("", "has no version"),
    ],
)
def test_a_module_of_a_registry_has_one_version(constraint: str, message: str | None, tmp_path: Path) -> None:
    """Written by hand, because no registry can be reached: the form is that of Terraform 1.11."""
    (tmp_path / ".terraform/modules").mkdir(parents=True)
    entry = {"Key": "own.vpc", "Source": "registry.terraform.io/acme/vpc/aws", "Version": "5.1.2"}
    (tmp_path / ".terraform/modules/modules.json").write_text(json.dumps({"Modules": [entry]}))
    call = {"source": "acme/vpc/aws", "version_constraint": constraint, "module": {}}
    own = {"source": "./own", "module": {"module_calls": {"vpc": call}}}
    found = unpinned(tmp_path, {"configuration": {"root_module": {"module_calls": {"own": own}}}})
    assert (found is None) == (message is None)
    assert (message or "") in (found or "")
    assert found is None or found.startswith("`module.own.vpc` ")
