"""Names whose value is a credential, names that only speak about one, and values that are none."""

import re
from typing import Any

# Words that end a name anywhere (PGPASSWORD), and words that stand alone or after a boundary (db_pass, dbAuth, AUTH).
_WORDS = (
    r"(?:password|passwd|passphrase|passcode|pwd|secret|token|credentials?|signature|authorization|cookies?"
    r"|connection[_-]?string|(?:access|api|private|encryption|signing|account|auth|client|service|shared)[_-]?key)"
)
_SHORT_WORDS = r"(?:pass|auth|dsn|pw|jwt)"
_COMPOUND = r"(?:db|pg|sql|smtp|ftp|user|root|admin|redis|mongo|ldap|mail|key|store|require|master)pass"
_BOUNDARY = r"(?:^|(?<=[_.\-\s\d])|(?-i:(?<=[a-z])(?=[A-Z])))"
CREDENTIAL = rf"(?:{_WORDS}|{_COMPOUND}|{_SHORT_WORDS}|key)"
_CREDENTIAL_NAME = re.compile(
    rf"(?i)(?:.*[_.\-\s]|.*[a-z\d])?(?:{_WORDS}|{_COMPOUND})|(?:.*{_BOUNDARY})?{_SHORT_WORDS}"
)
# Any other `…_key` names a credential when its value looks random; of these words it names a place, a column or a pair.
_SOME_KEY = re.compile(rf"(?i).+{_BOUNDARY}key")
_PLAIN_KEY = re.compile(
    r"(?i).*(?:kms|master|public|object|s3|bucket|partition|sort|hash|range|primary|foreign|tag|cache|state|deposed"
    r"|lock|artifact|file|config|source|target|header|metric|label|for[_-]each|instance)[_\-\s]?key"
)
_RANDOM = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[^\s:]{12,}")
_HARMLESS = re.compile(
    r"(?i)(?:true|false|null|none|nil|unset|yes|no|on|off|enabled|disabled|required|optional|default|\d{1,3}|arn:\S*"
    r"|(?:aws_)?iam|custom|cognito_user_pools|oauth2?|basic|bearer|jwt|sasl|scram|m?tls|plain|forward|all|whitelist"
    r"|alias/\S*|\$\{\S*|\$\([^)]*\)|(?-i:\$[A-Z_][A-Z0-9_]*)"
    r"|(?:var|local|module|data|each|aws_\w+)\.[\w.\[\]]+"
    r"|\(known after apply\)|\(sensitive value\)|\(sensitive\)|\*+)"
)
_SPOKEN_OF = re.compile(
    r"(?i)(?:arns?|ids?|names?|length|count|versions?|path|file|rotation|type|days|ttl|url|policy|duration|enabled"
    r"|algorithm|format|mode|method|source|status|size|retention|timeout|manager|provider|store)$"
)
_WORD_OF_PROSE = re.compile(r"(?i)(?:token|signature|secret|credentials?|auth|pass|authorization|cookies?|key)")
_WORDLIKE = 8


def names_a_credential(name: str, value: Any) -> bool:
    """Return whether a value under this name is a credential."""
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        return False
    if is_harmless(str(value)) or (name.casefold() == "pwd" and str(value).startswith(("/", "~"))):
        return False
    if _PLAIN_KEY.fullmatch(name):
        return False
    if _CREDENTIAL_NAME.fullmatch(name):
        return True
    return bool(_SOME_KEY.fullmatch(name) and _RANDOM.fullmatch(str(value)))


def is_harmless(value: str) -> bool:
    """Return whether a value is none of its own: a word, a number, a reference, an ARN."""
    return bool(_HARMLESS.fullmatch(value))


def assigns_a_credential(name: str, sign: str, value: str) -> bool:
    """Return whether `name`, `sign` and `value` in a text assign a credential: `token: 9f8e` does, `token: found` does
    not.
    """
    wordlike = len(value) < _WORDLIKE or not any(map(str.isdigit, value))
    prose = sign.strip() == ":" and wordlike and _WORD_OF_PROSE.fullmatch(name)
    return not prose and not _SPOKEN_OF.search(name) and names_a_credential(_stem(name), value)


def _stem(name: str) -> str:
    """Return a name up to the word that makes it one of a credential: `secret_value` is named like a secret."""
    ends = [found.end() for found in re.finditer(rf"(?i){_WORDS}", name)]
    return name[: ends[-1]] if ends else name
