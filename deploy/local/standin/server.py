"""The stand-in's process: a threaded HTTP server without request output.

It ends on SIGTERM and SIGINT and, with `parent_pid`, with the process that started it, so that a killed test run leaves
no process behind.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from deploy.local.standin import savings
from deploy.local.standin.application import StandInApplication
from deploy.local.standin.patches import PATCHES, install
from deploy.local.standin.request_log import RequestLog
from deploy.local.standin.rollout_rules import RolloutRules

PARENT_CHECKED_EVERY = 0.5


@dataclass(frozen=True, slots=True)
class Serving:
    host: str = "127.0.0.1"
    port: int = 0
    port_file: Path | None = None
    request_log: Path | None = None
    rollout_delay: timedelta = timedelta(seconds=3)
    parent_pid: int | None = None


class QuietRequestHandler(MotoRequestHandler):
    """Request handler that sends an answer in one write, because the AWS SDK for Go may not wait for the body.

    As soon as the SDK has the headers, it closes the body of its request, even while a goroutine that has sent the body
    has yet to see its end. If that goroutine is late, on a busy machine, it takes the closed body for a failed write
    and closes the connection; the SDK then retries a call that was carried out, and Terraform meets its own state lock.
    Content that arrives together with the headers is read anyway. https://github.com/aws/aws-sdk-go-v2/issues/2737
    """

    # Unbuffered, werkzeug writes headers and body separately. Go reads up to 4 KiB together with the headers, so a
    # longer answer can still be lost.
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True  # the last part of a longer answer would wait for the client's delayed ACK

    def handle_expect_100(self) -> bool:
        answered = super().handle_expect_100()
        self.wfile.flush()
        del self.headers["Expect"]  # or werkzeug would write the interim answer again, into the buffer
        return answered

    def finish(self) -> None:
        try:
            super().finish()
        except ConnectionError:  # finish() flushes the buffer, which fails when the client has gone
            self.rfile.close()

    def log(self, *_: Any) -> None:
        """Print nothing: the request log has more detail."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        # Without this, the handler would wait for another request, and the client of a hung call forever.
        self.close_connection = True


def serve(serving: Serving) -> None:
    """Serve until SIGTERM or SIGINT, or until the parent process has ended."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(name)s %(message)s", level=logging.WARNING)
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # AWS managed policies exist in every account
    rules = RolloutRules(delay=serving.rollout_delay)
    install(PATCHES, rules)
    savings.install()
    application = StandInApplication(log=RequestLog(serving.request_log), rules=rules)
    server = make_server(serving.host, serving.port, application, threaded=True, request_handler=QuietRequestHandler)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(server))
    if serving.parent_pid is not None:
        threading.Thread(target=_end_with, args=(serving.parent_pid, server), daemon=True).start()
    _announce(server, serving.port_file)
    server.serve_forever()
    server.server_close()


def _announce(server: BaseWSGIServer, port_file: Path | None) -> None:
    if port_file is not None:
        # Written to a temporary file and renamed: a reader finds the whole number or no file.
        temporary = port_file.with_name(port_file.name + ".new")
        temporary.write_text(str(server.server_port), encoding="ascii")
        temporary.replace(port_file)
    print(f"AWS stand-in on http://{server.host}:{server.server_port}", flush=True)


def _stop(server: BaseWSGIServer) -> None:
    # In a thread, because shutdown() waits for the loop that this signal interrupted.
    threading.Thread(target=server.shutdown, daemon=True).start()


def _end_with(parent: int, server: BaseWSGIServer) -> None:
    pause = threading.Event()
    while _is_alive(parent):
        pause.wait(PARENT_CHECKED_EVERY)
    server.shutdown()


def _is_alive(parent: int) -> bool:
    if os.getppid() == parent:
        return True
    try:
        os.kill(parent, 0)
    except OSError:
        return False
    return not _is_zombie(parent)


def _is_zombie(pid: int) -> bool:
    """Return True for a process that has ended but was not reaped. Elsewhere than on Linux, it counts as alive."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state == "Z"
