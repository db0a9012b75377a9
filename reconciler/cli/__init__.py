"""The command line. `main` is the console script; the commands are grouped by what they need, one module each."""

from reconciler.cli.program import main

__all__ = ["main"]
