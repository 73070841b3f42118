# SPDX-License-Identifier: EUPL-1.2
"""Pages with the code of an approval request. The code is made when the pager is called, and stands in no row."""

from __future__ import annotations

from flaggermail.letters import exercises
from flaggermail.notices import page_queue
from flaggermail.notices.page_queue import Wake
from flaggermail.notices.pager_choice import code_text, draft_text
from flaggermail.notifications.approval import Offer
from flaggermail.record.rows import Notification, Page, PageCode, Token
from flaggermail.record.states import PageState
from flaggermail.services import UnitOfWork
from flaggermail.settings.approval_section import ByReply
from flaggermail.settings.rota import Officer


def offer_of(work: UnitOfWork, token: Token) -> Offer | None:
    """Returns what the approval request with that token offers.

    None if its draft waits for nobody, or if the desk's key for codes by pager cannot be read by this account.
    """
    draft = work.tx.get(Notification, token.notification) if token.notification else None
    if draft is None or token.officer is None or token.expires_at is None:
        return None
    key = work.env.codes.seal("codes by pager") if work.env.settings.desk.approval.means is ByReply.PAGER else b""
    return None if key is None else Offer(draft.id, token.token, draft.digest, token.officer, token.expires_at, key)


def queue(work: UnitOfWork, officer: Officer, draft: Notification, token: str) -> bool:
    """Queues a page with the code of the approval request that has this token; returns whether it will be called."""
    played = exercises.belongs_to_exercise(work, draft.case, otherwise=False)
    text = draft_text(draft.id, page_queue.platform_of(work, draft.id), page_queue.mark(work, exercise=played))
    page = page_queue.queue(work, officer, 0, Wake(f"code/{token}", text, draft.case, draft.id, played, token))
    return page is not None and page.state == PageState.QUEUED


def text_of(work: UnitOfWork, page: Page) -> str | None:
    """Returns the text to call a pager with: that of its row, below the code if it carries one; None if it is void."""
    carried = work.tx.get(PageCode, page.id)
    if carried is None:
        return page.text
    token = work.tx.get(Token, carried.token)
    offer = offer_of(work, token) if token is not None else None
    if offer is None or not offer.key or work.now >= offer.expires_at:
        return None
    return code_text(offer.code, page.text)
