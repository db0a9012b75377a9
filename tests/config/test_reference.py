"""The reference in docs/configuration.md lists every setting with its default and description."""

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from reconciler.config.effective import effective
from reconciler.config.models import Settings

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def described(model: type[BaseModel], above: str = "") -> dict[str, str]:
    """Map every dotted key of a section to its description."""
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        choices = (field.annotation, *get_args(field.annotation))
        section = next((item for item in choices if isinstance(item, type) and issubclass(item, BaseModel)), None)
        step = f"{name}.<name>" if name == "environments" else name
        if section is None:
            found[above + name] = field.description or ""
        else:
            found |= described(section, f"{above}{step}.")
    return found


def test_the_reference_describes_every_key_with_its_default() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    written = {
        row[0].strip("`"): (row[1].strip("`"), row[2]) for row in rows if row[0].strip("`") in described(Settings)
    }
    assert {key: text for key, (_, text) in written.items()} == described(Settings)
    defaults = effective(Settings())
    for key, (default, _) in written.items():
        if key.startswith("environments."):
            continue
        value: Any = defaults
        for part in key.split("."):
            value = value[part]
        assert default == (
            "null"
            if value is None
            else '""'
            if value == ""
            else str(value).replace("True", "true").replace("False", "false")
        )
