# SPDX-License-Identifier: EUPL-1.2
"""Finds faults in valid settings: what is probably not intended, or will not work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from itertools import combinations

from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.mail.fields import in_domains
from flaggermail.record import trust_proofs
from flaggermail.record.rows import TrustProof
from flaggermail.record.trust_proofs import ProofState
from flaggermail.rules.configuration import Configuration
from flaggermail.settings.escalation_checks import unused
from flaggermail.settings.mistakes import SetupFault, SetupFaultCode, setup_fault
from flaggermail.settings.model import DeskSettings, MailboxSettings, Settings, SubmissionSettings, database_file
from flaggermail.settings.rota import APPROVES, Shift, void_overrides
from flaggermail.settings.sections import ByReply
from flaggermail.settings.yaml_files.faults import checked
from flaggermail.settings.yaml_files.kinds import is_loopback
from flaggermail.settings.yaml_files.source import read
from flaggermail.shipped import shipped

Period = tuple[str, date, date]
"""The code of an election, and the first and the last day of its period."""

_NOBODYS = ".example"  # reserved for documentation
_SHOWN = 3  # names of a place that a line shows
_NEAR = timedelta(weeks=13)
_RENEWAL = timedelta(days=30)  # before the last day of a secret
_OLD_READING, _LONG_PERIOD = timedelta(days=730), timedelta(days=366)
_USUAL_TLS = {993: "implicit", 465: "implicit", 143: "starttls", 587: "starttls", 25: "starttls"}
"""How servers speak TLS at their registered ports (RFC 8314, sections 3 and 7)."""
_OTHER_PORT = {
    ("mailbox", "implicit"): 993, ("mailbox", "starttls"): 143,
    ("submission", "implicit"): 465, ("submission", "starttls"): 587,
}  # fmt: skip


def setup_faults(settings: Configuration) -> tuple[SetupFault, ...]:
    """Returns the faults that the settings alone show."""
    return tuple(_setup_faults(settings))


def setup_faults_on(settings: Configuration, today: date, added: Sequence[Period] = ()) -> tuple[SetupFault, ...]:
    """Returns the faults that depend on the day: a policy read in the future, no election near, or two at once.

    `added`: the open elections that the database knows, beside those of the file.
    """
    ending, overlapping = _secret_ends(settings, today), _elections_overlap(settings, today, added)
    far = _no_election_near(settings, today, added)
    return (*_policies_ahead(settings, today), *ending, *far, *overlapping, *_odd_values(settings, today))


def _setup_faults(settings: Configuration) -> Iterator[SetupFault]:
    desk = settings.desk
    yield from _tls("mailbox", desk.mailbox)
    yield from _tls("submission", desk.submission)
    yield from _store(settings)
    yield from _trust(desk.mailbox)
    if _whose(desk) == _whose(_example()):
        yield setup_fault(SetupFaultCode.EXAMPLE)
    yield from _left_of_the_example(settings)
    if not settings.oncall.shifts and not settings.oncall.weekly and settings.oncall.fallback_officer is None:
        yield setup_fault(SetupFaultCode.ON_CALL_NOBODY)
    approvers = sum(not APPROVES.isdisjoint(officer.roles) for officer in settings.oncall.officers)
    if approvers < desk.approval.persons:
        yield setup_fault(SetupFaultCode.APPROVERS, persons=desk.approval.persons, approvers=approvers)
    yield from _approving_by_reply(settings)
    yield from _officers_alone(settings)
    yield from _officers_within(settings)
    if not settings.rules.rules:
        yield setup_fault(SetupFaultCode.RULES_NONE)
    for name in unused(settings.escalation):
        yield setup_fault(SetupFaultCode.POLICY_UNUSED, name=name)
    yield from _offsets(settings)


def _whose(desk: DeskSettings | None) -> tuple[str, ...]:
    """Returns organisation, address and host of the desk."""
    return (desk.organisation.name.nl, desk.mailbox.address, desk.mailbox.host) if desk else ()


@cache
def _example() -> DeskSettings | None:
    """Returns the shipped settings of a desk."""
    return checked(DeskSettings, read(shipped("config") / "flaggermail.yaml", "flaggermail.yaml"))


def _left_of_the_example(settings: Configuration) -> Iterator[SetupFault]:
    """What a desk with a name of its own still has from the example, each place once.

    Addresses below `.example` are nobody's (RFC 2606, section 2): mail to them bounces, and none comes from them.
    """
    desk, example = settings.desk, _example()
    if example is None or desk.organisation.name == example.organisation.name:
        return
    named, shown = desk.report.organisation, example.report.organisation
    if named is not None and shown is not None and {named.nl, named.en} & {shown.nl, shown.en}:
        yield setup_fault(
            SetupFaultCode.EXAMPLE_LEFT, where="flaggermail.yaml report.organisation", what=f"{named.nl}, {named.en}"
        )
    channels = [channel for platform in settings.platform_list for channel in platform.channels]
    places = {
        "oncall.yaml officers": [officer.address for officer in settings.oncall.officers],
        "platforms.yaml platforms": [address for channel in channels for address in (*channel.to, *channel.cc)],
        "rules/lists": [domain for domains in settings.rules.lists.values() for domain in domains],
    }
    for where, names in places.items():
        if left := sorted({name for name in names if name.endswith(_NOBODYS)}):
            more = ", ..." if len(left) > _SHOWN else ""
            yield setup_fault(SetupFaultCode.EXAMPLE_LEFT, where=where, what=", ".join(left[:_SHOWN]) + more)


def _tls(name: str, server: MailboxSettings | SubmissionSettings) -> Iterator[SetupFault]:
    """A registered port at which servers speak TLS in another form."""
    usual = _USUAL_TLS.get(server.port)
    if usual is None or server.tls == usual or is_loopback(server.host):
        return
    other = _OTHER_PORT[name, server.tls]
    yield setup_fault(SetupFaultCode.TLS_PORT, server=name, tls=server.tls, port=server.port, usual=usual, other=other)


def _store(settings: Settings) -> Iterator[SetupFault]:
    """A record that does not last, and folders of the store that are, hold or lie in another folder of the desk."""
    if database_file(settings.desk) is None and settings.desk.store.database.startswith("sqlite"):
        yield setup_fault(SetupFaultCode.DATABASE_IN_MEMORY)
    configuration = {"the configuration": settings.directory}
    texts = {"the rules": settings.rules_directory, "the templates": settings.templates}
    for key, path in (("archive", settings.archive), ("codes", settings.codes)):
        around = {"the archive": settings.archive, **texts} if key == "codes" else texts
        held = (f"holds {name}" for name, at in {**configuration, **texts}.items() if at.is_relative_to(path))
        lies = (f"lies in the folder of {name}" for name, at in around.items() if path.is_relative_to(at))
        for how in (*held, *lies):
            yield setup_fault(SetupFaultCode.FOLDER_SHARED, key=key, path=path, how=how)
            break


def _trust(mailbox: MailboxSettings) -> Iterator[SetupFault]:
    """Senders who cannot be verified, or only platforms can."""
    if mailbox.trust is None and mailbox.authserv_id is None:
        yield setup_fault(
            SetupFaultCode.TRUST,
            key="authserv_id",
            what="missing, so no sender is verified: no answer stops a clock by itself, and nobody is answered "
            "automatically; write the name that your server puts into Authentication-Results",
        )
    if mailbox.trust is not None and mailbox.trust in _UNVERIFIED:
        yield setup_fault(SetupFaultCode.TRUST, key="trust", what=f"{mailbox.trust}, so {_UNVERIFIED[mailbox.trust]}")


def of_mark(mailbox: MailboxSettings, proof: TrustProof | None, now: datetime, zone: tzinfo) -> tuple[SetupFault, ...]:
    """Returns what is wrong with the trial of the mark that `mailbox.trust: exchange` asks for."""
    if mailbox.trusted.asked is not AuthenticationMethod.EXCHANGE:
        return ()
    state = trust_proofs.state_of(proof, now)
    if state is ProofState.PROVEN:
        return ()
    if proof is None:
        return (setup_fault(SetupFaultCode.MARK_UNPROVEN, why="it was never tried whether a forged mark arrives"),)
    tried = proof.tried_at.astimezone(zone).date()
    if state is ProofState.ENDS_SOON:
        return (setup_fault(SetupFaultCode.MARK_ENDS, day=trust_proofs.end_of(proof).astimezone(zone).date()),)
    survived = state is ProofState.SURVIVED
    why = f"a forged mark arrived on {tried}" if survived else f"its last trial, of {tried}, is too old"
    return (setup_fault(SetupFaultCode.MARK_UNPROVEN, why=why),)


_UNVERIFIED = {
    AuthenticationMethod.NOBODY: "no sender is verified: no answer stops a clock by itself, and nobody is answered "
    "automatically; write another word as soon as your server or the signatures can be asked",
    AuthenticationMethod.DKIM: "only platforms' mail is verified: referrers and citizens are not answered "
    "automatically, and an officer's reply by mail does nothing",
    AuthenticationMethod.NAMED_AND_DKIM: "a platform whose mail bears no signature of its own is not verified: an "
    "officer confirms each of its answers (`flaggermail message confirm`)",
}


def _approving_by_reply(settings: Settings) -> Iterator[SetupFault]:
    """Nobody chose how a reply approves, or an approver cannot approve in that way."""
    approval = settings.desk.approval
    if approval.by_reply is None:
        yield setup_fault(SetupFaultCode.BY_REPLY)
    if approval.means is ByReply.PAGER:
        for officer in settings.oncall.officers:
            if not officer.pagers and not APPROVES.isdisjoint(officer.roles):
                yield setup_fault(SetupFaultCode.PAGER_NONE, officer=officer.id)


def _officers_alone(settings: Settings) -> Iterator[SetupFault]:
    """Officers whose domain nobody else has: a slip of the keyboard looks like that."""
    domains = {officer.id: _domain(officer.address) for officer in settings.oncall.officers}
    shared = Counter((*domains.values(), _domain(settings.desk.mailbox.address)))
    for officer, domain in domains.items():
        if shared[domain] == 1:
            yield setup_fault(SetupFaultCode.OFFICER_DOMAIN, officer=officer, domain=domain)


def _officers_within(settings: Settings) -> Iterator[SetupFault]:
    """Officers on the mailbox's own server, which may verify no mail of its own users otherwise than by their login."""
    mailbox = settings.desk.mailbox
    own = _domain(mailbox.address)
    within = [officer.id for officer in settings.oncall.officers if _domain(officer.address) == own]
    named = mailbox.trusted.asked in {AuthenticationMethod.NAMED, AuthenticationMethod.NAMED_AND_DKIM}
    if within and named and own not in mailbox.login_domains:
        yield setup_fault(SetupFaultCode.LOGIN_DOMAIN, officers=", ".join(within), domain=own)


def unlisted(settings: Configuration, referrers: Sequence[str], remembered: Collection[str]) -> tuple[SetupFault, ...]:
    """Returns the domains of `referrers`, an address for each case, that are neither listed nor remembered.

    On the list of free mail anybody may have a mailbox, so such a referrer cannot be listed.
    """
    known = frozenset(remembered).union(*settings.rules.lists.values())
    domains = Counter(map(_domain, referrers))
    return tuple(
        setup_fault(SetupFaultCode.REFERRER_UNLISTED, domain=domain, count=count)
        for domain, count in sorted(domains.items())
        if domain and not in_domains(domain, known)
    )


def of_overrides(settings: Settings, overrides: Sequence[Shift], now: datetime) -> tuple[SetupFault, ...]:
    """Returns the current and future overrides of officers who have left the desk."""
    return tuple(
        setup_fault(
            SetupFaultCode.OVERRIDE_VOID, officer=one.officer,
            begins=one.begins_at.astimezone(settings.zone).isoformat(timespec="minutes"),
            ends=one.ends_at.astimezone(settings.zone).isoformat(timespec="minutes"),
        )
        for one in void_overrides(settings.rota, overrides, now)
    )  # fmt: skip


def orphaned(settings: Settings, taken: Mapping[str, Sequence[str]]) -> tuple[SetupFault, ...]:
    """Returns the officers who left the rota with cases of theirs; `taken` has numbers in order, by officer."""
    return tuple(
        setup_fault(SetupFaultCode.OFFICER_LEFT, officer=officer, count=len(numbers), case=numbers[0])
        for officer, numbers in sorted(taken.items())
        if settings.rota.officer(officer) is None
    )


def _offsets(settings: Settings) -> Iterator[SetupFault]:
    """Offsets that the desk's time zone does not have then, most often from across a clock change."""
    for index, shift in enumerate(settings.oncall.shifts):
        for name, instant in (("begins", shift.begins), ("ends", shift.ends)):
            local = instant.astimezone(settings.zone) if instant is not None else None
            if instant is not None and local is not None and instant.utcoffset() not in {local.utcoffset(), None}:
                meant = instant.replace(tzinfo=None).replace(tzinfo=settings.zone)
                shown = {"written": instant, "local": local, "meant": meant}
                values = {"zone": settings.zone.key, **{key: at.isoformat() for key, at in shown.items()}}
                yield setup_fault(SetupFaultCode.OFFSET, index=index, name=name, **values)


def _policies_ahead(settings: Settings, today: date) -> Iterator[SetupFault]:
    """Policies that an officer would have read after today."""
    for index, platform in enumerate(settings.platform_list):
        own = [(f"platforms[{index}].policy", platform.policy)]
        own += [
            (f"platforms[{index}].channels[{at}].policy", channel.policy)
            for at, channel in enumerate(platform.channels)
            if channel.policy is not None
        ]
        for key, policy in own:
            if policy.read_on > today:
                yield setup_fault(
                    SetupFaultCode.POLICY_AHEAD, key=key, day=policy.read_on, platform=platform.code, today=today
                )


def _odd_values(settings: Settings, today: date) -> Iterator[SetupFault]:
    """Values that are allowed and seldom meant."""
    zone = settings.zone
    if len({datetime(today.year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}) == 1:
        yield odd("flaggermail.yaml organisation.time_zone", f"{zone.key} has no summer time; Europe/Amsterdam has it")
    for name, count in Counter(officer.name.casefold() for officer in settings.oncall.officers).items():
        if count > 1:
            ids = [officer.id for officer in settings.oncall.officers if officer.name.casefold() == name]
            yield odd("oncall.yaml officers", f"{', '.join(ids)} have one name, by which no reply hands over to either")
    for election in settings.election_list:
        if len(set(election.polling_days)) < len(election.polling_days):
            yield odd("elections.yaml elections", f"{election.code} names a polling day twice; remove one")
        if (period := election.period).ends - period.begins > _LONG_PERIOD:
            yield odd("elections.yaml elections", f"the period of {election.code} is longer than a year; correct it")
    old = [one.name for one in settings.platform_list if today - one.policy.read_on > _OLD_READING]
    if old:
        yield odd("platforms.yaml policy.read_on", f"years ago for {', '.join(old)}; read it again, and write the day")


def odd(where: str, what: str) -> SetupFault:
    """Returns the note on a value that is allowed and seldom meant."""
    return setup_fault(SetupFaultCode.ODD, where=where, what=what)


def of_address(*, lost: bool) -> tuple[SetupFault, ...]:
    """Returns what is to be said if answers to the desk's former address would be `lost`."""
    said = "another than the daemon took in, while clocks run; name that one under `aliases`, or answers to it are none"
    return (odd("flaggermail.yaml mailbox.address", said),) if lost else ()


def _secret_ends(settings: Settings, today: date) -> Iterator[SetupFault]:
    """The secret for tokens ends within thirty days, or has ended."""
    section = settings.desk.oauth2
    if section is not None and section.secret_ends_on is not None and section.secret_ends_on - today <= _RENEWAL:
        yield setup_fault(SetupFaultCode.SECRET_ENDS, day=section.secret_ends_on, name=section.credential)


def _no_election_near(settings: Settings, today: date, added: Sequence[Period]) -> Iterator[SetupFault]:
    """No election whose period includes today or begins soon, or none at all."""
    if not settings.election_list and not added:
        yield setup_fault(SetupFaultCode.ELECTION_NONE)
    elif (periods := [*_own(settings), *added]) and not any(
        begins - _NEAR <= today <= ends for _, begins, ends in periods
    ):
        yield setup_fault(SetupFaultCode.ELECTION_FAR, weeks=_NEAR.days // 7)


def _elections_overlap(settings: Settings, today: date, added: Sequence[Period]) -> Iterator[SetupFault]:
    """Two elections whose periods, not over yet, share days; those of the file only seed a database."""
    for (one, begins, ends), (other, since, until) in combinations(added or _own(settings), 2):
        first, last = max(begins, since), min(ends, until)
        if first <= last and today <= last:
            yield setup_fault(SetupFaultCode.ELECTION_OVERLAP, one=one, other=other, first=first, last=last)


def _own(settings: Settings) -> list[Period]:
    return [(e.code, e.period.begins, e.period.ends) for e in settings.election_list if not e.exercise]


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
