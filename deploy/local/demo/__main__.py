"""`python -m deploy.local.demo [--keep]`: run the story; exit 1 at the first step that does not hold."""

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from deploy.local.demo.display import Display
from deploy.local.demo.stage import ROOT, Stage, set_up
from deploy.local.demo.story import Story


def main() -> int:
    """Run it."""
    arguments = argparse.ArgumentParser(prog="deploy.local.demo", description=__doc__)
    arguments.add_argument(
        "--keep", action="store_true", help="leave everything running afterwards and say what to try"
    )
    arguments.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where everything is put (made anew)")
    chosen = arguments.parse_args()
    signal.signal(signal.SIGTERM, _interrupted)
    display = Display()
    started = time.monotonic()
    try:
        with set_up(chosen.folder.resolve()) as stage:
            holds = _tell(stage, display)
            display.summary()
            display.console.print(
                f"{'All steps hold' if holds else 'The story ends here'} after {time.monotonic() - started:.0f} s."
            )
            if not holds:
                display.console.print(f"The daemon's log: {stage.log}")
            if chosen.keep:
                _keep(stage, display)
    except KeyboardInterrupt:
        display.console.print("Interrupted; everything is stopped.")
        return 130
    return 0 if holds else 1


def _tell(stage: Stage, display: Display) -> bool:
    try:
        Story(stage, display).tell()
    except Exception as failure:  # whatever it is, the table so far and the log say more than a stack trace
        display.console.print(f"[red]{type(failure).__name__}: {failure}[/red]", soft_wrap=True)
        return False
    return True


def _keep(stage: Stage, display: Display) -> None:
    url = f"http://127.0.0.1:{stage.http_port}"
    display.console.print(
        f"""
Everything stays up until Ctrl-C. Things to try, in another terminal:

  export RECONCILER_CONFIG={stage.config}
  .venv/bin/reconciler get
  .venv/bin/reconciler describe develop/orders
  .venv/bin/reconciler history develop/orders
  curl {url}/metrics
  curl {url}/api/v1/instances
  cd {stage.clone}    # edit a manifest, commit, push, and watch
""",
        soft_wrap=True,
    )
    while True:
        time.sleep(1)


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
