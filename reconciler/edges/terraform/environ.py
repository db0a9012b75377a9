"""The environment variables of a terraform process, from an allow-list.

The daemon's other variables (`TF_VAR_*`, `TF_CLI_ARGS*`, `TF_WORKSPACE`, `TF_LOG`, secrets of its own) could change a
run or disclose something to it, so they are never passed. The region and endpoint come from the instance's environment.
"""

from collections.abc import Mapping
from pathlib import Path

from reconciler.core.environment import Environment

_ALLOWED = frozenset(
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
_ALLOWED_PREFIX = "AWS_"
# Settings of AWS clients that say nothing of who calls: beside a session that is given, no other credentials are.
_WITHOUT_CREDENTIALS = frozenset({
    "AWS_CA_BUNDLE", "AWS_DEFAULTS_MODE", "AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE", "AWS_STS_REGIONAL_ENDPOINTS",
    "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT",
})  # fmt: skip


def process_environment(
    base: Mapping[str, str],
    cli_config: Path,
    environment: Environment | None = None,
    session: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables of a terraform process: the allowed part of `base`, and the environment's region.

    With the variables of a `session`, `base` yields no credentials.
    """
    allowed = {name: value for name, value in base.items() if name in _ALLOWED or _is_passed(name, session)}
    fixed = {
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(cli_config),
    }
    return allowed | fixed | (_place(environment) if environment else {}) | dict(session or {})


def _is_passed(name: str, session: Mapping[str, str] | None) -> bool:
    if session is None:
        return name.startswith(_ALLOWED_PREFIX)
    return name in _WITHOUT_CREDENTIALS or name.startswith("AWS_ENDPOINT_URL")


def _place(environment: Environment) -> dict[str, str]:
    place = {"AWS_REGION": environment.region, "AWS_DEFAULT_REGION": environment.region}
    if environment.endpoint:
        # The stand-in has no instance metadata; without this setting every run would wait for it.
        place |= {"AWS_ENDPOINT_URL": environment.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
    return place
