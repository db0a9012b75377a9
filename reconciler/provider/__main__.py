"""`python -m reconciler.provider`: serve, run a command through the warm provider, print its status, or stop it."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
from pathlib import Path

from reconciler.provider import control
from reconciler.provider.execute import execute
from reconciler.provider.package import AWS
from reconciler.provider.processes.limits import Limits


def main(arguments: list[str] | None = None) -> int:
    """Run a command line. Returns the exit code."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _serve(options: argparse.Namespace) -> int:
    os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # read when grpc is imported; every fork here is followed by exec
    from reconciler.provider.server import AlreadyServed, Server, Service

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    os.umask(0o077)
    service = Service(
        directory=options.directory.absolute(),
        parent=options.parent_pid,
        idle_exit_seconds=options.idle_exit,
        orphan_seconds=options.orphan_seconds,
        drain_seconds=options.drain,
        limits=Limits(
            processes=options.max_processes,
            idle_seconds=options.process_idle,
            age_seconds=options.process_age,
            calls=options.process_calls,
            rss_bytes=options.process_rss,
        ),
    )

    async def serve() -> None:
        await Server(service).serve()

    with contextlib.suppress(AlreadyServed):
        asyncio.run(serve())
    return 0


def _exec(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    return execute(command, name=options.name)


def _request(options: argparse.Namespace) -> int:
    directory = options.directory or control.runtime_directory(options.name)
    try:
        if options.op == "status":
            shown = control.status(directory)
        else:
            shown = control.call(directory, {"op": "stop", "seconds": options.drain}).get("status", {})
    except (control.Unreachable, control.Refused) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    limits = Limits()
    parser = argparse.ArgumentParser(prog="python -m reconciler.provider", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="serve the warm provider of a directory")
    serve.add_argument("--directory", type=Path, required=True)
    serve.add_argument("--parent-pid", type=int, help="exit when this parent process is gone and all runs have ended")
    serve.add_argument("--idle-exit", type=float, metavar="SECONDS", help="exit after this time without runs")
    serve.add_argument("--orphan-seconds", type=float, default=30.0, metavar="SECONDS")
    serve.add_argument("--drain", type=float, default=600.0, metavar="SECONDS")
    serve.add_argument(
        "--max-processes", type=int, default=limits.processes, metavar="N", help="0: as many as fit into the memory"
    )
    serve.add_argument("--process-idle", type=float, default=limits.idle_seconds, metavar="SECONDS")
    serve.add_argument("--process-age", type=float, default=limits.age_seconds, metavar="SECONDS")
    serve.add_argument("--process-calls", type=int, default=limits.calls, metavar="N")
    serve.add_argument("--process-rss", type=int, default=limits.rss_bytes, metavar="BYTES")
    serve.set_defaults(run=_serve)
    run = commands.add_parser("exec", help=f"run a command with {AWS} from the warm provider")
    run.add_argument("--name", default="default", help="the name of one of this user's warm providers")
    run.add_argument("command", nargs=argparse.REMAINDER)
    run.set_defaults(run=_exec)
    for op in ("status", "stop"):
        request = commands.add_parser(op)
        request.add_argument("--directory", type=Path)
        request.add_argument("--name", default="default")
        request.add_argument("--drain", type=float, default=600.0, metavar="SECONDS")
        request.set_defaults(run=_request, op=op)
    return parser


if __name__ == "__main__":
    sys.exit(main())
