"""The rules of detect-secrets for credentials that have a form of their own, the one place that knows the package.

Each detector publishes its expressions as `denylist`. Its own `analyze_string` is not used: for an expression with one
group it yields the group, and of a GitHub token that is "ghp". Left out are the detectors by name, entropy, address and
PEM line: `names` and `forms` know more, and harmless values look random too. The package is imported with the first
text, because it brings an HTTP client along.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module

# A detector, its module, and what every match contains, in lower case: most texts are spared the expressions by it.
DETECTORS = (
    ("artifactory", "ArtifactoryDetector", ("akc", *(f"ap{digit}" for digit in "0123456789abcdef"))),
    ("aws", "AWSKeyDetector", ("a3t", "abia", "acca", "akia", "asia", "aws")),
    ("azure_storage_key", "AzureStorageKeyDetector", ("accountkey=",)),
    ("cloudant", "CloudantDetector", ("cl",)),
    ("discord", "DiscordBotTokenDetector", (".",)),
    ("github_token", "GitHubTokenDetector", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    ("gitlab_token", "GitLabTokenDetector", ("gl", "gr1348941")),
    ("ibm_cloud_iam", "IbmCloudIamDetector", ("key", "pwd", "pass", "token")),
    ("ibm_cos_hmac", "IbmCosHmacDetector", ("secret",)),
    ("mailchimp", "MailchimpDetector", ("-us",)),
    ("npm", "NpmDetector", (":_authtoken=",)),
    ("openai", "OpenAIDetector", ("t3blbkfj",)),
    ("pypi_token", "PypiTokenDetector", ("pypi-",)),
    ("sendgrid", "SendGridDetector", ("sg.",)),
    ("slack", "SlackDetector", ("xox", "hooks.slack.com")),
    ("softlayer", "SoftlayerDetector", ("sl", "softlayer")),
    ("square_oauth", "SquareOAuthDetector", ("sq0csp-",)),
    ("stripe", "StripeDetector", ("k_live_",)),
    ("telegram_token", "TelegramBotTokenDetector", (":",)),
    ("twilio", "TwilioKeyDetector", ("ac", "sk")),
)
NOT_USED = frozenset({
    *("BasicAuthDetector", "PrivateKeyDetector", "JwtTokenDetector", "KeywordDetector", "IPPublicDetector"),
    *("Base64HighEntropyString", "HexHighEntropyString"),
})  # fmt: skip
_SHORTEST = 8  # of all tokens that they recognise
_SHORTEST_GROUP = 11  # a shorter group is a part of the token, such as "ghp"
_NUMBERED = re.compile(r"\d+:")
_EDGES = " \t\r\n\"'=:"  # an expression of a whole word matches what stands around it


def masked(text: str, mark: Callable[[str], str]) -> str:
    """Return a text with what the rules recognise as `mark` makes it."""
    if len(text) < _SHORTEST:
        return text
    folded = text.casefold()
    for traces, expressions in rules():
        if any(trace in folded for trace in traces):
            for expression in expressions:
                text = expression.sub(lambda match: _replacement(match, mark), text)
    return text


@cache
def rules() -> tuple[tuple[tuple[str, ...], tuple[re.Pattern[str], ...]], ...]:
    """Return each detector's traces and expressions."""
    return tuple((traces, tuple(_expressions(module, name))) for module, name, traces in DETECTORS)


def _expressions(module: str, name: str) -> Iterable[re.Pattern[str]]:
    return getattr(import_module(f"detect_secrets.plugins.{module}"), name).denylist  # type: ignore[no-any-return]


def _replacement(match: re.Match[str], mark: Callable[[str], str]) -> str:
    whole, start = match.group(), match.start()
    if _NUMBERED.match(whole) and match.string[max(0, start - 1) : start].isdigit():
        return whole  # the end of a longer number: the account in an ARN, before the name of its resource
    groups = [index for index, group in enumerate(match.groups(), 1) if group and len(group) >= _SHORTEST_GROUP]
    if groups:
        begin, end = (at - start for at in match.span(groups[0]))
    else:
        begin, end = len(whole) - len(whole.lstrip(_EDGES)), len(whole.rstrip(_EDGES))
    return whole[:begin] + mark(whole[begin:end]) + whole[end:]
