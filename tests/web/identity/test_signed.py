"""Signed credentials against the real API: tokens of an issuer with rotating keys, and the load balancer's header."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from reconciler.core.access.claims import ClaimNames
from reconciler.core.principal import Role
from reconciler.edges.identity.load_balancer import LoadBalancerVerifier, RegionalKeys, keys_of
from reconciler.edges.identity.oidc import Keys, OidcVerifier
from tests.web.identity.api import SUSPEND, Api
from tests.web.identity.issuer import ARN, AUDIENCE, CLIENT, HEADER_ISSUER, Issuer

STRANGER = ECKey.generate_key("P-256")
HEADER = "x_amzn_oidc_data"
Signed = tuple[Api, Issuer]


@pytest.fixture
async def signed(tmp_path: Path) -> AsyncIterator[Signed]:
    """Serve the API and the issuer that it trusts; both measure minutes with the clock of the API."""
    api, names = Api(), ClaimNames()
    async with Issuer().running() as issuer:
        regional = RegionalKeys(f"{issuer.url}/elb", clock=lambda: api.now)
        rules: dict[str, Any] = {
            "behind_proxy": True,
            "bearer": OidcVerifier(Keys(issuer.url, clock=lambda: api.now), AUDIENCE, names),
            "load_balancer": LoadBalancerVerifier(regional, ARN, names, client=CLIENT, issuer=HEADER_ISSUER),
        }
        async with api.running(tmp_path, **rules):
            yield api, issuer


async def test_a_token_of_the_issuer_is_the_person_of_its_address_with_the_roles_of_its_groups(
    signed: Signed,
) -> None:
    api, issuer = signed
    assert (await api.ask(SUSPEND, issuer.token()))[0] == 200
    by = api.control.asked[0][2]
    assert (by.name, by.proof, by.personal) == ("ann", "oidc", True)
    assert by.identities == {"ann", "ann@example.org", "ann@old.example.org"}
    assert {grant.role for grant in by.grants} == {Role.OPERATE, Role.APPROVE}


async def test_the_header_of_the_load_balancer_is_verified_as_aws_documents_it(signed: Signed) -> None:
    api, issuer = signed
    assert (await api.ask(SUSPEND, **{HEADER: issuer.header()}))[0] == 200
    by = api.control.asked[0][2]
    assert (by.name, by.proof, {grant.role for grant in by.grants}) == (
        "ann",
        "load-balancer",
        {Role.OPERATE, Role.APPROVE},
    )
    assert "=." in issuer.header(claims={"email": "x@example.org"}), "no padding, so this test shows nothing"


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda issuer: issuer.token(key=STRANGER), "signature"),
        (lambda issuer: issuer.token()[:-4] + "AAAA", "signature"),
        (lambda issuer: issuer.token(exp=int(time.time()) - 60), "expired"),
        (lambda issuer: issuer.token(nbf=int(time.time()) + 600), "not_yet_valid"),
        (lambda issuer: issuer.token(iat=int(time.time()) + 600), "not_yet_valid"),
        (lambda issuer: issuer.token(exp=None), "malformed"),
        (lambda issuer: issuer.token(exp="soon"), "malformed"),
        (lambda issuer: issuer.token(iss="https://idp.evil.example"), "issuer"),
        (lambda issuer: issuer.token(aud="another-service"), "audience"),
        (lambda issuer: issuer.token(aud=None), "audience"),
        (lambda issuer: issuer.unsigned(), "algorithm"),
        (lambda issuer: issuer.unsigned("None"), "algorithm"),
        (lambda issuer: issuer.unsigned("ES256"), "signature"),
        (lambda issuer: issuer.with_public_key_as_secret(), "algorithm"),
        (lambda issuer: issuer.token(kid="unknown"), "key"),
        (lambda issuer: issuer.token(email="", groups=None), "claims"),
        (lambda issuer: issuer.token(email="a\u202eb@example.org"), "claims"),
        (lambda issuer: issuer.token(email_verified=False), "claims"),
        (lambda issuer: issuer.token(email="BEN"), "claims"),
        (lambda issuer: "a.b.c", "malformed"),
        (lambda issuer: f"{'[' * 3000}.x.y", "malformed"),
    ],
)
async def test_a_token_that_proves_nothing_is_refused_logged_and_counted(
    signed: Signed, caplog: pytest.LogCaptureFixture, make: Callable[[Issuer], str], cause: str
) -> None:
    api, issuer = signed
    token = make(issuer)
    assert await api.refusal(SUSPEND, token) == (403, "credential_refused")
    assert (api.causes, api.control.asked) == ([cause], [])
    (line,) = [record for record in caplog.records if record.getMessage() == "authentication failed"]
    assert (line.cause, line.path) == (cause, SUSPEND)  # type: ignore[attr-defined]  # fields of the log line
    assert token not in f"{line.__dict__}"


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda issuer: issuer.header(key=STRANGER), "signature"),
        (lambda issuer: issuer.header(signer=ARN.replace("111122223333", "999999999999")), "signer"),
        (lambda issuer: issuer.header(signer=None), "signer"),
        (lambda issuer: issuer.header(exp=int(time.time()) - 60), "expired"),
        (lambda issuer: issuer.header(client="another"), "client"),
        (lambda issuer: issuer.header(iss="https://idp.evil.example"), "issuer"),
        (lambda issuer: issuer.header(alg="none"), "algorithm"),
        (lambda issuer: issuer.header(kid="../../etc"), "key"),
        (lambda issuer: issuer.header(kid="99999999-1234-1234-1234-123456789012"), "key"),
        (lambda issuer: issuer.header(claims={"sub": "1"}), "claims"),
    ],
)
async def test_a_header_that_proves_nothing_is_refused_and_counted(
    signed: Signed, make: Callable[[Issuer], str], cause: str
) -> None:
    api, issuer = signed
    assert await api.refusal(SUSPEND, **{HEADER: make(issuer)}) == (403, "credential_refused")
    assert (api.causes, api.control.asked) == ([cause], [])


async def test_the_header_counts_for_nothing_without_a_configured_load_balancer(tmp_path: Path) -> None:
    async with Issuer().running() as issuer, Api().running(tmp_path) as api:
        assert await api.refusal(SUSPEND, **{HEADER: issuer.header()}) == (401, "token_missing")


async def test_a_credential_is_good_until_it_expires_and_not_beyond(signed: Signed) -> None:
    api, issuer = signed
    token, header = issuer.token(exp=int(time.time()) - 29), issuer.header(exp=int(time.time()) - 29)
    assert (await api.ask(token=token))[0] == 200  # within the difference of clocks that is allowed
    assert (await api.ask(**{HEADER: header}))[0] == 200


async def test_a_new_key_of_the_issuer_is_read_and_one_that_was_withdrawn_is_refused(signed: Signed) -> None:
    api, issuer = signed
    old = issuer.token()
    assert (await api.ask(token=old))[0] == 200
    second = ECKey.generate_key("P-256")
    issuer.keys = {"second": second}
    api.now = 61.0
    assert (await api.ask(token=issuer.token(key=second, kid="second")))[0] == 200
    assert await api.refusal(token=old) == (403, "credential_refused")


async def test_made_up_key_ids_do_not_reach_the_issuer_more_than_once_a_minute(signed: Signed) -> None:
    api, issuer = signed
    for number in range(5):
        await api.refusal(token=issuer.token(kid=f"made-up-{number}"))
    assert len(issuer.asked) == 2  # its description, and its keys
    issuer.asked.clear()
    for number in range(15):
        await api.refusal(**{HEADER: issuer.header(kid=f"made-up-{number}"), "X_Forwarded_For": f"192.0.2.{number}"})
    assert len(issuer.asked) == 10
    assert api.causes[-1] == "unavailable"


async def test_while_the_issuer_is_silent_its_keys_stay_good_for_a_day(signed: Signed) -> None:
    api, issuer = signed
    assert (await api.ask(token=issuer.token()))[0] == 200
    issuer.silent = True
    for hours, status in ((2, 200), (23, 200), (25, 503)):
        api.now = hours * 3600.0
        assert (await api.ask(token=issuer.token()))[0] == status


async def test_a_description_of_another_issuer_is_not_believed(signed: Signed) -> None:
    api, issuer = signed
    issuer.says_it_is = "https://idp.evil.example"
    assert await api.refusal(token=issuer.token()) == (503, "credential_refused")
    assert issuer.asked == [".well-known/openid-configuration"]


def test_the_keys_of_a_region_are_where_aws_documents_them() -> None:
    assert keys_of(ARN) == "https://public-keys.auth.elb.eu-central-1.amazonaws.com"
    government = ARN.replace("arn:aws:", "arn:aws-us-gov:").replace("eu-central-1", "us-gov-west-1")
    assert keys_of(government) == "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1"
