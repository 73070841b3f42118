# SPDX-License-Identifier: EUPL-1.2
"""The pages of the desk: what each asks, and the commands that its forms may send."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flaggermail.desk.views.view import MOST_LISTED
from flaggermail.door.pages.acts import PageAct
from flaggermail.door.pages.case_forms import (
    CORRECT_ACTS,
    NEW_CASE_ACTS,
    NOTE_ACTS,
    SETS,
    WRITE_ACTS,
    about_case,
    channels,
    new_case,
)
from flaggermail.door.pages.case_page import CASE_ACTS, case_page, events_page
from flaggermail.door.pages.page import CARDS, ON_A_PAGE, DeskPage, PageRequest, Shown
from flaggermail.mail.message import Json
from flaggermail.record.case_values import Decision
from flaggermail.record.kinds import Direction
from flaggermail.record.states import WAITING, MailState

_ASSESSED = frozenset({
    "incorrect", "contradicts", "criteria", "aspects", "own_attempts", "all_means_used", "override_reason", "satire",
})  # fmt: skip
_OF_CASES = frozenset({
    "number", "correspondent", "since", "until", "tag", "election", "state", "officer", "platform",
})  # fmt: skip
_PLACED = frozenset({"case", "new", "noise", "back", "reason", "election"})


def _tonight(asked: PageRequest) -> Shown:
    return {"sheet": asked.ask("tonight")}


def _cases(asked: PageRequest) -> Shown:
    wanted = {name: asked.given(name) for name in sorted(_OF_CASES)}
    waiting = asked.given("waiting") is not None
    cursor = asked.given("cursor")
    channels = asked.ask("channel list", limit=MOST_LISTED)["channels"]
    return {
        "list": None if asked.misasked else asked.ask(
            "case list", limit=ON_A_PAGE, cursor=cursor, waiting=waiting, **wanted
        ),
        "elections": [(one["code"], one["code"]) for one in asked.ask("election list")["elections"]],
        "platforms": sorted({(one["platform"], one["platform_name"]) for one in channels}, key=lambda one: one[1]),
        "wanted": wanted, "waiting": waiting,
        "kept": {name: value for name, value in {**wanted, "waiting": "1" if waiting else None}.items() if value},
    }  # fmt: skip


def _assess(asked: PageRequest) -> Shown:
    sheet = asked.ask("case show", case=asked.parts["case"], limit=ON_A_PAGE)
    root = sheet["root_message"]
    return {"sheet": sheet, "mail": asked.ask("message show", message=root) if root else None, **SETS}


def _to_decided(fields: Mapping[str, Json], _key: str) -> str:
    there = f"/cases/{quote(str(fields['case']))}"
    return f"{there}/notify" if fields.get("decision") == Decision.NOTIFY else there


_ASSESS_ACTS = {
    "assess": PageAct("case assess", _ASSESSED, lists=frozenset({"criteria", "aspects"}), kept=True),
    "decide": PageAct("case decide", frozenset({"decision", "ground", "reason", "advice"}), _to_decided, kept=True),
}


def _notify(asked: PageRequest) -> Shown:
    return {"sheet": asked.ask("case show", case=asked.parts["case"], limit=1), "channels": channels(asked)}


_NOTIFY_ACTS = {
    "notify": PageAct(
        "notify", frozenset({"channel", "title", "text", "contact", "follow_up"}),
        lambda _, key: f"/drafts/{quote(key)}", kept=True,
    )
}  # fmt: skip


def _draft(asked: PageRequest) -> Shown:
    number = asked.parts["draft"]
    text = asked.ask("case text", draft=number, difference=True)
    sheet = asked.ask("case show", case=text["draft"].rpartition("/")[0], limit=MOST_LISTED)  # an early draft too
    found = next(one for one in sheet["notifications"] if one["id"] == text["draft"])
    return {"sheet": sheet, "draft": found, "text": text}


# The draft that was shown, by its whole number: an address may name a case alone, of which another draft is by now the
# only one. What a draft says never changes.
_OF_DRAFT = frozenset({"draft"})
_DRAFT_ACTS = {
    "approve": PageAct("approve", _OF_DRAFT | {"policy_read", "code"}, always=frozenset({"code"})),
    "reject": PageAct("reject", _OF_DRAFT | {"reason"}),
}


def _message(asked: PageRequest) -> Shown:
    sheet = asked.ask("message show", message=asked.parts["message"])
    judged = asked.given("why") is not None and sheet["direction"] == Direction.IN
    why = asked.ask("rules test", message=sheet["id"])["made_by"] if judged else None
    return {"sheet": sheet, "why": why, "elections": asked.ask("election list")["elections"]}


def _picture(asked: PageRequest) -> Shown:
    """Asks for the picture too, so that what is wrong with it is told here; the browser then asks for it itself."""
    message, number = asked.parts["message"], int(asked.parts["number"])
    picture = asked.desk.fetch("message picture", {"message": message, "number": number}).facts
    sheet = asked.ask("message show", message=message, limit=1)
    return {"sheet": sheet, "picture": picture, "of": sheet["attachments"][number - 1]}


_MESSAGE_ACTS = {
    "place": PageAct("quarantine place", _PLACED),
    "take_back": PageAct("quarantine place", fixed={"back": True, "untouched": True}),
    "genuine": PageAct("message confirm"),
    "forged": PageAct("message refuse", frozenset({"reason"})),
    "author": PageAct("message author", frozenset({"author"})),
}


def _quarantine(asked: PageRequest) -> Shown:
    old = asked.given("old") is not None
    return {
        "list": asked.ask("quarantine list", limit=CARDS, cursor=asked.given("cursor"), old=old),
        "elections": asked.ask("election list")["elections"], "old": old,
    }  # fmt: skip


def _outbox(asked: PageRequest) -> Shown:
    if mail := asked.given("mail"):  # as Tonight links to it: whichever part of the list it is on
        return _one_mail(asked.ask("outbox show", mail=mail, limit=1))
    every = asked.given("everything") is not None
    doubtful = asked.given("state") == MailState.UNCERTAIN
    cursor = asked.given("cursor")
    state = MailState.UNCERTAIN if doubtful else None
    found = asked.ask("outbox list", limit=CARDS, cursor=cursor, everything=every, state=state)
    # On each part, and before it: who looks at the latest must not miss what nobody knows to have left.
    some = found["uncertain"] and not doubtful
    first = asked.ask("outbox list", limit=CARDS, state=MailState.UNCERTAIN) if some else found
    in_doubt = [one for one in first["mails"] if one["state"] == MailState.UNCERTAIN]
    others = [one for one in found["mails"] if one["state"] != MailState.UNCERTAIN]
    return {
        "list": found,
        "version": min(found["version"], first["version"]),
        "more_doubt": found["uncertain"] > len(in_doubt) and not doubtful,
        "mails": [*in_doubt, *others],
        "every": every,
        "doubtful": doubtful,
        "waiting": WAITING,
    }


def _one_mail(mail: Shown) -> Shown:
    return {
        "list": {"held_since": None, "next": None, "version": mail["version"]}, "version": mail["version"],
        "mails": [{**mail, "recipient_name": None}], "every": mail["state"] not in WAITING, "waiting": WAITING,
        "doubtful": True, "more_doubt": False,
    }  # fmt: skip


_OF_MAIL = frozenset({"mail"})
_OUTBOX_ACTS = {
    "sent": PageAct("outbox resolve", _OF_MAIL | {"sent_at"}),
    "again": PageAct("outbox resolve", _OF_MAIL, fixed={"again": True}),
    "retry": PageAct("outbox retry", _OF_MAIL),
    "cancel": PageAct("outbox cancel", _OF_MAIL),
}


PAGES = (
    DeskPage("/", "tonight.html", _tonight, refreshes=True, part="tonight"),
    DeskPage("/cases", "cases.html", _cases, searches=_OF_CASES, part="cases"),
    DeskPage("/cases/new", "open.html", new_case, NEW_CASE_ACTS, part="cases"),
    DeskPage("/cases/<case>", "case.html", case_page, CASE_ACTS, keeps=False, part="cases"),
    DeskPage("/cases/<case>/events", "events.html", events_page, refreshes=True, part="cases"),
    DeskPage("/cases/<case>/assess", "assess.html", _assess, _ASSESS_ACTS, keeps=False, part="cases"),
    DeskPage("/cases/<case>/notify", "notify.html", _notify, _NOTIFY_ACTS, part="cases"),
    DeskPage("/cases/<case>/note", "note.html", about_case, NOTE_ACTS, part="cases"),
    DeskPage("/cases/<case>/write", "write.html", about_case, WRITE_ACTS, part="cases"),
    DeskPage("/cases/<case>/correct", "correct.html", about_case, CORRECT_ACTS, part="cases"),
    DeskPage("/drafts/<path:draft>", "draft.html", _draft, _DRAFT_ACTS, part="cases"),
    DeskPage("/messages/<message>", "message.html", _message, _MESSAGE_ACTS, keeps=False),
    DeskPage("/messages/<message>/pictures/<int:number>", "picture.html", _picture, keeps=False),
    DeskPage(
        "/quarantine", "quarantine.html", _quarantine,
        {"place": PageAct("quarantine place", _PLACED | {"message"})}, part="quarantine",
    ),
    DeskPage("/outbox", "outbox.html", _outbox, _OUTBOX_ACTS, part="outbox"),
)  # fmt: skip
