"""The first word of every docstring: none begins with a question word in place of a subject or a verb."""

import ast
import re

import pytest

from tests.structure.sources import Files, files

OPENINGS = ("What", "How", "Who", "Whoever", "Those", "That", "Where")
_OPENING = re.compile(rf"(?:{'|'.join(OPENINGS)})\b")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def offenders(found: Files) -> list[str]:
    """Name each docstring that begins with one of the words, as path, line and first line."""
    return [
        f"{path}:{line}: {first!r}: begin with a verb if it is a function, else with the name of the thing"
        for path, text in found.items()
        for line, first in _openings(text)
        if _OPENING.match(first)
    ]


def _openings(text: str) -> list[tuple[int, str]]:
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, _Documented)]
    return [(node.body[0].lineno, doc.splitlines()[0]) for node in nodes if (doc := ast.get_docstring(node))]


def test_no_docstring_begins_with_a_question_word() -> None:
    assert offenders(files("reconciler", "desired_state", "deploy", "tests")) == []


@pytest.mark.parametrize("word", OPENINGS)
@pytest.mark.parametrize(
    "text",
    [
        '"""{}"""\n',
        'class A:\n    """{}"""\n',
        'def f():\n    """{}"""\n',
        'class A:\n    async def f():\n        """{}"""\n',
    ],
)
def test_each_word_is_found_in_each_kind_of_docstring(word: str, text: str) -> None:
    line = text.splitlines().index(next(line for line in text.splitlines() if '"""' in line)) + 1
    (found,) = offenders({"p/a.py": text.format(f"{word} it is.\n\nMore.")})
    assert found.startswith(f"p/a.py:{line}: '{word} it is.': begin with a verb")


@pytest.mark.parametrize("first", ["Howl at the moon.", "Return what is left.", "Whose it is.", "`What` as a word."])
def test_other_docstrings_are_not_found(first: str) -> None:
    assert offenders({"p/a.py": f'"""{first}"""\n', "p/b.py": "what = 1\n"}) == []
