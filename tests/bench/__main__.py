"""`make bench`: what Terraform costs plainly and through the warm provider, against the AWS stand-in.

Both sides run in turns in one run, so what else the machine does meets both. Progress goes to stderr, the table to
stdout, everything to `bench.json`. Exit code 3 when a target is missed. About ten minutes on two cores; `--rounds` and
`--instances` make it shorter and less exact.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local.standin import start
from reconciler.edges.terraform.plugins import configure, find_mirrors
from reconciler.provider.client import WarmProvider
from tests.bench import sweep
from tests.bench.cases import Cases
from tests.bench.measure import Unexpected
from tests.bench.report import Results, missed, table
from tests.bench.sides import Plain, Warm
from tests.bench.stage import Stage

MISSED = 3


async def measure(*, rounds: int, instances: int, say: Callable[[str], None]) -> Results:
    """Run the bench; without `instances` no sweep. Raises: Unexpected."""
    mirrors = find_mirrors(os.environ)
    if not mirrors:
        raise Unexpected("the AWS provider is in no mirror of this machine; RECONCILER_PLUGIN_MIRROR names one")
    # A short path: the warm provider makes sockets in it.
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as name, start() as standin:
        directory = Path(name)
        say("starting")
        configuration = configure(directory / "cli", mirrors).configuration
        stage = Stage.build(directory, standin, configuration=configuration, mirrors=mirrors)
        provider = await WarmProvider.start(directory / "warm")
        try:
            plain, warm = Plain(stage), Warm(stage, provider)
            cases = Cases(stage, plain, warm, say)
            await cases.prepare()
            await cases.measure(rounds)
            swept = {}
            if instances:
                roots = await sweep.prepare(stage, warm, instances, say)
                swept = {side.name: await sweep.at_best(stage, side, roots, say) for side in (warm, plain)}
            return Results(cases.costs, {name: swept[name] for name in ("plain", "warm") if name in swept})
        finally:
            await provider.stop(drain_seconds=0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. 0 when all targets are met."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each case and side")
    parser.add_argument("--instances", type=int, default=50, help="instances of the drift sweep; 0 leaves it out")
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    options = parser.parse_args(arguments)
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {text}\n")

    try:
        results = asyncio.run(measure(rounds=max(1, options.rounds), instances=options.instances, say=say))
    except Unexpected as error:
        sys.stderr.write(f"{error}\n")
        return 1
    options.output.write_text(json.dumps(results.as_json(), indent=2) + "\n")
    sys.stdout.write("".join(f"{line}\n" for line in table(results)))
    return MISSED if any(missed(results.summaries())) else 0


if __name__ == "__main__":
    sys.exit(main())
