"""Terraform trees and reports in an S3 bucket, for a daemon without a lasting disk.

    trees/<sha256>.tar.gz     one Terraform tree, written once, checked against its id at every read
    reports/<name>            one report

With a configured KMS key, every object names it. Without one, the bucket's default encryption applies, because naming
KMS without a key would choose the account's default key over the bucket's.
"""

import asyncio
import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from desired_state.files.tree import Executable, Tree, tree_id
from reconciler.core.ports.source import SourceFailed
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Home
from reconciler.edges.store.reports import ReportFailed
from reconciler.edges.store.trees import DamagedTree, TreeFailed

_ID = re.compile(r"sha256:([0-9a-f]{64})")
_PLAIN, _EXECUTABLE = 0o644, 0o755  # the mode of a file in an archive: those that Git has
_THERE_ALREADY = "PreconditionFailed"
_MISSING = "NoSuchKey"
_TYPES = {".json": "application/json", ".md": "text/markdown; charset=utf-8"}


class S3Trees:
    """A `TreeArchive` with an object per id."""

    def __init__(self, clients: AwsClients, bucket: str, home: Home, *, kms_key_id: str | None = None) -> None:
        self._clients = clients
        self._bucket = bucket
        self._home = home
        self._encryption = _encryption(kms_key_id)
        self._kept: set[str] = set()  # known to be in the bucket; trees are never deleted

    async def put(self, tree_id: str, tree: Tree) -> None:
        """Keep this tree; a no-op when it is kept. Raises: TreeFailed when the id is not this tree's, SourceFailed."""
        if tree_id in self._kept:
            return
        name, body = _name(tree_id), await asyncio.to_thread(_checked_and_packed, tree_id, tree)
        try:
            await self._put(name, body)
        except AwsFailed as failure:
            raise SourceFailed(f"the Terraform tree cannot be kept in {self._bucket}: {failure}") from failure
        self._kept.add(tree_id)

    async def get(self, tree_id: str) -> Tree:
        """Return a kept tree. Raises: KeyError when it is not kept; DamagedTree; TreeFailed when S3 cannot be read."""
        name = _name(tree_id)
        try:
            answer = await self._clients.call(self._home, "s3", "get_object", Bucket=self._bucket, Key=name)
        except AwsFailed as failure:
            if failure.code == _MISSING:
                raise KeyError(tree_id) from None
            raise TreeFailed(f"{name} in {self._bucket} cannot be read: {failure}") from failure
        return await asyncio.to_thread(_unpacked_and_checked, tree_id, answer["Body"], f"{name} in {self._bucket}")

    async def pin(self, tree_id: str, root: str, commits: Mapping[str, str]) -> Mapping[str, str]:
        """Keep the commits of the root's remote modules, unless some are kept; return those. Raises: SourceFailed."""
        name = _name(tree_id).replace(".tar.gz", f".{root}.modules.json")
        try:
            await self._put(name, json.dumps(dict(commits), sort_keys=True).encode())
            answer = await self._clients.call(self._home, "s3", "get_object", Bucket=self._bucket, Key=name)
        except AwsFailed as failure:
            raise SourceFailed(f"{name} cannot be kept in {self._bucket}: {failure}") from failure
        kept: dict[str, str] = json.loads(answer["Body"])
        return kept

    async def _put(self, name: str, body: bytes) -> None:
        """Write an object, unless there is one of that name. Raises: AwsFailed."""
        call = {"Bucket": self._bucket, "Key": name, "Body": body, "IfNoneMatch": "*", **self._encryption}
        try:
            await self._clients.call(self._home, "s3", "put_object", **call)
        except AwsFailed as failure:
            if failure.code != _THERE_ALREADY:
                raise


class S3Reports:
    """Implements `core.ports.store.Reports` on a bucket."""

    def __init__(self, clients: AwsClients, bucket: str, home: Home, *, kms_key_id: str | None = None) -> None:
        self._clients = clients
        self._bucket = bucket
        self._home = home
        self._encryption = _encryption(kms_key_id)

    async def keep(self, name: str, text: str) -> None:
        """Write the report, in place of one of that name. Raises: ReportFailed."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.name:
            raise ReportFailed(f"{name!r} would leave the reports' folder")
        try:
            await self._clients.call(
                self._home,
                "s3",
                "put_object",
                Bucket=self._bucket,
                Key=f"reports/{path}",
                Body=text.encode(),
                ContentType=_TYPES.get(path.suffix, "text/plain; charset=utf-8"),
                **self._encryption,
            )
        except AwsFailed as failure:
            raise ReportFailed(f"the report {name} cannot be kept in {self._bucket}: {failure}") from failure


def _encryption(kms_key_id: str | None) -> Mapping[str, str | bool]:
    if kms_key_id is None:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id, "BucketKeyEnabled": True}


def _name(wanted: str) -> str:
    match = _ID.fullmatch(wanted)
    if match is None:
        raise KeyError(wanted)
    return f"trees/{match[1]}.tar.gz"


def _checked_and_packed(wanted: str, tree: Tree) -> bytes:
    if tree_id(tree) != wanted:
        raise TreeFailed(f"{wanted} is not the id of this tree")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in sorted(tree.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = _EXECUTABLE if isinstance(content, Executable) else _PLAIN
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)  # equal trees make equal objects


def _unpacked_and_checked(wanted: str, body: bytes, where: str) -> Tree:
    """Return the tree of an archive; files are read into memory, and no path of the archive is ever extracted to."""
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(body)), mode="r:") as archive:
            tree = {member.name: _content(archive, member) for member in archive}
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DamagedTree(f"{where} is damaged: {error}") from error
    if tree_id(tree) != wanted:
        raise DamagedTree(f"{where} is damaged: its content is not {wanted}")
    return tree


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    content = file.read() if file else b""
    return Executable(content) if member.mode == _EXECUTABLE else content
