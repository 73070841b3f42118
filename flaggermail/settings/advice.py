# SPDX-License-Identifier: EUPL-1.2
"""Warns of settings that are valid but probably not intended."""

from __future__ import annotations

from collections.abc import Iterator

from flaggermail.mail.authentication.authres import AuthenticationMethod
from flaggermail.notifications.approval import APPROVES, ByReply
from flaggermail.settings.escalation_checks import unused
from flaggermail.settings.model import MailboxSettings, Settings


def warnings(settings: Settings) -> tuple[str, ...]:
    """Returns one line per warning: the consequence of the setting, and how to change it."""
    return tuple(_warnings(settings))


def _warnings(settings: Settings) -> Iterator[str]:
    yield from _trust(settings.desk.mailbox)
    if not settings.election_list:
        yield "elections.yaml elections: empty; a case needs an election: `flaggermail election add`"
    if not settings.oncall.shifts and not settings.oncall.weekly and settings.oncall.fallback_officer is None:
        yield "oncall.yaml: no shift and no `fallback_officer`, so nobody is ever on call; add shifts or name one"
    approvers = sum(not APPROVES.isdisjoint(officer.roles) for officer in settings.oncall.officers)
    persons = settings.desk.approval.persons
    if approvers < persons:
        yield (
            f"flaggermail.yaml approval.persons: {persons} must approve, but {approvers} officers in oncall.yaml have "
            "the role approver or head, so no notification can be sent; give the role to more of them"
        )
    yield from _approving_by_reply(settings)
    if not settings.rules.rules:
        yield "rules: none, so every mail waits for a person; `flaggermail init DIR` writes rules to start from"
    for name in unused(settings.escalation):
        yield f"escalation.yaml policies: {name} holds nowhere; name it under `use`, or remove it"
    yield from _offsets(settings)


def _trust(mailbox: MailboxSettings) -> Iterator[str]:
    """Warns if senders cannot be verified, or only platforms can."""
    if mailbox.trust == None and mailbox.authserv_id is None:
        yield (
            "flaggermail.yaml mailbox.authserv_id: missing, so no sender is verified: no answer stops a clock alone, "
            "nobody is answered automatically; write the name that your server puts into Authentication-Results"
        )
    if mailbox.trust == AuthenticationMethod.NOBODY:
        yield (
            "flaggermail.yaml mailbox.trust: nobody, so no sender is verified: no answer stops a clock alone, nobody "
            "is answered automatically; write another word as soon as your server or the signatures can be asked"
        )
    if mailbox.trust == AuthenticationMethod.DKIM:
        yield (
            "flaggermail.yaml mailbox.trust: dkim, so only platforms' mail is verified: referrers and citizens are not "
            "answered automatically, and an officer's reply by mail does nothing"
        )
    if mailbox.trust == AuthenticationMethod.NAMED_AND_DKIM:
        yield (
            "flaggermail.yaml mailbox.trust: named+dkim, so a platform whose mail bears no signature of its own is not "
            "verified: an officer confirms each of its answers (`flaggermail message confirm`)"
        )


def _approving_by_reply(settings: Settings) -> Iterator[str]:
    """Warns if nobody chose how a reply approves, or if an approver cannot approve in that way."""
    approval = settings.desk.approval
    if approval.by_reply is None:
        yield (
            "flaggermail.yaml approval.by_reply: not chosen, so a reply approves nothing and `flaggermail approve` "
            "does (off); write totp, pager, mail or off"
        )
    if approval.means is ByReply.PAGER:
        for officer in settings.oncall.officers:
            if not officer.pagers and not APPROVES.isdisjoint(officer.roles):
                yield (
                    f"oncall.yaml officers: {officer.id} approves and has no pager, so no code reaches them and only "
                    "`flaggermail approve` remains; add `pagers:`"
                )


def _offsets(settings: Settings) -> Iterator[str]:
    """Warns of an offset that the desk's time zone does not have then, most often from across a clock change."""
    for index, shift in enumerate(settings.oncall.shifts):
        for name, instant in (("begins", shift.begins), ("ends", shift.ends)):
            local = instant.astimezone(settings.zone)
            if instant.utcoffset() not in {local.utcoffset(), None}:
                yield (
                    f"oncall.yaml shifts[{index}].{name}: {instant.isoformat()} is {local.isoformat()} in "
                    f"{settings.zone.key}; write it so if another hour was meant"
                )
