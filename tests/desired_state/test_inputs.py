"""The inputs of a Module fit the variables of its root, or the message says what does not."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.files.variables import Type, Variable, variables_of
from desired_state.snapshot import Snapshot, build
from tests.desired_state.manifests import DEVELOP, document, messages, module, to_yaml

MAIN = """\
variable "environment" {}
variable "name" { type = string }
variable "retention" {
  type    = number
  default = 30
  validation {
    condition     = var.retention > 0
    error_message = "retention ${var.retention} must be positive }"
  }
}
variable "flag" {
  type     = bool
  default  = false
  nullable = false
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "zones" {
  type    = set(string)
  default = []
}
variable "pair" {
  type    = tuple([string, number])
  default = ["a", 1]
}
variable "free" { default = null }
variable rules {
  type = list(object({
    port = number, # a comment, with a brace }
    from = optional(string, "} not the end")
    deep = optional(object({ on = bool }))
  }))
  default     = []
  description = <<-EOT
    variable "not_one" {}
  EOT
}
"""
ROOT = {"roots/audit/main.tf": MAIN.encode()}


def built(inputs: Any, roots: Mapping[str, bytes] = ROOT) -> Snapshot:
    manifest = module(inputs=None)
    manifest["spec"]["inputs"] = inputs
    return build(commit="c", files={"audit.yaml": to_yaml(manifest)}, roots=roots, environments=DEVELOP)


def problems(inputs: Any, roots: Mapping[str, bytes] = ROOT) -> list[str]:
    return messages(built(inputs, roots).problems)


@pytest.mark.parametrize(
    ("inputs", "message", "followed"),
    [
        ({"name": "a", "nmae": 1}, 'the root audit has no variable "nmae": the choices are', {"name": "a"}),
        (
            {"name": "a", "retentoin": 1},
            'the root audit has no variable "retentoin": did you mean "retention"?',
            {"name": "a", "retention": 1},
        ),
        ({"name": 7.5}, "inputs.name must be text: put it in quotes", {"name": "7.5"}),
        ({"name": ["a"]}, "inputs.name must be text", {"name": "a"}),
        (
            {"name": "a", "retention": "7"},
            "inputs.retention must be a number: write it without quotes",
            {"name": "a", "retention": 7},
        ),
        ({"name": "a", "retention": True}, "inputs.retention must be a number", {"name": "a", "retention": 1}),
        (
            {"name": "a", "flag": "true"},
            "inputs.flag must be true or false: write it without quotes",
            {"name": "a", "flag": True},
        ),
        ({"name": "a", "flag": 1}, "inputs.flag must be true or false", {"name": "a", "flag": True}),
        (
            {"name": "a", "tags": {"x": 1}},
            "inputs.tags.x must be text: put it in quotes",
            {"name": "a", "tags": {"x": "1"}},
        ),
        ({"name": "a", "tags": ["x"]}, "inputs.tags must be a mapping", {"name": "a", "tags": {}}),
        ({"name": "a", "zones": "x"}, "inputs.zones must be a list", {"name": "a", "zones": ["x"]}),
        (
            {"name": "a", "zones": ["x", 1]},
            "inputs.zones[1] must be text: put it in quotes",
            {"name": "a", "zones": ["x", "1"]},
        ),
        ({"name": "a", "pair": ["x"]}, "inputs.pair has 1, but must have 2", {"name": "a", "pair": ["x", 2]}),
        ({"name": "a", "rules": [{}]}, "inputs.rules[0].port is missing", {"name": "a", "rules": [{"port": 1}]}),
        (
            {"name": "a", "rules": [{"port": 1, "form": "b"}]},
            'inputs.rules[0] has no attribute "form": did you mean "from"?',
            {"name": "a", "rules": [{"port": 1, "from": "b"}]},
        ),
        (
            {"name": "a", "rules": [{"port": 1, "deep": {"on": "yes"}}]},
            "inputs.rules[0].deep.on must be true or false",
            {"name": "a", "rules": [{"port": 1, "deep": {"on": True}}]},
        ),
        ({}, "inputs.name is missing: the root audit has no default for it", {"name": "a"}),
        ({"name": "a", "environment": {}}, "environment is set by the daemon: remove it", {"name": "a"}),
    ],
)
def test_an_input_that_does_not_fit_is_explained(inputs: Any, message: str, followed: Any) -> None:
    (found,) = problems(inputs)
    assert found.startswith(message)
    assert problems(followed) == []


def test_a_problem_is_at_the_line_of_the_input_in_the_override_that_sets_it() -> None:
    text = (
        b"apiVersion: reconciler/v1\nkind: Module\nmetadata: {name: audit}\nspec:\n  environments: [develop]\n"
        b"  root: audit\n  inputs:\n    name: a\n    other: 1\noverrides:\n  develop:\n    inputs: {retention: a}\n"
    )
    found = build(commit="c", files={"a.yaml": text}, roots=ROOT, environments=DEVELOP).problems
    assert [(each.line, each.column) for each in found] == [(9, 5), (12, 25)]


def test_a_null_is_the_default_or_any_value() -> None:
    text = to_yaml(module()).decode().replace('"retention": 30', '"name": "a", "retention": null, "free": {"a": [1]}')
    assert document(text).data
    found = build(commit="c", files={"a.yaml": text.encode()}, roots=ROOT, environments=DEVELOP)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("roots", "reason"),
    [
        ({}, "the inputs are not checked: no Terraform source is given"),
        (
            {"roots/audit/main.tf": b'variable "name" {'},
            "the inputs are not checked: roots/audit/main.tf cannot be read: Unexpected token",
        ),
        (
            {"roots/audit/main.tf": b'variable "name" { type = "\xff" }'},
            "the inputs are not checked: roots/audit/main.tf cannot be read: 'utf-8' codec",
        ),
        (
            {"roots/audit/main.tf": b"", "roots/audit/more.tf.json": b'{"variable": 3}'},
            "the inputs are not checked: roots/audit/more.tf.json cannot be read: ",
        ),
    ],
)
def test_where_the_variables_are_not_known_the_reason_is_and_nothing_is_refused(
    roots: Mapping[str, bytes], reason: str
) -> None:
    found = built({"anything": 1}, roots)
    assert found.problems == ()
    assert len(found.instances) == 1
    (note,) = found.unchecked
    assert note.message.startswith(reason)
    assert built({}, roots).unchecked == ()


def test_variables_are_found_in_all_files_of_the_root_and_overrides_win() -> None:
    tree = {
        "roots/r/a_override.tf": b'variable "a" { default = 1 }\n',
        "roots/r/main.tf": b'variable "a" { type = string }\n# variable "no" {}\nvariable "b" { type = list }\n',
        "roots/r/c.tf.json": b'{"variable": [{"c": {"type": "map(number)", "default": {}}}, {"d": {}}]}',
        "roots/r/inner/x.tf": b'variable "no" {}',
        "modules/m/x.tf": b'variable "no" {}',
        "roots/r/main.tf.orig": b'variable "no" {}',
    }
    assert variables_of(tree, "r") == {
        "a": Variable(Type("string"), required=False),
        "b": Variable(Type("list", (Type(),))),
        "c": Variable(Type("map", (Type("number"),)), required=False),
        "d": Variable(),
    }


@given(st.text(max_size=80) | st.text(st.sampled_from('variable "ab"{}=[]()\n type object\\${'), max_size=60))
def test_no_text_of_a_root_breaks_a_snapshot(text: str) -> None:
    roots = {"roots/audit/main.tf": f"variable {text}".encode("utf-8", "surrogatepass")}
    found = built({"name": "a"}, roots)
    assert found.problems or found.unchecked or found.instances


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "true", "7"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["port", "from", "x"]), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["name", "retention", "flag", "tags", "zones", "pair", "free", "rules"]), plain))
def test_no_value_breaks_the_check(inputs: dict[str, Any]) -> None:
    assert all(message.startswith("inputs.") for message in problems(inputs))
