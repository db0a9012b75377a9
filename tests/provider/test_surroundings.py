"""The inputs of a run: words of its root, the package on disk, memory, the command line, the handshake."""

import base64
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.provider import package
from reconciler.provider.command import read_command
from reconciler.provider.keyed_lock import KeyedLock
from reconciler.provider.package import AWS, PackageNotFound, PackageUnverified, locate, read_lock
from reconciler.provider.processes import memory
from reconciler.provider.processes.memory import MIB, concurrency
from reconciler.provider.processes.process import ProviderUnsupported, read_handshake
from reconciler.provider.protocol.usage import words
from reconciler.provider.status import admission


class TestWords:
    """Types are found in every file that can contain one."""

    def test_types_in_the_root_its_modules_its_state_and_json_are_found(self, tmp_path: Path) -> None:
        root, module, remote = tmp_path / "roots" / "service", tmp_path / "modules" / "alb", tmp_path / "fetched"
        for directory in (root / ".terraform" / "modules", module / "inner", remote):
            directory.mkdir(parents=True)
        (root / "main.tf").write_text('module "alb" { source = "../../modules/alb" }\nresource "aws_vpc" "this" {}')
        (root / "extra.tf.json").write_text(json.dumps({"data": {"aws_ami": {"x": {}}}}))
        (root / "terraform.tfstate").write_text('{"resources": [{"type": "aws_eip"}]}')
        (root / "notes.md").write_text("aws_instance")
        (module / "main.tf").write_text('ephemeral "aws_kms_secrets" "k" {}\nmodule "i" {\n  source = "./inner"\n}')
        (module / "inner" / "main.tf").write_text('output "a" { value = provider::aws::arn_parse(var.arn) }')
        (remote / "main.tf").write_text('resource "aws_sqs_queue" "q" {}')
        installed = {"Modules": [{"Key": "q", "Source": "git::x", "Dir": str(remote)}]}
        (root / ".terraform" / "modules" / "modules.json").write_text(json.dumps(installed))
        found = words(root)
        assert found is not None
        assert {"aws_vpc", "aws_ami", "aws_eip", "aws_kms_secrets", "arn_parse", "aws_sqs_queue"} <= found
        assert "aws_instance" not in found

    def test_modules_that_call_each_other_do_not_loop_forever(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "main.tf").write_text('module "a" { source = "./a" }')
        (tmp_path / "a" / "main.tf").write_text('module "b" { source = "../" }\nresource "aws_vpc" "x" {}')
        assert "aws_vpc" in (words(tmp_path) or ())

    def test_files_that_are_too_large_need_the_full_schema(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "main.tf").write_text("x" * 100)
        monkeypatch.setattr("reconciler.provider.protocol.usage._MOST_BYTES", 50)
        assert words(tmp_path) is None

    def test_a_broken_module_list_is_ignored(self, tmp_path: Path) -> None:
        (tmp_path / ".terraform" / "modules").mkdir(parents=True)
        (tmp_path / ".terraform" / "modules" / "modules.json").write_text('{"Modules": 3')
        assert words(tmp_path) == frozenset()


class TestPackage:
    """A binary is used only if its hash is in the lock file."""

    @pytest.fixture
    def mirror(self, tmp_path: Path) -> Callable[[str], Path]:
        def make(version: str) -> Path:
            directory = tmp_path / AWS / version / package._platform()
            directory.mkdir(parents=True)
            (directory / f"terraform-provider-aws_v{version}").write_bytes(b"program")
            (directory / "LICENSE").write_bytes(b"words")
            return directory

        return make

    def lock(self, *hashes: str, version: str = "5.100.0") -> package.Locked:
        listed = "".join(f'    "{value}",\n' for value in hashes)
        text = f'# kept\nprovider "{AWS}" {{\n  version     = "{version}"\n  hashes = [\n{listed}  ]\n}}\n'
        return read_lock(text)[AWS]

    def test_the_digest_is_terraforms_h1(self, mirror: Callable[[str], Path]) -> None:
        directory = mirror("5.100.0")
        lines = "".join(
            f"{hashlib.sha256((directory / name).read_bytes()).hexdigest()}  {name}\n"
            for name in ("LICENSE", "terraform-provider-aws_v5.100.0")
        )
        expected = "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
        assert package.package_digest(directory) == expected

    def test_the_locked_package_is_found(self, mirror: Callable[[str], Path], tmp_path: Path) -> None:
        directory = mirror("5.100.0")
        digest = package.package_digest(directory)
        found = locate([tmp_path / "absent", tmp_path], self.lock("zh:0", digest))
        assert found == package.Binary(directory / "terraform-provider-aws_v5.100.0", digest)

    def test_a_changed_package_is_rejected(self, mirror: Callable[[str], Path], tmp_path: Path) -> None:
        directory = mirror("5.100.0")
        digest = package.package_digest(directory)
        (directory / "terraform-provider-aws_v5.100.0").write_bytes(b"another program")
        with pytest.raises(PackageUnverified, match="terraform init"):
            locate([tmp_path], self.lock(digest))

    def test_another_version_is_not_used(self, mirror: Callable[[str], Path], tmp_path: Path) -> None:
        mirror("5.99.0")
        with pytest.raises(PackageNotFound):
            locate([tmp_path], self.lock("h1:x"))

    def test_without_a_lock_the_newest_is_taken(self, mirror: Callable[[str], Path], tmp_path: Path) -> None:
        mirror("5.9.0")
        newest = mirror("5.100.0")
        assert locate([tmp_path], None).path.parent == newest


class TestMemory:
    """The number of concurrent runs follows from cores and memory."""

    @pytest.mark.parametrize(
        ("cores", "memory", "fixed", "each", "runs"),
        [
            (2, 8192, 900, 110, 8),  # limited by cores
            (2, 1024, 900, 110, 1),  # limited by memory
            (2, 1340, 900, 110, 4),
            (16, 4096, 900, 300, 10),
            (1, 64, 900, 110, 1),  # at least one run is always possible
            (0, 8192, 0, 0, 4),
        ],
    )
    def test_the_table(self, cores: int, memory: int, fixed: int, each: int, runs: int) -> None:
        assert concurrency(cores=cores, memory=memory * MIB, fixed=fixed * MIB, each=each * MIB) == runs

    @given(st.integers(1, 64), st.integers(1, 2**40), st.integers(0, 2**34), st.integers(1, 2**34))
    def test_more_than_one_run_always_fits(self, cores: int, memory: int, fixed: int, each: int) -> None:
        runs = concurrency(cores=cores, memory=memory, fixed=fixed, each=each)
        assert 1 <= runs <= 4 * cores
        assert runs == 1 or fixed + runs * each <= memory

    def test_an_apply_needs_its_own_process(self) -> None:
        assert 1 <= admission([900 * MIB])["applies"] <= admission([900 * MIB])["plans"]

    def test_the_lowest_limit_counts(self, tmp_path: Path) -> None:
        (tmp_path / "proc" / "self").mkdir(parents=True)
        (tmp_path / "proc" / "meminfo").write_text("MemFree: 1 kB\nMemTotal:    4000 kB\n")
        (tmp_path / "proc" / "self" / "cgroup").write_text("0::/task/container\n")
        (tmp_path / "cg" / "task" / "container").mkdir(parents=True)
        (tmp_path / "cg" / "task" / "container" / "memory.max").write_text("max\n")
        assert memory.memory_limit(tmp_path / "cg", tmp_path / "proc") == 4000 * 1024
        (tmp_path / "cg" / "task" / "memory.max").write_text("1048576\n")
        assert memory.memory_limit(tmp_path / "cg", tmp_path / "proc") == 1048576

    def test_a_limit_of_cgroup_version_1_counts(self, tmp_path: Path) -> None:
        (tmp_path / "proc" / "self").mkdir(parents=True)
        (tmp_path / "proc" / "meminfo").write_text("MemTotal: 4000 kB\n")
        (tmp_path / "proc" / "self" / "cgroup").write_text("4:memory:/t\n")
        (tmp_path / "cg" / "memory" / "t").mkdir(parents=True)
        (tmp_path / "cg" / "memory" / "t" / "memory.limit_in_bytes").write_text("2097152\n")
        assert memory.memory_limit(tmp_path / "cg", tmp_path / "proc") == 2097152

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
    def test_a_process_is_measured(self) -> None:
        assert 0 < memory.private(os.getpid()) <= memory.resident(os.getpid())
        assert memory.resident(2**22 + 1) == 0


class TestCommand:
    """The commands that attach, and their directories."""

    @pytest.mark.parametrize(
        ("line", "warm", "full"),
        [
            ("terraform plan -out=p", True, False),
            ("terraform apply -auto-approve", True, False),
            ("tofu validate", True, False),
            ("terraform init -upgrade", False, False),  # if attached, it would not install
            ("terraform fmt", False, False),
            ("terraform", False, False),
            ("terraform plan -state=x.tfstate", True, True),
            ("make plan", True, True),  # the commands that it runs are unknown
        ],
    )
    def test_the_table(self, line: str, warm: bool, full: bool) -> None:
        command = read_command(line.split(), {}, Path("/here"))
        assert (command.warm, command.full_schema) == (warm, full)

    def test_directories_as_terraform_reads_them(self) -> None:
        command = read_command(["terraform", "-chdir=roots/a", "plan"], {"TF_DATA_DIR": "/data"}, Path("/here"))
        assert command.directory == Path("/here/roots/a")
        assert command.data_directory == Path("/data")
        assert read_command(["terraform", "plan"], {}, Path("/here")).data_directory == Path("/here/.terraform")


class TestHandshake:
    """The first line of a provider tells whether it is supported."""

    def test_protocol_5_on_a_unix_socket(self) -> None:
        assert read_handshake(b"1|5|unix|/tmp/plugin1|grpc|\n") == "/tmp/plugin1"

    @pytest.mark.parametrize(
        "line", [b"1|6|unix|/tmp/p|grpc|\n", b"1|5|tcp|127.0.0.1:1|grpc|\n", b"1|4|unix|/p|netrpc|"]
    )
    def test_another_protocol_is_unsupported(self, line: bytes) -> None:
        with pytest.raises(ProviderUnsupported):
            read_handshake(line)

    @pytest.mark.parametrize("line", [b"", b"This binary is a plugin.\n", b"\xff\xfe|||", b"2|5|unix|/p|grpc|"])
    def test_another_program_is_not_a_provider(self, line: bytes) -> None:
        with pytest.raises(ValueError, match="handshake"):
            read_handshake(line)


async def test_a_lock_without_users_is_removed() -> None:
    locks = KeyedLock()
    async with locks.acquired("a"), locks.acquired("b"):
        assert len(locks) == 2
    assert len(locks) == 0
