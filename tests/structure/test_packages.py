"""The `__init__.py` of each package: three to five lines that say what belongs there and what does not, and no code."""

import ast
import re
from collections.abc import Mapping

import pytest

from tests.structure.sources import Files, files, folder_of

SHORTEST, LONGEST = 3, 5
# Packages whose `__init__.py` may import, with the reason.
IMPORTING: Mapping[str, str] = {
    "reconciler/cli": "`main` is the entry of the console script in pyproject.toml",
}
# A word that excludes something, or the path of another place: without one, the text draws no border.
_BORDER = re.compile(r"\b(?:no|not|nothing|never|only|elsewhere)\b|`\w+[/._][\w/.]+`", re.IGNORECASE)


def complaints(found: Files, importing: Mapping[str, str]) -> list[str]:
    """Name each package that has modules or packages in it, and does not say what belongs into it."""
    folders = {folder_of(path) for path in found}
    folders |= {folder_of(folder) for folder in folders if "/" in folder}
    return [f"{folder}: {text}" for folder in sorted(folders) if (text := _complaint(found, folder, importing))]


def _complaint(found: Files, folder: str, importing: Mapping[str, str]) -> str:
    text = found.get(f"{folder}/__init__.py")
    if text is None:
        return "it has no __init__.py"
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    if docstring is None:
        return "its __init__.py has no docstring"
    count = len(docstring.splitlines())
    if not SHORTEST <= count <= LONGEST:
        return f"the docstring of its __init__.py has {count} lines, not {SHORTEST} to {LONGEST}"
    if not _BORDER.search(docstring):
        return "its __init__.py does not say what belongs elsewhere"
    has_code = len(tree.body) > 1
    if has_code and folder not in importing:
        return "its __init__.py holds more than a docstring: import from the modules themselves"
    if folder in importing and not has_code:
        return "its __init__.py imports nothing any more: take it off the list of those that may"
    return ""


def test_each_package_says_what_belongs_there_and_imports_nothing() -> None:
    assert complaints(files("reconciler", "desired_state"), IMPORTING) == []


GOOD = '"""Things.\n\nHere: all of them. Others are in `q/others`.\n"""\n'


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, []),
        ({"p/__init__.py": None}, ["p: it has no __init__.py"]),
        ({"p/q/__init__.py": None}, ["p/q: it has no __init__.py"]),
        ({"p/q/__init__.py": ""}, ["p/q: its __init__.py has no docstring"]),
        ({"p/q/__init__.py": '"""Things, not others."""\n'}, ["p/q: the docstring of its __init__.py has 1 lines"]),
        ({"p/q/__init__.py": GOOD.replace("Others", "a\nb\nOthers")}, []),
        (
            {"p/q/__init__.py": GOOD.replace("Others", "a\nb\nc\nOthers")},
            ["p/q: the docstring of its __init__.py has 6"],
        ),
        ({"p/q/__init__.py": GOOD.replace("`q/others`", "the cellar")}, ["p/q: its __init__.py does not say"]),
        ({"p/q/__init__.py": GOOD + "import os\n"}, ["p/q: its __init__.py holds more than a docstring"]),
        ({"p/r/__init__.py": GOOD}, ["p/r: its __init__.py imports nothing any more"]),
    ],
)
def test_a_package_without_a_border_is_found(changed: dict[str, str | None], says: list[str]) -> None:
    made_up = {"p/__init__.py": GOOD, "p/q/__init__.py": GOOD, "p/q/a.py": "", "p/r/__init__.py": GOOD + "import os\n"}
    found = complaints({path: text for path, text in {**made_up, **changed}.items() if text is not None}, {"p/r": ""})
    assert [text[: len(start)] for text, start in zip(found, says, strict=True)] == says
