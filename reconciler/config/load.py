"""Loading of the configuration: the file, overridden by environment variables, validated together.

The configuration is accepted as a whole or not at all: one `ConfigFailed` lists every problem with its place
(`reconciler.yaml:3:5` or the variable's name), the key, the value unless it is a secret, and the allowed values.
"""

import os
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from desired_state.reading.document import Document, parse
from reconciler.config.explain import explain
from reconciler.config.models import ConfigFailed, Settings
from reconciler.config.origins import PREFIX, Places, variables
from reconciler.local.folder import followed

_FOUND = Path("reconciler.yaml")
_SOCKET_PATH_LIMIT = 107  # sun_path on Linux, without its closing NUL


def load(config: Path | None = None) -> Settings:
    """Return the settings of a file, overridden by those of the environment variables.

    The file is `config`, else `$RECONCILER_CONFIG`, else none: a file that was only found may be a repository's own,
    and names programs, endpoints and roles. Raises: ConfigFailed, also for `./reconciler.yaml` that is not named.
    """
    path = _find(config)
    document = _read(path) if path else None
    places = Places(document, variables())
    unknown = [*places.unknown_keys(), *places.unknown_variables()]
    # Pass known sections only: pydantic-settings reads arguments that begin with an underscore as its own options.
    written: dict[str, Any] = {name: value for name, value in places.written.items() if name in Settings.model_fields}
    try:
        settings = Settings(**written)
    except ValidationError as error:
        raise ConfigFailed([*unknown, *(explain(item, places) for item in error.errors())]) from None
    except SettingsError as error:
        raise ConfigFailed([*unknown, _not_json(str(error))]) from None
    if unknown:
        raise ConfigFailed(unknown)
    anchored = _anchor(settings, path.resolve().parent if path else Path.cwd())
    anchored._origins.update(places.origins())
    return anchored


def _not_json(message: str) -> str:
    """Name the variable that is not JSON: pydantic-settings parses a section as JSON and reports only its name."""
    found = re.search(r'field "(\w+)"', message)
    name = f"{PREFIX}{found[1].upper()}" if found else f"{PREFIX}…"
    return f"{name}: is not JSON: set the whole section as JSON, or set single keys as {name}__KEY"


def _find(config: Path | None) -> Path | None:
    named = config or (Path(value) if (value := os.environ.get("RECONCILER_CONFIG")) else None)
    if named is not None:
        return named
    if _FOUND.exists():
        raise ConfigFailed(
            [
                f"{_FOUND}: is in this folder, but not named, and may be a repository's own: a configuration chooses "
                f"programs, endpoints and roles. Pass --config {_FOUND} (or set RECONCILER_CONFIG) to use it, "
                f"--config {os.devnull} to go without"
            ]
        )
    return None


def _read(path: Path) -> Document | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigFailed([f"{path}: cannot be read: {error.strerror}"]) from None
    parsed = parse(str(path), content)
    if parsed.problems:
        raise ConfigFailed([str(problem) for problem in parsed.problems])
    if len(parsed.documents) > 1:
        raise ConfigFailed([f"{path}: contains {len(parsed.documents)} YAML documents: keep one"])
    return parsed.documents[0] if parsed.documents else None


def _followed(key: str, path: Path) -> Path:
    """Return an absolute path without links: sockets and keys lie there, so no other user may have put a link on it."""
    try:
        return followed(path)
    except OSError as error:
        raise ConfigFailed([f"{key}: {path}: {error.strerror or error}"]) from None


def _anchor(settings: Settings, base: Path) -> Settings:
    """Make every path absolute, so that the settings do not depend on the daemon's working directory."""
    data = _followed("data", base / settings.data.expanduser())

    def absolute(path: Path) -> Path:
        return (base / Path(str(path).replace("{data}", str(data))).expanduser()).resolve()

    socket = _followed("http.socket", base / Path(str(settings.http.socket).replace("{data}", str(data))).expanduser())
    if (length := len(os.fsencode(socket))) > _SOCKET_PATH_LIMIT:
        raise ConfigFailed(
            [f"http.socket: {socket} has {length} bytes, the system allows {_SOCKET_PATH_LIMIT}: set a shorter path"]
        )

    def located(url: str | None) -> str | None:
        return str((base / url).resolve()) if url and url.startswith(("./", "../")) else url

    files = {name: absolute(path) for name, path in settings.http.tls if path}
    tls = settings.http.tls.model_copy(update=files)
    git, terraform, roots = settings.git, settings.terraform, settings.terraform.source.git
    binary = str(absolute(Path(terraform.binary))) if "/" in terraform.binary else terraform.binary
    directory = absolute(git.directory) if git.directory else None
    source = terraform.source.model_copy(
        update={
            "path": absolute(terraform.source.path),
            "git": roots.model_copy(update={"url": located(roots.url)}),
        }
    )
    return settings.model_copy(
        update={
            "data": data,
            "git": git.model_copy(update={"url": located(git.url), "directory": directory}),
            "terraform": terraform.model_copy(update={"binary": binary, "source": source}),
            "store": settings.store.model_copy(update={"path": absolute(settings.store.path)}),
            "reports": settings.reports.model_copy(update={"path": absolute(settings.reports.path)}),
            "http": settings.http.model_copy(update={"socket": socket, "tls": tls}),
        }
    )
