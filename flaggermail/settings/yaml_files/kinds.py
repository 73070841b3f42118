# SPDX-License-Identifier: EUPL-1.2
"""The types of values in settings files, each with the message for an invalid value."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from ipaddress import ip_address
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from flaggermail.mail.fields import is_address
from flaggermail.record.case_values import LanguageCode
from flaggermail.record.definition import TOO_FAR, YEARS

T = TypeVar("T", bound=date)


def shape(pattern: str, words: str) -> AfterValidator:
    """Accepts text that matches `pattern`; `words` say what is wrong with other text and what would be right."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):  # `re` keeps it compiled, once a file has such a value
            raise ValueError(words)
        return value

    return AfterValidator(check)


def written(pattern: str, words: str) -> BeforeValidator:
    """Requires the written form: pydantic alone would accept a bare year as seconds since 1970."""

    def check(value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and not re.fullmatch(pattern, value)):
            raise ValueError(words)
        return value

    return BeforeValidator(check)


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("has no offset; write it in the form 2027-03-17T08:00:00+01:00")
    return value


def _within_years(more: str = "") -> AfterValidator:
    def check(value: T) -> T:
        if value.year not in YEARS:
            raise ValueError(f"{TOO_FAR}{more}")
        return value

    return AfterValidator(check)


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name is a directory of zones
        raise ValueError("is no known time zone; write one such as Europe/Amsterdam") from None
    return value


def _folder(value: str) -> str:
    """Writes INBOX as servers and the record do: in any spelling it is one folder (RFC 9051, section 5.1)."""
    return "INBOX" if value.isascii() and value.upper() == "INBOX" else value


_HOST = re.compile(r"[\w-]+(\.[\w-]+)*")
_IN_PLACE_OF_HOST = re.compile(
    r"(?:\w+://)?(?:[^@/]*@)?\[?(?P<host>[^/\[\]@:]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)\]?"
    r"(?::(?P<port>\d{1,5}))?(?:/.*)?"
)


def _host(value: str) -> str:
    """Accepts the name or the IP address of a server; says which part of anything else is one."""
    if _HOST.fullmatch(value) or _is_ip(value):
        return value
    parts = _IN_PLACE_OF_HOST.fullmatch(value)
    host = parts["host"].rstrip(".") if parts else ""
    if not parts or not (_HOST.fullmatch(host) or _is_ip(host)):
        raise ValueError("is no name of a server; write the name alone, without a scheme or a port")
    port = f" and `port: {parts['port']}`" if parts["port"] else ""
    raise ValueError(f"is more than the name of a server; write `host: {host}`{port}")


def _is_ip(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _mail_address(value: str) -> str:
    """Accepts what mail can be written to; of a domain that is not ASCII, says the form in which servers know it."""
    if "." in value.rpartition("@")[2] and is_address(value, international=True):
        return value
    local, _, domain = value.rpartition("@")
    if not domain.isascii() and is_address(f"{local}@{(known := _as_ascii(domain))}", international=True):
        raise ValueError(f"has a domain that is not ASCII; write it as servers know it: {local}@{known}")
    raise ValueError("is no mail address; write name@domain alone, without a display name")


def _as_ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


_DAY = r"\d{4}-\d\d-\d\d"
_INSTANT = _DAY + r"[Tt ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?"

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
FolderName = Annotated[Text, AfterValidator(_folder)]
Host = Annotated[Text, AfterValidator(_host)]
Code = Annotated[
    str,
    shape(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", "is no code; write at most 32 letters, digits, - and _, no space"),
]
Credential = Annotated[
    str,
    shape(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}",
          "is no name of a credential; write its name alone, such as imap-password: systemd hands it over, or its file "
          "is in `credentials/`"),
]  # fmt: skip
AuthservId = Annotated[
    Text,
    shape(r"[^\s:;]+", "is no name of a server; write the word that is first in its Authentication-Results"),
]
ElectionCode = Annotated[  # occurs in case numbers, where mail.case_numbers finds it
    str, shape(r"[A-Z0-9]{1,24}", "is no election's code; write 1 to 24 capitals and digits, such as PS2027")
]
CasePrefix = Annotated[  # mail.case_numbers reads every number in capitals
    str, shape(r"[A-Z0-9][A-Z0-9_-]{0,31}", "is no prefix of case numbers; write at most 32 capitals, digits, - and _")
]
Login = Annotated[  # user names that useradd(8) and directories of other systems allow
    str, shape(r"[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,63}", "is no user of an operating system; write it as `id -un` does")
]
HeaderName = Annotated[  # CGI could not tell one with an underscore from one with a hyphen
    str, shape(r"[A-Za-z][A-Za-z0-9-]{0,63}", "is no name of a header; write letters, digits and -, as X-Remote-User")
]
Domain = Annotated[
    str, shape(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "is no domain; write it in lower case, without @, * and https://")
]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Phone = Annotated[str, shape(r"\+[1-9][0-9 ]{6,18}", "is no phone number; begin with + and the country: '+31 70 ...'")]
WebAddress = Annotated[str, shape(r"https?://[^\s/]+(/\S*)?", "is no web address; begin with https://")]
Keyword = Annotated[  # an atom of RFC 9051, section 9, without characters that some servers reject
    str, shape(r"[A-Za-z$][A-Za-z0-9$_.-]{0,63}", "is no keyword of IMAP; write letters, digits, $ _ . - only")
]
Zone = Annotated[str, AfterValidator(_known_zone)]
_IS_DAY = written(_DAY, "is no day; write it in the form 2027-03-17")
_IS_INSTANT = written(_INSTANT, "is no instant; write it in the form 2027-03-17T08:00:00+01:00")
_NO_END = BeforeValidator(lambda value: None if value == "none" else value)
_OR_NONE = _within_years(", or `none` for no end")
Day = Annotated[date, _IS_DAY, _within_years()]
LastDay = Annotated[Annotated[date, _IS_DAY, _OR_NONE] | None, _NO_END]  # None: it has no end
Instant = Annotated[datetime, _IS_INSTANT, AfterValidator(_aware), _within_years()]
End = Annotated[Annotated[datetime, _IS_INSTANT, AfterValidator(_aware), _OR_NONE] | None, _NO_END]  # as LastDay
WallTime = Annotated[time, written(r"([01]\d|2[0-3]):[0-5]\d", "is no time of day; write it as '07:00', up to '23:59'")]
Minutes = Annotated[int, Field(ge=1, le=20160)]
Tls = Literal["implicit", "starttls", "none"]


class Model(BaseModel):
    """Base of every model: frozen, and unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, strict=False, defer_build=True)

    @classmethod
    def unchecked(cls, **values: object) -> Self:
        """Returns a section with these values and the defaults, unchecked. Raises TypeError for a name it lacks.

        For what this program itself writes or has checked before; a test checks it. To check one, pydantic builds a
        schema of its section, which would take a tenth of a command.
        """
        unknown = values.keys() - cls.model_fields.keys()
        if unknown:
            raise TypeError(f"{cls.__name__} has no {', '.join(sorted(unknown))}")
        return cls.model_construct(None, **values)


class Names(Model):
    """A name in each language in which the desk writes; a further one has a key of its own, as these two."""

    nl: Text
    en: Text
    for _code in LanguageCode:
        __annotations__.setdefault(_code.value, "Text")


def is_loopback(host: str) -> bool:
    """True if traffic to `host` stays on this machine (RFC 6761, section 6.3)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
