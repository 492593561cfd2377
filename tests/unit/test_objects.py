"""Files under the name of their content."""

from pathlib import Path

import pytest

from lineside.store import objects
from lineside.store.errors import BadData, NotFound
from lineside.store.homes import Home


def folder(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_same_content_is_stored_once_and_comes_back(home: Home, tmp_path: Path) -> None:
    one, two = folder(tmp_path, a="words", b="words") / "a", tmp_path / "b"

    first, second = objects.adopt(home, one), objects.adopt(home, two)

    assert first == second
    assert not first.tree
    assert objects.path_of(home, first.digest).read_text() == "words"
    assert one.exists()
    assert objects.put_bytes(home, b"words") == first
    assert len([path for path in home.objects.rglob("*") if path.is_file()]) == 1


def test_a_folder_has_one_digest_whatever_its_files_were_made_in(home: Home, tmp_path: Path) -> None:
    there = folder(tmp_path / "x", model="m", sub__deep="d")
    again = folder(tmp_path / "y", sub__deep="d", model="m")

    stored = objects.adopt(home, there)

    assert stored == objects.adopt(home, again)
    assert stored.tree
    assert stored.bytes == 2
    assert [entry.path for entry in objects.tree(home, stored.digest)] == ["model", "sub/deep"]
    assert objects.is_tree(home, stored.digest)


def test_a_folder_is_put_back_as_it_was(home: Home, tmp_path: Path) -> None:
    stored = objects.adopt(home, folder(tmp_path / "x", model="m", sub__deep="d"))

    dest = objects.materialise(home, stored.digest, tmp_path / "out" / "package")

    assert (dest / "sub" / "deep").read_text() == "d"
    assert objects.materialise(home, stored.digest, dest) == dest
    assert [path.name for path in dest.parent.iterdir()] == ["package"]


def test_an_empty_folder_is_a_folder(home: Home, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    stored = objects.adopt(home, tmp_path / "empty")
    assert objects.materialise(home, stored.digest, tmp_path / "out").is_dir()


def test_moving_shares_the_bytes_and_leaves_the_source_to_its_owner(home: Home, tmp_path: Path) -> None:
    source = folder(tmp_path, a="words") / "a"

    stored = objects.adopt(home, source, move=True)

    assert source.exists()
    assert source.stat().st_ino == objects.path_of(home, stored.digest).stat().st_ino
    assert objects.adopt(home, source, move=True) == stored


def test_a_changed_byte_is_found_in_a_file_and_in_a_folder(home: Home, tmp_path: Path) -> None:
    stored = objects.adopt(home, folder(tmp_path / "x", model="m"))
    file = objects.tree(home, stored.digest)[0].digest
    assert objects.verify(home, stored.digest)

    path = objects.path_of(home, file)
    path.chmod(0o600)
    path.write_text("n")

    assert not objects.verify(home, file)
    assert not objects.verify(home, stored.digest)
    assert not objects.verify(home, "0" * 64)


def test_what_is_neither_file_nor_folder_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "link").symlink_to("/etc/passwd")
    for path in (tmp_path / "x", tmp_path / "nowhere"):
        with pytest.raises(BadData, match="neither a file nor a folder"):
            objects.adopt(home, path)


def test_a_folder_whose_list_leaves_it_is_refused(home: Home, tmp_path: Path) -> None:
    stored = objects.put_bytes(home, b"x")
    evil = objects.put_tree(home, [objects.TreeEntry(path="../out", digest=stored.digest, bytes=1)])
    with pytest.raises(BadData, match="leaves its folder"):
        objects.materialise(home, evil.digest, tmp_path / "package")
    assert not (tmp_path / "out").exists()


def test_what_is_not_here_is_said(home: Home, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no object"):
        objects.materialise(home, "ab" * 32, tmp_path / "out")
    with pytest.raises(NotFound, match="no folder"):
        objects.tree(home, "ab" * 32)
