# SPDX-License-Identifier: EUPL-1.2
"""Checks the promises of a night against the submission server's record and the octets of the mails."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime

from tests.nights.diary import Diary, Referral, Tick, Use
from tests.nights.leaving import held_up
from tests.nights.oracle import Told
from tests.nights.reading import Read
from tests.nights.world import HandOver

PROMISES = {
    0: "the desk runs",
    1: "no platform gets a mail twice",
    2: "no notification is lost: it is received, or an alarm tells of it",
    3: "no reminder is missing or doubled",
    4: "no reminder comes after its clock stopped",
    5: "no clock is stopped by an unverified mail",
    6: "nothing is sent that nobody decided on and approved",
    7: "a referrer is confirmed and told of the decision once, of a platform once asked; a citizen declined once",
    8: "every mail is archived unchanged, and the record proves itself",
    9: "no member of the shared mailbox approves a notification",
    10: "a server that asks for a pause gets it",
    11: "a copy of our own mail is known, whatever the server made of it",
    12: "a refusal of one recipient or one text holds up no other mail",
    13: "no answer of the server is dropped while the desk runs",
    14: "a leader that another one replaced writes nothing and begins no mail",
    15: "each page is called, and not without end",
}
PLATFORM = "-platform.example"
CITIZENS = "@mailprovider.example"
_CONFIRMED = re.compile(r"\] We have your message(?:: |$)")  # in place of a refused one, without its title
_ASKED = re.compile(r"[Ww]e have raised your report with a platform")
_ALARMS = {
    "doubt": "It is not certain whether a mail to a platform was sent",
    "refused": "A mail was refused",
    "returned": "A mail did not arrive and was returned",
    "withheld": "One of our mails is withheld",
}


def judge(diary: Diary) -> None:
    """Adds each broken promise to the diary."""
    read = diary.read()
    _notifications(diary, read)
    _only_approved(diary)
    _others_once(diary)
    _reminders(diary, read)
    _referrers_and_citizens(diary, read)
    _nothing_held_up(diary)
    _no_answer_dropped(diary)


# ---------------------------------------------------------------- notifications


def _notifications(diary: Diary, read: list[Read]) -> None:
    for use in diary.uses:
        tries = [h for h in diary.handed_over if h.digest == use.digest and h.recipient == use.to]
        received = sum(h.received for h in tries)
        if received > 1:
            diary.broken(1, f"{use.id} was received {received} times")
        bold = [h for h in tries[:-1] if h.in_doubt]
        if len(bold) > use.again:
            diary.broken(1, f"{use.id} was handed over again, in doubt, without a person's word, after {bold[0].at}")
        alarms = {what for what in _ALARMS if any(_alarm(mail, use, what) for mail in read)}
        if received == 0 and not alarms & {"doubt", "refused", "withheld"}:
            diary.broken(2, f"{use.id} was never received, and no alarm told of it")
        if any(h.in_doubt for h in tries) and "doubt" not in alarms:
            diary.broken(2, f"{use.id} was in doubt, and no alarm told of it")
        if use.bounced and "returned" not in alarms:
            diary.broken(2, f"{use.id} came back, and no alarm told of it")


def _alarm(mail: Read, use: Use, what: str) -> bool:
    text = " ".join(f"{mail.subject} {mail.body}".split())
    if mail.subject.endswith(" in one mail"):  # very many at once
        return f", {use.case} {_ALARMS[what]} See: " in text
    neutral = f"It concerns {use.case}, {use.platform}." in text  # in place of one that was refused for its words
    return (neutral or (mail.alarms and mail.case == use.case and use.to in text)) and _ALARMS[what] in text


def _only_approved(diary: Diary) -> None:
    approved = {use.digest: use.to for use in diary.uses}
    for handed in diary.handed_over:
        if handed.recipient.endswith(PLATFORM) and approved.get(handed.digest) != handed.recipient:
            diary.broken(6, f"{handed.recipient} was sent at {handed.at} what nobody approved")


def _others_once(diary: Diary) -> None:
    """Checks that a mail to anybody but a platform is sent again only while it is in doubt."""
    tries: dict[tuple[str, str], list[HandOver]] = defaultdict(list)
    for handed in diary.handed_over:
        if not handed.recipient.endswith(PLATFORM):
            tries[handed.digest, handed.recipient].append(handed)
    for several in tries.values():
        for handed in several[:-1]:
            if handed.answer == "accepted" and handed.settled and not several[-1].late:
                promise = 3 if handed.recipient.endswith("@bzk.example") else 7
                diary.broken(promise, f"{handed.recipient} got the same mail again after {handed.at}")


# ---------------------------------------------------------------- reminders


def _reminders(diary: Diary, read: list[Read]) -> None:
    assert len({tick.at for tick in diary.ticks}) == len(diary.ticks), "two ticks at one instant cannot be told apart"
    heard: dict[datetime, list[Told]] = defaultdict(list)
    for mail in read:
        if mail.recipient.endswith("@bzk.example"):
            heard[mail.written_at] += mail.reminds_of()
    told: Counter[Told] = Counter()
    for tick in diary.ticks:
        due, found = Counter(step for _, step in tick.due), Counter(heard.pop(tick.at, []))
        for step in (due - found).elements():
            _missing(diary, tick, step)
        for step in (found - due).elements():
            _unwanted(diary, tick, step, told)
        told += found
    for at, steps in heard.items():
        for step in steps:
            diary.broken(3, f"{step} told at {at}, when no clock was looked at")


def _missing(diary: Diary, tick: Tick, step: Told) -> None:
    uses = [use for use in diary.uses if (use.case, use.platform) == (step.case, step.platform)]
    gone = [at for address, at in diary.left if address == step.to]  # its mail is withheld then, and told as that
    back = [use.bounced_at for use in uses if use.bounced_at is not None]  # the alarm about it goes in its stead
    if any(_never_could(diary, tick, at) for at in (*gone, *back)) or _refused(diary, tick, step):
        return
    quieted = any(use.unverified_at is not None and use.unverified_at <= tick.at for use in uses)
    diary.broken(5 if quieted else 3, f"{step} was due at {tick.at} and not told")


def _never_could(diary: Diary, tick: Tick, until: datetime) -> bool:
    """Returns whether the reminder of that tick could not leave until that instant, after which it need not any more.

    Only if no server took any mail of the desk in between; what could leave must have left.
    """
    return tick.at < until and not any(
        tick.at <= handed.at < until and handed.answer == "accepted" for handed in diary.handed_over
    )


def _refused(diary: Diary, tick: Tick, step: Told) -> bool:
    """Returns whether the server refused for good the mail that told the step to this person."""
    refused = [h for h in diary.handed_over if h.recipient == step.to and h.refused_for_good]
    reads = (Read(handed.octets, handed.recipient) for handed in refused)
    return any(step in read.reminds_of() for read in reads if read.written_at == tick.at)


def _unwanted(diary: Diary, tick: Tick, step: Told, told: Counter[Told]) -> None:
    if step.clock not in tick.running.get((step.case, step.platform), ()):
        diary.broken(4, f"{step} told at {tick.at}, after its clock stopped")
    elif told[step]:
        diary.broken(3, f"{step} told at {tick.at}, and before")
    else:
        diary.broken(3, f"{step} told at {tick.at}, and not due then")


# ---------------------------------------------------------------- referrers and citizens


def _left(diary: Diary, case: str) -> tuple[bool, bool]:
    """Returns whether a notification of the case surely left, and whether one may have: what the referrer hears."""
    digests = {use.digest for use in diary.uses if use.case == case}
    tries = [handed for handed in diary.handed_over if handed.digest in digests]
    sure = any(handed.answer == "accepted" and handed.settled for handed in tries)
    return sure, any(handed.answer != "refused" for handed in tries)


def _letters(mails: Iterable[Read], referral: Referral) -> tuple[int, int, int]:
    """Returns how many of the mails confirm the referral, say that a platform was asked, and that none was."""
    own = [m for m in mails if m.recipient == referral.sender and m.answers == referral.message_id]
    confirmed = sum(_CONFIRMED.search(mail.subject) is not None for mail in own)
    asked = sum(_ASKED.search(mail.subject) is not None for mail in own)
    return confirmed, asked, len(own) - confirmed - asked


def _referrers_and_citizens(diary: Diary, read: list[Read]) -> None:
    refused = {h.digest: Read(h.octets, h.recipient) for h in diary.handed_over if h.refused_for_good}
    for digest in {mail.digest for mail in read}:
        refused.pop(digest, None)
    for referral in diary.referrals:
        fewest, most = _left(diary, referral.case)
        confirms, tells = int(not referral.late), int(diary.decided.get(referral.case, "notify") != "notify")
        due = (confirms, confirms, "confirmed"), (fewest, most, "told of a platform"), (tells, tells, "told of none")
        each = zip(due, _letters(read, referral), _letters(refused.values(), referral), strict=True)
        for (least, greatest, what), times, lost in each:
            if not least - lost <= times <= greatest:
                diary.broken(7, f"{referral.sender} was {what} {times} times")
    declined = Counter(mail.recipient for mail in read if mail.recipient.endswith(CITIZENS))
    elections = 1 + diary.counts["change: an election is added"]  # each keeps its own key of who was declined
    for citizen, times in declined.items():
        if times > elections:
            diary.broken(7, f"{citizen} was declined {times} times")
    alarms = Counter((m.recipient, m.subject, m.body) for m in read if m.alarms and m.case)
    for (recipient, subject, _), times in alarms.items():
        if times > 1:
            diary.broken(3, f"{recipient} got one alarm {times} times: {subject}")


# ---------------------------------------------------------------- refusals, and a busy record


def _nothing_held_up(diary: Diary) -> None:
    assert diary.ended_at is not None
    for mail, begins, ends in held_up(diary.outgoing, diary.hindrances, diary.handed_over, diary.ended_at):
        use = diary.use_of(mail.read.digest)
        written = (Read(handed.octets, handed.recipient) for handed in diary.handed_over)  # it may be refused itself
        if use is not None and any(_alarm(alarm, use, "doubt") for alarm in written):
            continue  # the desk was killed with it in hand
        what = f"{mail.read.subject!r} to {mail.read.recipient}"
        diary.broken(12, f"{what} could leave from {begins:%d %H:%M:%S} on, and had not left at {ends:%d %H:%M:%S}")


def _no_answer_dropped(diary: Diary) -> None:
    for handed in diary.handed_over:
        if not handed.settled and not handed.cut:
            diary.broken(13, f"{handed.recipient}: the answer of {handed.at}, {handed.answer}, is on no record")
