"""The README of every module and root: what goes in, what comes out and what it makes, read from the code.

`python -m tests.terraform.readme` writes them (`make format` does), `--check` only says which are not current, with
exit code 1. What stands outside of the two markers is yours.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.terraform.configuration import PROJECT, blocks, directories, introduction, resources

BEGIN = "<!-- generated from the code by `make format`: begin -->"
END = "<!-- generated from the code by `make format`: end -->"


def readme(directory: Path) -> str:
    """The README as it should be."""
    path = directory / "README.md"
    whole = path.read_text() if path.exists() else f"# {directory.name}\n\n{introduction(directory)}\n"
    generated = "\n".join([BEGIN, "", *_sections(directory), END])
    if BEGIN not in whole:
        return f"{whole.rstrip()}\n\n{generated}\n"
    before, _, rest = whole.partition(BEGIN)
    return before + generated + rest.partition(END)[2]


def outdated() -> list[Path]:
    """The READMEs that do not say what the code says."""
    paths = [directory / "README.md" for directory in directories()]
    return [path for path in paths if not path.exists() or path.read_text() != readme(path.parent)]


def _sections(directory: Path) -> Iterator[str]:
    variables, outputs = blocks(directory, "variable"), blocks(directory, "output")
    made = Counter(kind for kind, _, _ in resources(directory))
    called = {name: block["source"].strip('"') for name, block in blocks(directory, "module").items()}
    if variables:
        yield from ("## Inputs", "", "| name | default | what it is |", "|---|---|---|")
        yield from (f"| `{name}` | {_default(block)} | {_said(block)} |" for name, block in sorted(variables.items()))
        yield ""
        yield from (f"`{name}`: `{_type(block['type'])}`  " for name, block in sorted(variables.items()))
        yield ""
    if outputs:
        yield from ("## Outputs", "", "| name | what it is |", "|---|---|")
        yield from (f"| `{name}` | {_said(block)} |" for name, block in sorted(outputs.items()))
        yield ""
    if called:
        yield from ("## Modules", "", *(f"- `{name}`: `{source}`" for name, source in sorted(called.items())), "")
    if made:
        yield from ("## Resources", "", ", ".join(f"`{kind}`" for kind in sorted(made)), "")


def _default(variable: dict[str, Any]) -> str:
    if "default" not in variable:
        return "required"
    value = variable["default"]
    return f"`{_literal(value)}`" if value not in ("", {}) else "`{}`"


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(_literal(item) for item in value)}]"
        case dict():
            items = ((key, item) for key, item in value.items() if not key.startswith("__"))
            return "{" + ", ".join(f"{key} = {_literal(item)}" for key, item in items) + "}"
    return str(value)


def _type(expression: Any) -> str:
    inner = str(expression)
    return " ".join(inner.removeprefix("${").removesuffix("}").split() if inner.startswith("${") else [inner])


def _said(block: dict[str, Any]) -> str:
    described = re.sub(r'\\"', '"', str(block.get("description", "")).strip('"'))
    return described.replace("|", "\\|")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all are current, at the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.terraform.readme", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, say what is not current")
    options = parser.parse_args(arguments)
    found = outdated()
    for path in found:
        if options.check:
            sys.stderr.write(f"{path.relative_to(PROJECT)} is not current: run `make format`\n")
        else:
            path.write_text(readme(path.parent))
    return int(options.check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
