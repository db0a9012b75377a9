"""Sections for manifests, Terraform roots, Terraform states and records.

Each field's description is the sentence that `docs/configuration.md` prints for it.
"""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reconciler.config.values import (
    Branch,
    BucketName,
    BucketTemplate,
    Duration,
    Endpoint,
    Interval,
    KmsKey,
    ModuleSource,
    ProviderSource,
    Region,
    Section,
    StateKey,
    StatePrefix,
    TableName,
    Text,
    read_duration,
)
from reconciler.core.code.allowances import Allowances


class Git(Section):
    """Source of the manifests: a Git repository, or a folder on this machine."""

    url: Text | None = Field(
        None, description="Repository of the manifests: an https, ssh or file URL, or a local path"
    )
    branch: Branch = Field("main", description="Branch to reconcile")
    path: Text = Field(".", description="Folder in the repository that contains the manifests")
    directory: Path | None = Field(
        None, description="Local folder to watch instead of a repository; saved files take effect without a commit"
    )
    interval: Interval = Field(
        read_duration("1m"), description="Time between two fetches when none is triggered earlier"
    )
    timeout: Interval = Field(read_duration("60s"), description="Time limit of one fetch")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.url and self.directory:
            raise ValueError("url and directory exclude each other: set one of them")
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must be inside the repository: a relative path without ..")
        return self


class TerraformGit(Section):
    """Git repository of the Terraform roots and modules."""

    url: Text | None = Field(
        None, description="Repository to use instead of a folder: an https, ssh or file URL, or a local path"
    )
    ref: Branch = Field("main", description="Branch, tag or full commit id to use; environments can override it")
    path: Text = Field(".", description="Folder in the repository that contains `roots/` and `modules/`")

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must be inside the repository: a relative path without ..")
        return self


class TerraformSource(Section):
    """Source of the Terraform roots and modules."""

    path: Path = Field(Path("terraform"), description="Folder with `roots/` and `modules/`")
    git: TerraformGit = TerraformGit()


class TerraformTimeouts(Section):
    """Time limits of single Terraform commands."""

    init: Interval = Field(read_duration("5m"), description="Time limit of `terraform init`")
    plan: Interval = Field(read_duration("15m"), description="Time limit of `terraform plan`")
    apply: Interval = Field(read_duration("1h"), description="Time limit of `terraform apply`")


class Allow(Section):
    """Code of Terraform roots that is refused unless it is allowed here, because it runs on the daemon's machine."""

    providers: list[ProviderSource] = Field(
        [], description="Providers beside `hashicorp/aws` that may be installed and run, such as `hashicorp/random`"
    )
    modules: list[ModuleSource] = Field(
        [],
        description="Beginnings of module sources outside of the tree, up to a slash, such as "
        "`git::https://git.example.com/modules/`",
    )
    provisioners: bool = Field(False, description="`provisioner` and `connection` in resources")
    files: bool = Field(
        False, description="Functions and resources that read files whose path is not plain text inside of the tree"
    )
    remote_state: bool = Field(False, description="The data source `terraform_remote_state`")
    provider_settings: list[Text] = Field(
        [], description="Settings of the AWS provider beside region, accounts, tags and retries, such as `endpoints`"
    )

    def allowances(self) -> Allowances:
        """Return the section as the value that code is checked with."""
        return Allowances(
            providers=frozenset(self.providers),
            modules=frozenset(self.modules),
            provisioners=self.provisioners,
            files=self.files,
            remote_state=self.remote_state,
            provider_settings=frozenset(self.provider_settings),
        )


class Terraform(Section):
    """Terraform: its binary, its roots, concurrency and time limits."""

    binary: Text = Field("terraform", description="Terraform binary: a name on PATH, or a path")
    source: TerraformSource = TerraformSource()
    warm: bool = Field(
        True, description="Keep the AWS provider running between runs; false is slower, with the same results"
    )
    concurrency: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="Concurrent runs; null: what cores and memory allow when warm, otherwise one per core"
    )
    lock_timeout: Duration = Field(read_duration("30s"), description="How long a run waits for the state lock")
    timeouts: TerraformTimeouts = TerraformTimeouts()
    allow: Allow = Allow()

    @property
    def workers(self) -> int:
        """Return the number of concurrent runs: `concurrency`, else two per core when warm, one per core when not."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.concurrency or cores * (2 if self.warm else 1)


class State(Section):
    """Storage of Terraform states, in each environment's account."""

    bucket: BucketTemplate = Field(
        "reconciler-state-{account}-{region}",
        description="Bucket of the states; `{account}` and `{region}` are replaced",
    )
    lock_table: TableName | None = Field(
        "reconciler-locks", description="DynamoDB lock table; null locks with S3's lock file only"
    )
    access_logs_bucket: BucketTemplate | None = Field(
        None,
        description="Existing bucket for access logs of the state bucket; `{account}` and `{region}` are replaced",
    )
    registry_scanning: Literal["basic", "enhanced", "unmanaged"] = Field(
        "basic",
        description="Scanning of images that `reconciler bootstrap` sets beside the bucket, for the whole account and "
        "region; `unmanaged` leaves it as the organisation set it",
    )
    prefix: StatePrefix = Field("", description="Prefix of every state's key in the bucket")
    kms_key_id: StateKey | None = Field(
        None,
        description="KMS key that encrypts the states, with `{account}` and `{region}` replaced; null is the key that "
        "`bootstrap` makes, `alias/<bucket>`; `default` names none and leaves it to the bucket",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.kms_key_id is None and "." in self.bucket:
            raise ValueError("a bucket with dots has no key of its name: set kms_key_id")
        return self


class Store(Section):
    """Storage of records, history, trees and reports: the data folder, or AWS where the disk does not last."""

    path: Path = Field(Path("{data}/records.sqlite3"), description="SQLite file of the records; not used with a table")
    table: TableName | None = Field(None, description="DynamoDB table for the records, instead of the file")
    bucket: BucketName | None = Field(
        None, description="S3 bucket for Terraform trees and reports, instead of the data folder; required with a table"
    )
    kms_key_id: KmsKey | None = Field(
        None, description="KMS key that encrypts the bucket's objects; null uses the bucket's default"
    )
    region: Region | None = Field(
        None, description="Region of table and bucket; null uses the region of the daemon's AWS configuration"
    )
    endpoint: Endpoint | None = Field(None, description="AWS-compatible endpoint for both, instead of AWS")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.table and not self.bucket:
            raise ValueError(
                "a table needs a bucket for the Terraform trees that its records name, or no instance could be "
                "destroyed after the disk is lost: set bucket"
            )
        return self
