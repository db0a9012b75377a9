"""Inputs of a Module, held to the real terraform: what is accepted works, and what it drops or refuses is a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from desired_state.snapshot import build
from tests.desired_state.manifests import DEVELOP, module, to_yaml
from tests.terraform.runs import Refused, run, surroundings

TYPES: dict[str, tuple[str, list[Any], list[Any]]] = {
    "text": ("string", ["a", "7654e32", ""], [["a"], {"a": "b"}]),
    "count": ("number", [3, -1.5, 0], ["three", [3], {}]),
    "flag": ("bool", [True, False], ["maybe", [True]]),
    "list": ("list(string)", [[], ["a", "b"]], [{"a": "b"}, "a"]),
    "set": ("set(number)", [[], [1, 2]], [["a"], 1]),
    "map": ("map(bool)", [{}, {"a": True}], [{"a": "x"}, ["a"]]),
    "tuple": ("tuple([string, number])", [["a", 1]], [["a"], ["a", 1, 2], "a"]),
    "object": (
        "object({ a = string, b = optional(list(object({ c = bool }))) })",
        [{"a": "x"}, {"a": "x", "b": [{"c": True}]}],
        [{}, {"a": "x", "b": [{}]}, {"a": "x", "b": {"c": True}}, []],
    ),
    "free": ("any", [1, "a", True, [1, "a"], {"a": [1]}, None], []),
}
ACCEPTED = [(name, value) for name, (_, good, _) in TYPES.items() for value in good]
REFUSED = [(name, value) for name, (_, _, bad) in TYPES.items() for value in bad]


def problems(root: str, inputs: dict[str, Any]) -> list[tuple[int, str]]:
    manifest = module(inputs=None)
    manifest["spec"]["inputs"] = inputs
    files = {"a.yaml": to_yaml(manifest)}
    found = build(commit="c", files=files, roots={"roots/audit/main.tf": root.encode()}, environments=DEVELOP)
    return [(each.line, each.message) for each in found.problems]


def declared(variables: list[tuple[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return a root with a variable for each value, and the values."""
    blocks = [f'variable "v{number}" {{\n  type = {TYPES[name][0]}\n}}\n' for number, (name, _) in enumerate(variables)]
    return "".join(blocks), {f"v{number}": value for number, (_, value) in enumerate(variables)}


def plan(folder: Path, root: str, inputs: dict[str, Any]) -> None:
    (folder / "main.tf").write_text(root)
    (folder / "terraform.tfvars.json").write_text(json.dumps(inputs))
    (folder / "cli.tfrc").touch()
    run(folder, surroundings(folder / "cli.tfrc", {}), "plan", "-json", "-input=false")


def test_accepted_inputs_are_accepted_by_terraform(tmp_path: Path) -> None:
    root, inputs = declared(ACCEPTED)
    assert problems(root, inputs) == []
    plan(tmp_path, root, inputs)


def test_every_input_that_terraform_refuses_is_a_problem(tmp_path: Path) -> None:
    root, inputs = declared(REFUSED)
    found = problems(root, inputs)
    assert {message.split()[0].removeprefix("inputs.").split(".")[0].split("[")[0] for _, message in found} == set(
        inputs
    )
    with pytest.raises(Refused) as refused:
        plan(tmp_path, root, inputs)
    assert len(refused.value.messages) == len(REFUSED)


def test_what_terraform_drops_with_a_warning_or_in_silence_is_a_problem(tmp_path: Path) -> None:
    root = 'variable "o" {\n  type = object({ a = string })\n}\n'
    inputs = {"o": {"a": "x", "b": "dropped in silence"}, "p": "dropped with a warning"}
    plan(tmp_path, root, inputs)
    assert [message for _, message in problems(root, inputs)] == [
        'inputs.o has no attribute "b": remove it',
        'the root audit has no variable "p": remove it',
    ]
