"""The guarantees of every archive of trees: a new one joins by adding itself to `ARCHIVES`."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desired_state.files.tree import Executable, tree_id
from reconciler.core.ports.store import TreeArchive
from reconciler.edges.aws.clients import AwsClients, Home
from reconciler.edges.store.s3 import S3Trees
from reconciler.edges.store.trees import DirectoryTrees, TreeFailed
from tests.edges.aws_stub import credentials, make_bucket, the_stand_in

TREE = {
    "roots/service/main.tf": b"# main",
    "roots/service/.terraform.lock.hcl": b"# lock",
    "modules/a/b.tf": b"",
    "modules/a/run.sh": Executable(b"#!/bin/sh"),
}
NAMES = st.text("abc-_.\u00e9\udce9 ", min_size=1, max_size=120).filter(lambda name: name.strip(". "))


@contextmanager
def directory(place: Path) -> Iterator[TreeArchive]:
    yield DirectoryTrees(place)


@contextmanager
def s3(place: Path) -> Iterator[TreeArchive]:
    aws, bucket = the_stand_in(), hashlib.sha256(bytes(place)).hexdigest()[:40]
    make_bucket(bucket)
    with credentials():
        clients = AwsClients()
        yield S3Trees(clients, bucket, Home(aws.region, aws.endpoint))
        clients.close()


ARCHIVES = {"directory": directory, "s3": s3}


@pytest.fixture(params=ARCHIVES)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TreeArchive]:
    with ARCHIVES[request.param](tmp_path) as found:
        yield found


async def test_a_tree_is_kept_by_its_id(archive: TreeArchive) -> None:
    await archive.put(tree_id(TREE), TREE)
    await archive.put(tree_id(TREE), TREE)
    assert await archive.get(tree_id(TREE)) == TREE


@pytest.mark.parametrize("opened", ARCHIVES)
async def test_a_tree_survives_a_restart(opened: str, tmp_path: Path) -> None:
    for _ in range(2):
        with ARCHIVES[opened](tmp_path) as archive:
            await archive.put(tree_id(TREE), TREE)
    with ARCHIVES[opened](tmp_path) as archive:
        assert await archive.get(tree_id(TREE)) == TREE


async def test_the_first_commits_of_modules_stay_for_a_tree_and_a_root(archive: TreeArchive) -> None:
    await archive.put(tree_id(TREE), TREE)
    assert await archive.pin(tree_id(TREE), "service", {"vpc": "c1"}) == {"vpc": "c1"}
    assert await archive.pin(tree_id(TREE), "service", {"vpc": "c2"}) == {"vpc": "c1"}
    assert await archive.pin(tree_id(TREE), "platform", {"vpc": "c2"}) == {"vpc": "c2"}
    assert await archive.get(tree_id(TREE)) == TREE


@pytest.mark.parametrize("wanted", ["sha256:" + "0" * 64, "", "../trees", "sha256:../../etc"])
async def test_an_unknown_id_is_a_key_error(archive: TreeArchive, wanted: str) -> None:
    with pytest.raises(KeyError):
        await archive.get(wanted)


async def test_a_tree_with_a_wrong_id_is_refused(archive: TreeArchive) -> None:
    foreign = "sha256:" + "0" * 64
    with pytest.raises(TreeFailed, match="is not the id"):
        await archive.put(foreign, TREE)
    with pytest.raises(KeyError):
        await archive.get(foreign)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=st.dictionaries(
        NAMES.map("folder/{}".format), st.binary(max_size=20) | st.binary(max_size=20).map(Executable), max_size=5
    )
)
async def test_every_tree_is_returned_as_it_was_put(archive: TreeArchive, tree: dict[str, bytes]) -> None:
    with suppress(UnicodeEncodeError, OSError):  # a name that this disk does not accept
        await archive.put(tree_id(tree), tree)
        assert await archive.get(tree_id(tree)) == tree
