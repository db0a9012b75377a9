"""The environment variables of a terraform process, from an allow-list.

Whatever else the daemon was started with (`TF_VAR_*`, `TF_CLI_ARGS*`, `TF_WORKSPACE`, `TF_LOG`, secrets of its own)
could change what a run does or show it something, so it never arrives. Who the run is and where comes from the
instance's environment.
"""

from collections.abc import Mapping
from pathlib import Path

from reconciler.core.environment import Environment

_PASSED = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "TMPDIR",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    }
)
_PASSED_PREFIX = "AWS_"


def surroundings(base: Mapping[str, str], cli_config: Path, environment: Environment | None = None) -> dict[str, str]:
    """What a terraform child may know: the allowed part of `base`, and where the environment is."""
    passed = {name: value for name, value in base.items() if name in _PASSED or name.startswith(_PASSED_PREFIX)}
    fixed = {
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(cli_config),
    }
    return passed | fixed | (_place(environment) if environment else {})


def _place(environment: Environment) -> dict[str, str]:
    place = {"AWS_REGION": environment.region, "AWS_DEFAULT_REGION": environment.region}
    if environment.endpoint:
        # The stand-in has no instance metadata; without this every run waits for it.
        place |= {"AWS_ENDPOINT_URL": environment.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
    return place
