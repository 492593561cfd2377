"""A home on a network file system is refused: WAL and flock break there."""

from pathlib import Path

import pytest

from lineside.store import homes
from lineside.store.errors import HomeProblem
from lineside.store.homes import Home

MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
box:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb1 /home/ana/fast xfs rw 0 0
//nas/share /mnt/the\\040share cifs rw 0 0
me@box:/ /mnt/ssh fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/home", None), ("/home/ana/lineside", "nfs4"), ("/home/ana/fast/lineside", None),
     ("/homework", None), ("/mnt/the share/x", "cifs"), ("/mnt/ssh/x", "fuse.sshfs")],
)  # fmt: skip
def test_the_longest_mount_above_a_folder_says_what_it_lies_on(path: str, kind: str | None) -> None:
    assert homes.network_kind(Path(path), mounts=MOUNTS) == kind


def test_no_home_is_made_there_and_the_words_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.setattr(homes, "network_kind", lambda *_, **__: "nfs4")
    with pytest.raises(HomeProblem, match="lies on nfs4") as told:
        homes.create(home)
    assert "local disk" in told.value.hint
    assert list(home.path.iterdir()) == []
