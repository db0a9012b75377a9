"""The state in a plan file: which version of the stored state the plan was made from.

A plan file is a zip archive. Its `tfstate-prev` is the stored state before the refresh, and its `tfstate` the state
after it, with the stored state's lineage and serial, which an apply of the plan compares (Terraform,
`internal/plans/planfile`). Terraform does not document the format, so what cannot be read is no error here.
"""

import zipfile
from pathlib import Path

from reconciler.core.plan.state_file import State, StateVersion

_STORED, _REFRESHED = "tfstate-prev", "tfstate"


def stored_state(plan: Path) -> StateVersion | None:
    """Return the version of the stored state that the plan was made from; None when the file does not say it."""
    try:
        with zipfile.ZipFile(plan) as archive:
            stored, refreshed = (State(archive.read(name).decode()) for name in (_STORED, _REFRESHED))
        return StateVersion(refreshed.lineage, refreshed.serial, stored.version.resources)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, AttributeError, TypeError):
        return None
