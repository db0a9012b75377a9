"""`python -m deploy.acceptance ENVIRONMENT`: the acceptance run in a real, empty sandbox account.

Exit codes: 0 passed and nothing is left, 1 failed or something is left, 2 refused before anything was made,
130 interrupted while tearing down: the same command continues.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from deploy.acceptance import costs, report
from deploy.acceptance.account import Account, AccountRefused
from deploy.acceptance.journal import Journal
from deploy.acceptance.manifests import Inputs
from deploy.acceptance.runner import Step, run
from deploy.acceptance.sandbox import open_sandbox
from deploy.acceptance.steps import Story
from deploy.local.display import Display
from deploy.local.workplace import ROOT
from reconciler.config.load import load
from reconciler.config.models import ConfigFailed
from reconciler.core.environment import Environment


def main() -> int:
    """Run the acceptance, or go on with one that was cut off. Returns the exit code."""
    chosen = _arguments()
    signal.signal(signal.SIGTERM, _interrupted)
    display = Display(within=3600.0)  # a load balancer, and what waits for it, takes AWS a while
    try:
        target = _target(chosen)
        account = Account(target, bucket=f"reconciler-state-{target.account}-{target.region}")
        folder = (chosen.folder or ROOT / ".acceptance" / target.name).resolve()
        journal = Journal.open(folder / "journal.jsonl")
        _guard(account, journal, chosen)
    except (AccountRefused, ConfigFailed) as refusal:
        display.console.print(f"Refused: {refusal}", soft_wrap=True)
        return 2
    inputs = Inputs(
        chosen.certificate, chosen.connection, chosen.repository, (chosen.commit, chosen.next_commit), chosen.trusted
    )
    try:
        with open_sandbox(folder, target) as sandbox:
            steps = Story(sandbox, account, inputs, display).steps()
            if not journal.entries and not _agreed(target, steps, display, assumed=chosen.yes):
                return 2
            run(steps, journal, keep=chosen.keep, show=display.console.print)
            return _finish(folder, account, steps, journal, display, keep=chosen.keep)
    except KeyboardInterrupt:
        display.console.print("Interrupted while tearing down. The same command continues it.")
        return 130


def _finish(
    folder: Path, account: Account, steps: Sequence[Step], journal: Journal, display: Display, *, keep: bool
) -> int:
    left = [] if keep else account.inventory()
    passed = report.write(folder, account.environment, steps, journal, left, kept=keep)
    for each in left:
        display.console.print(f"left: {each}", soft_wrap=True)
    display.console.print(f"{'Passed' if passed else 'Failed'}. The evidence: {folder / 'evidence.md'}", soft_wrap=True)
    if keep:
        display.console.print("Everything is kept and costs money. The same command without --keep tears it down.")
    elif not left:
        journal.write("ended")
    return 0 if passed else 1


def _agreed(target: Environment, steps: Sequence[Step], display: Display, *, assumed: bool) -> bool:
    """Show what the run makes and costs, and ask. Returns True for yes."""
    print_line = display.console.print
    print_line(f"This makes a whole environment {target.name} in account {target.account}, {target.region}:")
    for number, step in enumerate(steps, start=1):
        print_line(f"  {number}. {step.title}")
    print_line("and then removes all of it. While it exists it costs, without traffic:\n")
    for line in costs.table():
        print_line(line, soft_wrap=True)
    print_line(f"\nA run takes about two hours: some {2 * costs.hourly():.2f} USD.")
    if assumed:
        return True
    if not sys.stdin.isatty():
        print_line("Not a terminal, so this cannot be confirmed: add --yes.")
        return False
    return input("Type 'yes' to begin: ").strip() == "yes"


def _guard(account: Account, journal: Journal, chosen: argparse.Namespace) -> None:
    """Check the account, and before a first step that it is empty. Raises: AccountRefused."""
    if journal.ended:
        raise AccountRefused(f"{journal.path} is the journal of a run that ended: remove its folder for a new one")
    account.check_identity(chosen.account)
    if not journal.entries:
        account.check_empty()


def _target(chosen: argparse.Namespace) -> Environment:
    """Return the environment that is configured. Raises: ConfigFailed, AccountRefused."""
    target = load(chosen.config).environment(chosen.environment)
    if target.tier != "develop":
        raise AccountRefused(f"{target.name} has the tier {target.tier}, which protects what it holds; use develop")
    return target


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.acceptance", description=__doc__)
    parser.add_argument("environment", help="an environment of the configuration, of the tier develop")
    parser.add_argument("--account", required=True, help="the account's id, which has to be the configured one")
    parser.add_argument("--certificate", required=True, help="ARN of an issued certificate in its region")
    parser.add_argument("--connection", required=True, help="ARN of an available connection to the forge")
    parser.add_argument("--repository", required=True, help="repository of the service, such as acme/sample")
    parser.add_argument("--commit", required=True, help="a commit of it on a branch feature/*")
    parser.add_argument("--next-commit", required=True, help="another one")
    parser.add_argument("--trusted", required=True, help="ARN of a user or role that may take the account's roles")
    parser.add_argument("--config", type=Path, help="the daemon's configuration; else RECONCILER_CONFIG")
    parser.add_argument("--folder", type=Path, help="where journal, data and evidence lie until the run ended")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--keep", action="store_true", help="tear nothing down, to look at it")
    return parser.parse_args()


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
