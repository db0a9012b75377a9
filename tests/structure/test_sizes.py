"""The size of folders and modules: a folder is looked through at a glance, a module is read in one go."""

from collections import Counter

from tests.structure.sources import Files, files, folder_of

MODULES, LINES = 14, 300


def crowded(found: Files, most: int) -> dict[str, int]:
    """Return each folder with more modules than `most`, with their number; `__init__.py` holds no code and is none."""
    counted = Counter(folder_of(path) for path in found if not path.endswith("/__init__.py"))
    return {folder: count for folder, count in counted.items() if count > most}


def too_long(found: Files, most: int) -> dict[str, int]:
    """Return each module with more lines than `most`, with their number."""
    counted = {path: len(text.splitlines()) for path, text in found.items()}
    return {path: count for path, count in counted.items() if count > most}


def test_no_folder_of_the_product_has_more_than_fourteen_modules() -> None:
    assert crowded(files("reconciler", "desired_state"), MODULES) == {}


def test_no_module_has_more_than_three_hundred_lines() -> None:
    assert too_long(files("reconciler", "desired_state", "deploy", "tests"), LINES) == {}


def test_a_folder_with_one_module_too_many_is_found() -> None:
    modules = {f"p/{name}.py": "" for name in "abc"}
    made_up = {**modules, "p/__init__.py": "", "p/q/a.py": "", "p/q/b.py": ""}
    assert crowded(made_up, 3) == {}
    assert crowded(made_up, 2) == {"p": 3}


def test_a_module_with_one_line_too_many_is_found() -> None:
    made_up = {"p/a.py": "1\n2\n3\n", "p/b.py": "1\n2\n"}
    assert too_long(made_up, 3) == {}
    assert too_long(made_up, 2) == {"p/a.py": 3}
