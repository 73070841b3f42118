# SPDX-License-Identifier: EUPL-1.2
"""Records contacts: what was said by phone or shown by a portal."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flaggermail.cases import lifecycle
from flaggermail.commands import channel_status, move
from flaggermail.commands.command import CaseCommand
from flaggermail.commands.named_rows import one_of, require_text, the_case
from flaggermail.commands.outcome import ActFacts, ActKind, ActResult
from flaggermail.commands.requests import Instant
from flaggermail.errors import Refusal
from flaggermail.mail.fields import in_domains
from flaggermail.notices import decision_notice
from flaggermail.outbox.results import sent
from flaggermail.record import clocks
from flaggermail.record.case_values import COUNTS, ChannelKind, ContactMeans, Decision
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added, changed
from flaggermail.record.kinds import Kind, Place
from flaggermail.record.rows import Case, Channel, ContactNote, Notification, Platform, StoredMessage
from flaggermail.record.states import CaseState, InstantBasis, NotificationState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import DESK
from flaggermail.settings.steps import write_steps
from flaggermail.wording.acts import ActText
from flaggermail.wording.filing import FilingReason
from flaggermail.wording.pieces import RefusalPart
from flaggermail.wording.refusals import CommandRefusal

PAST = timedelta(days=7)
_OUTGOING = frozenset({Kind.NOTIFICATION, Kind.FOLLOW_UP})  # values for something we did, as opposed to an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteContact(CaseCommand):
    """Records a note with the instant it happened and that of its entry.

    Notes are never changed, only followed by others.
    """

    NAME = "case note"
    MAY = DESK

    means: ContactMeans
    text: str
    effective_at: Instant | None = None
    counts_as: tuple[Kind, ...] = ()
    channel: str | None = None

    def perform(self, work: UnitOfWork) -> ActResult:
        case = the_case(work, self.case)
        effective = self.effective_at or work.now
        require_text("note", self.text, field="text")
        for count in self.counts_as:
            one_of("counts_as", count, COUNTS)
        if effective > work.now:
            raise Refusal(CommandRefusal.NOTE_IN_FUTURE(at=effective.isoformat()))
        if self.means is ContactMeans.MAIL and not is_past(work, effective):
            raise Refusal(CommandRefusal.MAIL_IS_NO_NOTE(count=PAST.days))
        notification = _about(work, case, self, effective)
        row = ContactNote(
            id=f"n{work.tx.number('note'):06d}",
            case=case.number,
            notification=notification,
            means=self.means,
            text=self.text,
            counts_as=self.counts_as,
            effective_at=effective,
            entered_at=work.now,
            author=work.actor,
        )
        work.record(
            EventKind.CONTACT_NOTED,
            added(row),
            reason=self.means,
            about=EventRef(case=case.number, notification=notification),
        )
        if notification is not None:
            lifecycle.rejudge(work, notification)
            _file_quarantined(work, case, notification, self.text)
        late_use = _sent_later(work, row)
        did = ActFacts(
            what=ActKind.SUBMITTED if _OUTGOING & set(self.counts_as) else ActKind.NOTED,
            case=case.number,
            at=effective,
            means=self.means,
            starts=Kind.NOTIFICATION in self.counts_as,
            stops=bool(self.counts_as) and late_use is None,
        )
        text = ActText.NOTED(note=row.id, case=case.number)
        if late_use is not None and late_use.sent_at is not None:
            at = late_use.sent_at.astimezone(work.env.settings.zone).isoformat(" ", "minutes")
            text = ActText.NOTED_EARLY(note=row.id, case=case.number, use=late_use.id, at=at)
        return ActResult(text, row.id, did=did)


def _sent_later(work: UnitOfWork, note: ContactNote) -> Notification | None:
    """Returns the notification of an answer that is dated before it was sent; else None."""
    use = work.tx.get(Notification, note.notification) if note.notification else None
    answers = clocks.answer_of_note(note) is not None
    if use is None or use.sent_at is None or not answers or clocks.counts(use.sent_at, note.effective_at):
        return None
    return use


def _file_quarantined(work: UnitOfWork, case: Case, notification: str, text: str) -> None:
    """Files quarantined mail of the platform if the note names its reference."""
    use = work.tx.get(Notification, notification)
    platform = work.tx.get(Platform, use.platform) if use else None
    if platform is None:
        return
    words = frozenset(re.split(r"[^\w#-]+", text))
    for message in work.tx.find(StoredMessage, where(StoredMessage.place).is_(Place.QUARANTINE)):
        domain = (message.from_address or "").rpartition("@")[2]
        named = next((r for r in message.platform_references if r in words), None)
        if named is not None and in_domains(domain, frozenset(platform.domains)):
            move.into_case(work, message, case.number, (), FilingReason.NOTE_NAMES(message=named), notification)


def _about(work: UnitOfWork, case: Case, command: NoteContact, effective: datetime) -> str | None:
    """Returns the notification that a note refers to; a note that counts as a notification creates it."""
    if _OUTGOING & set(command.counts_as):
        return _noted_use(work, case, command, effective)
    if not command.counts_as:
        return None
    uses = work.tx.find(
        Notification,
        where(Notification.case).is_(case.number),
        where(Notification.counted).is_(True),
        where(Notification.state).is_(NotificationState.SENT),
    )
    uses = [n for n in uses if command.channel in {None, n.channel}]
    if len(uses) != 1:
        named = ", ".join(f"{n.id} ({n.channel})" for n in uses) or RefusalPart.NONE_SENT()
        raise Refusal(CommandRefusal.NOTE_NEEDS_CHANNEL(case=case.number, known=named))
    return uses[0].id


def _noted_use(work: UnitOfWork, case: Case, command: NoteContact, effective: datetime) -> str:
    """Records a notification or follow-up by portal or phone: sent at the time of the note, from which its clocks run.

    It is the approved text for that channel. Without one, the note covers what was said in the officer's own words,
    which is allowed only for a notification and only if one approval suffices, or of the years before the desk.
    """
    if command.channel is None:
        raise Refusal(CommandRefusal.USE_NEEDS_CHANNEL(case=case.number))
    channel = channel_status.valid(work, command.channel, effective.astimezone(work.env.settings.zone).date())
    before_the_desk = is_past(work, effective) and effective < case.opened_at  # then nobody decided or approved here
    if case.decision != Decision.NOTIFY and not before_the_desk:
        raise Refusal(CommandRefusal.NOT_DECIDED_TO_NOTIFY(case=case.number))
    use = Kind.NOTIFICATION in command.counts_as
    written = work.tx.find(
        Notification,
        where(Notification.case).is_(case.number),
        where(Notification.channel).is_(channel.code),
        where(Notification.counted).is_(use),
        where(Notification.state).in_([NotificationState.DRAFT, NotificationState.APPROVED]),
    )
    by_hand = [one for one in written if channel.kind != ChannelKind.MAIL]
    if by_hand:
        return _submitted(work, by_hand[-1], effective)
    if not use or (work.env.settings.desk.approval.persons > 1 and not before_the_desk):
        raise Refusal(CommandRefusal.TEXT_NOT_APPROVED(case=case.number, channel=channel.code))
    return use_by_hand(work, case, channel, effective, None).id


def _submitted(work: UnitOfWork, written: Notification, effective: datetime) -> str:
    """Records that the approved text was submitted or read out then."""
    if written.state == NotificationState.DRAFT or written.approved_at is None:
        raise Refusal(CommandRefusal.DRAFT_WAITS(draft=written.id))
    if effective < written.approved_at.replace(second=0, microsecond=0):  # the time is given to the minute
        at = written.approved_at.astimezone(work.env.settings.zone)
        raise Refusal(CommandRefusal.USED_BEFORE_APPROVAL(draft=written.id, day=f"{at:%Y-%m-%d}", time=f"{at:%H:%M}"))
    by_hand = replace(written, sent_at=effective, sent_basis=InstantBasis.BY_HAND, by_hand=True)
    sent(work, replace(by_hand, state=NotificationState.SENT), written)
    return written.id


def is_past(work: UnitOfWork, at: datetime) -> bool:
    """True if what happened then is history: no reminder, escalation or letter of today follows from it."""
    return work.now - at > PAST


def use_by_hand(
    work: UnitOfWork, case: Case, channel: Channel, sent_at: datetime, copy: StoredMessage | None = None,
    basis: InstantBasis = InstantBasis.BY_HAND,
) -> Notification:  # fmt: skip
    """Records a notification that did not go through the outbox; its clocks run from `sent_at`.

    `copy` is its copy in Sent, and `basis` says whether `sent_at` is that copy's arrival. Of one that is past, nobody
    is reminded, and the referrer is not told.
    """
    past = is_past(work, sent_at)
    steps = () if past else lifecycle.policy_for(work, case.election, channel, sent_at)
    notification = Notification(
        id=f"{case.number}/{work.tx.number(f'notification {case.number}')}",
        case=case.number,
        platform=channel.platform,
        channel=channel.code,
        channel_name=channel.name,
        template="by hand",
        language=channel.language,
        subject=case.title,
        policy_title=channel.policy_title,
        policy_url=channel.policy_url,
        policy_read_on=channel.policy_read_on,
        state=NotificationState.SENT,
        drafted_by=work.actor,
        drafted_at=work.now,
        token=work.env.randomness.token(),
        message_id=copy.message_id if copy is not None else None,
        digest="",
        sent_at=sent_at,
        sent_basis=basis,
        by_hand=True,
        steps=write_steps(steps),
        exercise=case.exercise,
        tail=lifecycle.new_tail(work, case),
    )
    noted = replace(case, state=CaseState.NOTIFIED, closed_at=None)
    about = EventRef(case.number, notification.id)
    work.record(EventKind.NOTIFICATION_SENT, added(notification), changed(case, noted), reason="by hand", about=about)
    if noted.decision == Decision.NOTIFY and not past:
        decision_notice.tell(work, noted)
    return notification
