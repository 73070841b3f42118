# SPDX-License-Identifier: EUPL-1.2
"""What happens on a desk that is kept: first scenarios, then one thing of every kind that they lack."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from flaggermail.cases import erasure
from flaggermail.health import mailbox_monitor, self_check
from flaggermail.letters import writing
from flaggermail.mail.message import Message
from flaggermail.record.definition import where
from flaggermail.record.kinds import Kind
from flaggermail.record.rows import Case, Notification, OutboxMail, Page, Reminder, StoredMessage
from flaggermail.record.states import MailState
from flaggermail.settings.model import OncallFile
from flaggermail.stories.doubles import ListPager
from tests.desks import scenes
from tests.desks.played import Played
from tests.store.desk_fixtures import DESK, META, REFERRER, X_CHANNEL, X, mail, report_of

BEGIN = datetime.fromisoformat("2024-06-06T10:00:00+02:00")
AFTER = datetime.fromisoformat("2027-03-18T09:00:00+01:00")
META_CHANNEL = "elections-eu@meta-platform.example"
GOOGLE = "priority-flagger@google-platform.example"
PLAYER, PLAYED = "oefening@lindewaard.example", "desk@x-oefening.example"
OFFICER = "a.jansen@bzk.example"


def live(desk: Played) -> None:
    """Plays all scenes; the clock never goes back."""
    for scenario in ("S01", "S02", "S10", "S04-by-reply", "S13", "S05-by-reply", "night-nl"):
        if scenario == "S04-by-reply":
            scenes.play(desk, "S03-msg", "S11")
        scenes.play(desk, scenario)
    desk.go_to(AFTER)
    with desk.env.store.begin() as tx:
        tx.set_number("case PS2027", 100)  # the scenarios number their own cases
    for scene in (
        _corrected, _wrong_case, _casework, _asked, _servers, _returned, _duty, _pagers, _quarantine, _same_again,
        _citizens, _many, _missed, _ourselves, _observed, _rehearsed, _handed_over, _strangers, _afterwards,
    ):  # fmt: skip
        desk.wait(30)
        scene(desk)


# ---------------------------------------------------------------- cases and notifications


def _decided(desk: Played, title: str) -> str:
    """Opens a case with the decision to notify; returns its number."""
    desk.do(
        "case", "open", "--election", "PS2027", "--type", "D_general_warning", "--origin", "earlier_cases",
        "--title", title,
    )  # fmt: skip
    number = max(case.number for case in desk.all(Case, where(Case.election).is_("PS2027")))
    form = desk.folder / "form.yaml"
    form.write_text("incorrect: true\ncriteria: [1]\nall_means_used: true\n", encoding="utf-8")
    desk.do("case", "assess", number, str(form))
    form.unlink()
    desk.do("case", "decide", number, "notify", "--reason", "such votes are invalid")
    return number


def _approved(desk: Played, title: str, channel: str = "x-urgent") -> Notification:
    """Approves a notification, which then waits."""
    number = _decided(desk, title)
    desk.do("notify", number, "--channel", channel)
    desk.do("approve", f"{number}/1")
    return desk.all(Notification, where(Notification.case).is_(number))[-1]


def _notified(desk: Played, title: str, channel: str = "x-urgent") -> Notification:
    """Approves and sends a notification."""
    use = _approved(desk, title, channel)
    desk.settle()
    return desk.all(Notification, where(Notification.id).is_(use.id))[0]


def _answer(desk: Played, use: Notification, text: str, auth: str = "pass", sender: str = X) -> StoredMessage:
    """The platform answers a notification."""
    return desk.receive(
        mail(sender, f"Re: {use.subject}", text, answers=use.message_id, auth=auth, at=desk.clock.now())
    )


def _corrected(desk: Played) -> None:
    """An unverified answer is confirmed, reclassified twice and at last refused."""
    use = _notified(desk, "Two crosses are one vote")
    desk.wait(9)
    stored = _answer(desk, use, "We have it with the team.", auth="none")
    desk.do("message", "confirm", stored.id)
    desk.do("message", "reclassify", stored.id, "--kind", "auto_reply", "--kind", "platform_ack")
    desk.do("message", "reclassify", stored.id, "--kind", "substantive_reply")
    desk.do("message", "refuse", stored.id, "--reason", "not their style")


def _wrong_case(desk: Played) -> None:
    """A platform's number is learned from a mail in a case that turns out to be the wrong one."""
    use = _notified(desk, "Ballot boxes moved")
    first = desk.receive(mail(X, "Ticket", "We look into #55190.", at=desk.clock.now()))
    desk.do("quarantine", "place", first.id, use.case)
    desk.receive(mail(X, "Ticket again", "More on #55190.", at=desk.clock.now()))
    desk.do("quarantine", "place", first.id, "--back")


def _casework(desk: Played) -> None:
    """A case is assigned, tagged, linked, reclassified, closed and reopened; of two drafts one is rejected."""
    number = _decided(desk, "Polling stations closed")
    desk.do("case", "assign", number, "officer2")
    desk.do("case", "tag", number, "closed-stations", "wrong-place")
    desk.do("case", "tag", number, "--remove", "wrong-place")
    desk.do("case", "link", number, "VF-PS2027-0001")
    desk.do("case", "reclassify", number, "--type", "A_content")
    text = desk.folder / "posts.txt"
    text.write_text("https://posts.example/x/1\n", encoding="utf-8")
    desk.do("notify", number, "--channel", "meta-elections", "--text", str(text))
    desk.do("approve", f"{number}/1", "--reject", "name the post")
    desk.do("notify", number, "--channel", "meta-elections", "--text", str(text))
    text.unlink()
    desk.do("approve", f"{number}/2", by="head1")
    desk.settle()
    desk.do("case", "close", number)
    desk.wait(20)
    (use,) = desk.all(Notification, where(Notification.id).is_(f"{number}/2"))
    _answer(desk, use, "Case 4711: we removed it.", sender=META)


def _asked(desk: Played) -> None:
    """A referrer is asked and written to, and learns that the matter is not for the desk."""
    stored = desk.receive(_referral(desk, 1, "Waar moet ik stemmen"))
    number = stored.case or ""
    question = desk.folder / "question.txt"
    question.write_text("Op welk platform stond het?\n", encoding="utf-8")
    desk.do("case", "ask", number, "--text", str(question))
    desk.do("case", "reply", number, "--to", "referrer", "--text", str(question))
    question.unlink()
    desk.settle()
    desk.do("case", "decide", number, "decline", "--reason", "not about how people vote")
    desk.do("case", "close", number)


def _referral(desk: Played, number: int, subject: str, sender: str = REFERRER) -> bytes:
    text = f"Er is iets met bericht {number}. Zelf {number} keer gemeld.\nZie https://posts.example/y/{number}"
    return mail(sender, subject, text, at=desk.clock.now())


# ---------------------------------------------------------------- the outbox


def _servers(desk: Played) -> None:
    """The submission server is unreachable, refuses, and does not answer; a person resolves the doubt or cancels."""
    with desk.server_says(0):
        _notified(desk, "No connection")
        desk.wait(2)
    desk.wait(10)
    with desk.server_says(550, X_CHANNEL):
        _notified(desk, "Refused")
    for title, words in (("In doubt, sent", ("--sent-at", "{now}")), ("In doubt, again", ("--again",))):
        with desk.server_says(-1, X_CHANNEL):
            _notified(desk, title)
        doubtful = desk.sent(where(OutboxMail.state).is_(MailState.UNCERTAIN))
        now = desk.clock.now().isoformat(timespec="seconds")
        desk.do("outbox", "resolve", doubtful.id, *(word.format(now=now) for word in words))
        desk.wait(5)
    with desk.server_says(-1, X_CHANNEL):
        _notified(desk, "In doubt, and left so")
    _approved(desk, "Taken back")
    desk.do(
        "outbox",
        "cancel",
        desk.sent(where(OutboxMail.state).is_(MailState.QUEUED), where(OutboxMail.at_most_once).is_(True)).id,
    )


def _returned(desk: Played) -> None:
    """One mail to a platform bounces, another is delayed; an address is bad until a person clears it."""
    use = _notified(desk, "To a dead address", "google-priority")
    desk.receive(report_of(use.message_id or "", GOOGLE))
    late = _notified(desk, "To a slow server", "meta-elections")
    desk.receive(report_of(late.message_id or "", META_CHANNEL, "delayed"))
    desk.do("channel", "clear", GOOGLE, "--reason", "their postmaster called")
    desk.receive(
        report_of(
            desk.sent(
                where(OutboxMail.at_most_once).is_(True), where(OutboxMail.recipient).is_(META_CHANNEL)
            ).message_id,
            META_CHANNEL,
        )
    )


# ---------------------------------------------------------------- duty


def _duty(desk: Played) -> None:
    """Reminders reach the head and are acknowledged; another officer takes a night; once no officer is on call."""
    _notified(desk, "Nobody answers")
    desk.wait(61)
    desk.do("oncall", "ack", desk.all(Reminder)[-1].id)
    desk.wait(200)
    begin = desk.clock.now() + timedelta(hours=1)
    instants = [at.isoformat(timespec="seconds") for at in (begin, begin + timedelta(hours=2))]
    desk.do("oncall", "override", "officer2", "--from", instants[0], "--until", instants[1])
    oncall = desk.env.settings.oncall
    wrong = [
        o.model_copy(update={"address": "b\u00e9@bzk.example"}) if o.id == "officer2" else o for o in oncall.officers
    ]
    with _duty_is(desk, oncall.model_copy(update={"officers": tuple(wrong)})):
        desk.wait(240)
    with _duty_is(desk, oncall.model_copy(update={"otherwise": None})):
        _notified(desk, "Nobody is there")
        desk.wait(61)


def _duty_is(desk: Played, oncall: OncallFile) -> AbstractContextManager[None]:
    return desk.settings(desk.env.settings.model_copy(update={"oncall": oncall}))


def _pagers(desk: Played) -> None:
    """A page is sent, a pager fails, and a page is withheld by the rate limit."""
    _notified(desk, "Somebody is woken")
    desk.wait(75)
    pager = desk.env.pager
    assert isinstance(pager, ListPager)
    pager.broken = {"first", "second"}
    _notified(desk, "A pager is broken")
    desk.wait(75)
    pager.broken.clear()
    settings = desk.env.settings
    once = settings.desk.rate_limits.model_copy(update={"pages_per_hour": 1})
    with desk.settings(settings.model_copy(update={"desk": settings.desk.model_copy(update={"rate_limits": once})})):
        for title in ("Called once", "And not again"):
            _notified(desk, title)
        desk.wait(75)
    assert desk.all(Page)


# ---------------------------------------------------------------- intake


def _quarantine(desk: Played) -> None:
    """Unmatched mail becomes a case, noise, and a case's mail; one mail cannot be judged at all."""
    for number, words in enumerate((("--new", "--type", "other"), ("--noise", "--reason", "an advert"), ())):
        stored = desk.receive(_question(desk, number))
        desk.do("quarantine", "place", stored.id, *(words or ("VF-PS2027-0001",)))
        desk.wait(3)
    before, desk.env = desk.env, replace(desk.env, matcher=Broken())
    desk.receive(_question(desk, 9))
    desk.env = before


def _question(desk: Played, number: int) -> bytes:
    text = f"Wat is {number}?"
    return mail(f"who{number}@elsewhere.example", f"Vraag {number}", text, at=desk.clock.now())


class Broken:
    """Implements `ports.Matcher`, but always fails."""

    def search(self, pattern: str, text: str) -> str | None:
        """Raises ZeroDivisionError."""
        raise ZeroDivisionError(f"{pattern} {len(text)}")

    def find(self, pattern: str, text: str) -> tuple[int, int] | None:
        """Raises ZeroDivisionError."""
        raise ZeroDivisionError(f"{pattern} {len(text)}")


def _same_again(desk: Played) -> None:
    """A referral arrives twice, and the earlier copy counts; another person forwards it."""
    first = _referral(desk, 31, "Onjuist adres stembureau")
    desk.clock.set(desk.clock.now() + timedelta(minutes=2))
    for folder, minutes in (("inbox", 0), ("junk", 1)):
        desk.mailbox.deliver(folder, first, desk.clock.now() - timedelta(minutes=minutes))
    desk.wait(2)
    words = "Er is iets met bericht 31. Zelf 31 keer gemeld.\nZie https://posts.example/y/31"
    block = f"Van: Griffie <{REFERRER}>\nVerzonden: donderdag 18 maart 2027 09:12\nAan: {DESK}\n"
    text = f"Kent u dit al?\n\n{block}Onderwerp: Onjuist adres stembureau\n\n{words}\n"
    other = "a.testdijk@veiligheidsregio-demo.example"
    desk.receive(mail(other, "FW: Onjuist adres stembureau", text, at=desk.clock.now()))


def _citizens(desk: Played) -> None:
    """Reports about single posts are declined, by the desk and by a person; one becomes a case after all."""
    for number in (1, 2, 3):
        text = f"Ik zag bericht {number}, haal dit bericht weg."
        sender = f"kiezer{number}@mailprovider.example"
        stored = desk.receive(mail(sender, f"Nep bericht {number}", text, at=desk.clock.now()))
        if number == 2:
            desk.do("quarantine", "place", stored.id, "--new", "--type", "A_content")
    desk.do("declined", "add", desk.receive(_question(desk, 4)).id)


def _many(desk: Played) -> None:
    """The officer gets one mail about seven that arrived in a minute; a referrer writes five times in an hour."""
    for number in range(10, 17):
        desk.mailbox.deliver("inbox", _question(desk, number), desk.clock.now())
    desk.settle()
    desk.wait(2)
    for number in range(40, 45):
        desk.receive(_referral(desk, number, f"Melding {number}", "veel@kromwoude.example"))
        desk.wait(3)
    desk.wait(90)


def _missed(desk: Played) -> None:
    """Two mails are found five hours after they arrived."""
    for number in (17, 18):
        desk.mailbox.deliver("inbox", _question(desk, number), desk.clock.now() - timedelta(hours=5))
    desk.settle()


# ---------------------------------------------------------------- the desk itself


def _ourselves(desk: Played) -> None:
    """A loop is late and recovers; the mailbox is silent and recovers."""
    for minutes in (5, 0):
        self_check.tick(desk.env, {"reminders": timedelta(minutes=minutes)})
        desk.wait(2)
    mailbox_monitor.watch_inbox(desk.env, timedelta(minutes=20))
    desk.wait(5)


def _observed(desk: Played) -> None:
    """The desk observes for a while: neither queued mail nor new mail is sent meanwhile."""
    _approved(desk, "Waits meanwhile")
    writing.begin(desk.env)
    desk.receive(_question(desk, 19))
    desk.do("resume", "--with-waiting")
    desk.settle()


def _rehearsed(desk: Played) -> None:
    """An exercise, with a referral and a notification that is still open at its end."""
    desk.do("exercise", "start", "the night of the count")
    stored = desk.receive(_referral(desk, 3, "Verkeerde stemdag", PLAYER))
    number = stored.case or ""
    form = desk.folder / "form.yaml"
    form.write_text("incorrect: true\ncriteria: [3]\nown_attempts: 2\n", encoding="utf-8")
    desk.do("case", "assess", number, str(form))
    desk.do("case", "decide", number, "notify", "--reason", "voters may come on the wrong day")
    form.write_text("Two posts.\n", encoding="utf-8")
    desk.do("notify", number, "--channel", "ox", "--title", "Wrong day", "--text", str(form))
    form.unlink()
    desk.do("approve", f"{number}/1")
    desk.settle()
    desk.do("exercise", "stop")


# ---------------------------------------------------------------- replies by mail


def _reply(desk: Played, sent: OutboxMail, text: str, auth: str = "pass") -> None:
    to: Message = desk.env.parser.parse(desk.env.octets.get(sent.digest))
    address = to.reply_to[0].address if to.reply_to else DESK
    subject = f"Re: {sent.subject}"
    octets = mail(OFFICER, subject, text, to=address, answers=sent.message_id, auth=auth, at=desk.clock.now())
    desk.receive(octets)


def _handed_over(desk: Played) -> None:
    """An officer hands a reminder over by mail."""
    _notified(desk, "Handed over")
    desk.wait(61)
    _reply(
        desk,
        desk.sent(where(OutboxMail.kind).is_(Kind.REMINDER), where(OutboxMail.recipient).is_(OFFICER)),
        "over aan B. de Vries",
    )


def _strangers(desk: Played) -> None:
    """An unverified reply uses an officer's name, and a reply of the officer is not understood."""
    desk.receive(_question(desk, 20))
    notice = desk.sent(where(OutboxMail.kind).is_(Kind.OFFICER_NOTICE), where(OutboxMail.recipient).is_(OFFICER))
    _reply(desk, notice, "ruis", auth="none")
    _reply(desk, notice, "hmm, wat denk jij?")


def _afterwards(desk: Played) -> None:
    """The election closes, and citizens' mail is destroyed at the end of its review window."""
    desk.wait(60 * 24 * 14)
    desk.do("election", "close", "PS2027")
    desk.wait(60 * 24 * 71)
    erasure.tick(desk.env)
    desk.do(
        "election", "add", "GR2028", "--name-nl", "Herindelingsverkiezing", "--name-en", "Reorganisation election",
        "--polling-day", "2028-11-22", "--period", "2028-10-01", "2028-12-01",
    )  # fmt: skip
