"""Roots that would run or read something on the daemon's machine: each is refused with its file and line."""

import contextlib
import json

import hcl2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.files.tree import Tree
from reconciler.core.code.allowances import NOTHING, Allowances
from reconciler.core.code.blocks import blocks_of
from reconciler.core.code.refusals import refusals
from reconciler.core.code.tokens import tokens_of
from reconciler.edges.store.trees import read_tree
from tests.structure.sources import ROOT

MAIN = "roots/app/main.tf"
DATA = 'resource "terraform_data" "x" {\n'
AWS = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
OURS = """provider "aws" {
  region = var.environment.region
  dynamic "assume_role" {
    for_each = var.aws.role_arn == null ? [] : [var.aws.role_arn]
    content {
      role_arn = assume_role.value
    }
  }
}
"""
# A parser that takes `$${"` as one token reads what follows as a string, up to the next quote.
HIDDEN = 'locals {\n  a = "$${" # }\n}\n' + DATA + "  provisioner local-exec {\n    command = <<X\nid\nX\n  }\n}\n"
AFTER_MARKER = "locals {\n  a = <<X\nX \n}\nresource terraform_data x {\n  provisioner local-exec {}\n}\n"


def tree_of(text: str, **more: str) -> Tree:
    return {MAIN: text.encode(), **{path.replace("__", "/"): content.encode() for path, content in more.items()}}


def found(text: str, allowances: Allowances = NOTHING, **more: str) -> list[str]:
    return [str(one) for one in refusals(tree_of(text, **more), "app", allowances)]


@pytest.mark.parametrize(
    ("text", "line", "what", "allowed"),
    [
        (
            DATA + '  provisioner "local-exec" {\n    command = "id"\n  }\n}',
            2,
            "provisioner `local-exec`",
            "provisioners",
        ),
        (DATA + '  provisioner "remote-exec" {}\n}', 2, "provisioner `remote-exec`", "provisioners"),
        (DATA + '  provisioner "file" {}\n}', 2, "provisioner `file`", "provisioners"),
        (DATA + '  connection {\n    host = "x"\n  }\n}', 2, "`connection`", "provisioners"),
        ("resource terraform_data x {\n  provisioner local-exec {}\n}", 2, "provisioner `local-exec`", "provisioners"),
        ('removed {\n  from = a.b\n  provisioner "local-exec" {}\n}', 3, "provisioner `local-exec`", "provisioners"),
        (HIDDEN, 5, "provisioner `local-exec`", "provisioners"),
        (AFTER_MARKER, 6, "provisioner `local-exec`", "provisioners"),
        ('data "external" "x" {\n  program = ["id"]\n}', 1, "provider hashicorp/external", "providers"),
        ('check "c" {\n  data "external" "x" {\n  }\n}', 2, "provider hashicorp/external", "providers"),
        ('ephemeral "external" "x" {}', 1, "provider hashicorp/external", "providers"),
        ('data "exter\\u006eal" "x" {}', 1, "provider hashicorp/external", "providers"),
        ('data "http" "x" {}', 1, "provider hashicorp/http", "providers"),
        ('data "local_file" "x" {}', 1, "provider hashicorp/local", "providers"),
        ('resource "null_resource" "x" {}', 1, "provider hashicorp/null", "providers"),
        ('resource "aws_eip" "x" {\n  provider = evil.x\n}', 1, "provider hashicorp/evil", "providers"),
        ('provider "external" {}', 1, "provider hashicorp/external", "providers"),
        (AWS.replace("hashicorp", "evil"), 3, "provider evil/aws", "providers"),
        (
            AWS.replace("hashicorp/aws", "evil.example/hashicorp/aws"),
            3,
            "provider evil.example/hashicorp/aws",
            "providers",
        ),
        (AWS.replace('"hashicorp/aws"', 'true ? "evil/x" : "hashicorp/aws"'), 3, "without a plain source", None),
        (AWS.replace("source", '"sou\\u0072ce"').replace("hashicorp", "evil"), 3, "provider evil/aws", "providers"),
        (f'{OURS}provider "aws" {{\n  alias = "b"\n  profile = "x"\n}}', 12, "setting `profile`", "provider_settings"),
        *[
            (f'provider "aws" {{\n  {name} = "x"\n}}', 2, f"setting `{name}`", "provider_settings")
            for name in ("access_key", "shared_config_files", "https_proxy", "custom_ca_bundle", "profile")
        ],
        ('provider "aws" {\n  endpoints {\n    sts = "x"\n  }\n}', 2, "setting `endpoints`", "provider_settings"),
        ('provider "aws" {\n  dynamic "endpoints" {\n  }\n}', 2, "setting `endpoints`", "provider_settings"),
        (
            'provider "aws" {\n  assume_role {\n    role_arn = "a"\n  }\n}',
            2,
            "setting `assume_role`",
            "provider_settings",
        ),
        (OURS.replace("assume_role.value", 'trim("arn")'), 3, "setting `assume_role`", "provider_settings"),
        (OURS.replace("? []", '? ["arn"]'), 3, "setting `assume_role`", "provider_settings"),
        (
            'provider "aws" {\n  assume_role_with_web_identity {}\n}',
            2,
            "setting `assume_role_with",
            "provider_settings",
        ),
        ('terraform {\n  backend "http" {}\n}', 2, "backend http", None),
        (
            'terraform {\n  backend "s3" {\n    shared_config_files = ["x"]\n  }\n}',
            2,
            "`shared_config_files` of the",
            None,
        ),
        ("terraform {\n  cloud {}\n}", 2, "`cloud`", None),
        ('data "terraform_remote_state" "x" {}', 1, "terraform_remote_state", "remote_state"),
        ('check "c" {\n  data "terraform_remote_state" "x" {}\n}', 2, "terraform_remote_state", "remote_state"),
        ('module "x" {\n  source = "git::https://forge/x"\n}', 1, "'git::https://forge/x'", "modules"),
        ('module "x" {\n  source = "../../../../other"\n}', 1, "'../../../../other'", None),
        ('module "x" {\n  source = "/etc"\n}', 1, "'/etc'", None),
        ('module "x" {\n  source = "a${1}"\n}', 1, "no source that is a plain text", None),
        ('output "x" {\n  value = file("/proc/self/environ")\n}', 2, "`file`", "files"),
        ('output "x" {\n  value = core::file("/proc/self/environ")\n}', 2, "`file`", "files"),
        ('output "x" { value = "a ${1 + length(file("~/.aws/credentials"))}" }', 1, "`file`", "files"),
        ('locals {\n  x = <<-X\n    %{ if file(\n      "/etc/passwd") == "" }%{ endif }\n  X\n}', 3, "`file`", "files"),
        ('locals {\n  x = filebase64("${path.module}/../../../x")\n}', 2, "`filebase64`", "files"),
        ('locals {\n  x = file("${path.module}/${var.x}")\n}', 2, "`file`", "files"),
        ("locals {\n  x = filesha256(var.x)\n}", 2, "`filesha256`", "files"),
        ('locals {\n  x = fileset("${path.root}/a", "../../*")\n}', 2, "`fileset` has a pattern", "files"),
        ('locals {\n  x = pathexpand("~")\n}', 2, "`pathexpand`", "files"),
        ("locals {\n  x = templatestring(local.y, {})\n}", 2, "`templatestring`", "files"),
        (
            'locals {\n  x = templatefile("${path.module}/terraform.tfvars.json", {})\n}',
            2,
            "not a file of the tree",
            "files",
        ),
        ('resource "aws_s3_object" "x" {\n  source = "/proc/self/environ"\n}', 2, "`source` reads", "files"),
        ('resource "aws_lambda_function" "x" {\n  filename = var.x\n}', 2, "`filename` reads", "files"),
        ('variable "x" {\n  default = "$$${1}"\n}', 2, "two ways", None),
        ('locals {\n  a = "\n}', 2, "cannot be read", None),
        ("\xff\xfe", 1, "cannot be read", None),
    ],
)
def test_a_hostile_root_is_refused_with_its_line(text: str, line: int, what: str, allowed: str | None) -> None:
    refused = found(text)
    assert any(one.startswith(f"{MAIN}:{line}: ") and what in one for one in refused), refused
    everything = Allowances(
        providers=frozenset({"hashicorp/external", "hashicorp/http", "hashicorp/local", "hashicorp/null"})
        | {"hashicorp/evil", "evil/aws", "evil.example/hashicorp/aws"},
        modules=frozenset({"git::https://forge/"}),
        provisioners=True,
        files=True,
        remote_state=True,
        provider_settings=frozenset({"access_key", "profile", "shared_config_files", "shared_credentials_files"})
        | {"https_proxy", "custom_ca_bundle", "endpoints", "assume_role", "assume_role_with_web_identity"},
    )
    assert (found(text, everything) == []) == (allowed is not None)


@pytest.mark.parametrize(
    "code",
    [
        {"resource": {"terraform_data": {"x": {"provisioner": {"local-exec": {"command": "id"}}}}}},
        {"resource": [{"terraform_data": [{"x": [{"provisioner": [{"local-exec": {"command": "id"}}]}]}]}]},
        {"output": {"x": {"value": '${file("/proc/self/environ")}'}}},
        {"terraform": {"required_providers": {"aws": {"source": "evil/aws"}}}},
        {"provider": {"aws": [{"alias": "x"}, {"profile": "x"}]}},
        {"check": {"c": {"data": {"external": {"x": {"program": ["id"]}}}}}},
        {"resource": {"aws_eip": {"x": {"provider": "evil.x"}}}},
        {"terraform": {"backend": {"gcs": {}}}},
        {"module": {"x": {"source": "git::https://forge/x"}}},
    ],
)
def test_the_same_in_json(code: object) -> None:
    assert len(found("", roots__app__more_tf_json="{}")) == 0
    (one,) = refusals({"roots/app/main.tf.json": json.dumps(code, indent=1).encode()}, "app", NOTHING)
    assert one.path == "roots/app/main.tf.json"


def test_a_key_that_stands_twice_in_json_counts_twice() -> None:
    text = '{"provider": {"aws": {"profile": "x"}},\n "provider": {"aws": {"region": "x"}}}'
    assert len(refusals({"roots/app/a.tf.json": text.encode()}, "app", NOTHING)) == 1


def test_modules_of_the_tree_are_read_too_and_others_are_not() -> None:
    call = 'module "a" {\n  source = "../../modules/a"\n}\n'
    bad = DATA + '  provisioner "local-exec" {}\n}\n'
    tree = {MAIN: call.encode(), "modules/a/x.tf": bad.encode(), "modules/b/x.tf": bad.encode()}
    assert [(one.path, one.line) for one in refusals(tree, "app", NOTHING)] == [("modules/a/x.tf", 2)]
    role = tree | {"modules/a/x.tf": OURS.encode()}
    assert "assume_role" in str(refusals(role, "app", NOTHING)), "a module's `var.aws` is what its caller says"


def test_a_template_of_the_tree_may_not_read_files_itself() -> None:
    text = 'locals {\n  x = templatefile("${path.module}/a.tpl", {})\n}'
    for content, refused in (("hello ${name}", 0), ('${file("/proc/self/environ")}', 1), ("$${file(1)}", 0)):
        assert len(refusals({**tree_of(text), "roots/app/a.tpl": content.encode()}, "app", NOTHING)) == refused


def test_a_refusal_is_one_short_line_whatever_the_code_says() -> None:
    (one,) = found('module "x" {\n  source = "git::https://forge/' + "a" * 5000 + '"\n}')
    assert len(one) <= 400
    (one,) = found(DATA + '  provisioner "a\\nb\\u202e" {}\n}')
    assert one.isprintable()
    assert not Allowances(modules=frozenset({"git::https://forge/a/"})).admits_module("git::https://forge/a/../b")


def test_ordinary_code_is_not_refused() -> None:
    text = AWS + OURS + (
        'locals {\n  a = file("${path.module}/a.json") /* b */\n  b = fileset(path.root, "*.json")\n'
        '  c = "^[a-z]$" # "\n  d = { for k, v in var.x : k => "%{if v}$${v}%{else}%{endif}" }\n'
        '  provisioner = { file = "x" }\n}\nresource "aws_s3_object" "x" {\n  source = "${path.module}/a.json"\n}\n'
        'resource "aws_lambda_function" "x" {\n  filename = null\n}\ndata "aws_region" "x" {}\n'
    )  # fmt: skip
    assert found(text) == []


@pytest.mark.parametrize("root", ["account", "platform", "service"])
def test_the_shipped_roots_need_no_allowance(root: str) -> None:
    assert refusals(read_tree(ROOT / "terraform"), root, NOTHING) == ()


def test_the_blocks_are_those_of_another_parser() -> None:
    """python-hcl2 reads the shipped code, where nothing is hidden from it, in the same way."""
    for path in sorted((ROOT / "terraform").rglob("*.tf")):
        text = path.read_text()
        theirs = hcl2.loads(text)
        ours = [block.type for block in blocks_of(path.name, text.encode())]
        assert {kind: ours.count(kind) for kind in set(ours)} == {
            kind: len(blocks) for kind, blocks in theirs.items() if isinstance(blocks, list) and kind != "__comments__"
        }, path


@given(st.text(st.sampled_from('ab"${}%~\\\n\r#/*<-X=. ,()[]:é\0'), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert sum(token.kind == "newline" for token in tokens_of(text)) <= text.count("\n")
