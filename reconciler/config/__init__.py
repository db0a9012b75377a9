"""Settings, read and checked once at the start; everything below gets plain values and never reads them itself."""

from reconciler.config.effective import effective, origins_of
from reconciler.config.load import load
from reconciler.config.models import ConfigFailed, Settings
from reconciler.config.redaction import redaction_key

__all__ = ["ConfigFailed", "Settings", "effective", "load", "origins_of", "redaction_key"]
