"""Folders and links of this user and of others."""

import os
import stat
from pathlib import Path

import pytest

from reconciler.local.folder import Untrusted, check_private, followed, private
from tests.local import other_user


def test_links_are_followed_as_the_system_follows_them(tmp_path: Path) -> None:
    (tmp_path / "real" / "in").mkdir(parents=True)
    (tmp_path / "real" / "up").symlink_to("../link/in")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for path in ("link/in", "link/up", "link/up/../in", "link/in/../../link/up/new/x", "none/../link"):
        assert followed(tmp_path / path) == Path(os.path.realpath(tmp_path / path)), path
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        followed(tmp_path / "loop" / "x")


def test_a_folder_of_this_user_is_made_private_and_a_file_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert private(folder) == folder
    folder.chmod(0o755)
    with pytest.raises(Untrusted, match="has mode 0755, open to other users: chmod 700 "):
        check_private(folder)
    assert stat.S_IMODE(private(folder).stat().st_mode) == 0o700
    (folder / "file").touch()
    with pytest.raises(Untrusted, match="is no folder"):
        check_private(folder / "file")


@other_user.needs_root
def test_folders_and_links_of_another_user_are_not_used() -> None:
    with other_user.shared_folder() as shared:
        mine = private(shared / "mine")
        other_user.run(
            f"os.mkdir({str(shared / 'theirs')!r}, 0o700); os.symlink({str(mine)!r}, {str(shared / 'link')!r})"
        )
        for use in (private, check_private):
            with pytest.raises(Untrusted, match=f"theirs belongs to user {other_user.UID}: run as that user, or use"):
                use(shared / "theirs")
            with pytest.raises(Untrusted, match=f"link is a link of user {other_user.UID}: remove it"):
                use(shared / "link" / "below")
