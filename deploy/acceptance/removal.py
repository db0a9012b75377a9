"""The way back: instances are removed through Git, states and what AWS wrote itself through its API."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from deploy.acceptance.account import LOCK_TABLE, Account
from deploy.acceptance.sandbox import Sandbox
from deploy.local.display import Display, require
from deploy.local.watch import Watch
from reconciler.core.vocabulary import Reason

_CONFIRMED = frozenset({Reason.PRUNE_CONFIRMATION_NEEDED, Reason.PRUNE_GUARD})
# A bucket that holds something: seen before its destroy, or filled by a delivery meanwhile.
_FULL = frozenset({Reason.PRUNE_GUARD, Reason.APPLY_FAILED})


class Removal(Watch):
    """Removes instances and the account's states."""

    def __init__(self, sandbox: Sandbox, account: Account, display: Display) -> None:
        super().__init__(sandbox, display)
        self._sandbox, self._account = sandbox, account
        self._confirmed: set[str] = set()

    def remove(self, *names: str) -> list[str]:
        """Remove manifests, confirm what is asked, and wait until the daemon has forgotten the instances."""
        self.ensure_daemon()
        commit = self._sandbox.push(f"Remove {', '.join(names)}", {f"{name}.yaml": None for name in names})
        self._wait_for_fetch(commit)
        for name in names:
            self._display.wait(f"the end of {name}", partial(self._is_gone, name))
        return [f"{name}: its instance is gone" for name in names]

    def ensure_daemon(self) -> None:
        """Start the daemon unless it runs."""
        if not self._sandbox.daemon_runs:
            self._sandbox.start_daemon()

    def empty_states(self) -> list[str]:
        """Delete the bucket, the table and the key's alias of the states. The key waits for its deletion."""
        bucket, kms = self._account.bucket, self._account.client("kms")
        for alias in kms.get_paginator("list_aliases").paginate().search("Aliases[]"):
            if alias["AliasName"] == f"alias/{bucket}":
                kms.delete_alias(AliasName=alias["AliasName"])
                kms.schedule_key_deletion(KeyId=alias["TargetKeyId"], PendingWindowInDays=7)
        self._delete_bucket(bucket)
        dynamodb = self._account.client("dynamodb")
        if LOCK_TABLE in dynamodb.list_tables()["TableNames"]:
            dynamodb.update_table(TableName=LOCK_TABLE, DeletionProtectionEnabled=False)
            dynamodb.delete_table(TableName=LOCK_TABLE)
        return [f"bucket {bucket}, table {LOCK_TABLE} and the alias of their key are deleted; the key is in 7 days"]

    def delete_late_logs(self) -> list[str]:
        """Delete the log groups with our names to which AWS itself wrote once more after they were destroyed."""
        groups = [entry.removeprefix("log group ") for entry in self._account.inventory()]
        late = [name for name in groups if name.startswith("/aws/")]
        for name in late:
            self._account.client("logs").delete_log_group(logGroupName=name)
        return [f"log group {name}: written by AWS after its destroy, deleted" for name in late]

    def _is_gone(self, name: str) -> tuple[bool | None, str]:
        self._require_daemon()
        key = f"{self._account.environment.name}/{name}"
        found = {each["key"]: each for each in self._sandbox.api("instances")["instances"]}
        if not self._sandbox.health()["ready"]:
            return None, "the daemon has read no commit yet"
        if key not in found:
            return True, ""
        reason = found[key]["reason"]
        if reason in _CONFIRMED and key not in self._confirmed:
            confirmed = self._sandbox.reconciler("prune", "--confirm", key)
            require(confirmed.returncode == 0, f"prune {key}: {confirmed.stderr.strip()}")
            self._confirmed.add(key)
        elif reason == Reason.AWAITING_APPROVAL:
            digest = self._sandbox.api(f"instances/{key}")["plan"]["digest"]
            self._sandbox.reconciler("approve", key, "--digest", digest)
        elif reason in _FULL:
            self._empty_logs()
            self._sandbox.reconciler("reconcile", key)
        return None, f"{reason}: {found[key].get('message')}"

    def _empty_logs(self) -> None:
        """Empty our buckets of logs, which keep what they hold and so cannot be destroyed.

        Their own access logs end first, or emptying one would fill another, and so does the policy of the trail's
        bucket, which lets nobody but break-glass delete what the trail wrote.
        """
        s3, own = self._account.client("s3"), self._account.bucket
        entries = [entry.split(" ", 1) for entry in self._account.inventory()]
        buckets = [name for kind, name in entries if kind == "bucket" and name != own]
        for name in buckets:
            s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={})
            s3.delete_bucket_policy(Bucket=name)
        for name in buckets:
            self._empty_bucket(name)

    def _delete_bucket(self, name: str) -> None:
        s3 = self._account.client("s3")
        if name in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            self._empty_bucket(name)
            s3.delete_bucket(Bucket=name)

    def _empty_bucket(self, name: str) -> None:
        s3 = self._account.client("s3")
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            objects = list(_versions(page))
            if objects:
                answer = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
                require(not answer.get("Errors"), f"bucket {name}: {answer.get('Errors')}")


def _versions(page: Any) -> Iterator[dict[str, str]]:
    found: Sequence[Any] = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    return ({"Key": each["Key"], "VersionId": each["VersionId"]} for each in found)
