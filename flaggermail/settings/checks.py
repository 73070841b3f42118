# SPDX-License-Identifier: EUPL-1.2
"""Finds faults that no single value shows: unknown names, overlapping spans, mail that would go to strangers.

Each check takes the model of a file and yields the key and the message of each fault.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from flaggermail.mail.authentication.authres import AuthenticationMethod, is_nameless
from flaggermail.mail.fields import in_domains, mailbox_of
from flaggermail.mail.reply_tokens import reply_address
from flaggermail.mail.vocabulary import is_invisible
from flaggermail.record.case_values import ChannelKind, LanguageCode
from flaggermail.record.definition import LAST
from flaggermail.record.states import OfficerRole
from flaggermail.settings import oauth_section, sections
from flaggermail.settings.model import (
    ChannelSettings,
    DeskSettings,
    ElectionsFile,
    MailboxSettings,
    OncallFile,
    PlatformSettings,
    PlatformsFile,
    SubmissionSettings,
)
from flaggermail.settings.rota import WEEKDAYS
from flaggermail.settings.sections import ACCEPTED_RISK, ApprovalSettings, ByReply
from flaggermail.settings.steps import ROLES
from flaggermail.settings.yaml_files.faults import nearest
from flaggermail.settings.yaml_files.kinds import is_loopback
from flaggermail.settings.yaml_files.plain import Key
from flaggermail.settings.yaml_files.source import dotted

Finding = tuple[Key, str]

_SQLITE = re.compile(r"sqlite://(/.+)?")
_SHELL = re.compile(r"^~|(?<![^/])(?:\$|%[a-zA-Z](?=/|$))")  # a home folder, a variable, a specifier of systemd
_HOME = re.compile(r"^(\$HOME|\$\{HOME\})(?=/|$)")
_POSTGRESQL = "postgresql+psycopg://"
_NAMED = (AuthenticationMethod.NAMED, AuthenticationMethod.NAMED_AND_DKIM)  # read the results of a server with a name


def desk(settings: DeskSettings) -> Iterator[Finding]:
    """Faults of `flaggermail.yaml`."""
    yield from _server("mailbox", settings.mailbox)
    yield from _server("submission", settings.submission)
    if settings.mailbox.inbox == settings.mailbox.sent:
        yield ("mailbox", "sent"), f"{settings.mailbox.sent!r} is the inbox; name the folder that holds sent mail"
    for name in sorted({settings.mailbox.inbox, settings.mailbox.sent} & settings.mailbox.excluded_folders):
        yield ("mailbox", "excluded_folders"), f"{name!r} has to be watched; leave it out of the list"
    yield from _trust(settings.mailbox)
    yield from _own_mail(settings)
    yield from _approval(settings.approval)
    fault = _database(settings.store.database)
    if fault:
        yield ("store", "database"), fault
    elif settings.store.octets is sections.OctetsPlace.DATABASE and not settings.store.database.startswith(_POSTGRESQL):
        words = f"needs `store.database: {_POSTGRESQL}USER@HOST/NAME`; with a file of SQLite write `octets: folder`"
        yield ("store", "octets"), f"'database' {words}"
    fault = _replica(settings.store)
    if fault:
        yield ("store", "replica"), fault
    yield from _paths(settings)
    for name, steps in (("in_period", settings.quarantine.in_period), ("outside", settings.quarantine.outside)):
        yield from rising(("quarantine", name), [step.after for step in steps])
    yield from sections.faults(settings.retention)
    logins = {"mailbox": settings.mailbox.login, "submission": settings.submission.login}
    yield from oauth_section.faults(settings.oauth2, logins, settings.mailbox.address)


def _own_mail(settings: DeskSettings) -> Iterator[Finding]:
    """What would keep each mail of the desk from being composed: its address, or an invisible character in its name."""
    mailbox = settings.mailbox
    yield from _ascii_alone(("mailbox", "address"), mailbox.address, settings)
    if mailbox.plus_addresses:
        try:
            reply_address(mailbox.address, "0" * 32)
        except ValueError as fault:
            yield ("mailbox", "address"), f"{fault}; write `plus_addresses: false`"
    for language in LanguageCode:
        if unseen := [f"U+{ord(c):04X}" for c in getattr(mailbox.display_name, language) if is_invisible(c)]:
            yield ("mailbox", "display_name", language), f"holds the invisible character {unseen[0]}; remove it"


def _ascii_alone(key: Key, address: str, settings: DeskSettings | None) -> Iterator[Finding]:
    """An address that only a server with SMTPUTF8 takes (RFC 6531)."""
    if not address.isascii() and settings is not None and not settings.submission.smtputf8:
        words = "is not ASCII, and only a submission server that offers SMTPUTF8 takes it"
        yield key, f"{address!r} {words}; write another address, or `submission.smtputf8: true` if yours offers it"


def rising(key: Key, minutes: Sequence[int]) -> Iterator[Finding]:
    """Steps that do not come after the step above them."""
    for index, (before, after) in enumerate(pairwise(minutes), 1):
        if after <= before:
            words = f"{after} does not come after the {before} above it; write the steps in rising order"
            yield (*key, index, "after"), words


def platforms(file: PlatformsFile) -> Iterator[Finding]:
    """Faults of `platforms.yaml`."""
    numbered = tuple(enumerate(file.platforms))
    yield from twice("code", ((("platforms", i, "code"), p.code) for i, p in numbered))
    channels = [(("platforms", i, "channels", j), p, c) for i, p in numbered for j, c in enumerate(p.channels)]
    yield from twice("channel code", (((*key, "code"), channel.code) for key, _, channel in channels))
    yield from _shared_domains(file)
    for key, platform, channel in channels:
        yield from _channel(key, platform, channel)
        yield from _answering(key, platform, channel, file)


def oncall(file: OncallFile) -> Iterator[Finding]:
    """Faults of `oncall.yaml`."""
    officers = tuple(enumerate(file.officers))
    listed = (
        ("archivists", file.archivists), ("report_writers", file.report_writers),
        ("privacy_officers", file.privacy_officers),
    )  # fmt: skip
    associates = [((key, i), person) for key, people in listed for i, person in enumerate(people)]
    ids_of = [(("officers", i, "id"), o.id) for i, o in officers]
    ids_of += [((*key, "id"), person.id) for key, person in associates]
    yield from twice("id", ids_of)
    yield from twice("address", ((("officers", i, "address"), o.address.lower()) for i, o in officers))
    logins = [(("officers", i, "login"), o.login) for i, o in officers if o.login]
    logins += [((*key, "login"), person.login) for key, person in associates]
    yield from twice("login", logins)
    for index, person in officers:
        for at, (before, after) in enumerate(pairwise(pager.after for pager in person.pagers), 1):
            if after < before:  # two pagers may be called at the same time
                words = f"{after} is less than the {before} above it; write pagers in rising order"
                yield ("officers", index, "pagers", at, "after"), words
    if not any(OfficerRole.HEAD in officer.roles for officer in file.officers):
        yield ("officers",), "nobody has the role head, so an escalation would reach nobody; give it to one officer"
    for index, person in officers:
        if person.id in ROLES:
            yield ("officers", index, "id"), f"{person.id!r} means somebody else in escalation.yaml; choose another id"
    ids = {officer.id for officer in file.officers}
    named: list[tuple[Key, str]] = [(("shifts", i, "officer"), s.officer) for i, s in enumerate(file.shifts)]
    named += [(("weekly", i, "officer"), s.officer) for i, s in enumerate(file.weekly)]
    if file.fallback_officer is not None:
        named.append((("fallback_officer",), file.fallback_officer))
    for key, officer in named:
        if officer not in ids:
            yield key, f"{officer!r} is no officer's id; {nearest(officer, ids)}"
    yield from _shifts(file)
    yield from _weekly(file)


def elections(file: ElectionsFile) -> Iterator[Finding]:
    """Faults of `elections.yaml`."""
    numbered = tuple(enumerate(file.elections))
    yield from twice("code", ((("elections", i, "code"), e.code) for i, e in numbered))
    for index, election in numbered:
        begins, ends = election.period.begins, election.period.ends
        if ends < begins:
            yield ("elections", index, "period", "ends"), f"{ends} lies before the first day {begins}; exchange them"
            continue
        for number, day in enumerate(election.polling_days):
            if not begins <= day <= ends:
                key = ("elections", index, "polling_days", number)
                yield key, f"{day} lies outside the period {begins} to {ends}; widen the period or correct the day"


def correspondents(
    file: OncallFile, settings: DeskSettings | None, platforms: PlatformsFile | None
) -> Iterator[Finding]:
    """Officers whose mail would look like the mailbox's own or a platform's, or to whom none can be sent.

    Needs the models of the other files.
    """
    mailbox = settings.mailbox if settings else None
    ours = {mailbox_of(address) for address in _own_addresses(mailbox)} if mailbox else set()
    named = platforms.platforms if platforms else ()
    domains = frozenset(domain for platform in named for domain in platform.domains)
    ways = [channel for platform in named for channel in platform.channels]
    answering = {address.lower() for channel in ways for address in channel.answers_from}
    for index, officer in enumerate(file.officers):
        key = ("officers", index, "address")
        yield from _ascii_alone(key, officer.address, settings)
        if mailbox_of(officer.address) in ours:
            yield key, f"{officer.address!r} is the shared mailbox; write the officer's own address"
        elif in_domains(_domain(officer.address), domains):
            yield key, f"{officer.address!r} lies in a platform's domain; write the officer's own address"
        elif officer.address.lower() in answering:
            yield (
                key,
                f"{officer.address!r} is in `answers_from` of a channel, so the officer's mail would be a platform's",
            )


def _own_addresses(mailbox: MailboxSettings) -> frozenset[str]:
    return frozenset(address.lower() for address in (mailbox.address, *mailbox.aliases))


def own_address(platforms: PlatformsFile, settings: DeskSettings | None) -> Iterator[Finding]:
    """Addresses to which no mail can be sent, and the shared mailbox in `answers_from`, whose mail would be an answer.

    Needs the other file's model.
    """
    ours = _own_addresses(settings.mailbox) if settings else frozenset()
    for i, platform in enumerate(platforms.platforms):
        for j, channel in enumerate(platform.channels):
            for name, addresses in (("to", channel.to), ("cc", channel.cc)):
                for k, address in enumerate(addresses):
                    yield from _ascii_alone(("platforms", i, "channels", j, name, k), address, settings)
            for k, address in enumerate(channel.answers_from):
                if address.lower() in ours:
                    key = ("platforms", i, "channels", j, "answers_from", k)
                    yield key, f"{address!r} is the shared mailbox; write an address from which the platform answers"


def proxy(settings: DeskSettings, oncall: OncallFile) -> Iterator[Finding]:
    """A proxy that runs as a person of the desk, who could then name anybody. Needs the other file's model."""
    logins = {one.login for one in oncall.officers}
    logins |= {one.login for people in oncall.associates.values() for one in people}
    account = settings.door.proxy_account
    if account is not None and account in logins:
        text = f"{account!r} is the login of a person in oncall.yaml, who could act as everybody; name the proxy's own"
        yield ("door", "proxy_account"), text


def players(settings: DeskSettings, oncall: OncallFile | None, platforms: PlatformsFile | None) -> Iterator[Finding]:
    """Exercise addresses that real mail uses or could use; needs the models of the other files."""
    key, exercise = ("exercise",), settings.exercise

    def played(address: str) -> bool:
        given = {listed.lower() for listed in exercise.addresses}
        return address.lower() in given or in_domains(_domain(address), exercise.domains)

    if played(settings.mailbox.address):
        yield key, f"{settings.mailbox.address!r} is the shared mailbox, so all of its mail would be of an exercise"
    for officer in oncall.officers if oncall else ():
        if played(officer.address):
            yield key, f"{officer.address!r} is an officer's; officers take part anyway, and their own mail is real"
    for platform in platforms.platforms if platforms else ():
        ways = [a for channel in platform.channels for a in (*channel.to, *channel.cc, *channel.answers_from)]
        ways += [f"any@{domain}" for domain in platform.domains]
        if len({played(way) for way in ways}) > 1:
            yield key, f"platform {platform.code} is half real; give the one that is played a platform of its own"


def _paths(settings: DeskSettings) -> Iterator[Finding]:
    """Paths with what only a shell understands: they would be folders of that name."""
    store, (_, slashes, file) = settings.store, settings.store.database.partition("sqlite:///")
    paths: list[tuple[Key, Path | str | None, str]] = [
        (("mailbox", "ca_file"), settings.mailbox.ca_file, ""),
        (("submission", "ca_file"), settings.submission.ca_file, ""),
        (("store", "database"), file, slashes),
        (("store", "archive"), store.archive, ""),
        (("store", "codes"), store.codes, ""),
    ]
    for key, path, before in paths:
        shell = _SHELL.search(str(path)) if path else None
        if shell:
            whole = os.path.expanduser(_HOME.sub("~", str(path)))  # noqa: PTH111 - Path.expanduser may raise
            right = f"`{key[-1]}: {before}{whole}`" if _SHELL.search(whole) is None else "the whole path, from / on"
            yield key, f"'{before}{path}': only a shell understands {shell[0]}; write {right}"


def _server(key: str, server: MailboxSettings | SubmissionSettings) -> Iterator[Finding]:
    if server.tls == "none" and not is_loopback(server.host):
        yield (key, "tls"), f"'none' would send the password to {server.host!r} in clear; write implicit or starttls"


def _trust(mailbox: MailboxSettings) -> Iterator[Finding]:
    """Names that the chosen method of authentication needs, and names that it does not use."""
    if mailbox.trust in _NAMED and mailbox.authserv_id is None:
        words = "the name that your server writes first into Authentication-Results"
        yield ("mailbox", "trust"), f"'{mailbox.trust}' needs `authserv_id:`, {words}"
    if is_nameless(mailbox.trusted) and mailbox.received_by is None:
        yield (
            ("mailbox", "trust"),
            f"'{mailbox.trust}' needs `received_by:`, the domain of your server in the Received line below its results",
        )
    if mailbox.trust not in {None, *_NAMED} and mailbox.authserv_id is not None:
        yield (
            ("mailbox", "authserv_id"),
            f"nobody looks at it under `trust: {mailbox.trust}`; remove the line, or write `trust: named`",
        )
    exchange = mailbox.trust == AuthenticationMethod.EXCHANGE
    if exchange and not mailbox.own_domains:
        yield (
            ("mailbox", "trust"),
            "'exchange' needs `own_domains:`, the domains of colleagues, whose mail from inside your server marks",
        )
    if mailbox.own_domains and not exchange:
        yield ("mailbox", "own_domains"), "nobody looks at it without `trust: exchange`; write that, or remove the line"
    if mailbox.login_domains and mailbox.trusted.asked not in _NAMED:
        yield ("mailbox", "login_domains"), "a login counts only by the name of your server; write `trust: named`"


def _approval(approval: ApprovalSettings) -> Iterator[Finding]:
    """A code by mail without the accepted risk, and an accepted risk that is not run."""
    if approval.means is ByReply.MAIL and approval.accept_risk != ACCEPTED_RISK:
        words = "'mail' puts the code into the shared mailbox, where each member can approve in an officer's name"
        if approval.accept_risk is None:
            yield ("approval", "by_reply"), f'{words}; write pager or totp, or add `accept_risk: "{ACCEPTED_RISK}"`'
        else:
            yield ("approval", "accept_risk"), f'accepts the risk only in exactly these words: "{ACCEPTED_RISK}"'
    if approval.means is not ByReply.MAIL and approval.accept_risk is not None:
        yield ("approval", "accept_risk"), "nobody runs this risk without `by_reply: mail`; remove the line"


def _database(url: str) -> str | None:
    """Returns what is wrong with a database URL, without repeating it, since it may contain a password."""
    if _SQLITE.fullmatch(url):
        return None
    if not url.startswith(_POSTGRESQL):
        return f"is no database URL known here; write sqlite:///FILE or {_POSTGRESQL}USER@HOST/NAME"
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port != 0
    except ValueError:
        port_is_fine = False
    if not port_is_fine:
        return f"has no usable host and port; write {_POSTGRESQL}USER@HOST:PORT/NAME"
    if parts.password is not None or "password" in parse_qs(parts.query):
        return f"holds a password; remove it, libpq reads a password file: {_POSTGRESQL}USER@HOST/NAME?passfile=FILE"
    if not parts.path.strip("/"):
        return f"names no database; write {_POSTGRESQL}USER@HOST/NAME"
    return None


def _replica(store: sections.StoreSettings) -> str | None:
    """Returns what is wrong with the URL of a replica, without repeating it."""
    if store.replica is None:
        return None
    if not (store.replica.startswith(_POSTGRESQL) and store.database.startswith(_POSTGRESQL)):
        return f"only PostgreSQL has one; write {_POSTGRESQL}USER@HOST/NAME for both, or remove it"
    if store.replica == store.database:
        return "is the database itself; name a hot standby of it, or remove it"
    return _database(store.replica)


def _channel(key: Key, platform: PlatformSettings, channel: ChannelSettings) -> Iterator[Finding]:
    if channel.valid_until and channel.valid_until < channel.valid_from:
        words = f"{channel.valid_until} lies before valid_from {channel.valid_from}; exchange or correct them"
        yield (*key, "valid_until"), words
    if channel.kind == ChannelKind.MAIL and not channel.to:
        yield (*key, "to"), "a mail channel needs an address; add `to:` with a list of addresses, or change `kind`"
    if channel.kind == ChannelKind.PHONE and not channel.phone:
        yield (*key, "phone"), "a phone channel needs a number; add `phone:`, or change `kind`"
    domains = frozenset(platform.domains)
    for name, addresses in (("to", channel.to), ("cc", channel.cc)):
        for index, address in enumerate(addresses):
            if channel.kind == ChannelKind.MAIL and not in_domains(_domain(address), domains):
                words = f"{address!r} lies in none of the platform's domains ({', '.join(platform.domains)})"
                yield (*key, name, index), f"{words}; correct the address, or add its domain"
    for index, host in enumerate(channel.hosts):
        if not in_domains(host, domains):
            words = f"{host!r} lies in none of the platform's domains ({', '.join(platform.domains)})"
            yield (*key, "hosts", index), f"{words}; correct it, or list the whole address under `answers_from`"


def _answering(
    key: Key, platform: PlatformSettings, channel: ChannelSettings, file: PlatformsFile
) -> Iterator[Finding]:
    """Addresses in `answers_from` that another platform uses: their mail would count as an answer of either."""
    others = [other for other in file.platforms if other.code != platform.code]
    used = {
        address.lower(): other.code
        for other in others
        for way in other.channels
        for address in (*way.to, *way.cc, *way.answers_from)
    }
    yield from twice(
        "address", (((*key, "answers_from", i), address.lower()) for i, address in enumerate(channel.answers_from))
    )
    for index, address in enumerate(channel.answers_from):
        owner = used.get(address.lower()) or next(
            (other.code for other in others if in_domains(_domain(address), frozenset(other.domains))), None
        )
        if owner is not None:
            words = f"{address!r} is an address of {owner}; an address answers for one platform only"
            yield (*key, "answers_from", index), f"{words}: leave it to one of them"


def _shared_domains(file: PlatformsFile) -> Iterator[Finding]:
    """Domains that two platforms share, or one below another's: a reply could be credited to either platform."""
    owned = [
        (("platforms", i, "domains", j), platform.code, domain)
        for i, platform in enumerate(file.platforms)
        for j, domain in enumerate(platform.domains)
    ]
    for index, (key, code, domain) in enumerate(owned):
        for _, other, theirs in owned[:index]:
            if code != other and (in_domains(domain, frozenset({theirs})) or in_domains(theirs, frozenset({domain}))):
                yield key, f"{domain!r} and {theirs!r} of {other} cover the same addresses; leave it to one platform"


def _shifts(file: OncallFile) -> Iterator[Finding]:
    timely: list[tuple[datetime, datetime, int]] = []
    for index, shift in enumerate(file.shifts):
        if shift.ends is None or shift.begins < shift.ends:
            timely.append((shift.begins, shift.ends or LAST, index))
        else:
            words = f"{shift.ends.isoformat()} is not after {shift.begins.isoformat()}; a shift ends after it begins"
            yield ("shifts", index, "ends"), words
    timely.sort()
    for (_, ends, before), (begins, _, index) in pairwise(timely):
        if begins < ends:
            other = file.shifts[before]
            ends_at = (
                f"lasts until {other.ends.isoformat()}; begin then or later" if other.ends else "has no end; end it"
            )
            words = f"the shift of {other.officer} {ends_at}"
            yield ("shifts", index, "begins"), f"{file.shifts[index].begins.isoformat()} lies in another shift: {words}"


def _weekly(file: OncallFile) -> Iterator[Finding]:
    """Weekly shifts that start inside another one, in wall time; dated shifts may overlap them."""
    week = 7 * 24 * 60
    spans = []
    for index, shift in enumerate(file.weekly):
        begins = WEEKDAYS.index(shift.day) * 24 * 60 + shift.begins.hour * 60 + shift.begins.minute
        ends = (
            begins + ((shift.ends.hour - shift.begins.hour) * 60 + shift.ends.minute - shift.begins.minute - 1) % 1440
        )
        spans.append((begins, ends + 1, index))
    for begins, _, index in spans:
        for start, end, other in spans:
            if other != index and (begins - start) % week < end - start and (begins != start or other < index):
                words = f"it begins in the one of {file.weekly[other].officer} (weekly[{other}]); begin when that ends"
                yield ("weekly", index, "begins"), words


def twice(what: str, values: Iterable[tuple[Key, str]]) -> Iterator[Finding]:
    """Values that an entry before it has, with the place of that entry."""
    seen: dict[str, Key] = {}
    for key, value in values:
        first = seen.setdefault(value, key)
        if first != key:
            place = first if isinstance(first[-1], int) else first[:-1]
            yield key, f"{value!r} is the {what} of {dotted(place)} too; each needs its own"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
