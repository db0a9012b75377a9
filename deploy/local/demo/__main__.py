"""`python -m deploy.local.demo [--keep]`: run the demo; exit 1 at the first step that fails."""

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from deploy.local.demo.stage import Stage, set_up
from deploy.local.demo.story import Story
from deploy.local.display import Display
from deploy.local.workplace import ROOT


def main() -> int:
    """Run the demo and print its summary. Returns the exit code: 0 passed, 1 failed, 130 interrupted."""
    arguments = argparse.ArgumentParser(prog="deploy.local.demo", description=__doc__)
    arguments.add_argument(
        "--keep", action="store_true", help="keep everything running afterwards and print commands to try"
    )
    arguments.add_argument("--folder", type=Path, default=ROOT / ".demo", help="folder for all files (recreated)")
    chosen = arguments.parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    display = Display()
    started = time.monotonic()
    try:
        with set_up(chosen.folder.resolve()) as stage:
            passed = _run(stage, display)
            display.summary()
            result = "All steps passed" if passed else "Stopped at the failed step"
            display.console.print(f"{result} after {time.monotonic() - started:.0f} s.")
            if not passed:
                display.console.print(f"The daemon's log: {stage.log}")
            if chosen.keep:
                _keep_running(stage, display)
    except KeyboardInterrupt:
        display.console.print("Interrupted; all processes are stopped.")
        return 130
    return 0 if passed else 1


def _run(stage: Stage, display: Display) -> bool:
    try:
        Story(stage, display).run()
    except Exception as failure:  # any exception: the table so far and the log say more than a traceback
        display.console.print(f"[red]{type(failure).__name__}: {failure}[/red]", soft_wrap=True)
        return False
    return True


def _keep_running(stage: Stage, display: Display) -> None:
    url = f"http://127.0.0.1:{stage.http_port}"
    display.console.print(
        f"""
Everything keeps running until Ctrl-C. Commands to try in another terminal:

  export RECONCILER_CONFIG={stage.config}
  .venv/bin/reconciler get
  .venv/bin/reconciler describe develop/orders
  .venv/bin/reconciler history develop/orders
  curl {url}/metrics
  curl {url}/api/v1/instances
  cd {stage.clone}    # edit a manifest, commit and push it, and watch
""",
        soft_wrap=True,
    )
    while True:
        time.sleep(1)


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
