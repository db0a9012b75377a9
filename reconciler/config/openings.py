"""Openings: what the settings leave open to anyone who can merge, or who reaches the daemon, with the setting that
closes each. None of them is a mistake; a laptop needs none of them closed."""

from collections.abc import Iterator
from typing import Final

from reconciler.config.models import Settings

NO_TENANTS: Final = (
    "tenants: there are none, so every manifest may ask for everything: any kind, Terraform root, name, secret, image "
    "and path in every environment. Set tenants to say who may ask for what"
)


def openings(settings: Settings) -> list[str]:
    """Return one line for each opening, beginning with the setting that closes it."""
    return [*_tenants(settings), *_floors(settings), *of_the_api(settings), *_rules(settings)]


def _tenants(settings: Settings) -> Iterator[str]:
    if not settings.tenants:
        yield NO_TENANTS
    for name, tenant in settings.tenants.items():
        key = f"tenants.{name}"
        if apart := sorted({"account", "platform", "service"}.intersection(tenant.roots)):
            yield f"{key}.roots: its Modules may run {', '.join(apart)}, past the checks of a Platform and a Service"
        everything = [
            field
            for field in ("names", "roots", "repositories", "depends_on", "secrets")
            if "*" in (getattr(tenant, field) or ())
        ]
        yield from (f"{key}.{field}: * is everything, that of other tenants too" for field in everything)
        if tenant.imports:
            yield f"{key}.imports: it may adopt any existing resource that its roots can name"


def _floors(settings: Settings) -> Iterator[str]:
    for name, environment in settings.environments.items():
        if environment.tier == "prod":
            floor = environment.floor.of_tier("prod")
            opened = {
                "mode: is auto, so a merged commit is applied without an approval": floor.mode == "auto",
                "author_may_approve: is true, so one person may change what runs alone": floor.author_may_approve,
                "observe: is true, so a manifest may end the enforcement of what it asks for": floor.observe,
                "suspend: is true, so a manifest may have its instance left alone": floor.suspend,
                "prune: is true, so a removed manifest removes what runs": floor.prune,
            }
            yield from (f"environments.{name}.floor.{opening}" for opening, is_open in opened.items() if is_open)


def of_the_api(settings: Settings) -> Iterator[str]:
    """Yield what the API leaves open, for the log of the start too."""
    auth, http = settings.auth, settings.http
    if auth.token is not None:
        yield "auth.token: is shared, so nobody can tell who used it: give each person one (auth.tokens)"
    if auth.plain_http:
        yield "auth.plain_http: tokens are accepted over plain HTTP, which is safe only behind something that ends TLS"
    if not http.is_public:
        return
    if http.tls.certificate is None and not auth.plain_http:
        yield "http.tls: the API is served beyond this machine over plain HTTP: set it, or let a proxy end TLS"
    if not (auth.token or auth.tokens or auth.oidc.issuer or auth.load_balancer.arn):
        yield "auth: the API is served beyond this machine and knows nobody there: set auth.people and auth.tokens"
    if http.open:
        yield f"http.open: {', '.join(http.open)} can be read by the whole network of {http.host}"


def _rules(settings: Settings) -> Iterator[str]:
    if not settings.policy.command:
        yield "policy.command: is empty, so plans are judged by the built-in rules only"
