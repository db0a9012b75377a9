"""Commands of the daemon itself and of its settings: run, config."""

from typing import Annotated, Any

from cyclopts import Parameter

from reconciler.cli.options import CONFIGURED, Configured, Output
from reconciler.cli.output import print_json, print_line


def run(*, options: Configured = CONFIGURED) -> None:
    """Run the daemon: keep AWS true to Git until SIGTERM.

    Example: `reconciler run --config reconciler.yaml`
    """
    import asyncio

    settings = options.settings()
    settings.check_runnable()
    from reconciler.app.daemon import serve

    asyncio.run(serve(settings))


def config(
    *,
    check: Annotated[
        bool, Parameter(negative="", help="List what these settings leave open, and how to close it.")
    ] = False,
    output: Output = "table",
    options: Configured = CONFIGURED,
) -> None:
    """Print the effective settings and the origin of each; secrets are masked.

    Example: `reconciler config --config reconciler.yaml --check`
    """
    from reconciler.config.effective import effective, origins_of
    from reconciler.config.openings import openings

    settings = options.settings()
    if check:
        found = openings(settings)
        if output == "json":
            print_json({"open": found})
            return
        for line in found or ["nothing is left open"]:
            print_line(line)
        return
    values, sources = effective(settings), origins_of(settings)
    if output == "json":
        print_json({"settings": values, "origins": sources})
        return
    for line in _lines(values, sources):
        print_line(line)


def _lines(values: dict[str, Any], sources: dict[str, str], above: tuple[str, ...] = ()) -> list[str]:
    """Render the settings as YAML that can be loaded again, with the origin of each as a comment."""
    import json

    lines: list[str] = []
    for key, value in values.items():
        loc, indent = (*above, key), "  " * len(above)
        if isinstance(value, dict) and value:
            lines += [f"{indent}{key}:", *_lines(value, sources, loc)]
        else:
            lines.append(f"{indent}{key}: {json.dumps(value, ensure_ascii=False)}  # {sources['.'.join(loc)]}")
    return lines
