"""The data folder: it is this user's alone, or the daemon does not start."""

import re
import stat
from pathlib import Path

import pytest

from reconciler.config.data import own_data_folder
from reconciler.config.load import load
from reconciler.config.models import ConfigFailed
from tests.config.configuration import read
from tests.local import other_user


def test_an_open_data_folder_is_tightened(tmp_path: Path) -> None:
    for name, content in (("new", []), ("empty", []), ("used", ["records.sqlite3", "work"])):
        folder = tmp_path / name
        if name != "new":
            folder.mkdir()
            folder.chmod(0o755)
        for entry in content:
            (folder / entry).mkdir()
        own_data_folder(read(f"data: {name}\n"))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_open_folder_with_other_things_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letters").touch()
    (tmp_path / "home").chmod(0o755)
    with pytest.raises(ConfigFailed, match=r"data: \S+/home has mode 0755, open to other users: chmod 700 \S+/home;"):
        own_data_folder(read("data: home\n"))
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o755


@other_user.needs_root
def test_a_data_folder_of_another_user_or_behind_its_link_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with other_user.shared_folder() as folder:
        mine = folder / "mine"
        mine.mkdir(mode=0o700)
        theirs, link = folder / "theirs", folder / "link"
        other_user.run(f"os.mkdir({str(theirs)!r}, 0o700); os.symlink({str(mine)!r}, {str(link)!r})")
        with pytest.raises(ConfigFailed, match=f"data: {re.escape(str(theirs))} belongs to user {other_user.UID}: run"):
            own_data_folder(read(f"data: {theirs}\n"))
        for key, value in (("DATA", link), ("HTTP__SOCKET", link / "s")):
            monkeypatch.setenv(f"RECONCILER__{key}", str(value))
            with pytest.raises(ConfigFailed, match=f"link is a link of user {other_user.UID}: remove it"):
                load(Path("/dev/null"))
            monkeypatch.delenv(f"RECONCILER__{key}")
