"""The tree of a root has exactly the files that a plan of it can read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.tree import reach, root_names, tree_id

SOURCE = {
    "roots/service/main.tf": b'module "service" {\n  source   = "../../modules/service"\n}\n',
    "roots/service/.terraform.lock.hcl": b"lock",
    "roots/service/README.md": b"",
    "roots/service/prod.tfvars": b"",
    "roots/service/terraform.tfvars.json": b"",
    "roots/service/errored.tfstate": b"",
    "roots/service/terraform.tfstate.backup": b"",
    "roots/service/.terraform/modules/modules.json": b"",
    "roots/service/.terraform/providers/aws": b"",
    "roots/service/plan.tftest.hcl": b"",
    "roots/service/tests/x.tf": b'module "x" { source = "../nowhere" }',
    "roots/service/templates/user.tpl": b"text",
    "roots/platform/main.tf": b'module "network" { source = "../../modules/network" }',
    "modules/service/ecs.tf": b'module "task" { source = "./task" }',
    "modules/service/examples/main.tf": b"",
    "modules/service/task/main.tf": b'module "names" { source = "../../names/" }',
    "modules/names/main.tf": b"",
    "modules/network/main.tf": b"",
}


def test_a_root_reaches_direct_and_indirect_modules() -> None:
    assert set(reach(SOURCE, "service")) == {
        "roots/service/main.tf",
        "roots/service/.terraform.lock.hcl",
        "roots/service/templates/user.tpl",
        "modules/service/ecs.tf",
        "modules/service/task/main.tf",
        "modules/names/main.tf",
    }
    assert set(reach(SOURCE, "platform")) == {"roots/platform/main.tf", "modules/network/main.tf"}


def test_roots_are_the_folders_under_roots() -> None:
    assert root_names({**SOURCE, "roots/README.md": b"", "other/roots/x/main.tf": b""}) == {"platform", "service"}


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
        '# source = "../../modules/gone"',
        '  // source = "../../modules/gone"',
        'name = "x" # source = "../../modules/gone"',
        'source = "registry.example/acme/x/aws"',
        'data_source = "../../modules/gone"',
        'source = "./templates/user.tpl"',
    ],
)
def test_other_sources_than_local_modules_are_not_followed(text: str) -> None:
    source = {"roots/a/main.tf": text.encode(), "roots/a/templates/user.tpl": b""}
    assert set(reach(source, "a")) == set(source)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("../../modules/gone", 'the source "../../modules/gone" in roots/a/main.tf does not exist'),
        ("../../../elsewhere", 'the source "../../../elsewhere" in roots/a/main.tf leaves the Terraform source'),
        ("../..", 'the source "../.." in roots/a/main.tf leaves the Terraform source'),
    ],
)
def test_a_source_outside_of_the_tree_or_missing_is_an_error(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        reach({"roots/a/main.tf": f'module "x" {{ source = "{source}" }}'.encode()}, "a")


def test_a_missing_root_is_an_error() -> None:
    with pytest.raises(ValueError, match="there is no folder roots/x"):
        reach(SOURCE, "x")


trees = st.dictionaries(st.text(max_size=4), st.binary(max_size=4), max_size=4)


@given(trees, trees)
def test_two_trees_have_the_same_id_exactly_if_they_are_equal(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (tree_id(one) == tree_id(other)) == (one == other)


@given(trees)
def test_an_id_does_not_depend_on_the_order_of_files(tree: dict[str, bytes]) -> None:
    assert tree_id(dict(reversed(tree.items()))) == tree_id(tree)


def test_bytes_moved_between_path_and_content_change_the_id() -> None:
    assert tree_id({"ab": b"c"}) != tree_id({"a": b"bc"})
    assert tree_id({"a": b"", "b": b""}) != tree_id({"ab": b""})
