"""The key under which secrets are hashed. It must outlive restarts: with a new key every secret would look changed."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from reconciler.config.models import ConfigFailed, Settings


def redaction_key(settings: Settings) -> bytes:
    """`redaction.key`, else the key in the data folder, made there (mode 0600) the first time. Raises: ConfigFailed."""
    if settings.redaction.key is not None:
        return settings.redaction.key.get_secret_value().encode()
    path = settings.data / "redaction.key"
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigFailed([f"redaction.key: {path} cannot be kept: {error.strerror}"]) from None
    if len(key) < 32:
        raise ConfigFailed([f"redaction.key: {path} is damaged: restore it, or remove it to start with a new key"])
    return key


def _make(path: Path) -> None:
    """Whole or not at all, and the first of two starters wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix="redaction-")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        os.unlink(beside)
