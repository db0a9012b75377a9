"""What the commands print: tables that stay readable in a pipe, JSON that stays stable, and one colour rule.

What comes from manifests or from AWS may hold anything: it never reaches a terminal as markup or control characters.
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

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STYLES = {
    "InSync": "green", "Healthy": "green", "yes": "green", "create": "green",
    "Pending": "yellow", "Progressing": "yellow", "update": "yellow", "Unknown": "dim",
    "Drifted": "red", "PendingAndDrifted": "red", "Degraded": "red", "no": "red", "destroy": "red", "replace": "red",
}  # fmt: skip

_SIGNS = {"+": "green", "~": "yellow", "-": "red", "±": "red"}


def clean(value: Any) -> str:
    """Text that cannot steer a terminal."""
    return _CONTROL.sub("\ufffd", "" if value is None else str(value))


def console(*, errors: bool = False) -> Console:
    """The terminal, or a pipe without a width: rich itself honours NO_COLOR."""
    stream = sys.stderr if errors else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 1000, highlight=False, markup=False)


def say(text: str) -> None:
    """One line of result."""
    sys.stdout.write(clean(text) + "\n")


def complain(text: str) -> None:
    """One line of trouble."""
    sys.stderr.write(f"reconciler: {clean(text)}\n")


def print_json(value: Any) -> None:
    """The same data as the table, for scripts."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Columns with a heading, nothing drawn around them."""
    made = Table(*headers, box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for row in rows:
        cells = [clean(cell) for cell in row]
        made.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in cells))
    return made


def print_table(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; in a pipe without the blanks at the ends of lines."""
    screen = console()
    if sys.stdout.isatty():
        screen.print(table(headers, rows))
        return
    with screen.capture() as captured:
        screen.print(table(headers, rows))
    sys.stdout.write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))


def print_fields(fields: Mapping[str, Any], *, indent: str = "") -> None:
    """A name and a value per line, aligned."""
    shown = {name: clean(value) for name, value in fields.items() if value not in (None, "", [])}
    width = max((len(name) for name in shown), default=0) + 2
    for name, value in shown.items():
        sys.stdout.write(f"{indent}{name + ':':<{width}}{value}\n")


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """What is being waited for: a living line on a terminal, plain lines elsewhere, always on stderr."""
    if not sys.stderr.isatty():
        yield lambda text: complain(text)
        return
    with console(errors=True).status("") as status:
        yield lambda text: status.update(Text(clean(text)))


def age(seconds: int | None) -> str:
    """`42s`, `5m`, `3h`, `2d`: as exact as a person needs."""
    if seconds is None:
        return ""
    for limit, unit, size in ((120, "s", 1), (7200, "m", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds // size}{unit}"
    return f"{seconds // 86_400}d"


def short(commit: str | None) -> str:
    """A commit as people write it."""
    return commit[:12] if commit and re.fullmatch(r"[0-9a-f]{40,64}", commit) else commit or ""


def changes(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A plan's resources as lines: a sign and the address, then, where there is an old and a new, what differs."""
    signs = {("create",): "+", ("update",): "~", ("delete",): "-", ("import",): "=", ("import", "update"): "~"}
    for item in items:
        sign = signs.get(tuple(item["actions"]), "±")
        yield f"{sign} {item['address']}"
        if sign in "+-":
            continue  # every attribute of it; JSON has them
        for path, value in item["attributes"].items():
            yield f"    {path}: {_value(value['old'])} → {_value(value['new'])}"


def say_changes(items: Iterable[Mapping[str, Any]], *, indent: str = "  ") -> None:
    """Print them, a colour for each sign."""
    screen, style = console(), ""
    for line in changes(items):
        style = _SIGNS.get(line[0], style)
        if sys.stdout.isatty():
            screen.print(Text(indent + clean(line), style=style), soft_wrap=True)
        else:
            say(indent + line)


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"
