# SPDX-License-Identifier: EUPL-1.2
"""Makes an anonymised sample of a stored message: the texts of two files in the format of rules/samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flaggermail.cases import attention
from flaggermail.cases.elections import in_period, open_election
from flaggermail.commands.named_rows import the_message
from flaggermail.desk import sample_mail
from flaggermail.desk.sample_mail import Roles
from flaggermail.errors import Refusal
from flaggermail.mail.fields import in_domains
from flaggermail.mail.vocabulary import folded
from flaggermail.record.clocks import minutes
from flaggermail.record.rows import Case, Notification, StoredMessage
from flaggermail.rules.findings import SAMPLES
from flaggermail.rules.models import WhoFile
from flaggermail.rules.rulebook import WHO
from flaggermail.services import UnitOfWork
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.source import read
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import StoredText
from flaggermail.wording.sheets import SampleDifference

_WORD = re.compile(r"[^\W\d_]{2,}")
_REMARK = re.compile(r"(?m)(?:^|\s)#(?:\s.*)?$")
_DOMAIN = re.compile(r"\S*\.\S+|\S*@\S+")


@dataclass(frozen=True, slots=True)
class SampleText:
    """A sample: its mail, the description beside it, what to call it, and how it differs from the mail."""

    name: str  # of its kinds, without a number
    mail: str
    beside: str  # YAML
    differences: tuple[StoredText, ...]


def make_sample(work: UnitOfWork, key: str) -> SampleText:
    """Returns the anonymised mail and its description. Raises NotFound, Refusal if the octets were destroyed."""
    stored = the_message(work, key)
    if stored.discarded_at is not None:
        raise Refusal(CommandRefusal.OCTETS_DESTROYED(message=stored.id))
    octets = work.env.octets.get(stored.digest)
    message = work.env.parser.parse(octets)
    inner = [work.env.parser.parse(octets[start:end]) for start, end in message.enclosed]
    text = sample_mail.sample(message, inner, _roles(work), work.env.language)
    again = work.env.parser.parse(text.encode())
    differences = list[StoredText]()
    if message.kind is not again.kind:
        differences.append(SampleDifference.KIND(kind=message.kind, copy=again.kind))
    if (message.forwarded is None) != (again.forwarded is None):
        differences.append(SampleDifference.FORWARD())
    name = "-".join(stored.kinds or ("unknown",)).replace("_", "-")
    return SampleText(name, text, "\n".join((*_beside(work, stored), "")), tuple(differences))


def _beside(work: UnitOfWork, stored: StoredMessage) -> Iterator[str]:
    """Yields the lines of NAME.yaml: what was known when the mail came in, and a description to be completed."""
    case = work.tx.get(Case, stored.case) if stored.case else None
    use = work.tx.get(Notification, stored.notification) if stored.notification else None
    known = case is not None and case.root_message != stored.id and stored.placed_by is None
    period = in_period(work, case.election) if case else open_election(work) is not None
    yield f"about: To be written. A person says that it is {' and '.join(stored.kinds) or 'unknown'}."
    yield "given:"
    yield f"  verdict: {stored.verdict}"
    if known:
        yield f"  placed: {'notification' if use else 'case'}"
    if known and use is not None:
        yield f"  channel: {use.channel}"
        if use.sent_at is not None:
            yield f"  minutes: {max(minutes(use.sent_at, stored.received_at), 0)}"
    yield f"  period: {'true' if period else 'false'}"


def _roles(work: UnitOfWork) -> Roles:
    """Maps the desk, officers, platforms and lists to the names that the shipped samples use."""
    settings = work.env.settings
    file = settings.rules_directory / SAMPLES / WHO
    found = checked(WhoFile, read(file, WHO)) if file.is_file() else None
    who = found or WhoFile(mailbox="flagger@desk.example")
    addresses = {settings.desk.mailbox.address.lower(): who.mailbox}
    for number, officer in enumerate(settings.rota.officers):
        named = who.officers[number] if number < len(who.officers) else f"officer-{number + 1}@desk.example"
        addresses[officer.address.lower()] = named
    machines = work.env.language.machines
    return Roles(
        _domains(work, who),
        addresses,
        machines.robot_addresses | machines.daemon_addresses | machines.system_addresses,
        _kept_words(work),
    )


def _domains(work: UnitOfWork, who: WhoFile) -> Callable[[str], str | None]:
    """Maps a domain of a platform or list to a sample domain; two on one list stay distinct as far as possible."""
    settings = work.env.settings
    platforms = {
        frozenset(p.domains): next(iter(who.platforms.get(p.name, ())), f"{p.code.lower()}-platform.example")
        for p in settings.platforms
    }

    def named(domain: str) -> str | None:
        for owned, sample_domain in platforms.items():
            if in_domains(domain, owned):
                return sample_domain
        for name, listed in settings.rules.lists.items():
            if in_domains(domain, listed):
                own = sorted(one for one in listed if in_domains(domain, frozenset({one})))
                at = sorted(listed).index(own[-1])
                choice = who.lists.get(name) or (f"{name.replace('_', '-')}.example",)
                return choice[at % len(choice)]
        return next(iter(who.lists.get(attention.list_of(work, domain) or "", ())), None)

    return named


def _kept_words(work: UnitOfWork) -> frozenset[str]:
    """Returns the words of rules, word tables and templates, and the names of platforms: what samples are about.

    Omits everything that looks like a domain or an address, because a rule may name that of a real office.
    """
    settings = work.env.settings
    files = [*settings.rules_directory.glob("*.yaml"), *settings.templates.glob("*.yaml")]
    texts = [_DOMAIN.sub(" ", _REMARK.sub("", path.read_text(encoding="utf-8"))) for path in sorted(files)]
    texts += [platform.name for platform in settings.platforms]
    return frozenset(folded(word) for text in texts for word in _WORD.findall(text))
