"""The data folder: it holds keys, plans and sockets, so it must be this user's alone."""

from reconciler.config.models import ConfigFailed, Settings
from reconciler.local.folder import Untrusted, check_private, private

# Names that the daemon gives: a folder with one of them is a data folder, and may get another mode.
_OURS = frozenset({"redaction.key", "records.sqlite3", "mirror.git", "terraform.rc", "trees", "work"})


def own_data_folder(settings: Settings) -> None:
    """Create the data folder with mode 0700, or tighten that of an existing one.

    Raises: ConfigFailed for a folder of another user, or one open to others that holds other things.
    """
    folder = settings.data
    try:
        names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
        if names and not names & _OURS:
            check_private(folder)
        private(folder)
    except Untrusted as error:
        raise ConfigFailed([f"data: {error}; it holds secrets, so it must be the daemon's alone"]) from None
    except OSError as error:
        raise ConfigFailed(
            [f"data: {folder} cannot be read or made private: {error.strerror}. Set data to another folder"]
        ) from None
