# SPDX-License-Identifier: EUPL-1.2
"""An officer's reply to a mail of the desk: performed in the transaction that files it, and answered at once.

Nothing is performed or answered unless the officer's address is verified; the desk is warned of one that is not. An
unclear reply does nothing and is answered with what would have been understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial

from flaggermail.cases.approval import CodeRefusal
from flaggermail.commands import door, outcome, platform_checks
from flaggermail.commands.devices import ReplyCode
from flaggermail.commands.platform_checks import MAIL
from flaggermail.errors import OctetsLost, Refusal
from flaggermail.letters import stored_messages
from flaggermail.letters.html_part import MARK
from flaggermail.letters.template_values import ReplyRefusal
from flaggermail.mail import reply_tokens
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.notices import anew, approval_letters, approval_requests, duty, notices, unheard
from flaggermail.notices.notices import Notice
from flaggermail.record.case_values import Topic
from flaggermail.record.definition import where
from flaggermail.record.events import EventKind, changed
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import (
    Attempt,
    Case,
    Channel,
    Device,
    Notification,
    Reminder,
    StoredMessage,
    Token,
)
from flaggermail.record.states import NotificationState
from flaggermail.replies import case_form, done_before, form_mail, looking, objections, verbs
from flaggermail.replies.answered import Answered, NotUnderstood, Understood
from flaggermail.replies.case_form import SentForm
from flaggermail.replies.left_over import ReplyWriter
from flaggermail.replies.request import LOOKS, ReplyFault
from flaggermail.replies.writer import writer_of
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer
from flaggermail.settings.sections import ByReply
from flaggermail.wording.refusals import CommandRefusal

PerformedActs = Sequence[Mapping[str, object]]
_NO_LINE = frozenset({ReplyRefusal.NOTHING, ReplyRefusal.HIDDEN})
_CODE = re.compile(r"\b(?:(?=[A-Za-z .-]{0,6}\d)[A-Za-z0-9]{3}[ .-]?[A-Za-z0-9]{3}|[A-Z]{3}[ .-]?[A-Z]{3})\b")
_OF_A_CODE = frozenset(ReplyRefusal(fault.value) for fault in CodeRefusal)  # what these say of the code is enough
CODED = frozenset({Topic.APPROVAL, Topic.DEVICE})
_TOPICS = frozenset(topic.value for topic in Topic)
_TOLD_WITH_OTHERS = frozenset({outcome.ActKind.APPROVED, outcome.ActKind.REJECTED})  # by `notices.approval_letters`
_BESIDE = frozenset({ReplyRefusal.BESIDE, ReplyRefusal.UNKNOWN, ReplyRefusal.TWO})
_KEEPS_VALUES = frozenset(
    {ReplyRefusal.LINES, ReplyRefusal.CHANNEL, ReplyRefusal.UNCHANGED, ReplyRefusal.BESIDE, ReplyRefusal.REFUSED}
)
"""Reasons after which the officer may complete what they wrote."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """An officer's mail, and the token of the mail it replies to."""

    stored: StoredMessage
    message: Message
    officer: Officer
    token: Token
    code: ReplyCode
    key: str = ""  # deduplication key of the answer, if it is not one per mail

    @property
    def topic(self) -> Topic:
        """The topic of the mail that was replied to."""
        return Topic(self.token.purpose) if self.token.purpose in _TOPICS else Topic.NOTICE


def perform_reply(
    work: UnitOfWork, stored: StoredMessage, message: Message, officer_id: str, token_key: str | None
) -> None:
    """Performs an officer's reply to the mail with that token, or answers with what would have been understood.

    Without a token it is a mail that asks to be shown something.
    """
    none = Token(token="", purpose=Topic.NOTICE, officer=officer_id, issued_at=work.now)
    officer, token = work.env.settings.rota.officer(officer_id), work.tx.get(Token, token_key) if token_key else none
    about = EventRef(stored.case, stored.notification, stored.id)
    if officer is None or token is None:
        return
    passed_on = objections.is_passed_on_by_machine(message, work.env.own_addresses)
    passed_on = passed_on or message.comment is not None
    if stored.verdict != SenderVerdict.VERIFIED or message.kind is not MechanicalKind.HUMAN or passed_on:
        automatic = "passed on" if message.kind is MechanicalKind.HUMAN else message.kind.value
        why = stored.verdict if stored.verdict != SenderVerdict.VERIFIED else automatic
        work.record(EventKind.REPLY_IGNORED, about=about, reason=why)
        if stored.verdict != SenderVerdict.VERIFIED and message.kind is MechanicalKind.HUMAN and not passed_on:
            unheard.warn(work, stored, officer)
        return
    work = replace(work, actor=officer_id)
    reply = _Reply(stored, message, officer, token, ReplyCode(work, token))
    found = _with_code_judged(work, reply, _understood(work, reply))
    done = _perform(work, reply, found) if isinstance(found, Understood) else found
    if isinstance(done, NotUnderstood):
        work.record(EventKind.REPLY_NOT_UNDERSTOOD, about=about, reason=done.why.value)
        _explain(work, reply, done)
    elif isinstance(found, Understood):
        _tell_done(work, reply, found, done)


def asks_to_look(work: UnitOfWork, message: Message, officer_id: str | None) -> bool:
    """True if a verified mail of that officer begins by asking to be shown something."""
    if (
        officer_id is None
        or message.vouched.value != SenderVerdict.VERIFIED
        or message.kind is not MechanicalKind.HUMAN
    ):
        return False
    settings = work.env.settings
    answered = Answered(
        topic=Topic.NOTICE, officer=officer_id, language=settings.desk.organisation.language, came_at=work.now,
        words=settings.reply_words, officers={officer.id: officer.name for officer in settings.rota.officers},
        writer=ReplyWriter(work.env.language, settings.reply_words),
    )  # fmt: skip
    return verbs.looks(_without_marked(message.reply_text), answered)


def _understood(work: UnitOfWork, reply: _Reply) -> Understood | NotUnderstood:
    """Returns what is requested, after checking that this officer may request it now in reply to this mail."""
    language = work.env.settings.desk.organisation.language
    answered = _answered(work, reply)
    looks = verbs.looks(_without_marked(reply.message.reply_text), answered)  # what changes nothing, any mail may ask
    refused = _by_whom(work, reply, language) if looks else _from_whom(work, reply, language)
    if (refused := refused or (None if looks else _about_what(work, reply, language))) is not None:
        return refused
    if not looks and reply.topic is Topic.FORM and answered.form is None:
        return verbs.not_understood(ReplyRefusal.FORM, reply.topic, language)
    read = partial(_read, answered)
    found = read(reply.message.reply_text, reply.message.text)
    if not isinstance(found, Understood):
        return found
    if objection := objections.of_readings(reply.message, found, read):
        return verbs.not_understood(objection, reply.topic, found.language)
    return _checked_look(work, reply, found) if looks else _still_open(work, reply, found)


def _checked_look(work: UnitOfWork, reply: _Reply, found: Understood) -> Understood | NotUnderstood:
    try:
        for asked in found.requests:
            looking.check(work, asked)
    except Refusal as refusal:
        return verbs.not_understood(ReplyRefusal.REFUSED, reply.topic, found.language, refusal.by_mail)
    return found


def _read(answered: Answered, own: str, whole: str) -> Understood | NotUnderstood:
    """Parses a reply without the lines that bear our mark of others' words."""
    return verbs.read(_without_marked(own), whole, answered)


def _without_marked(own: str) -> str:
    return "\n".join(line for line in own.splitlines() if not line.lstrip().startswith(MARK.strip()))


def _by_whom(work: UnitOfWork, reply: _Reply, language: str) -> NotUnderstood | None:
    """Rejects a mail that was seen before, that somebody else may have sent, or that is a forward."""
    if any(work.tx.reached(key) for key in objections.keys_of(reply.message, reply.token.token)):
        return verbs.not_understood(ReplyRefusal.USED, Topic.NOTICE, language)
    objection = objections.of_sender(reply.message)
    if objection is None and reply.message.forwarded is not None:
        objection = ReplyRefusal.FORWARD
    return verbs.not_understood(objection, reply.topic, language) if objection else None


def _from_whom(work: UnitOfWork, reply: _Reply, language: str) -> NotUnderstood | None:
    """Rejects also what asks for nothing, and an answer to a colleague's mail."""
    token, topic = reply.token, reply.topic
    refused = _by_whom(work, reply, language)
    if refused is not None and refused.why is ReplyRefusal.USED:
        return refused
    if topic is Topic.NOTICE:
        return verbs.not_understood(ReplyRefusal.NOTHING, topic, language)
    if token.officer != reply.officer.id:
        return verbs.not_understood(ReplyRefusal.FOREIGN, Topic.NOTICE, language)
    return refused


def _about_what(work: UnitOfWork, reply: _Reply, language: str) -> NotUnderstood | None:
    """Rejects an answer to two mails, and one that comes too late."""
    token, topic = reply.token, reply.topic
    if _addresses_another_mail(work, reply):
        return verbs.not_understood(ReplyRefusal.TWO_MAILS, topic, language)
    if token.expires_at is not None and token.expires_at <= work.now:
        return verbs.not_understood(ReplyRefusal.EXPIRED, topic, language)
    if topic is Topic.APPROVAL and (state := _settled(work, token)):
        why = ReplyRefusal.SETTLED if token.used_at is None else ReplyRefusal.USED
        return verbs.not_understood(why, Topic.NOTICE, language, state)
    return None


def _with_code_judged(
    work: UnitOfWork, reply: _Reply, found: Understood | NotUnderstood
) -> Understood | NotUnderstood:  # fmt: skip
    """Records what came of the code in the reply, and says why it did nothing.

    A code is spent even if the reply then does nothing: it stands in a mail that others can read.
    """
    reply.code.settle()
    if isinstance(found, Understood):
        return found
    if found.why is ReplyRefusal.CODE and reply.code.fault is not None:
        found = replace(found, why=ReplyRefusal(reply.code.fault.value))
    if reply.topic in CODED and found.why not in _OF_A_CODE and reply.code.is_seen_in(reply.message):
        found = replace(found, code_spent=True)
    if reply.topic is Topic.APPROVAL and duty.means_of(work, reply.officer) is ByReply.OFF:
        return replace(found, would_work=verbs.would_work_by_command(reply.topic, found.language))
    return found


def _settled(work: UnitOfWork, token: Token) -> str:
    """Returns the state of the draft to approve; empty while it is a draft."""
    draft = work.tx.get(Notification, token.notification) if token.notification else None
    return draft.state if draft is not None and draft.state != NotificationState.DRAFT else ""


def _addresses_another_mail(work: UnitOfWork, reply: _Reply) -> bool:
    """True if the mail is addressed to the token of another mail to an officer than the one it replies to."""
    message = replace(reply.message, references=(), headers=())
    tokens = work.tx.find(Token, where(Token.token).in_(reply_tokens.in_message(message)))
    return any(token.officer is not None and token.token != reply.token.token for token in tokens)


def _still_open(work: UnitOfWork, reply: _Reply, found: Understood) -> Understood | NotUnderstood:
    """Rejects what was done before: by this officer's reply, or by somebody else."""
    topic = reply.topic
    replaceable = done_before.is_replaceable(work, reply.token.message, reply.officer)
    if reply.token.used_at is not None and not found.repeatable and not (found.replaces and replaceable):
        by = done_before.acted_by(work, reply.token.message, reply.officer) if found.replaces else ()
        refused = verbs.not_understood(ReplyRefusal.ACTED if by else ReplyRefusal.USED, topic, found.language, *by)
        return replace(refused, would_work=_still_work(work, reply, found.language, used=True))
    for asked in found.requests:
        try:
            command = door.read(work, asked.name, asked.fields)
        except Refusal as refusal:
            return verbs.not_understood(ReplyRefusal.REFUSED, topic, found.language, refusal.by_mail)
        done = done_before.refusal_of(work, reply.token, reply.officer, topic, found.language, command)
        if done is not None:
            return done
    return found


def _answered(work: UnitOfWork, reply: _Reply) -> Answered:
    """Returns the facts about the mail that was replied to, as the verbs need them."""
    token, settings = reply.token, work.env.settings
    use = work.tx.get(Notification, token.notification) if token.notification else None
    channel = work.tx.get(Channel, use.channel) if use else None
    case = work.tx.get(Case, token.case) if token.case else None
    language = settings.desk.organisation.language
    form = _form_sent(work, reply, case, language) if case and reply.topic is Topic.FORM else None
    return Answered(
        topic=reply.topic,
        officer=reply.officer.id,
        language=language,
        came_at=reply.stored.received_at.astimezone(settings.zone),
        words=settings.reply_words,
        writer=writer_of(work, reply.officer, reply.stored, reply.message, of_ours=reply.topic in CODED),
        case=token.case or "",
        notification=token.notification,
        channel=use.channel if use else None,
        means=channel.kind if channel and channel.kind != MAIL else "phone",
        submits=platform_checks.counted_as(use) if use else "",
        names=reply.code.names,
        device=next((device.id for device in work.tx.find(Device, where(Device.token).is_(token.token))), ""),
        message=token.message or "",
        tried_at=_tried_at(work, token) if reply.topic is Topic.UNCERTAIN_MAIL else None,
        reminder=token.reminder or "",
        officers={officer.id: officer.name for officer in settings.rota.officers},
        form=form,
        channels=form_mail.channels_now(work, case) if form and case else (),
    )


def _tried_at(work: UnitOfWork, token: Token) -> datetime | None:
    """Returns when the mail of ours that the token names was last handed to the server."""
    attempts = work.tx.find(Attempt, where(Attempt.mail).is_(token.message))
    return max((attempt.started_at for attempt in attempts), default=None)


def _form_sent(work: UnitOfWork, reply: _Reply, case: Case, language: str) -> SentForm | None:
    """Returns the form that was replied to, as its mail shows it; None if that mail cannot be read."""
    message = stored_messages.as_ours(work, reply.message)
    answers = (*message.in_reply_to, *message.references)
    return form_mail.as_sent(work, case, reply.token.token, language, answers)


def _perform(work: UnitOfWork, reply: _Reply, found: Understood) -> PerformedActs | NotUnderstood:
    """Performs all commands, or none of them."""
    did: list[Mapping[str, object]] = []
    try:
        with work.tx.savepoint():
            for asked in (one for one in found.requests if one.name not in LOOKS):
                did += _done_values(door.ask(work, asked.name, asked.fields, by_reply=True))
            for key in objections.keys_of(reply.message, reply.token.token):
                work.tx.number(key)
            token = work.tx.get(Token, reply.token.token)
            if token is not None and token.used_at is None and not found.repeatable:
                about = EventRef(case=token.case, notification=token.notification)
                used = changed(token, replace(token, used_at=work.now))
                work.record(EventKind.REPLY_OBEYED, used, about=about, reason=token.purpose)
    except Refusal as refusal:
        return verbs.not_understood(ReplyRefusal.REFUSED, reply.topic, found.language, refusal.by_mail)
    except OctetsLost:
        lost = CommandRefusal.MAIL_LOST()
        return verbs.not_understood(ReplyRefusal.REFUSED, reply.topic, found.language, lost)
    return did


def _done_values(answer: outcome.ActAnswer) -> PerformedActs:
    """Returns what was done, as template values; a fact that does not apply is empty."""
    done = {name: "" if value is None else value for name, value in asdict(answer.did).items()}
    return [done, *([{"what": "few attempts"}] if answer.did.few_attempts else [])]


def _tell_done(work: UnitOfWork, reply: _Reply, found: Understood, did: PerformedActs) -> None:
    """Answers with the new state; taking a case sends its form, opening one lists what may be replied next."""
    if found.requests[0].name in LOOKS:
        mail = anew.mail_of(work, reply.token)
        looking.show(work, reply.officer, found, reply.stored, quotes=mail is None or mail.instead_of is None)
        return
    first = did[0] if did else {}
    if first.get("what") in _TOLD_WITH_OTHERS:
        return
    case = work.tx.get(Case, str(first.get("case"))) if first.get("what") == outcome.ActKind.ASSIGNED else None
    if case is not None and reply.topic in done_before.BY_NUMBER:
        anew.send(work, reply.officer, reply.stored.id, anew.OF_CASE, case.number)
    if case is not None and case.decision is None:
        form_mail.send(work, reply.officer, case, found.language, reply.stored)
        return
    values: dict[str, object] = {
        "understood": True,
        "why": "",
        "details": list(found.left_over),
        "form": "",
        "line_read": "",
        "in_the_way": "",
        "code_spent": False,
        "until": None,
        **_about_approving(work),
    }
    values["did"] = list(did)
    if first.get("what") == outcome.ActKind.OPENED:
        values["what_would_work"] = list(verbs.would_work(Topic.NEW_CASE, found.language))
        _answer(work, reply, found.language, values, Topic.NEW_CASE, EventRef(case=str(first["case"])))
    else:
        values["what_would_work"] = list(_next_replies(work, reply, found))
        _answer(work, reply, found.language, values)


def _next_replies(work: UnitOfWork, reply: _Reply, found: Understood) -> Sequence[str]:
    """Returns what may be replied next to the same mail."""
    case = work.tx.get(Case, reply.token.case) if reply.token.case else None
    if (
        reply.topic in {Topic.NEW_CASE, Topic.NEW_CASE_ALIKE, Topic.UNDECIDED}
        and case is not None
        and case.decision is not None
    ):
        return ()
    return _still_work(work, reply, found.language, used=not found.repeatable)


def _still_work(work: UnitOfWork, reply: _Reply, language: str, *, used: bool) -> tuple[str, ...]:
    told = work.tx.get(Reminder, reply.token.reminder) if reply.token.reminder else None
    acknowledged = told is not None and told.acknowledged_at is not None
    replaceable = done_before.is_replaceable(work, reply.token.message, reply.officer)
    return verbs.still_work(reply.topic, language, used=used, acknowledged=acknowledged, replaceable=replaceable)


def _explain(work: UnitOfWork, reply: _Reply, found: NotUnderstood) -> None:
    """Explains why nothing was done and what would have been understood.

    An approval whose request has expired, or gave no code, is asked for anew. A machine that replies to each of our
    mails is answered once (`rate_limits.is_loop`); a reply that begins with a verb is a person's.
    """
    if reply.topic is Topic.APPROVAL and found.why in _BESIDE:
        said = [_without_code(reply, line) for line in found.details] or [_line_read(reply, found)]
        approval_letters.tell_wish(work, reply.token.notification or "", reply.officer, reply.stored.id, said)
    if found.why is ReplyRefusal.UNKNOWN:
        reply = replace(reply, key=duty.misunderstood_key(work, reply.officer, reply.message.reply_text))
    if duty.is_loop(work, reply.officer, reply.key):
        return
    if found.why in {ReplyRefusal.EXPIRED, ReplyRefusal.CODE_NOT_GIVEN} and reply.topic is Topic.APPROVAL:
        approval_requests.request_again(work, reply.token)
    values: dict[str, object] = {
        "understood": False,
        "why": found.why.value,
        "details": [_without_code(reply, line) for line in found.details],
        "did": [],
        "form": _form_again(work, reply, found.language, kept=found.why in _KEEPS_VALUES),
        "line_read": _line_read(reply, found),
        "in_the_way": _without_code(reply, found.in_the_way),
        "code_spent": found.code_spent,
        "until": reply.code.until,
        "what_would_work": list(found.would_work),
        **_about_approving(work, reply.token.notification or ""),
    }
    if found.why in {ReplyRefusal.FOREIGN, ReplyRefusal.EXPIRED, ReplyRefusal.SETTLED}:
        _answer(work, reply, found.language, values, Topic.NOTICE, EventRef(case=reply.token.case))
    else:
        _answer(work, reply, found.language, values)


def _line_read(reply: _Reply, found: NotUnderstood) -> str:
    """Returns the line that was read and refused; a code in it is not repeated. Empty where no line decided."""
    own = "" if reply.topic is Topic.FORM or found.why in _NO_LINE else _without_marked(reply.message.reply_text)
    line = found.line or verbs.first_line(own)
    return _without_code(reply, line)


def _without_code(reply: _Reply, text: str) -> str:
    return _CODE.sub("CODE", text) if reply.topic in CODED else text


def _about_approving(work: UnitOfWork, draft: str = "") -> Mapping[str, object]:
    """Returns how this desk approves by reply, and the draft that a command may approve instead."""
    return {"by_reply": work.env.settings.desk.approval.means.value, "draft": draft}


def _form_again(work: UnitOfWork, reply: _Reply, language: str, *, kept: bool) -> str:
    """Returns the form with the values filled in so far; empty unless they are to be `kept`."""
    case = work.tx.get(Case, reply.token.case) if reply.token.case else None
    if reply.topic is not Topic.FORM or case is None:
        return ""
    sent = _form_sent(work, reply, case, language)
    try:
        values = case_form.values_in(reply.message.reply_text, reply.message.text, sent) if sent and kept else {}
        html = reply.message.html
        seen = case_form.values_in(html.seen_reply_text, html.seen_text, sent) if sent and html else values
        values = values if case_form.are_alike(values, seen) else {}
    except ReplyFault:
        values = {}
    if sent and kept and not values:
        values = case_form.filled_before(sent)
    return case_form.filled_form(form_mail.proposed_form(work, case, reply.token.token, language), values)


def _answer(
    work: UnitOfWork, reply: _Reply, language: str, values: Mapping[str, object], topic: Topic | None = None,
    about: EventRef | None = None,
) -> None:  # fmt: skip
    """Answers the officer; their next reply has the same topic unless another is given."""
    token = reply.token
    same = topic is None
    topic = topic or reply.topic
    notice = Notice(
        Kind.REPLY_ANSWER,
        "reply_answer",
        reply.key or f"answer/{reply.stored.id}",
        about or EventRef(token.case, token.notification),
        topic=topic,
        reminder=token.reminder if same else None,
        message=token.message if same else None,
        answers=reply.stored.message_id,
        language=language,
        token=token.token if same else None,
        exercise=_is_exercise(work, token),
    )
    notices.tell(work, reply.officer, notice, {**values, "sent_at": reply.stored.received_at})


def _is_exercise(work: UnitOfWork, token: Token) -> bool:
    """True if the mail that was replied to belongs to an exercise, by its case or message."""
    told = work.tx.get(Reminder, token.reminder) if token.reminder else None
    case = work.tx.get(Case, told.case) if told else None
    shown = work.tx.get(StoredMessage, token.message) if token.message else None
    return any(about.exercise for about in (case, shown) if about is not None)
