"""A root is given its folder and its modules as Git has them, and the whole source once it may look elsewhere."""

import re

import pytest

from desired_state.files.root_tree import reach
from desired_state.files.tree import Executable, Unavailable

SOURCE = {
    "roots/service/main.tf": b'module "service" {\n  source   = "../../modules/service"\n}\n',
    "roots/service/.terraform.lock.hcl": b"lock",
    "roots/service/README.md": b"See ../../modules/service.",
    "roots/service/common.auto.tfvars": b"",
    "roots/service/tests/x.json": b"{}",
    "roots/service/.hidden/x": b"",
    "roots/service/templates/user.tpl": b"text",
    "roots/service/lambda.zip": b"PK\xff../",
    "roots/platform/main.tf": b'module "network" { source = "../../modules/network" }',
    "modules/service/ecs.tf": b'module "task" { source = "./task" }',
    "modules/service/examples/x.yaml": b"",
    "modules/service/task/main.tf": b'module "names" { source = "../../names/" }\n# f(xs...)',
    "modules/names/main.tf.json": b'{"module": {"z": {"source": "../shared"}}}',
    "modules/shared/x.tf": b"",
    "modules/network/main.tf": b"",
    "policies/a.json": b"{}",
}
SERVICE = {path for path in SOURCE if not path.startswith(("roots/platform", "modules/network", "policies"))}
WHOLE = set(SOURCE)


def with_main(text: str, **more: bytes) -> dict[str, bytes]:
    """Return the source with this text after what the root `service` has in its main.tf."""
    return {**SOURCE, "roots/service/main.tf": SOURCE["roots/service/main.tf"] + text.encode(), **more}


def test_a_root_is_given_its_folder_and_its_modules_as_git_has_them() -> None:
    assert set(reach(SOURCE, "service")) == SERVICE
    assert set(reach(SOURCE, "platform")) == {"roots/platform/main.tf", "modules/network/main.tf"}


def test_modules_that_call_each_other_do_not_loop_forever() -> None:
    source = {
        "roots/a/main.tf": b'module "b" { source = "../../modules/b" }',
        "modules/b/main.tf": b'module "c" { source = "../c" }',
        "modules/c/main.tf": b'module "b" { source = "../b" }',
    }
    assert set(reach(source, "a")) == set(source)


@pytest.mark.parametrize(
    "text",
    [
        'locals { a = file("${path.module}/../../policies/a.json") }',
        'locals { a = fileset("../../policies", "*") }',
        'locals { a = file("${dirname(dirname(path.module))}/policies/a.json") }',
        'locals { a = file(replace(path.module, "roots/service", "policies/a.json")) }',
        'locals { a = file("\\u002e\\u002e/../policies/a.json") }',
        'resource "aws_s3_object" "x" { source = "../../policies/a.json" }',
        'module "x" { source = /* odd */ "../../modules/network" }',
    ],
)
def test_a_root_that_may_look_elsewhere_is_given_the_whole_source(text: str) -> None:
    assert set(reach(with_main(text), "service")) == WHOLE


@pytest.mark.parametrize(
    "more",
    [
        {"roots/service/paths.yaml": b"- ../../policies/a.json"},
        {"modules/names/deep/cleanup.sh": b"cd .. && ls"},
        {"roots/service/program": Executable(b"\x7fELF\xff")},
    ],
)
def test_so_is_one_with_such_a_file(more: dict[str, bytes]) -> None:
    assert set(reach({**SOURCE, **more}, "service")) == WHOLE | set(more)


@pytest.mark.parametrize(
    "text",
    [
        '# source = "../../modules/gone"',
        'output "x" {\n  value = <<EOT\nsource = "./nowhere"\nsource = "../../../elsewhere"\nEOT\n}',
        'module "x" { source = "registry.example/acme/x/aws" }',
        'resource "aws_s3_object" "x" { source = "./templates/user.tpl" }',
    ],
)
def test_a_source_that_leads_nowhere_is_left_to_terraform(text: str) -> None:
    assert set(reach(with_main(text), "service")) >= SERVICE


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        (
            "modules/names/x.tf",
            Unavailable.because("is a symlink: copy it"),
            "modules/names/x.tf is a symlink: copy it",
        ),
        (
            "roots/service/terraform.tfvars.json",
            b"",
            "terraform.tfvars.json is a name that the reconciler writes itself",
        ),
        ("roots/service/backend.tfbackend", b"", "rename the file"),
        ("roots/service/terraform.tfstate", b"", "is a Terraform state: remove it from Git"),
        ("modules/names/errored.tfstate", b"", "is a Terraform state"),
        ("roots/service/.terraform/modules/modules.json", b"", "is what `terraform init` makes anew"),
        ("modules/names/" + "n" * 256, b"", "too long"),
        ("modules/names/a/../b", b"", "has a name that no file can have"),
        ("modules/names", b"", "modules/names is a file and a folder at once"),
        ("modules/names/\udcff", Unavailable.because("is a submodule"), "modules/names/\\xff is a submodule"),
    ],
)
def test_what_cannot_be_had_is_refused_for_the_roots_that_need_it(path: str, content: bytes, message: str) -> None:
    source = {**SOURCE, path: content}
    if path == "modules/names":
        source["roots/service/link.sh"] = Executable(b"")
    with pytest.raises(ValueError, match=re.escape(message)):
        reach(source, "service")
    assert reach(source, "platform")


def test_names_at_the_top_of_the_workspace_are_refused_where_they_would_be_written() -> None:
    for name in (".lock", ".tree", "plan.out", "tfplan"):
        assert name not in reach({**SOURCE, name: b""}, "service")
        with pytest.raises(ValueError, match="is a name that the reconciler writes itself"):
            reach(with_main('# "../.."', **{name: b""}), "service")


def test_a_missing_root_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no folder roots/x"):
        reach(SOURCE, "x")
