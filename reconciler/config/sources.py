"""Sections that say what the daemon works on: manifests, Terraform, states, records.

Every field's description is the sentence that `docs/operations.md` prints for it.
"""

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from reconciler.config.values import (
    Branch,
    BucketName,
    BucketTemplate,
    Duration,
    Endpoint,
    Interval,
    KmsKey,
    Region,
    Section,
    StatePrefix,
    TableName,
    Text,
    read_duration,
)


class Git(Section):
    """Where the manifests come from: a Git repository, or a folder on this machine."""

    url: Text | None = Field(None, description="The manifests repository: https, ssh, file or git, or a local path")
    branch: Branch = Field("main", description="The branch that is the truth")
    path: Text = Field(".", description="The folder of the repository that holds the manifests")
    directory: Path | None = Field(
        None, description="Watch this folder instead of a repository; a save takes effect without a commit"
    )
    interval: Interval = Field(read_duration("1m"), description="How often to fetch when nothing calls for it sooner")
    timeout: Interval = Field(read_duration("60s"), description="The longest one fetch may take")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.url and self.directory:
            raise ValueError("url and directory exclude each other: manifests come from one place")
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must stay inside the repository")
        return self


class TerraformGit(Section):
    """A Git repository that holds the Terraform roots and modules."""

    url: Text | None = Field(
        None, description="Take them from this repository instead: https, ssh, file or git, or a local path"
    )
    ref: Branch = Field("main", description="The branch, tag or full commit id to use; environments may have their own")
    path: Text = Field(".", description="The folder of the repository that holds `roots/` and `modules/`")

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError("path must stay inside the repository")
        return self


class TerraformSource(Section):
    """Where the Terraform roots and modules come from."""

    path: Path = Field(Path("terraform"), description="A folder with `roots/` and `modules/`")
    git: TerraformGit = TerraformGit()


class TerraformTimeouts(Section):
    """The longest that one Terraform command may run."""

    init: Interval = Field(read_duration("5m"), description="For `terraform init`")
    plan: Interval = Field(read_duration("15m"), description="For `terraform plan`")
    apply: Interval = Field(read_duration("1h"), description="For `terraform apply`")


class Terraform(Section):
    """How Terraform is run."""

    binary: Text = Field("terraform", description="The terraform to run: a name on PATH, or a path")
    source: TerraformSource = TerraformSource()
    warm: bool = Field(True, description="Keep the AWS provider running between runs; off is slower, never different")
    concurrency: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="Runs at a time; by default what cores and memory allow when warm, else one per core"
    )
    lock_timeout: Duration = Field(read_duration("30s"), description="How long a run waits for a state lock")
    timeouts: TerraformTimeouts = TerraformTimeouts()

    @property
    def workers(self) -> int:
        """How many runs may go on at a time."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.concurrency or cores * (2 if self.warm else 1)


class State(Section):
    """Where Terraform states are kept, in each environment's account."""

    bucket: BucketTemplate = Field(
        "reconciler-state-{account}-{region}", description="The bucket; `{account}` and `{region}` are filled in"
    )
    lock_table: TableName | None = Field(
        "reconciler-locks", description="The DynamoDB lock table; null leaves only S3's own lock file"
    )
    access_logs_bucket: BucketTemplate | None = Field(
        None, description="The bucket, made already, that gets the state bucket's access logs; filled in likewise"
    )
    prefix: StatePrefix = Field("", description="Put before every state's key in the bucket")
    kms_key_id: KmsKey | None = Field(None, description="The KMS key of the states; null takes the bucket's default")


class Store(Section):
    """Where records and history are kept, and what they need: in the data folder, or in AWS when that does not last."""

    path: Path = Field(Path("{data}/records.sqlite3"), description="The SQLite file; not used with a table")
    table: TableName | None = Field(None, description="A DynamoDB table for the records instead of the file")
    bucket: BucketName | None = Field(
        None, description="An S3 bucket for Terraform trees and reports instead of the data folder; a table needs one"
    )
    kms_key_id: KmsKey | None = Field(
        None, description="The KMS key of the bucket's objects; null takes the bucket's default"
    )
    region: Region | None = Field(
        None, description="The region of table and bucket; null takes the one of the daemon's surroundings"
    )
    endpoint: Endpoint | None = Field(None, description="An AWS-compatible endpoint for both, instead of AWS itself")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.table and not self.bucket:
            raise ValueError("a table needs a bucket: without the trees that records name, nothing could be destroyed")
        return self
