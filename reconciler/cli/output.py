"""Output of the commands: tables that stay readable in a pipe, JSON that stays stable, and one rule for colours.

Text from manifests and from AWS is untrusted: it never reaches a terminal as markup or control characters.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from reconciler.core.plan.summary import IMPORT, READDRESS, operation
from reconciler.core.visible import json_text, one_line

_STYLES = {
    "InSync": "green", "Healthy": "green", "yes": "green", "create": "green",
    "Pending": "yellow", "Progressing": "yellow", "update": "yellow", "Unknown": "dim",
    "Drifted": "red", "PendingAndDrifted": "red", "Degraded": "red", "no": "red", "destroy": "red", "replace": "red",
}  # fmt: skip

_SIGNS = {
    "+": "green",
    "~": "yellow",
    "-": "red",
    "±": "red",
    "=": "",
    ">": "yellow",
    ".": "yellow",
    "!": "red",
    "?": "",
}
_SIGN_OF = {
    "create": "+", "update": "~", "replace": "±", "destroy": "-", "import": "=", "move": ">", "forget": ".",
    "output": "~", "invoke": "!", "defer": "?", "unnamed": "?",
}  # fmt: skip


def clean(value: Any) -> str:
    """Return the value as one line that controls neither a terminal nor a runner."""
    return one_line("" if value is None else str(value))


def clean_lines(text: str, *, indent: str = "") -> str:
    """Return text of several lines, each of them cleaned and the later ones indented."""
    return f"\n{indent}".join(map(one_line, text.split("\n")))


def console(*, errors: bool = False) -> Console:
    """Return a console for the terminal, or for a pipe with a fixed width of 1000; rich itself honours NO_COLOR."""
    stream = sys.stderr if errors else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 1000, highlight=False, markup=False)


def print_line(text: str) -> None:
    """Print one line of result on stdout."""
    sys.stdout.write(clean(text) + "\n")


def print_error(text: str) -> None:
    """Print text on stderr, prefixed with the program's name; its later lines are indented."""
    sys.stderr.write(f"reconciler: {clean_lines(text, indent='  ')}\n")


def print_json(value: Any) -> None:
    """Print the data as indented JSON, for scripts."""
    sys.stdout.write(json_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False)) + "\n")


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Build a table without borders; known words such as `Healthy` are coloured."""
    built = Table(*headers, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for row in rows:
        cells = [clean(cell) for cell in row]
        built.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in cells))
    return built


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; in a pipe, without trailing spaces."""
    screen = console()
    if sys.stdout.isatty():
        screen.print(table(headers, rows))
        return
    with screen.capture() as captured:
        screen.print(table(headers, rows))
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))


def print_fields(fields: Mapping[str, Any], *, indent: str = "") -> None:
    """Print one `name: value` per line, aligned; empty values are left out."""
    shown = {name: str(value) for name, value in fields.items() if value not in (None, "", [])}
    width = max((len(name) for name in shown), default=0) + 2
    for name, value in shown.items():
        start = f"{indent}{name + ':':<{width}}"
        sys.stdout.write(f"{start}{clean_lines(value, indent=' ' * len(start))}\n")


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows progress on stderr: one updated line on a terminal, a line each elsewhere."""
    if not sys.stderr.isatty():
        yield lambda text: print_error(text)
        return
    with console(errors=True).status("") as status:
        yield lambda text: status.update(Text(clean(text)))


def age(seconds: int | None) -> str:
    """Format seconds as `42s`, `5m`, `3h` or `2d`; None as the empty string."""
    if seconds is None:
        return ""
    for limit, unit, size in ((120, "s", 1), (7200, "m", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds // size}{unit}"
    return f"{seconds // 86_400}d"


def short_commit(commit: str | None) -> str:
    """Return the first 12 digits of a commit; any other revision, such as `worktree-…`, unchanged."""
    return commit[:12] if commit and re.fullmatch(r"[0-9a-f]{40,64}", commit) else commit or ""


def changes(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a plan's entries as lines: sign, address and notes, then, for changed ones, the changed attributes."""
    for item in items:
        sign = _sign(item["actions"])
        yield f"{sign} {item['address']}" + (f" ({'; '.join(item['notes'])})" if item["notes"] else "")
        if sign in "+-":
            continue  # every attribute is new or gone; the JSON output has them
        for path, value in item["attributes"].items():
            yield f"    {path}: {_value(value['old'])} → {_value(value['new'])}"


def _sign(actions: Sequence[str]) -> str:
    """Return the sign of an entry; what happens to a resource counts more than its import or its new address."""
    return _SIGN_OF[operation([action for action in actions if action not in {IMPORT, READDRESS}] or actions)]


def print_changes(items: Iterable[Mapping[str, Any]], *, indent: str = "  ") -> None:
    """Print a plan's resources, one colour for each sign."""
    screen, style = console(), ""
    for line in changes(items):
        style = _SIGNS.get(line[0], style)
        if sys.stdout.isatty():
            screen.print(Text(indent + clean(line), style=style), soft_wrap=True)
        else:
            print_line(indent + line)


def print_remarks(checks: Sequence[Mapping[str, Any]], warnings: Sequence[str]) -> None:
    """Print failed checks and Terraform's warnings, if there are any."""
    if checks:
        print_line("")
        print_line("Failed checks:")
    for check in checks:
        print_line(f"  {check['address']} ({check['status']}): {'; '.join(check['messages'])}")
    if warnings:
        print_line("")
        print_line("Warnings:")
    for warning in warnings:
        print_line(f"  {warning}")


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"
