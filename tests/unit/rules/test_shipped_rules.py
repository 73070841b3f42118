# SPDX-License-Identifier: EUPL-1.2
"""The mails of the scenarios get their kinds. test_samples.py tests each rule separately."""

from __future__ import annotations

from dataclasses import replace

from flaggermail.adapters.parsing.patterns import Re2Matcher
from flaggermail.mail.message import (
    Address,
    Attachment,
    Forwarded,
    ForwardSource,
    MechanicalKind,
    Message,
    SenderVerdict,
)
from flaggermail.rules.classifier import Classification, Context, classify
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from tests.corpus import each

RULES = load(shipped("config"), shipped("rules")).rules
FIND = Re2Matcher().find

STRANGER = Context()
PLATFORM = Context(platform="X", placed=True, verdict=SenderVerdict.VERIFIED)
FROM_META = replace(PLATFORM, platform="Meta")
FROM_TIKTOK = replace(PLATFORM, platform="TikTok", placed=False)
OFFICER = Context(from_officer=True, placed=True, verdict=SenderVerdict.VERIFIED)
CITIZEN = Context(verdict=SenderVerdict.VERIFIED)

QUOTE = (
    "\n\nOn Wed, 17 Mar 2027 at 11:00, Election flagger wrote:\n"
    "> The page is back, we have reviewed it. We will look into your answer."
)


def mail(sender: str, subject: str, text: str, kind: MechanicalKind = MechanicalKind.HUMAN) -> Message:
    """Returns a mail with no other text than the sender's own."""
    return Message(sha256="0", size=1, from_=(Address(sender),), subject=subject, text=text, reply_text=text, kind=kind)


def forward(sender: str, subject: str, text: str) -> Message:
    """Returns a mail that forwards another one."""
    inner = Forwarded(
        None, (), (), "Bericht", "zondag 14 maart 2027 21:40", "Donderdag wordt er gestemd.", ForwardSource.INLINE
    )
    return replace(mail(sender, subject, text), forwarded=inner)


def judged(message: Message, context: Context = STRANGER) -> Classification:
    """Returns the classification by the shipped rules."""
    return classify(message, context, RULES, FIND)


META, X, TIKTOK = (
    "elections-eu@meta-platform.example",
    "gov-eu@x-platform.example",
    "elections-eu@tiktok-platform.example",
)
TOWN, PROVINCE = "f.voorbeeld@lindewaard.example", "j.proefstuk@provincie-demo.example"
MINISTRY, CHECKER, PAPER = "collega@bzk.example", "redactie@checkpunt.example", "redactie@dagblad.example"
SOMEBODY = "inwoner17@mailprovider.example"

CASES = [
    # ---- S01, S10: a person's answer that is both receipt and substance
    ("S01 m2", mail(X, "Re: Notification", "Thanks, we will pay attention to such posts."), PLATFORM,
     "platform promises", "platform_ack substantive_reply"),
    ("S10 m5", mail(X, "Re: Request", "We will look into these."), PLATFORM,
     "platform promises", "platform_ack substantive_reply"),
    ("we'll", mail(X, "Re: Request", "Thanks! We'll carefully review the video."), PLATFORM,
     "platform will examine", "platform_ack"),
    ("Dutch promise", mail(META, "Re: Verzoek", "Dank. Wij zullen hier extra op letten."), PLATFORM,
     "platform promises", "platform_ack substantive_reply"),
    # ---- S03: a result
    ("S03 m4", mail(META, "Re: Municipal page", "Page is back with its owner."), PLATFORM,
     "platform reports a result", "substantive_reply"),
    ("action taken", mail(TIKTOK, "Re: Request", "We have taken action on the account."), PLATFORM,
     "platform reports a result", "substantive_reply"),
    ("no violation", mail(TIKTOK, "Re: Request", "The video does not violate our guidelines."), PLATFORM,
     "platform reports a result", "substantive_reply"),
    ("Dutch result", mail(META, "Re: Verzoek", "Wij hebben de video beoordeeld."), PLATFORM,
     "platform reports a result", "substantive_reply"),
    # ---- S02, S03, S05, S08, S10, S13: receipt only
    ("S02 m4", mail(TIKTOK, "RE: Request", "Received, with the team now."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("S03 m3", mail(META, "Re: Municipal page", "Got it, escalated."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("S05 m3", mail(META, "Re: Advert", "Casey here, we are reviewing it."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("S08 m2", mail(TIKTOK, "RE: Request", "Apologies for the delay, received."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("S10 m4", mail(META, "Re: Request", "Thanks, taken up."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("S13 m4", mail(X, "Re: Request", "Thanks, received."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("Dutch receipt", mail(META, "Re: Verzoek", "Ontvangen, is doorgestuurd en wordt onderzocht."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("our words below", replace(mail(X, "Re: Request", "Noted." + QUOTE), reply_text="Noted."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    ("back on Monday", mail(X, "Re: Request", "Noted. Casey is back on Monday."), PLATFORM,
     "platform acknowledges", "platform_ack"),
    # ---- S05, S11: machines
    ("S05 m2", mail("no-reply@support.meta-platform.example", "We received your request [#5519]",
                    "This is an automated message.", MechanicalKind.AUTO_REPLY), FROM_META,
     "automatic receipt of Meta", "auto_reply platform_ack"),
    ("S11 m1", mail("tset-noreply@tiktok-platform.example", "Report R-88172 received", "Thank you.",
                    MechanicalKind.AUTO_REPLY), FROM_TIKTOK,
     "automatic receipt of TikTok", "auto_reply platform_ack"),
    ("bounce", mail("mailer-daemon@mx.bzk.example", "Undelivered Mail", "550", MechanicalKind.BOUNCE), STRANGER,
     "bounce", "bounce"),
    ("bounce of a platform's server", mail("mailer-daemon@x-platform.example", "Undelivered", "550",
                                           MechanicalKind.BOUNCE), PLATFORM, "bounce", "bounce"),
    ("delivered", mail("mailer-daemon@mx.bzk.example", "Delivered", "250", MechanicalKind.DELIVERED), STRANGER,
     "delivery report", "delivered"),
    ("feedback", mail("fbl@mailprovider.example", "Complaint", "spam", MechanicalKind.FEEDBACK_REPORT), STRANGER,
     "feedback report", "feedback_report"),
    ("out of office", mail(TOWN, "Automatisch antwoord: afwezig", "Tot maandag.", MechanicalKind.AUTO_REPLY), STRANGER,
     "automatic reply", "auto_reply"),
    ("officer out of office", mail("a.jansen@bzk.example", "Afwezig", "ok", MechanicalKind.AUTO_REPLY), OFFICER,
     "automatic reply", "auto_reply"),
    ("read receipt", mail(TOWN, "Gelezen: Ontvangen VF-PS2027-0001", ""), STRANGER,
     "read receipt or answer to an invitation", "noise"),
    ("accepted", mail(SOMEBODY, "Accepted: overleg", ""), STRANGER, "read receipt or answer to an invitation", "noise"),
    # ---- officers
    ("ok", mail("a.jansen@bzk.example", "Re: Herinnering", "ok"), OFFICER, "officer replies", "officer_reply"),
    ("officer sends on", forward("a.jansen@bzk.example", "FW: Zie hieronder", "Kwam bij mij binnen."),
     Context(from_officer=True, verdict=SenderVerdict.VERIFIED), "officer forwards", "referral"),
    # ---- referrals
    ("S02 m1", forward(TOWN, "FW: Bericht dat er donderdag gestemd wordt", "Zie hieronder."), STRANGER,
     "a fellow authority refers content", "referral fellow_authority A_content intake_confirmation"),
    ("S03 m1", mail(PROVINCE, "Doorgestuurd: account gemeente gehackt", "Bijgaand de mail van de gemeente."), STRANGER,
     "a fellow authority has lost a channel", "referral fellow_authority B_channel intake_confirmation"),
    ("channel in the text", mail(TOWN, "Hulp", "Onze pagina is sinds gisteren overgenomen."), STRANGER,
     "a fellow authority has lost a channel", "referral fellow_authority B_channel intake_confirmation"),
    ("advert", mail(TOWN, "Advertentie over openingstijden afgekeurd", "Graag hulp."), STRANGER,
     "a fellow authority has an advert blocked", "referral fellow_authority C_advert intake_confirmation"),
    ("advert in the text", mail(TOWN, "Hulp", "Onze campagne is geblokkeerd als politiek."), STRANGER,
     "a fellow authority has an advert blocked", "referral fellow_authority C_advert intake_confirmation"),
    ("S13 m1", mail("a.testdijk@veiligheidsregio-demo.example", "Onjuist adres stembureau rondgestuurd", "Zie bijlage"),
     STRANGER, "a fellow authority refers content", "referral fellow_authority A_content intake_confirmation"),
    ("S13 m2", forward(MINISTRY, "FW: Onjuist adres stembureau rondgestuurd", "Deze al gezien?"), STRANGER,
     "a government body refers content", "referral government_body A_content intake_confirmation"),
    ("sub-domain", mail("x@veiligheid.rijksdienst.example", "Account gehackt", "Zie boven."), STRANGER,
     "a government body has lost a channel", "referral government_body B_channel intake_confirmation"),
    ("government channel in the text", mail(MINISTRY, "Hulp", "Het kanaal is geblokkeerd."), STRANGER,
     "a government body has lost a channel", "referral government_body B_channel intake_confirmation"),
    ("government advert", mail(MINISTRY, "Campagne afgekeurd", "Graag hulp."), STRANGER,
     "a government body has an advert blocked", "referral government_body C_advert intake_confirmation"),
    ("government advert in the text", mail(MINISTRY, "Hulp", "De advertentie is geweigerd."), STRANGER,
     "a government body has an advert blocked", "referral government_body C_advert intake_confirmation"),
    ("S10 m1", mail(CHECKER, "Factcheck: oproep om twee vakjes te kleuren", "Gaat rond op twee platforms."), STRANGER,
     "a fact-checker refers content", "referral fact_checker A_content intake_confirmation"),
    ("media", mail(PAPER, "Vraag over stemmen per sms", "Klopt dit?"), STRANGER,
     "a newsroom refers content", "referral media A_content intake_confirmation"),
    ("more of a town", mail(TOWN, "Re: Ontvangen: VF-PS2027-0001", "Nog een bijlage."), Context(placed=True),
     "a fellow authority adds to a case", "referral fellow_authority"),
    ("more of a ministry", mail(MINISTRY, "Re: Ontvangen", "Nog een."), Context(placed=True),
     "a government body adds to a case", "referral government_body"),
    ("more of a fact-checker", mail(CHECKER, "Re: Ontvangen", "Nog een."), Context(placed=True),
     "a fact-checker adds to a case", "referral fact_checker"),
    ("more of a newsroom", mail(PAPER, "Re: Ontvangen", "Nog een."), Context(placed=True),
     "a newsroom adds to a case", "referral media"),
    # ---- citizens
    ("S04 m1", mail(SOMEBODY, "Nepnieuws over stembureau", "Ik zag dit bericht, haal het weg."), CITIZEN,
     "citizen reports a post", "citizen_report decline"),
    ("S04 m3", mail(SOMEBODY, "Re: Re: Nepnieuws over stembureau", "Belachelijk."),
     replace(CITIZEN, declined_before=True),
     "citizen writes again", "citizen_report"),
    # ---- noise
    ("newsletter", mail("post@vereniging.example", "Nieuwsbrief maart", "Lees meer."), STRANGER, "newsletter", "noise"),
    ("mailing", mail("post@vereniging.example", "Nieuws", "Afmelden voor deze nieuwsbrief"), STRANGER,
     "newsletter by its last line", "noise"),
    ("invitation", mail("post@vereniging.example", "Uitnodiging: overleg", "Dinsdag."), STRANGER,
     "invitation without a calendar part", "noise"),
]  # fmt: skip

# Mail that no rule may decide: a person does.
UNKNOWN = [
    ("stranger", mail("post@vereniging.example", "Vraag", "Wat doet u?"), STRANGER),
    ("lookalike of a listed domain", mail("f.voorbeeld@nietlindewaard.example", "Account gehackt", "Help."), STRANGER),
    ("platform, no case", mail(X, "New policy team", "We will look into these."), Context(platform="X")),
    ("unverified citizen", mail(SOMEBODY, "Nepnieuws", "Ik zag dit bericht."), STRANGER),
    ("clerk from home", mail(SOMEBODY, "Bericht", "Ik zag dit.\nA. Testdijk, griffier gemeente Kromwoude"), CITIZEN),
    ("citizen's forward", forward(SOMEBODY, "FW: Bericht", "Ik zag dit bericht."), CITIZEN),
    ("citizen's attachment",
     replace(mail(SOMEBODY, "Bericht", "Ik zag dit."), attachments=(Attachment("a.png", "image/png", 9),)), CITIZEN),
    ("private mail without a citizen's words", mail(SOMEBODY, "Stembureau", "Mag ik u bellen?"), CITIZEN),
    ("no sender", replace(mail(TOWN, "Account gehackt", "Help."), from_=()), STRANGER),
]  # fmt: skip


@each(("name", "message", "context", "rule", "outcome"), CASES, ids=[case[0] for case in CASES])
def test_mail_is_decided_by_the_rule_written_for_it(
    name: str, message: Message, context: Context, rule: str, outcome: str
) -> None:
    """Each mail is decided by its rule, with kinds and, if any, source, case type and template."""
    found = judged(message, context)
    assert found.rule is not None, name
    assert found.rule.partition(" ")[2] == rule, found.trace
    said = (*found.kinds, found.source, found.case_type, found.template)
    optional = " A_content" if rule == "officer forwards" else ""
    assert " ".join(word for word in said if word) == outcome + optional


@each(("name", "message", "context"), UNKNOWN, ids=[case[0] for case in UNKNOWN])
def test_doubtful_mail_waits_for_a_person(name: str, message: Message, context: Context) -> None:
    """No rule decides doubtful mail, so it is neither answered nor filed as noise."""
    found = judged(message, context)
    assert (found.rule, *found.kinds) == (None, "unknown"), name


@each(
    ("platform", "subject", "text", "reference"),
    [
        ("Meta", "We received your request [#5519]", "", "#5519"),
        ("X", "Case# 0391774482: received", "", "Case# 0391774482"),
        ("Google", "[8-3312000036114] Your flag", "", "8-3312000036114"),
        ("TikTok", "Report R-88172 received", "", "R-88172"),
        ("TikTok", "Received", "Your report T-0042 was submitted.", "T-0042"),
        ("Snapchat", "Request SC-40771 created", "", "SC-40771"),
        ("Sixth", "Your mail (#70331)", "", "#70331"),
        ("Meta", "Received: [VF-PS2027-0003]", "Page #1 of 2", None),
        ("X", "Received: [VF-PS2027-0003]", "Call 0612345678 or 2027-0003", None),
    ],
)
def test_number_a_platform_gives_is_kept_whole(platform: str, subject: str, text: str, reference: str | None) -> None:
    """A platform's own number is found, but not our case number, a page number or a phone number."""
    sender = "no-reply@help.platform.example"
    found = judged(mail(sender, subject, text, MechanicalKind.AUTO_REPLY), Context(platform=platform))
    assert found.references == ((reference,) if reference else ())


def test_only_a_platform_can_answer_for_a_platform() -> None:
    """The words of a platform's answer from any other sender do not count as one."""
    for sender in (TOWN, SOMEBODY, "gov-eu@x-platform.example.mailprovider.example"):
        found = judged(
            mail(sender, "Re: Request", "We will look into these."),
            Context(placed=True, verdict=SenderVerdict.VERIFIED),
        )
        assert not {"platform_ack", "substantive_reply"} & set(found.kinds)
