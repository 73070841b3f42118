# SPDX-License-Identifier: EUPL-1.2
"""No rule that looks at the envelope, a header field or one attachment ends the attention for what a person refers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flaggermail.intake import triage
from flaggermail.intake.silence import Attention, attention
from flaggermail.intake.triage import IntakeFacts, Reading, judge
from flaggermail.mail.message import Address, Attachment, MechanicalKind, Message, SenderVerdict, Verdict
from flaggermail.matching.placing import Sender
from flaggermail.ports import RawMessage
from flaggermail.record.case_values import Priority
from flaggermail.record.kinds import Kind, Place
from flaggermail.rules.classifier import Rule, Stage
from flaggermail.wording.filing import FilingReason, SenderEvidence
from flaggermail.wording.said import StoredText
from tests.corpus import each
from tests.shipped_parser import LANGUAGE
from tests.unit.rules.test_samples import FIND, RULES, SETTINGS, mails

AT = datetime(2027, 3, 10, 12, tzinfo=UTC)
DESK = "verkiezingenflagger@bzk.example"
READING = Reading(
    RULES, FIND, LANGUAGE, SETTINGS.intake, frozenset(),
    RULES.lists["government"] | RULES.lists["fellow_authorities"],
)  # fmt: skip
SILENT = frozenset({Kind.NOISE, Kind.AUTO_REPLY, Kind.DELIVERED, Kind.FEEDBACK_REPORT})
ENDS = [rule for rule in RULES.rules if rule.stage in {Stage.MACHINE, Stage.NOISE} and SILENT & set(rule.then.kinds)]
WORDS = {  # with words of the lists that make a mail heard, and without
    "plain": "In onze wijk wordt gezegd dat je zaterdag nog mag stemmen. Kunt u hiernaar kijken?",
    "nl": "Op Facebook gaat een filmpje rond waarin een nagemaakte burgemeester zegt dat u zaterdag nog mag stemmen.\n"
    "https://www.facebook.com/groep/posts/123\nWij hebben het zelf gemeld en hoorden niets. Kunt u het voorleggen?",
    "en": "A post tells people to bring two ballots to the polling station, which makes their vote invalid.\n"
    "https://x.com/somebody/status/123\nWe reported it ourselves, twice. Could you put it to the platform?",
}
WRITERS = {
    "authority": ("griffie@lindewaard.example", SenderVerdict.VERIFIED),
    "known referrer": ("redactie@checkpunt.example", SenderVerdict.VERIFIED),
    "stranger": ("iemand@elders.example", SenderVerdict.UNVERIFIED),
}


def judged(message: Message) -> triage.Triaged:
    """Returns what becomes of a mail of which the record knows nothing."""
    facts = IntakeFacts(
        raw=RawMessage(b"", AT, "INBOX", "1", "1"), message=message, sender=Sender(None, None),
        ours=frozenset({DESK}), plus_addresses=True, exercise=False, election="PS2027", declined_before=False,
        known_sender=False, remembered=None, within=triage.passed_on(message, frozenset({DESK}), LANGUAGE),
        within_remembered=None, to_channel=False,
    )  # fmt: skip
    return judge(facts, READING)


def written(message: Message, words: str, writer: str) -> Message:
    """Returns the mail with another author and text, and all that its rule looks at otherwise."""
    address, verdict = WRITERS[writer]
    return replace(
        message, from_=(Address(address),), text=words, reply_text=words, forwarded=None, html_text="",
        vouched=Verdict(verdict, SenderEvidence.NOBODY_ASKED()), keys=None,
    )  # fmt: skip


CASES = [
    (rule, cited.name, writer, language)
    for rule in ENDS for cited in rule.samples.match for writer in WRITERS for language in WORDS
]  # fmt: skip


@each(
    ("rule", "sample", "writer", "language"), CASES,
    ids=[f"{rule.name}-{sample}-{writer}-{language}" for rule, sample, writer, language in CASES],
)  # fmt: skip
def test_no_rule_silences_the_words_of_a_referral(rule: Rule, sample: str, writer: str, language: str) -> None:
    """Whatever the header and the attachments of each rule's samples are: somebody is told at once."""
    message = written(mails()[sample][0], WORDS[language], writer)
    decision = judged(message).decision
    assert decision.place in {Place.QUARANTINE, Place.CASE}, (rule.name, decision)
    assert decision.tells is not None


def test_every_kind_of_rule_that_ends_attention_is_tried() -> None:
    """The rules are found by what they give, and there are as many as the files have."""
    assert {rule.name for rule in ENDS} >= {
        "mailing",
        "newsletter",
        "calendar",
        "invitation of a calendar",
        "automatic reply",
    }


AWAY = "Ik ben afwezig tot maandag. Bel anders met mijn collega."
SHARE = Message(
    sha256="", size=0, from_=(Address("noreply@deeldienst.example", "Deeldienst"),), to=(Address(DESK),),
    subject="Femke Voorbeeld heeft een bestand met u gedeeld",
    headers=(("list-unsubscribe", "<https://d.example/u>"), ("list-unsubscribe-post", "List-Unsubscribe=One-Click"),
             ("feedback-id", "1:delen"), ("precedence", "bulk"), ("auto-submitted", "auto-generated")),
    text="Femke Voorbeeld heeft een bestand met u gedeeld.\nOpenen: https://deeldienst.example/a\nAfmelden: https://deeldienst.example/u",
)  # fmt: skip


@each(
    ("text", "priority", "reason"),
    [
        (SHARE.text, Priority.NORMAL, FilingReason.BY_MACHINE(service="Deeldienst")),
        (
            f"{SHARE.text}\nVan f.voorbeeld@kromwoude.example",
            Priority.URGENT,
            FilingReason.PASSED_ON(person="f.voorbeeld@kromwoude.example", service="Deeldienst"),
        ),
        (f"{SHARE.text}\nwww.lindewaard.example", Priority.URGENT, FilingReason.BY_MACHINE(service="Deeldienst")),
        (f"{SHARE.text}\nVoor {DESK}", Priority.NORMAL, FilingReason.BY_MACHINE(service="Deeldienst")),
    ],
    ids=["nobody", "an address of an authority", "its domain", "our own address"],
)
def test_a_share_says_who_it_is_from_and_an_authority_puts_it_on_top(
    text: str, priority: Priority, reason: StoredText
) -> None:
    """It waits, whatever its header says; who stands in it is named."""
    found = judged(replace(SHARE, text=text, reply_text=text))
    assert (found.decision.place, found.decision.reason, found.found.priority) == (Place.QUARANTINE, reason, priority)


@each(
    ("message", "expected"),
    [
        (replace(SHARE, attachments=(Attachment("foto.png", "image/png", 90_000),)), Attention.TOLD),
        (replace(SHARE, subject="Automatisch antwoord", text=AWAY), Attention.LISTED),
        (
            replace(SHARE, in_reply_to=("a@b",), subject="Automatisch antwoord", text=AWAY),
            Attention.NONE,
        ),
        (
            replace(SHARE, in_reply_to=("a@b",), text="Uw bericht is ontvangen. Zie https://elders.example/x"),
            Attention.TOLD,
        ),
        (replace(SHARE, in_reply_to=("a@b",), subject="Ontvangen", text="Uw bericht is ontvangen."), Attention.NONE),
    ],
    ids=["with a picture", "an absence without a sign", "an absence", "a receipt with a link elsewhere", "a receipt"],
)  # fmt: skip
def test_only_an_answer_by_header_and_text_is_silent(message: Message, expected: Attention) -> None:
    """Words alone put an absence on the next morning's list; neither words nor header silence anything else."""
    automatic = replace(message, kind=MechanicalKind.AUTO_REPLY)
    assert attention(automatic, frozenset({DESK}), LANGUAGE, known=False) is expected
