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
        "approve": PageAct("approve", draft | {"policy_read", "code"}, always=frozenset({"code"})),
        "reject": PageAct("reject", draft | {"reason"}),
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


def _message_acts(parts: Mapping[str, str]) -> Mapping[str, PageAct]:
    message: Mapping[str, Json] = {"message": parts["message"]}
    return {
        "place": PageAct("quarantine place", _PLACED, fixed=message),
        "take_back": PageAct("quarantine place", frozenset(), fixed={**message, "back": True, "untouched": True}),
        "genuine": PageAct("message confirm", frozenset(), fixed=message),
        "forged": PageAct("message refuse", frozenset({"reason"}), fixed=message),
        "author": PageAct("message author", frozenset({"author"}), fixed=message),
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


def _outbox_acts(_: Mapping[str, str]) -> Mapping[str, PageAct]:
    mail = frozenset({"mail"})
    return {
        "sent": PageAct("outbox resolve", mail | {"sent_at"}),
        "again": PageAct("outbox resolve", mail, fixed={"again": True}),
        "retry": PageAct("outbox retry", mail),
        "cancel": PageAct("outbox cancel", mail),
    }


PAGES = (
    DeskPage("/", "tonight.html", _tonight, refreshes=True, part="tonight"),
    DeskPage("/cases", "cases.html", _cases, searches=_OF_CASES, part="cases"),
    DeskPage("/cases/new", "open.html", new_case, new_case_acts, part="cases"),
    DeskPage("/cases/<case>", "case.html", case_page, case_acts, keeps=False, part="cases"),
    DeskPage("/cases/<case>/events", "events.html", events_page, refreshes=True, part="cases"),
    DeskPage("/cases/<case>/assess", "assess.html", _assess, _assess_acts, keeps=False, part="cases"),
    DeskPage("/cases/<case>/notify", "notify.html", _notify, _notify_acts, part="cases"),
    DeskPage("/cases/<case>/note", "note.html", about_case, note_acts, part="cases"),
    DeskPage("/cases/<case>/write", "write.html", about_case, write_acts, part="cases"),
    DeskPage("/cases/<case>/correct", "correct.html", about_case, correct_acts, part="cases"),
    DeskPage("/drafts/<path:draft>", "draft.html", _draft, _draft_acts, part="cases"),
    DeskPage("/messages/<message>", "message.html", _message, _message_acts, keeps=False),
    DeskPage("/messages/<message>/pictures/<int:number>", "picture.html", _picture, keeps=False),
    DeskPage(
        "/quarantine", "quarantine.html", _quarantine,
        lambda _: {"place": PageAct("quarantine place", _PLACED | {"message"})}, part="quarantine",
    ),
    DeskPage("/outbox", "outbox.html", _outbox, _outbox_acts, part="outbox"),
)  # fmt: skip
