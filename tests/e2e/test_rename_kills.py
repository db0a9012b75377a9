"""A container that dies in the middle of a rename, at each of its writes to S3: what there is stays, under one name."""

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.daemon import TABLE, Daemon, module
from tests.e2e.test_locks import kill_everything

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="finds Terraform where Linux shows processes"),
]

WRITES = (
    "new/terraform.tfstate.tflock",
    "new/terraform.tfstate",
    "old/terraform.tfstate.tflock",
    "old/terraform.tfstate",
)
NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")


def written(daemon: Daemon, since: int) -> list[str]:
    """Return what was put into the states' bucket, as far as the stand-in was asked to."""
    calls = (call for call in daemon.aws.requests(since) if call["operation"] == "PutObject")
    return [call["path"].partition("/develop/")[2] for call in calls if daemon.bucket in call["path"]]


def resources(daemon: Daemon, name: str) -> dict[str, str]:
    """Return the resources of the state of that name, with their ids."""
    found = daemon.state(name).get("resources", ())
    return {one["name"]: one["instances"][0]["attributes"]["id"] for one in found}


def is_settled(daemon: Daemon, name: str) -> bool:
    """True when the manifest is applied. A person helps where no proof is to be had."""
    found = daemon.instance(name)
    if found.get("reason") == "LockOrphaned":  # other tests run Terraform on this machine, which might be the holder
        daemon.run("unlock", f"develop/{name}", "--lock-id", found["message"].split("--lock-id ")[1].strip("`"))
    return bool(found) and found["current"] and found["ready"]


def is_gone(daemon: Daemon, name: str) -> bool:
    return not daemon.instance(name)


def cut_short(daemon: Daemon, old: str, new: str, *, writes: int) -> None:
    """Rename, and end everything while AWS has that many writes; the last one had left the machine, so it is done."""
    since = daemon.aws.last_request()
    for seconds in (*[0.0] * (writes - 1), 60.0):
        daemon.aws.inject_fault("s3", "slow", operation="PutObject", seconds=seconds)
    daemon.write({"it.yaml": module(f"{new}, formerName: {old}", text="one")})
    move = daemon.until_reason(new, "AwaitingApproval")["plan"]
    assert daemon.act(new, "approve", digest=move["digest"]) == 200
    daemon.until(lambda: len(written(daemon, since)) == writes)
    kill_everything(daemon)
    assert written(daemon, since) == [path.replace("old", old).replace("new", new) for path in WRITES[:writes]]
    daemon.aws.lift_faults()


@pytest.mark.chaos
def test_a_rename_that_is_cut_short_at_any_write_keeps_what_there_is(daemon: Daemon) -> None:
    daemon.write({"it.yaml": module(NAMES[0], text="one")})
    daemon.start()
    daemon.until_settled(NAMES[0])
    made = resources(daemon, NAMES[0])
    for writes, (old, new) in enumerate(pairwise(NAMES), start=1):
        cut_short(daemon, old, new, writes=writes)
        daemon.start()
        if writes == len(WRITES):
            take_checksum_away(daemon, old, new)
        daemon.until(partial(is_settled, daemon, new))
        daemon.until(partial(is_gone, daemon, old))
        assert resources(daemon, new) == made
        assert resources(daemon, old) == {}
        assert not daemon.locks()


def take_checksum_away(daemon: Daemon, old: str, new: str) -> None:
    """Do as the documentation tells an operator about a state that was written without its checksum."""
    told = daemon.until_reason(new, "StateLost")["message"]
    assert "does not have the expected content" in told
    row = {"LockID": {"S": f"{daemon.bucket}/develop/{old}/terraform.tfstate-md5"}}
    daemon.aws.client("dynamodb").delete_item(TableName=TABLE, Key=row)
    assert daemon.act(new, "reconcile") == 200
