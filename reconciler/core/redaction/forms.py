"""Forms of credentials in free text: what stands after a credential's name or flag, in a header, a URL or a DSN, and
what is a credential by its looks.

Only the mask is made elsewhere: each match is handed to a `Mask`. A mark is left alone wherever it occurs.
"""

import re
from collections.abc import Callable

from reconciler.core.redaction.names import CREDENTIAL, assigns_a_credential, is_harmless

OPEN, CLOSE = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
MARK = rf"{OPEN}redacted:[0-9a-f]{{8}}{CLOSE}"
Mask = Callable[[str], str]

_PIECE = rf"[^\s\"'\\&,;{OPEN}{CLOSE}]|\\[^\s\"'nrtu{OPEN}{CLOSE}]"
_BARE = rf"(?![\[({{<]|-----BEGIN )(?:{MARK}|{_PIECE})+"
_QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"?|'[^'\n]*'?|\\+\"(?:(?!(?<!\\)\\+\").)*(?:\\+\")?"
_QUOTE = r"\\{0,16}[\"']"  # bounded: a pattern begins with it
_SCHEME = r"(?:(?i:bearer|basic|token|negotiate|digest|splunk|api-?key|geniekey|key)\s+)?"
_BETWEEN = r"(?:\\*[\"']\s*,\s*\\*[\"']|\\*[\"']?\s+\\*[\"']?|=\\*[\"']?)"  # of a flag and its argument, also in a list
_WORD = rf"(?:{MARK}|[^\s\"'\\,{OPEN}{CLOSE}])+"
_PATTERNS = (
    rf"(?P<mark>{MARK})",
    r"(?P<pem>-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|\Z))",
    r"(?P<url>\b[A-Za-z][A-Za-z0-9+.\-]{0,20}://)(?P<userinfo>[^\s/\"'<>\\]+(?=@)|[^\s/\"'<>\\:@]+:[^\s/\"'<>\\@]+(?=…)"
    r"|[^\s/\"'<>\\:@]{0,256}:[^\s\"'<>\\:@]{1,512}(?=@))",
    # DSNs of Go's MySQL driver and of Oracle's, credentials in the query of a URL.
    r"(?P<dsn>(?<![\w.\-])[\w.\-]+:)(?P<spoken>[^\s@\"'\\]+(?=@(?:tcp|tcp6|unix)\())",
    r"(?P<oracle>\bjdbc:oracle:\w+:[^\s/@\"']+/)(?P<sesame>[^\s@\"'\\]+(?=@))",
    r"(?P<query>[?&;](?:sig|code|auth|pass|pw|pwd|key)=)(?P<answer>[^\s&;\"'\\]{8,})",
    r"(?P<header>(?i:authorization)\\*[\"']?(?:\s*[:=]\s*|\\*[\"']?\s*[,\s]\s*(?=\\*[\"']?(?i:bearer|basic|splunk|token)\s))"
    rf"\\*[\"']?{_SCHEME})(?P<sent>{_BARE})",
    r"(?P<named>\b(?i:x-[\w\-]*(?:key|token|auth|secret)|(?:api|auth|access)[_-]?(?:key|token)|cookie):?[ \t]+)"
    rf"(?P<given>(?=[^\s\"']*\d)(?:{MARK}|[^\s\"'\\,{OPEN}{CLOSE}]){{8,}})",
    r"(?P<scheme>\b(?i:bearer)\s+)(?P<bearer>(?=[^\s]*\d)[A-Za-z0-9._~+/\-]{8,}=*)",
    rf"(?P<environment>{_QUOTE}(?i:name|parameter_?key){_QUOTE}\s*:\s*{_QUOTE}[\w.\-/]{{1,256}}{_QUOTE}\s*,"
    rf"\s*{_QUOTE}(?i:value|parameter_?value){_QUOTE}\s*:\s*)(?P<entry>{_QUOTED})",
    rf"(?P<block>{_QUOTE}(?:\w*_)?(?i:variables|environment|environment_?variables|env_?vars|env){_QUOTE}\s*:\s*)"
    r"(?P<variables>\{[^{}\[\]]*[^{}\[\]\s][^{}\[\]]*\}|\[[^{}\[\]]*=[^{}\[\]]*\])",
    rf"(?P<flag>(?<![\w\-])--?(?:[\w.]+[_.\-])*(?i:{CREDENTIAL}){_BETWEEN})(?P<argument>(?![-=:]){_WORD})",
    # `curl -u user:password`, `sshpass -p password`, `mysql -ppassword`.
    rf"(?P<tool>\b(?:curl|wget)\b[^|\n]{{0,200}}?(?:-u|--user|--proxy-user){_BETWEEN})"
    rf"(?P<login>[^\s:\"'\\{OPEN}{CLOSE}]+:{_WORD}|{MARK})",
    rf"(?P<prompt>\b(?:sshpass\b[^|\n]{{0,80}}?-p|redis-cli\b[^|\n]{{0,200}}?-a){_BETWEEN})(?P<said>(?!-){_WORD})",
    rf"(?P<sql>\b(?:mysql|mysqladmin|mysqldump|mariadb)\b[^|\n]{{0,200}}?[\s\"'\\]-p)(?P<attached>{_WORD})",
    r"(?P<token>(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|\b(?:IQoJ|FwoG|FQoG)[A-Za-z0-9/+]{80,}=*"
    r"|\beyJ[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]{6,}\.[A-Za-z0-9_\-]*"
    r"|\bxox[a-z]-[A-Za-z0-9\-]{10,}|\bxapp-[A-Za-z0-9\-]{10,}"
    r"|\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_\-]+"
    r"|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_\-]{16,}"
    r"|\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|\bwhsec_[A-Za-z0-9+/=]{16,}|\bsk-(?:[a-z0-9]+-)*[A-Za-z0-9_\-]{20,}"
    r"|\bAIza[A-Za-z0-9_\-]{30,}|\bhv[sb]\.[A-Za-z0-9_\-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bdop_v1_[0-9a-f]{32,}"
    r"|\bdapi[0-9a-f]{32}|\bNRAK-[A-Z0-9]{20,}|\bAGE-SECRET-KEY-1[A-Z0-9]{20,}|\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{30,}"
    r"|\$(?:apr1|1|2[abxy]?|5|6|y|argon2(?:id?|d))\$[A-Za-z0-9./$=,+]{16,}|\{S?SHA\}[A-Za-z0-9+/=]{20,})",
    rf"(?P<name>(?<![\w.\-])[\w.\-]{{0,80}}(?i:{CREDENTIAL})(?:[\w.\-]{{0,20}}(?=\s*=))?)"
    rf"(?P<sign>\\*[\"']?\s*=>?\s*|\\*[\"']?:\s+|\\*[\"']\s*:\s*)(?P<assigned>{_QUOTED}|{_BARE})",
)
_CREDENTIALS = re.compile("|".join(_PATTERNS))
# Every pattern but the mark's needs one of these; looking for them first spares most texts the patterns.
_TRACES = (
    *("pass", "pwd", "pw", "secret", "key", "token", "credential", "signature", "auth", "bearer", "cookie", "dsn"),
    *(
        "connection",
        "jwt",
        "sig=",
        "code=",
        "://",
        "@tcp",
        "@unix",
        "jdbc:",
        "-----begin ",
        "value",
        "env",
        "variables",
    ),
    *("akia", "asia", "iqoj", "fwog", "fqog", "eyj", "xox", "xapp-", "hooks.slack.com", "ghp_", "gho_", "ghu_"),
    *("ghs_", "ghr_", "github_pat_", "glpat-", "k_live_", "k_test_", "whsec_", "sk-", "aiza", "hvs.", "hvb.", "npm_"),
    *("dop_v1_", "dapi", "nrak-", "shpat_", "shpca_", "shppa_", "shpss_", "$apr1$", "$1$", "$2", "$5$", "$6$", "$y$"),
    *("$argon2", "sha}", "curl", "wget", "redis-cli", "mysql", "mariadb"),
)
# A group that stays as it is, and the group behind it that is masked.
_PAIRS = (
    *(("dsn", "spoken"), ("oracle", "sesame"), ("query", "answer"), ("header", "sent"), ("named", "given")),
    *(("block", "variables"), ("scheme", "bearer"), ("tool", "login"), ("prompt", "said"), ("sql", "attached")),
)


def masked(text: str, mark: Mask, plain: Mask) -> str:
    """Return a text with the credentials in it as `mark` makes them; `plain` redacts a part that is none itself."""
    folded = text.casefold()
    if not any(trace in folded for trace in _TRACES):
        return text
    return _CREDENTIALS.sub(lambda match: _replacement(match.groupdict(), match.group(), mark, plain), text)


def _replacement(found: dict[str, str], whole: str, mark: Mask, plain: Mask) -> str:
    if found["mark"]:
        return whole
    if found["pem"] or found["token"]:
        return mark(whole)
    if found["url"]:
        return found["url"] + _userinfo(found["url"], found["userinfo"], mark, plain)
    if found["environment"]:
        return found["environment"] + _quoted(found["entry"], mark)
    if found["flag"]:
        kept = plain if is_harmless(found["argument"]) else mark
        return found["flag"] + kept(found["argument"])
    for before, hidden in _PAIRS:
        if found[before]:
            kept = plain if before == "header" and is_harmless(found[hidden]) else mark
            return found[before] + kept(found[hidden])
    name, sign, value = found["name"], found["sign"], found["assigned"]
    hides = assigns_a_credential(name, sign, value.strip("\\\"'").rstrip("}])"))
    return name + sign + (_quoted(value, mark) if hides else plain(value))


def _userinfo(scheme: str, userinfo: str, mark: Mask, plain: Mask) -> str:
    plain_user = ":" not in userinfo and not scheme.lower().startswith("http")  # ssh://git@host
    return plain(userinfo) if plain_user else mark(userinfo)


def _quoted(value: str, mark: Mask) -> str:
    opening = re.match(r"\\*[\"']", value)
    quote_mark = opening.group() if opening else ""
    inner = value[len(quote_mark) :]
    closed = bool(quote_mark) and inner.endswith(quote_mark)
    inner = inner[: -len(quote_mark)] if closed else inner
    return quote_mark + (mark(inner) if inner else "") + (quote_mark if closed else "")
