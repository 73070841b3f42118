# SPDX-License-Identifier: EUPL-1.2
"""What became of a draft, told once to those who were asked, its author and who decided.

A text that leaves by mail is told when our server has accepted it, and not when it was approved: that is what they wait
for. If it was not accepted after two minutes, they are told why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from flaggermail.letters import standing, writing
from flaggermail.notices import notices
from flaggermail.notices.approval_requests import approval_tally, draft_values, may_still_approve, shown_to
from flaggermail.notices.notices import Notice
from flaggermail.ports import Transaction
from flaggermail.record.case_values import ChannelKind
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.refusals import without_words
from flaggermail.record.rows import Channel, Notification, OutboxMail, StoredMessage
from flaggermail.record.states import WITHHELD, InstantBasis, MailState, NotificationState, ServerState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.wording.said import StoredText

LATE = timedelta(minutes=2)  # from the approval to the mail that says why the text has not left
WISH = "wish"  # instead of the state of a mail
_NO_NEWS: Mapping[str, object] = {"state": "", "sent_at": None, "since": None, "away": False, "what": "", "by": ""}


def tell_verdict(work: UnitOfWork, judged: Notification) -> None:
    """Tells a rejection, an approval after which one is still missing, and one of a text that a person submits."""
    _tell(work, judged, f"{judged.state}/{work.actor}", _NO_NEWS)


def tell_wish(work: UnitOfWork, draft: str, by: Officer, reply: str, said: Sequence[str]) -> None:
    """Shows the author what an approver wrote beside an approval, or instead of one; the text waits."""
    judged = work.tx.get(Notification, draft)
    if judged is None or judged.drafted_by == by.id or not any(said):
        return
    others = (one.address.lower() for one in work.env.settings.rota.officers if one.id != judged.drafted_by)
    news = {**_NO_NEWS, "state": WISH, "by": by.name, "reason": "\n".join(said)}
    _tell(work, judged, f"{WISH}/{reply}", news, frozenset(others))


def tell_sent(work: UnitOfWork, sent: Notification) -> None:
    """Tells when our server accepted the text, or who said that it was sent; not to that person."""
    person = work.env.settings.rota.officer(work.actor) if sent.sent_basis is InstantBasis.BY_HAND else None
    by = "" if sent.sent_basis is not InstantBasis.BY_HAND else person.name if person is not None else work.actor
    news = {**_NO_NEWS, "state": MailState.ACCEPTED.value, "sent_at": sent.sent_at, "by": by}
    _tell(work, sent, "sent", news, frozenset({person.address.lower()} if person is not None else ()))


def tell_late(work: UnitOfWork, approved: Notification) -> None:
    """Tells why an approved text has not left; not to whom an alarm about it was sent since."""
    mails = [mail for mail in _mails_of(work.tx, approved) if mail.at_most_once]
    worst = next((mail for state in _WORST_FIRST for mail in mails if mail.state is state), None)
    server = standing.of_server(work.tx)
    state = MailState.QUEUED if worst is None or worst.state in _IN_QUEUE else worst.state
    withheld = worst is not None and worst.is_withheld
    given = worst.answer if worst is not None and state in {MailState.QUEUED, MailState.REFUSED} else None
    answer: StoredText | str = given if given and withheld else without_words(given) if given else ""
    held = standing.held_since(work.tx, server) if state is MailState.QUEUED else None
    since = max(filter(None, (held, approved.approved_at)), default=None)
    shown = WITHHELD if withheld else state.value
    news = {"state": shown, "since": since, "away": server.standing is ServerState.AWAY, "what": answer}
    _tell(work, approved, "late", {**_NO_NEWS, **news}, _alarmed(work.tx, approved))


def late_at(tx: Transaction, judged: Notification) -> datetime | None:
    """Returns when `tell_late` is due for an approved text; None for one that a person submits, or that has left."""
    channel = tx.get(Channel, judged.channel)
    waits = judged.state in {NotificationState.APPROVED, NotificationState.FAILED}
    by_mail = channel is None or channel.kind == ChannelKind.MAIL
    return judged.approved_at + LATE if waits and by_mail and judged.approved_at is not None else None


def is_late_told(work: UnitOfWork, judged: Notification) -> bool:
    """True if everyone concerned has been told that the text has not left."""
    alarmed = _alarmed(work.tx, judged)
    told = (one for one in _concerned(work, judged) if one.address.lower() not in alarmed)
    return all(writing.is_queued(work, _dedupe(judged, "late", one), one.address) for one in told)


_IN_QUEUE = frozenset({MailState.QUEUED, MailState.ATTEMPTING})
_WORST_FIRST = (MailState.REFUSED, MailState.UNCERTAIN, MailState.ATTEMPTING, MailState.QUEUED, MailState.CANCELLED)


def _tell(
    work: UnitOfWork, judged: Notification, what: str, news: Mapping[str, object], without: frozenset[str] = frozenset()
) -> None:
    rota = work.env.settings.rota
    decided = [judged.rejected_by] if judged.rejected_by else list(judged.approved_by)
    names = [officer.name for key in decided if (officer := rota.officer(key)) is not None]
    tally = approval_tally(work.env, judged)
    values = {
        **draft_values(work, judged),
        **news,
        "officers": names or decided,
        "approved": judged.state != NotificationState.REJECTED,
        "reason": judged.rejected_reason or news.get("reason", ""),
        "have": len(tally.counted),
        "void": [rota.officer_name(key) for key in tally.void],
        "still": [officer.name for officer in may_still_approve(work.env, judged)],
    }
    about = EventRef(case=judged.case, notification=judged.id)
    for officer in _concerned(work, judged):
        if officer.address.lower() not in without:
            own = officer.id in decided
            reply = _reply_of(work, judged, officer) if own else None
            notice = Notice(
                Kind.REPLY_ANSWER if reply else Kind.OFFICER_NOTICE, "approval_notice", _dedupe(judged, what, officer),
                about, answers=reply,
            )  # fmt: skip
            notices.tell(work, officer, notice, {**values, "own": own})


def _dedupe(judged: Notification, what: str, officer: Officer) -> str:
    return f"approval/{judged.id}/{what}/{officer.id}"


def _concerned(work: UnitOfWork, judged: Notification) -> Iterator[Officer]:
    """Yields who was shown the draft, its author, and who approved or rejected it, in the order of the rota."""
    shown = (token.officer for token in shown_to(work.tx, judged))
    ids = {*shown, judged.drafted_by, *judged.approved_by, judged.rejected_by}
    return (officer for officer in work.env.settings.rota.officers if officer.id in ids)


def _reply_of(work: UnitOfWork, judged: Notification, officer: Officer) -> str | None:
    """Returns the Message-ID of the officer's last reply about the draft, which this mail answers."""
    mails = work.tx.find(
        StoredMessage,
        where(StoredMessage.notification).is_(judged.id),
        where(StoredMessage.from_address).is_(officer.address.lower()),
    )
    return max(mails, key=lambda mail: mail.received_at).message_id if mails else None


def _mails_of(tx: Transaction, judged: Notification) -> list[OutboxMail]:
    return tx.readable(OutboxMail, where(OutboxMail.notification).is_(judged.id))


def _alarmed(tx: Transaction, judged: Notification) -> frozenset[str]:
    """Returns the addresses to which an alarm about this text was sent since it was approved."""
    alarms = (mail for mail in _mails_of(tx, judged) if mail.kind == Kind.ALARM)
    since = judged.approved_at
    return frozenset(mail.recipient.lower() for mail in alarms if since is not None and mail.queued_at >= since)
