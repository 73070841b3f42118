# SPDX-License-Identifier: EUPL-1.2
"""The mail with the case form: the referral, the reasoning of earlier cases, and the lines to fill in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from flaggermail.cases.checklist import named
from flaggermail.cases.lifecycle import missing_of
from flaggermail.commands.cases import same_narrative
from flaggermail.commands.platform_checks import check_exercise
from flaggermail.errors import ArchiveFailure, Refusal
from flaggermail.letters.html_part import one_line
from flaggermail.mail import reply_tokens
from flaggermail.notices import notices, shown_mail
from flaggermail.notices.notices import Notice, tell
from flaggermail.notices.shown_mail import platform_names
from flaggermail.record.case_values import ChannelKind, Topic
from flaggermail.record.definition import FieldCondition, where
from flaggermail.record.kinds import Direction, Kind
from flaggermail.record.rows import Case, Channel, Platform, StoredMessage
from flaggermail.replies import case_form
from flaggermail.replies.case_form import SentForm
from flaggermail.services import EventRef, UnitOfWork
from flaggermail.settings.rota import Officer


def send(work: UnitOfWork, officer: Officer, case: Case, language: str, answers: StoredMessage) -> None:
    """Sends the form of `case` to the officer who took it, in reply to that mail."""
    token = work.env.randomness.token()
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else None
    proposed = proposed_form(work, case, token, language)
    mail = notices.reparse(work, root) if root is not None else None
    shown = shown_mail.template_values(root, mail, is_answer=False) if root is not None and mail is not None else {}
    values = {
        "title": case.title,
        "sent_at": answers.received_at,
        "type": case.type,
        "sender": case.referrer_address or "",
        "verdict": root.verdict if root is not None else "verified",
        "text": shown.get("text", ""),
        "original": shown.get("original"),
        "unread": root is not None and mail is None,
        "missing": [item.value for item in missing_of(work, case, read=notices.reparse)],
        "earlier": [_reasoning(other) for other in _earlier(work, case)],
        "signed": shown_mail.signed(work, mail),
        **_channel_values(work, case),
        "suggestions": list(proposed.links),
        "form": case_form.filled_form(proposed),
    }
    notice = Notice(
        Kind.REPLY_ANSWER, "case_form", f"answer/{answers.id}", EventRef(case=case.number), topic=Topic.FORM,
        answers=answers.message_id, language=language, token=token,
    )  # fmt: skip
    tell(work, officer, notice, values)


def _channel_values(work: UnitOfWork, case: Case) -> dict[str, object]:
    """Returns the channels, those of the platforms that the referral names first, and the names of these platforms."""
    asked_for = named(f"{case.title}\n{_referral(work, case)}", platform_names(work.env.settings))
    rank = {code: place for place, code in enumerate(asked_for)}
    choice = sorted(channels_now(work, case), key=lambda channel: rank.get(channel.platform, len(rank)))
    return {
        "channels": [{"code": one.code, "name": one.platform_name, "kind": one.kind} for one in choice],
        "named": list(dict.fromkeys(one.platform_name for one in choice if one.platform in rank)),
    }


def proposed_form(work: UnitOfWork, case: Case, token: str, language: str) -> SentForm:
    """Returns the form with proposed values."""
    return SentForm(
        mark=case_form.mark_of(token), language=language, case_type=case.type, title=one_line(case.title),
        links=case_form.links_in(_referral(work, case)),
    )  # fmt: skip


def as_sent(work: UnitOfWork, case: Case, token: str, language: str, answers: Collection[str]) -> SentForm | None:
    """Returns the form as its mail shows it: the one that the reply `answers` by Message-ID, or else the last one.

    None if its octets cannot be read: without them nobody can tell what the officer filled in.
    """
    named = _sent_with(work, case, token, where(StoredMessage.message_id).in_(answers))
    last = max(named or _sent_with(work, case, token), key=lambda mail: mail.id, default=None)
    try:
        text = work.env.parser.parse(work.env.octets.get(last.digest)).text if last else ""
    except ArchiveFailure:
        return None
    form = proposed_form(work, case, token, language)
    opening = next((line for line in text.splitlines() if line.strip()), "")
    return replace(form, lines=case_form.lines_between(text, form.mark), opening=opening) if last else None


def _sent_with(work: UnitOfWork, case: Case, token: str, *named: FieldCondition) -> list[StoredMessage]:
    """Returns our mails of a case with that token in their Message-ID; without `named` all of them are looked at."""
    here = where(StoredMessage.case).is_(case.number), where(StoredMessage.direction).is_(Direction.OUT)
    found = work.tx.find(StoredMessage, *here, *named)
    return [mail for mail in found if token in reply_tokens.tokens([mail.message_id or ""])]


def channels_now(work: UnitOfWork, case: Case) -> list[case_form.ChannelChoice]:
    """Returns the channels valid today, real or exercise like the case; mail channels first."""
    names = {platform.code: platform.name for platform in work.tx.find(Platform)}
    valid = [
        case_form.ChannelChoice(c.code, c.platform, names.get(c.platform, c.platform), c.kind)
        for c in work.tx.find(Channel)
        if c.valid_from <= work.today
        and (c.valid_until is None or work.today <= c.valid_until)
        and _is_allowed(work, case, c)
    ]
    return sorted(valid, key=lambda channel: channel.kind != ChannelKind.MAIL)


def _is_allowed(work: UnitOfWork, case: Case, channel: Channel) -> bool:
    try:
        check_exercise(work, case, channel)
    except Refusal:
        return False
    return True


def _referral(work: UnitOfWork, case: Case) -> str:
    """Returns the text of the mail from which the case was opened; empty if it cannot be read."""
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else None
    mail = notices.reparse(work, root) if root is not None else None
    return shown_mail.in_one_text(mail) if mail is not None else ""


def _earlier(work: UnitOfWork, case: Case) -> list[Case]:
    """Returns the related cases, then those on the same narrative."""
    related = work.tx.find(Case, where(Case.number).in_(list(case.related)))
    return [*related, *(other for other in same_narrative(work.tx, case) if other not in related)]


def _reasoning(case: Case) -> dict[str, object]:
    return {
        "number": case.number,
        "title": case.title,
        "criteria": list(case.criteria),
        "rule": case.contradicts or "",
        "decision": case.decision or "",
        "reason": case.decision_reason or "",
    }
