"""`python -m deploy.local.standin`: serve the AWS stand-in."""

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
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 chooses a free one")
    parser.add_argument("--port-file", type=Path, help="file to write the port number to once the server listens")
    parser.add_argument("--rollout-delay", type=duration, default=timedelta(seconds=3), help="duration of a deployment")
    parser.add_argument("--request-log", type=Path, help="file to write one JSON line per answered call to")
    parser.add_argument("--parent-pid", type=int, help="end when this process has ended")
    serve(Serving(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
