"""`python -m deploy.local.standin`: the AWS stand-in on its own."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from pathlib import Path

from deploy.local.standin.server import Serving, serve

DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)?")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def duration(text: str) -> timedelta:
    parsed = DURATION.fullmatch(text)
    if parsed is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 500ms, 3s or 1m")
    return timedelta(seconds=float(parsed["number"]) * SECONDS[parsed["unit"] or "s"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.standin", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="gets the port number once the stand-in serves")
    parser.add_argument(
        "--rollout-delay", type=duration, default=timedelta(seconds=3), help="how long a deployment takes"
    )
    parser.add_argument("--request-log", type=Path, help="gets one JSON line per answered call")
    parser.add_argument("--parent-pid", type=int, help="end when this process is gone")
    serve(Serving(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
