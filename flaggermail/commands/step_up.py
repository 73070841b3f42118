# SPDX-License-Identifier: EUPL-1.2
"""The one-time code that an approval on a page needs beside the login.

A browser that was left open lends its login to whoever sits down at it. So where the desk has a second factor, the page
asks for it as a reply must bring it: the code of the approver's own device, or that of their pager. A code in the
request of the shared mailbox proves nothing beyond a login, and where there is none the login alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from flaggermail.cases.approval import CodeRefusal
from flaggermail.commands.devices import ReplyCode
from flaggermail.errors import Refusal
from flaggermail.notices.approval_requests import shown_to
from flaggermail.record.case_values import Topic
from flaggermail.record.rows import Notification, Token
from flaggermail.services import UnitOfWork
from flaggermail.settings.sections import ByReply
from flaggermail.wording.refusals import CommandRefusal
from flaggermail.wording.said import UNSAID, Sentence, StoredText

_SAID: Mapping[CodeRefusal, Sentence] = {
    CodeRefusal.WRONG: CommandRefusal.CODE_WRONG,
    CodeRefusal.LATE: CommandRefusal.CODE_LATE,
    CodeRefusal.SPENT: CommandRefusal.CODE_SPENT,
    CodeRefusal.CLOCK_BACK: CommandRefusal.CODE_CLOCK_BACK,
    CodeRefusal.NO_DEVICE: CommandRefusal.CODE_NO_DEVICE,
    CodeRefusal.LOCKED: CommandRefusal.CODE_LOCKED,
    CodeRefusal.LOST: CommandRefusal.CODE_LOST,
    CodeRefusal.SHARED: CommandRefusal.CODE_SHARED,
    CodeRefusal.NO_PAGER: CommandRefusal.CODE_NO_PAGER,
    CodeRefusal.NOT_GIVEN: CommandRefusal.CODE_NOT_GIVEN,
}


def source(work: UnitOfWork) -> ByReply | None:
    """Returns where the code of an approval on a page comes from; None where the login alone decides."""
    means = work.env.settings.desk.approval.means
    return means if means in {ByReply.TOTP, ByReply.PAGER} else None


def lacking(work: UnitOfWork, draft: Notification) -> StoredText:
    """Returns why the actor can give no code for the draft now; unsaid if they can, or need none."""
    code = ReplyCode(work, _request(work, draft))
    if source(work) is None or code.names("") or code.fault in {None, CodeRefusal.WRONG}:
        return UNSAID
    return _said(code)


def check(work: UnitOfWork, draft: Notification, written: str) -> None:
    """Spends a code of the actor that counts for the draft now, if the desk asks for one.

    Raises Refusal for every other one; a wrong one is counted all the same.
    """
    if source(work) is None:
        return
    code = ReplyCode(work, _request(work, draft))
    fits = code.names(written) == draft.id
    code.settle()
    if not fits:
        raise Refusal(_said(code), where="code", keeps=True)


def _request(work: UnitOfWork, draft: Notification) -> Token:
    """Returns the last request to the actor that is open, whose code a pager gave; one without a code if there is none.

    A device's code names no request.
    """
    blank = Token(token="", purpose=Topic.APPROVAL, notification=draft.id, officer=work.actor, issued_at=work.now)
    own = [one for one in shown_to(work.tx, draft) if one.officer == work.actor]
    still = [one for one in own if one.expires_at is not None and one.expires_at > work.now]
    return max(still, key=lambda one: one.issued_at, default=blank)


def _said(code: ReplyCode) -> StoredText:
    until = code.until.astimezone(code.work.env.settings.zone).isoformat() if code.until else ""
    return _SAID[code.fault or CodeRefusal.WRONG].having(
        officer=code.work.env.settings.rota.name_of(code.work.actor), until=until
    )
