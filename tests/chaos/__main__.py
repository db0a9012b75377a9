"""`make chaos`: seeded faults against a real daemon, and what came of each kind.

The same seed gives the same faults at the same phases of the same instances; what else the machine does moves them by
milliseconds. Progress goes to stderr, the table to stdout, everything to `chaos.json`, what the daemon logged to
`chaos.log`. Exit code 1 when something was lost, made twice or broken, or did not converge.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.schedule import BY_NAME, KINDS
from tests.chaos.table import text

SEED = 2024
FAULTS = 200
MINUTES = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Inject, judge, print, write. 0 when nothing was lost and everything converged."""
    wanted = _parser().parse_args(arguments)
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - progress

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was started ends with it
    kinds = [BY_NAME[name] for name in wanted.kinds or BY_NAME]
    results = run(
        seed=wanted.seed, number=wanted.faults, kinds=kinds, within=wanted.minutes * 60, say=say, log=wanted.log
    )
    print(text(results))  # noqa: T201 - the result
    wanted.json.write_text(json.dumps(results.as_json(), indent=2) + "\n")
    return 0 if results.passed else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "--seed", type=int, default=SEED, help="which faults; the same seed gives the same (%(default)s)"
    )
    parser.add_argument("--faults", type=int, default=FAULTS, help="how many (%(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=[kind.name for kind in KINDS], help="only these (all of them)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="the longest it may take (%(default)s)")
    parser.add_argument("--json", type=Path, default=Path("chaos.json"), help="where everything goes (%(default)s)")
    parser.add_argument("--log", type=Path, default=Path("chaos.log"), help="where the daemon's log goes (%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
