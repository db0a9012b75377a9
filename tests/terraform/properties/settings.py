"""Settings of containers, generated: everything that a manifest may say about one, and nothing."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.terraform.inputs import Variables

PROGRAM = st.lists(st.text(st.sampled_from("abcdefgh -./$'\"{}"), min_size=1, max_size=12), min_size=1, max_size=4)
paths = st.from_regex(r"(/[a-z][a-z0-9._-]{0,5}){1,3}", fullmatch=True).filter(
    lambda path: not path.startswith(("/tmp", "/var/tmp", "/proc", "/sys", "/dev"))
)
limits = st.integers(1, 65535).map(lambda soft: {"soft": soft, "hard": soft + 1})
printable = st.characters(min_codepoint=32, max_codepoint=126)  # Terraform normalises what is beyond
labels = st.dictionaries(st.sampled_from(["team", "com.example/part"]), st.text(printable, max_size=8), min_size=1)
capabilities = st.fixed_dictionaries(
    {"add": st.sampled_from([[], ["SYS_PTRACE"]]), "drop": st.sampled_from([["ALL"], ["NET_RAW", "MKNOD"]])}
)
checks = st.fixed_dictionaries(
    {
        "command": st.just(["CMD", "/check"]),
        "interval": st.integers(5, 300),
        "timeout": st.integers(2, 60),
        "retries": st.integers(1, 10),
        "start_period": st.integers(0, 300),
    }
)
tasks = st.fixed_dictionaries(
    {
        "architecture": st.sampled_from(["X86_64", "ARM64"]),
        "ephemeral_storage": st.none() | st.integers(21, 200),
        "exec": st.booleans(),
    }
)
_settings = st.fixed_dictionaries(
    {
        "entry_point": st.none() | PROGRAM,
        "working_directory": st.none() | paths,
        "user": st.sampled_from([None, "1000", "app:app", "0"]),
        "open_files": st.none() | limits,
        "labels": st.none() | labels,
        "without_init": st.booleans(),
        "capabilities": st.none() | capabilities,
        "writable_root": st.booleans(),
        "writable_paths": st.lists(paths, max_size=2, unique=True),
        "cpu": st.none() | st.integers(1, 50),
        "memory_reservation": st.none() | st.integers(6, 50),
        "starts_after": st.just({}),
    }
)


@st.composite
def with_settings(draw: st.DrawFn, variables: Variables) -> Variables:
    """Give the containers of a service their settings, each with a chance of none; sidecars start one after another."""
    own: Variables = draw(_settings) | {
        "command": draw(st.none() | PROGRAM),
        "memory": draw(st.none() | st.integers(50, 100)),
    }
    task = draw(tasks)
    sidecars: list[Variables] = []
    taken = {variables["port"]}
    for sidecar in variables["sidecars"]:
        ports = [
            port for port in draw(st.lists(st.integers(1024, 65535), max_size=2, unique=True)) if port not in taken
        ]
        taken |= set(ports)
        after = {one["name"]: "START" for one in sidecars if draw(st.booleans())}
        more = {"ports": ports, "health_check": draw(st.none() | checks), "starts_after": after}
        sidecars.append({**sidecar, "settings": draw(_settings) | more})
    own |= {"starts_after": {one["name"]: "START" for one in sidecars if draw(st.booleans())}}
    task["exec"] = task["exec"] and own["writable_root"]
    return {**variables, "container": own, "task": task, "sidecars": sidecars}
