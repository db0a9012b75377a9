"""The command line: parsing, options, output, exit codes and the client of the daemon's API; `main` is its entry.

Here: whatever every command shares. The commands are in `cli/commands`; the work behind them is in `app` or in the
daemon.
"""

from reconciler.cli.program import main

__all__ = ["main"]
