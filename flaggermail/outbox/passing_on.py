# SPDX-License-Identifier: EUPL-1.2
"""Sends what an officer should have read to another officer, or to the same one without the words that were refused.

A refused mail to an officer would otherwise be read by nobody. Each mail is passed on once, and names in `instead_of`
the one that it replaces, so that the chain ends with the last officer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flaggermail.letters import standing
from flaggermail.mail.reply_tokens import tokens
from flaggermail.notices import anew, duty, notices, pager_queue
from flaggermail.notices.notices import Notice
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, added
from flaggermail.record.kinds import Kind
from flaggermail.record.refusals import SmtpStage
from flaggermail.record.rows import Alarm, Case, OutboxMail, Token
from flaggermail.record.rows.alarms import AlarmKind, alarm, alarm_key
from flaggermail.record.states import MailState, ServerState
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.wording.alarms import AlarmText

PERSONAL_TOPICS = frozenset({Topic.APPROVAL, Topic.DEVICE, Topic.FORM})
"""Topics that only their recipient may act on: another officer learns that there was a mail, and no more."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """Who reads a refused mail instead of whom, and whether its text may be shown."""

    first: OutboxMail  # the mail that was refused first
    refused: Officer
    reader: Officer
    with_text: bool

    @property
    def to_another(self) -> bool:
        """True if it goes to another reader."""
        return self.reader.id != self.refused.id


def pass_on(work: UnitOfWork, mail: OutboxMail, stage: SmtpStage) -> bool:
    """Queues the mail that is read instead of a refused one; False if there is none. Repeated calls queue it once.

    A referrer gets a confirmation whose text was refused for good once more, without the words of the referral. While
    the server takes no mail at all, another mail would fare no better.
    """
    rota = work.env.settings.rota
    if mail.exercise:
        return False
    if rota.by_address(mail.recipient) is None:
        return stage is SmtpStage.MESSAGE and _confirm_again(work, mail)
    if work.tx.exists(OutboxMail, where(OutboxMail.instead_of).is_(mail.id)):
        return True
    if standing.of_server(work.tx).standing is not ServerState.TAKES:
        return False
    chain = [mail, *_replaced(work, mail)]
    refused = rota.by_address(chain[-1].recipient)
    if refused is None:  # has left the desk since
        return False
    asked = {one.recipient.lower() for one in chain}
    if stage is SmtpStage.MESSAGE and len(chain) == 1:
        passed = _Passed(mail, refused, refused, with_text=False)
    elif (reader := next((one for one in _in_turn(work) if one.address.lower() not in asked), None)) is not None:
        # Fewer addresses than mails: the same officer was sent it without the words already, so they are refused.
        passed = _Passed(chain[-1], refused, reader, with_text=len(asked) == len(chain))
    else:
        return False
    _send(work, mail, passed)
    if passed.to_another:
        _page(work, passed)
    return True


def _confirm_again(work: UnitOfWork, mail: OutboxMail) -> bool:
    case = work.tx.get(Case, mail.case) if mail.case is not None else None
    wanted = mail.kind == Kind.INTAKE_CONFIRMATION and mail.state == MailState.REFUSED and mail.instead_of is None
    if case is None or not wanted:
        return False
    notices.confirm_without_words(work, case, mail.id)
    return True


def _in_turn(work: UnitOfWork) -> Iterator[Officer]:
    """Yields the officer on call, the fallback of the rota, the heads, then the others."""
    rota = work.env.settings.rota
    first = (duty.officer_on_call(work), rota.officer(rota.fallback_officer or ""), *rota.heads)
    yield from dict.fromkeys([*filter(None, first), *rota.officers])


def _replaced(work: UnitOfWork, mail: OutboxMail) -> Iterator[OutboxMail]:
    """Yields the mails that this one replaces, the first refused one last."""
    before = work.tx.get(OutboxMail, mail.instead_of) if mail.instead_of else None
    if before is not None:
        yield before
        yield from _replaced(work, before)


def _send(work: UnitOfWork, mail: OutboxMail, passed: _Passed) -> None:
    """Queues the mail with a token of its reader's own, so that the same replies act."""
    first = passed.first
    token = next(filter(None, (work.tx.get(Token, key) for key in tokens([first.message_id]))), None)
    topic = Topic(token.purpose) if token is not None else Topic.NOTICE
    personal = passed.to_another and topic in PERSONAL_TOPICS
    notice = Notice(
        Kind.ALARM if passed.to_another else first.kind, "passed_on", f"instead/{mail.id}",
        EventRef(first.case, first.notification), topic=Topic.NOTICE if personal else topic,
        reminder=token.reminder if token is not None else None, message=first.shows,
        settles=token.message if token is not None else None, trust=first.trust, instead_of=mail.id,
    )  # fmt: skip
    told = None if passed.with_text else _alarm_of(work, first)
    matter = {} if passed.with_text else {"title": ""}  # which may bear the refused words
    notices.tell(work, passed.reader, notice, matter | {
        "name": passed.refused.name if passed.to_another else "",
        "text": anew.text_of(work, first) if passed.with_text and not personal else "",
        "kind": told.kind if told is not None else "",
        "what": told.text if told is not None and told.text.code == AlarmText.MAIL_ANSWERED else "",
        "next_step": _next_step(first, told, token),
    })  # fmt: skip


def _next_step(mail: OutboxMail, told: Alarm | None, token: Token | None) -> str:
    if told is not None and told.kind == AlarmKind.UNCERTAIN and token is not None:
        return f"flaggermail outbox resolve {token.message}"
    return f"flaggermail {'message' if mail.shows else 'outbox'} show {mail.shows or mail.id}"


def _alarm_of(work: UnitOfWork, mail: OutboxMail) -> Alarm | None:
    """Returns the alarm that a mail tells of; None if it tells of none."""
    raised = work.tx.find(Alarm, where(Alarm.raised_at).is_(mail.queued_at)) if mail.kind == Kind.ALARM else []
    keys = (f"alarm/{one.id}/{mail.recipient.lower()}" for one in raised)
    return next((one for one, key in zip(raised, keys, strict=True) if key == mail.dedupe), None)


def _page(work: UnitOfWork, passed: _Passed) -> None:
    """Raises one alarm a day for each officer whose address refuses mail, and pages both."""
    kind, refused = AlarmKind.OFFICER_UNREACHED, passed.refused
    key = alarm_key(kind, f"{refused.id}/{work.today}")
    raised = alarm(kind, key, AlarmText.UNREACHED(name=refused.name), work.now)
    if work.tx.get(Alarm, raised.id) is None:
        work.record(EventKind.ALARM_RAISED, added(raised), reason=kind)
        for officer in (passed.reader, refused):
            pager_queue.queue_for_alarm(work, officer, raised)
