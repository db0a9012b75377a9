"""The first word of every docstring: none begins with a question word in place of a subject or a verb."""

import ast
import re

import pytest

from tests.structure.sources import Files, files, folder_of

OPENINGS = ("What", "How", "Who", "Whoever", "Those", "That", "Where")
_OPENING = re.compile(rf"(?:{'|'.join(OPENINGS)})\b")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

# Folders whose docstrings are still to be rewritten. The list may only get shorter, and ends empty.
TO_REWRITE: frozenset[str] = frozenset(
    {
        "deploy",
        "deploy/local",
        "deploy/local/demo",
        "deploy/local/slackline",
        "deploy/local/standin",
        "desired_state",
        "reconciler/app",
        "reconciler/cli",
        "reconciler/cli/commands",
        "reconciler/config",
        "reconciler/core",
        "reconciler/core/record",
        "reconciler/edges/aws",
        "reconciler/edges/aws/account",
        "reconciler/edges/process",
        "reconciler/edges/slack",
        "reconciler/edges/source",
        "reconciler/edges/state",
        "reconciler/edges/store",
        "reconciler/edges/telemetry",
        "reconciler/edges/terraform",
        "reconciler/provider",
        "reconciler/provider/processes",
        "reconciler/provider/protocol",
        "tests/bench",
        "tests/canary",
        "tests/chaos",
        "tests/chaos/faults",
        "tests/cli",
        "tests/config",
        "tests/core",
        "tests/core/decide",
        "tests/core/notify",
        "tests/core/plan",
        "tests/core/policy",
        "tests/core/record",
        "tests/core/schedule",
        "tests/core/status",
        "tests/deploy",
        "tests/desired_state",
        "tests/e2e",
        "tests/e2e/changes",
        "tests/edges",
        "tests/edges/aws",
        "tests/edges/process",
        "tests/edges/slack",
        "tests/edges/state",
        "tests/edges/store",
        "tests/edges/telemetry",
        "tests/edges/terraform",
        "tests/engine",
        "tests/engine/passes",
        "tests/monitoring",
        "tests/provider",
        "tests/provider/processes",
        "tests/requirements",
        "tests/standin",
        "tests/terraform",
        "tests/terraform/properties",
        "tests/web",
    }
)


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


def everything() -> Files:
    """Read all Python of the repository."""
    return files("reconciler", "desired_state", "deploy", "tests")


def test_no_docstring_begins_with_a_question_word() -> None:
    rewritten = {path: text for path, text in everything().items() if folder_of(path) not in TO_REWRITE}
    assert offenders(rewritten) == []


def test_the_list_of_folders_to_rewrite_gets_shorter() -> None:
    listed = {path: text for path, text in everything().items() if folder_of(path) in TO_REWRITE}
    found = {folder_of(line.partition(":")[0]) for line in offenders(listed)}
    done = sorted(TO_REWRITE - found)
    assert not done, f"nothing is left to rewrite in {', '.join(done)}: take them off TO_REWRITE"


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
