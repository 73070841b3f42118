# SPDX-License-Identifier: EUPL-1.2
"""The pages of the desk: what each asks, and the commands that its forms may send."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flaggermail.desk.views.view import MOST_LISTED
from flaggermail.door.pages.acts import PageAct
from flaggermail.door.pages.case_forms import (
    SETS,
    about_case,
    channels,
    correct_acts,
    new_case,
    new_case_acts,
    note_acts,
    write_acts,
)
from flaggermail.door.pages.case_page import case_acts, case_page, events_page
from flaggermail.door.pages.page import ON_A_PAGE, DeskPage, PageRequest, Shown
from flaggermail.mail.message import Json
from flaggermail.record.case_values import Decision
from flaggermail.record.states import WAITING, MailState

_ASSESSED = frozenset({
    "incorrect", "contradicts", "criteria", "aspects", "own_attempts", "all_means_used", "override_reason", "satire",
})  # fmt: skip
_PLACED = frozenset({"case", "new", "noise", "back", "reason", "election"})


def _tonight(asked: PageRequest) -> Shown:
    return {"sheet": asked.ask("tonight")}


def _cases(asked: PageRequest) -> Shown:
    wanted = {name: asked.given(name) for name in ("election", "state", "tag", "cursor")}
    waiting = asked.given("waiting") is not None
    return {
        "list": asked.ask("case list", limit=ON_A_PAGE, waiting=waiting, **wanted),
        "elections": asked.ask("election list")["elections"], "wanted": {**wanted, "waiting": waiting},
    }  # fmt: skip


def _assess(asked: PageRequest) -> Shown:
    sheet = asked.ask("case show", case=asked.parts["case"], limit=ON_A_PAGE)
    root = sheet["root_message"]
    return {"sheet": sheet, "mail": asked.ask("message show", message=root) if root else None, **SETS}


def _assess_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    case: Mapping[str, Json] = {"case": parts["case"]}
    there = f"/cases/{quote(parts['case'])}"
    return {
        "assess": PageAct("case assess", _ASSESSED, fixed=case, lists=frozenset({"criteria", "aspects"}), kept=True),
        "decide": PageAct(
            "case decide", frozenset({"decision", "ground", "reason", "advice"}),
            lambda fields, _: f"{there}/notify" if fields.get("decision") == Decision.NOTIFY else there, case,
            kept=True,
        ),
    }  # fmt: skip


def _notify(asked: PageRequest) -> Shown:
    return {"sheet": asked.ask("case show", case=asked.parts["case"], limit=1), "channels": channels(asked)}


def _notify_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    return {
        "notify": PageAct(
            "notify", frozenset({"channel", "title", "text", "contact", "follow_up"}),
            lambda _, key: f"/drafts/{quote(key)}", {"case": parts["case"]}, kept=True,
        )
    }  # fmt: skip


def _draft(asked: PageRequest) -> Shown:
    number = asked.parts["draft"]
    text = asked.ask("case text", draft=number, difference=True)
    sheet = asked.ask("case show", case=text["draft"].rpartition("/")[0], limit=MOST_LISTED)  # an early draft too
    found = next(one for one in sheet["notifications"] if one["id"] == text["draft"])
    return {"sheet": sheet, "draft": found, "text": text}


def _draft_acts(_: Mapping[str, str]) -> Mapping[str, PageAct]:
    # The draft that was shown, by its whole number: an address may name a case alone, of which another draft is the
    # only one by now. What a draft says never changes.
    draft = frozenset({"draft"})
    return {
        "approve": PageAct("approve", draft | {"policy_read"}),
        "reject": PageAct("reject", draft | {"reason"}),
    }


def _message(asked: PageRequest) -> Shown:
    sheet = asked.ask("message show", message=asked.parts["message"])
    return {"sheet": sheet, "elections": asked.ask("election list")["elections"]}


def _message_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    message: Mapping[str, Json] = {"message": parts["message"]}
    return {
        "place": PageAct("quarantine place", _PLACED, fixed=message),
        "genuine": PageAct("message confirm", frozenset(), fixed=message),
        "forged": PageAct("message refuse", frozenset({"reason"}), fixed=message),
        "author": PageAct("message author", frozenset({"author"}), fixed=message),
    }


def _quarantine(asked: PageRequest) -> Shown:
    old = asked.given("old") is not None
    return {
        "list": asked.ask("quarantine list", limit=ON_A_PAGE, cursor=asked.given("cursor"), old=old),
        "elections": asked.ask("election list")["elections"], "old": old,
    }  # fmt: skip


def _outbox(asked: PageRequest) -> Shown:
    every = asked.given("everything") is not None
    found = asked.ask("outbox list", limit=ON_A_PAGE, cursor=asked.given("cursor"), everything=every)
    doubtful = [one for one in found["mails"] if one["state"] == MailState.UNCERTAIN]
    return {
        "list": found,
        "mails": [*doubtful, *(one for one in found["mails"] if one not in doubtful)],
        "every": every,
        "waiting": WAITING,
    }


def _outbox_acts(_: Mapping[str, str]) -> Mapping[str, PageAct]:
    mail = frozenset({"mail"})
    return {
        "sent": PageAct("outbox resolve", mail | {"sent_at"}),
        "again": PageAct("outbox resolve", mail, fixed={"again": True}),
        "retry": PageAct("outbox retry", mail),
        "cancel": PageAct("outbox cancel", mail),
    }


PAGES = (
    DeskPage("/", "tonight.html", _tonight, part="tonight"),
    DeskPage("/cases", "cases.html", _cases, part="cases"),
    DeskPage("/cases/new", "open.html", new_case, new_case_acts, part="cases"),
    DeskPage("/cases/<case>", "case.html", case_page, case_acts, keeps=False, part="cases"),
    DeskPage("/cases/<case>/events", "events.html", events_page, part="cases"),
    DeskPage("/cases/<case>/assess", "assess.html", _assess, _assess_acts, keeps=False, part="cases"),
    DeskPage("/cases/<case>/notify", "notify.html", _notify, _notify_acts, part="cases"),
    DeskPage("/cases/<case>/note", "note.html", about_case, note_acts, part="cases"),
    DeskPage("/cases/<case>/write", "write.html", about_case, write_acts, part="cases"),
    DeskPage("/cases/<case>/correct", "correct.html", about_case, correct_acts, part="cases"),
    DeskPage("/drafts/<path:draft>", "draft.html", _draft, _draft_acts, part="cases"),
    DeskPage("/messages/<message>", "message.html", _message, _message_acts, keeps=False),
    DeskPage(
        "/quarantine", "quarantine.html", _quarantine,
        lambda _: {"place": PageAct("quarantine place", _PLACED | {"message"})}, part="quarantine",
    ),
    DeskPage("/outbox", "outbox.html", _outbox, _outbox_acts, part="outbox"),
)  # fmt: skip
