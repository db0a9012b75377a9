"""The reserved words of the glossary: each public name that contains one is listed with it, and no other name is."""

import ast
import re
from collections.abc import Iterator, Mapping

from tests.structure.sources import ROOT, Files, files

FORMS: Mapping[str, frozenset[str]] = {
    "hold": frozenset({"hold", "holds", "held", "holding"}),
    "look": frozenset({"look", "looks", "looked", "looking"}),
    "move": frozenset({"move", "moves", "moved", "moving"}),
    "pass": frozenset({"pass", "passes", "passed", "passing"}),
    "settle": frozenset({"settle", "settles", "settled", "settling"}),
    "visit": frozenset({"visit", "visits", "visited", "visiting"}),
}
_ROW = re.compile(r"^\| (\w+) \| [^|]+ \| ([^|]*) ?\|$", re.MULTILINE)
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def listed(glossary: str) -> dict[str, set[str]]:
    """Return the names that the glossary lists by reserved word."""
    table = glossary.partition("## Reserved words")[2]
    rows = [(word, set(re.findall(r"`([^`]+)`", names))) for word, names in _ROW.findall(table) if word != "word"]
    return dict(rows)


def used(found: Files) -> dict[str, set[str]]:
    """Return the public names that contain a form of each reserved word: `name`, or `Class.name`."""
    names = {name for text in found.values() for name in _public(ast.parse(text), "")}
    return {
        word: {name for name in names if {part.lower() for part in _PART.findall(name.rpartition(".")[2])} & forms}
        for word, forms in FORMS.items()
    }


def _public(node: ast.AST, owner: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        for name in _names(child):
            if not name.startswith("_"):
                yield f"{owner}{name}"
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from _public(child, f"{child.name}.")


def _names(node: ast.AST) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case _:
            return []


def test_each_reserved_word_is_used_by_the_names_that_the_glossary_lists() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    assert used(files("reconciler", "desired_state")) == listed(glossary)


def test_a_new_name_with_a_reserved_word_is_found_in_every_form_and_place() -> None:
    method = "    def _pass(self) -> None: ...\n"
    code = f"def looks_odd() -> None: ...\nMOVED_AT = 1\nclass Visitor:\n    held: int = 1\n{method}"
    found = used({"p/a.py": code})
    assert {word: names for word, names in found.items() if names} == {
        "look": {"looks_odd"},
        "move": {"MOVED_AT"},
        "hold": {"Visitor.held"},
    }
