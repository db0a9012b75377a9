"""The key of the hashes that replace secrets. It must survive restarts: a new key makes every secret look changed."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from reconciler.config.data import own_data_folder
from reconciler.config.models import ConfigFailed, Settings


def redaction_key(settings: Settings) -> bytes:
    """Return `redaction.key`, else the key in the data folder, which the first call creates there with mode 0600.

    Raises: ConfigFailed when the file cannot be read, written or is damaged.
    """
    if settings.redaction.key is not None:
        return settings.redaction.key.get_secret_value().encode()
    own_data_folder(settings)
    path = settings.data / "redaction.key"
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigFailed(
            [f"redaction.key: {path} cannot be read or written: {error.strerror}. Make it accessible, or set the key"]
        ) from None
    if len(key) < 32:
        raise ConfigFailed([f"redaction.key: {path} is damaged: restore it, or remove it to start with a new key"])
    return key


def _create(path: Path) -> None:
    """Create the key file atomically; of two processes that start together, the first one's key is kept."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix="redaction-")  # created with mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
