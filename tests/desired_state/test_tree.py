"""The id of a tree covers paths, contents and modes; a path is shown as text whatever its bytes are."""

from hypothesis import given
from hypothesis import strategies as st

from desired_state.files.tree import Executable, Unavailable, is_lfs_pointer, root_names, shown, tree_id

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 7\n"

contents = st.binary(max_size=4)
marked = contents | contents.map(Executable) | contents.map(Unavailable)
paths = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=4).filter(
    lambda text: not any("\ud800" <= letter <= "\udc7f" or "\udd00" <= letter <= "\udfff" for letter in text)
)
trees = st.dictionaries(paths, marked, max_size=4)


def test_roots_are_the_folders_under_roots() -> None:
    source = {"roots/a/main.tf": b"", "roots/b/x/y": b"", "roots/README.md": b"", "other/roots/x/main.tf": b""}
    assert root_names(source) == {"a", "b"}


@given(trees, trees)
def test_two_trees_have_the_same_id_exactly_if_they_are_equal(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert (tree_id(one) == tree_id(other)) == (one == other)


@given(trees)
def test_an_id_does_not_depend_on_the_order_of_files(tree: dict[str, bytes]) -> None:
    assert tree_id(dict(reversed(tree.items()))) == tree_id(tree)


def test_a_mode_makes_a_difference_and_only_that_one() -> None:
    plain, program, gone = b"x", Executable(b"x"), Unavailable(b"x")
    assert len({tree_id({"a": one}) for one in (plain, program, gone)}) == 3
    assert program != plain
    assert program == Executable(b"x")
    assert len({program, Executable(b"x"), plain, gone}) == 3


def test_bytes_moved_between_path_and_content_change_the_id() -> None:
    assert tree_id({"ab": b"c"}) != tree_id({"a": b"bc"})
    assert tree_id({"a": b"", "b": b""}) != tree_id({"ab": b""})


def test_the_id_of_a_tree_without_modes_is_the_one_of_earlier_versions() -> None:
    kept = "sha256:dcceac2db64292458d8845d70051b67df56a06938fb92f062dd60d4781da9ebf"
    assert tree_id({"roots/a/main.tf": b"# 1", "modules/b/c.tf": b""}) == kept


def test_a_pointer_of_git_lfs_is_told_from_a_file_that_mentions_one() -> None:
    assert is_lfs_pointer(POINTER)
    assert not is_lfs_pointer(POINTER + b"x" * 1024)
    assert not is_lfs_pointer(b"# " + POINTER)


@given(st.binary(max_size=12))
def test_a_path_is_shown_as_text_that_can_be_stored_and_printed(name: bytes) -> None:
    text = shown(name.decode("utf-8", "surrogateescape"))
    assert text.isprintable()
    assert len(text.encode()) >= len(name)
