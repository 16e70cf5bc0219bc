"""Secrets are taken out of texts before they are printed, logged or stored: passwords, tokens, keys, home folders.

Known are tokens of well-known forms, what is named as a secret (by an option, an assignment, a mapping, a query of an
address, a header), and the values of such variables of the environment wherever they stand. Hashes, keys of runs and
names are no secrets: ``key=3f2a9c1b`` and ``sk-learn-digits`` stay.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

STARS = "***"
_SHORTEST = 6  # characters of a value of the environment that is looked for everywhere
_HARMLESS = frozenset({"none", "null", "true", "false", "default", "enabled", "disabled", "required", "optional"})

# A password may hold any of /, : and @: it ends at the last @. A number after the colon is a port.
_IN_ADDRESS = re.compile(r"(?<=://)([^\s/:@]*):(?!\d{1,5}(?:[/?#\s]|$))\S+@")
_USER_IN_ADDRESS = re.compile(r"(?<=://)(?=[^\s/:@]*\d)[\w.~-]{16,}@")
_IN_QUERY = re.compile(
    r"([?&;](?:[\w.-]*(?:token|secret|passw(?:or)?d|pwd|signature|credential)[\w.-]*|(?:[\w.-]+[_-])?key|apikey|sig|auth)"
    r"=)[^&\s\"'#<>]+",
    re.IGNORECASE,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_HEADER = re.compile(
    r"(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:\w+\s+)?|\bbearer\s+(?=\S*\d|\S{20}))[\w.~+/=-]{6,}", re.IGNORECASE
)
_FORMS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[pousr]_[A-Za-z0-9]{8,}|github_pat_\w{8,}"  # GitHub
    r"|gl[a-z]{2,6}-[\w-]{16,}"  # GitLab
    r"|hf_[A-Za-z0-9]{16,}"  # Hugging Face
    r"|sk-(?:(?:proj|ant|admin|svcacct|or)-[\w-]{8,}|(?=[\w-]*\d)(?:[A-Za-z0-9]{1,12}-){0,3}[A-Za-z0-9_]{16,}[\w-]*)"
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{8,}"  # Stripe
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,}"  # Amazon
    r"|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{16,}"  # Slack
    r"|AIza[\w-]{30,}|ya29\.[\w-]{16,}"  # Google
    r"|npm_[A-Za-z0-9]{20,}|pypi-Ag[\w-]{16,}|dckr_pat_[\w-]{16,}|dop_v1_[0-9a-f]{32,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"  # JSON web tokens
    r")"
)

# What a name ends with that names a secret. `key` alone does so as an option or a variable: here it names runs too.
_ENDINGS = (
    r"token|secrets?|passw(?:or)?d|passphrase|passcode|credentials?|(?:api|access|secret|private|auth|signing)[_-]?key"
)
_OUR_KEYS = (
    r"(?:\w+[_-])?(?:run|state|start|cell|suite|seed|sort|group|primary|foreign|cache|public|host|dict|random|rng|prng|"
    r"first|last|final|best|any|no|unexpected|missing|unknown)[_-]key"
)
_NAME = (
    rf"(?!{_OUR_KEYS}\b)(?:[A-Za-z0-9]+[_.-]+)*"
    rf"(?:[A-Za-z0-9]*(?:{_ENDINGS})|(?<=[_-])(?:key|pwd))(?:[_-](?:value|text|string|base64|b64|id|\d+))?(?![A-Za-z0-9_-])"
)
_VALUE = r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;&)\]}]+)"
_ASSIGNED = re.compile(rf"(?P<head>(?<![\w-]){_NAME}[\"'\]]*\s*=(?!=)\s*){_VALUE}", re.IGNORECASE)
_MAPPED = re.compile(rf"(?P<head>(?<![\w-]){_NAME}[\"'\]]*(?:\s+is)?\s*:\s*){_VALUE}", re.IGNORECASE)
_OPTION = re.compile(
    rf"(?P<head>(?<![\w-])--?(?:{_NAME}|key|pass|pwd)(?:=|\s+(?!-)))"
    rf"(?P<value>(?=[\"'])(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+|[^\s\"']+?(?=[,;)\]}}]*(?:[\s\"']|$)))",
    re.IGNORECASE,
)
_UPPER_KEY = re.compile(r"(?P<head>(?<![A-Za-z0-9_])KEY=)(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;&)\]}]+)")
_STRICT = re.compile(r"passw|passphrase|passcode|secret", re.IGNORECASE)

_SECRET_PART = re.compile(rf"(?:{_ENDINGS})$")
_SECRET_WORDS = frozenset({"key", "pass"})

_END = r"(?![\w-]|\.\w)"  # a folder's name is at its end
_HOMES = re.compile(r"(?<![\w.~*-])/(home|Users)/[^/\s:\"'<>|,;)\]}]+")
_ROOT = re.compile(rf"(?<![\w.~*-])/root{_END}")
_WINDOWS = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]:(?:\\+|/)Users(?:\\+|/))[^\\/:*?\"<>|\s']+")


def without_tokens(text: str) -> str:
    """A user's own text, such as a plugin's source, without what is surely a secret: names in it mean nothing."""
    text = _without_environment(text)
    text = _PRIVATE_KEY.sub(STARS, text)
    text = _IN_ADDRESS.sub(rf"\1:{STARS}@", text)
    text = _USER_IN_ADDRESS.sub(f"{STARS}@", text)
    return _FORMS.sub(STARS, text)


def without_secrets(text: str) -> str:
    """The text without tokens, and without values that are named as secrets."""
    text = without_tokens(text)
    text = _IN_QUERY.sub(rf"\1{STARS}", text)
    text = _HEADER.sub(rf"\1{STARS}", text)
    text = _OPTION.sub(_starred, text)
    text = _UPPER_KEY.sub(_starred, text)
    text = _ASSIGNED.sub(_starred, text)
    return _MAPPED.sub(_starred_if_likely, text)


def shown(text: str) -> str:
    """Fit for a screen: the user's own home folder is ~, which works there; other paths can be followed."""
    return _without_own_home(without_secrets(text))


def masked(text: str) -> str:
    """Fit for a database or a report, which others get to see: no home folder tells a name either."""
    text = shown(text)
    text = _HOMES.sub(rf"/\1/{STARS}", text)
    text = _ROOT.sub("~", text)
    return _WINDOWS.sub(lambda found: found[1] + STARS, text)


def _starred(found: re.Match[str]) -> str:
    value = found["value"].strip("\"'")
    number = value.isdigit() and len(value) < _SHORTEST and not _STRICT.search(found["head"])
    if not value or number or value.lower() in _HARMLESS or value.startswith(STARS):
        return found[0]
    return found["head"] + _in_quotes(found["value"])


def _starred_if_likely(found: re.Match[str]) -> str:
    """After a colon may come prose; what a name of a password is followed by is none."""
    value = found["value"]
    is_plain = value[0] not in "\"'" and not _STRICT.search(found["head"])
    if is_plain and (len(value) < 8 or not any(sign.isdigit() for sign in value)):
        return found[0]
    return _starred(found)


def _in_quotes(value: str) -> str:
    return f"{value[0]}{STARS}{value[0]}" if value[0] in "\"'" else STARS


def _without_environment(text: str) -> str:
    """The text without the values of variables that are named as secrets; a part of a longer word is none of them."""
    values = sorted({form for value in _secret_values() for form in _forms_of(value)}, key=len, reverse=True)
    if not values:
        return text
    either = "|".join(map(re.escape, values))
    return re.sub(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", STARS, text)


def _secret_values() -> Iterator[str]:
    for name, value in os.environ.items():
        if not names_a_secret(name):
            continue
        for line in value.splitlines():
            known = line.strip().lower() in _HARMLESS or (line.startswith(("/", "~", ".")) and os.path.exists(line))
            if len(line.strip()) >= _SHORTEST and not known:
                yield line.strip()


def names_a_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret: HF_TOKEN, PGPASSWORD, apiKey; not KEYBOARD or TOKENIZERS."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("-", "_").split("_")
    if any(part in _SECRET_WORDS or _SECRET_PART.search(part) for part in parts):
        return True
    return "pwd" in parts and len(parts) > 1


def _forms_of(value: str) -> set[str]:
    """As it stands in a text, in an address, and in quotes."""
    return {value, quote(value, safe=""), json.dumps(value)[1:-1], repr(value)[1:-1]}


def _without_own_home(text: str) -> str:
    home = str(Path.home())
    return re.sub(rf"(?<![\w.~-]){re.escape(home)}{_END}", "~", text) if len(home) > 1 else text
