# SPDX-License-Identifier: EUPL-1.2
"""Missing parts of a referral are found in the referrer's own words, not in what they quote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from flaggermail.cases.checklist import ADDRESS, HANDLE, attempts_told, missing, others
from flaggermail.mail.message import Address, Attachment, Forwarded, ForwardSource, Message
from flaggermail.mail.signature import numbers_in
from flaggermail.record.case_values import CaseType, Item
from flaggermail.rules.configuration import load
from flaggermail.shipped import shipped
from tests.corpus import each
from tests.shipped_parser import PARSER

WORDS = load(shipped("config"), shipped("rules")).intake
REFERRALS = yaml.safe_load(Path(__file__).with_name("signed_referrals.yaml").read_text(encoding="utf-8"))
OURS = "+31 70 000 0000"
BARE = Message(
    sha256="", size=0, from_=(Address("griffie@lindewaard.example"),), text="Zie dit.", reply_text="Zie dit."
)


def lacks(mail: Message, case_type: CaseType = CaseType.CONTENT) -> set[str]:
    """Returns the names of the items that the mail lacks."""
    return {item.value for item in missing([mail], WORDS, case_type, [OURS])}


def writing(text: str, quoted: str = "") -> Message:
    """Returns a mail with that text above a quotation."""
    return replace(BARE, text=f"{text}\n{quoted}", reply_text=text, phones=numbers_in(f"{text}\n{quoted}"))


def test_a_bare_mail_lacks_all_four_in_the_order_in_which_they_are_asked_for() -> None:
    """A bare mail lacks own attempts, screenshot, link and phone number, in the order of asking."""
    assert missing([BARE], WORDS, CaseType.CONTENT) == tuple(Item)


@pytest.mark.parametrize(
    "text",
    [
        "We hebben het op 3 maart gemeld en kregen niets terug.", "Geen reactie van het platform.",
        "Wij hebben het bericht zelf om 18.20 uur en om 18.45 uur bij X gemeld.",
        "Vanmiddag hebben wij de pagina, om 13.05 uur, via het portaal gemeld.",
        "Wij meldden de pagina al bij Meta.", "Om 9.15 uur heb ik dit account gemeld.",
        "We reported it twice.", "Zelf nog niets gedaan.", "Drie pogingen via het\nformulier.",
    ],
)  # fmt: skip
def test_own_attempts_are_told_in_words(text: str) -> None:
    """Own attempts are recognised in Dutch and English, across a line break; "none" is an answer too."""
    assert "attempts" not in lacks(writing(text))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Wij hebben het bericht zelf om 18.20 uur en om 18.45 uur bij X gemeld.", 2),
        ("Zelf geprobeerd: herstelformulier (14/3), bellen (14/3), tweede beheerder (15/3).", 3),
        ("Wij hebben het gemeld. Het bureau sluit om 21.00 uur en om 22.00 uur.", 0),
        ("We reported it at 18:20 and 18:45!", 2),
        ("Een lezer zag het om 18.20 uur.", 0),
        ("Wij hebben het om 18.20 uur gemeld. Geen reactie. Zelf verder nog niets gedaan.", 1),
        ("Zie dit.", 0),
    ],
)  # fmt: skip
def test_dated_own_attempts_are_counted(text: str, count: int) -> None:
    """Each time or date in a sentence about an own attempt is one; quoted text does not count."""
    assert attempts_told([writing(text, "> Wij hebben het om 9.15 uur en om 9.30 uur gemeld.")], WORDS) == count


@pytest.mark.parametrize(
    "text",
    [
        "Wij hebben vragen. Een inwoner heeft dit gemeld.", "Wij hebben versie 2.\nDe buren hebben het gemeld.",
        "Een lezer meldde het ons om 18.20 uur.",
        "Hierbij meld ik een nepbericht op Facebook.", "Een inwoner stuurde ons een bericht van X.",
        "Wij verzoeken u dit aan Meta voor te leggen.", "Bij ons is gemeld dat op Facebook de dag verkeerd staat.",
        "Hierbij doen wij het verzoek om dit bericht op Facebook te beoordelen.",
        "Wij zijn erop gewezen dat op TikTok een filmpje rondgaat.", "We were told of a post on Facebook.",
        "We ask you to check this post on Instagram.", "A resident sent us a link on TikTok.",
        "Wij ontvingen via WhatsApp een schermafbeelding.", "Kunt u dit bij TikTok onder de aandacht brengen?",
    ],
)  # fmt: skip
def test_what_others_reported_is_no_own_attempt(text: str) -> None:
    """A sentence ends at its full stop, but not at that of a time of day."""
    assert "attempts" in lacks(writing(text))


@each(
    ("text", "given"),
    [
        ("Zie https://x-platform.example/a/1", True), ("Zie x-platform.example/a/1.", True),
        ("Het gaat om @stemhulp_nl", True), ("Te zien in de Facebookgroep van het dorp.", True),
        ("Zie www.lindewaard.example", False), ("Zie https://verkiezing.lindewaard.example/plaats", False),
        ("Mail griffie@lindewaard.example en/of bel.", False),
    ],
)  # fmt: skip
def test_where_it_can_be_seen(text: str, *, given: bool) -> None:
    """A web address, an account or a place in words counts as the location, the organisation's own site does not."""
    assert ("link" not in lacks(writing(text))) == given


@each(
    ("text", "given"),
    [
        ("Bel 06 12345678", True), ("T +31 (0)70 123 45 67", True), ("070-1234567", True), ("0031612345678", True),
        ("Op 06-06-2024 10:34 gezien", False), ("kenmerk 20240606103", False), (f"Bel {OURS}", False),
        ("Bel 070 0000000", False), ("nummer 12345", False),
    ],
)  # fmt: skip
def test_a_number_to_call(text: str, *, given: bool) -> None:
    """A phone number counts in its usual forms; a date, a reference or the desk's own number does not."""
    assert ("contact" not in lacks(writing("Zie dit.", text))) == given


@each(
    ("name", "kind", "size", "given"),
    [
        ("schermafdruk.png", "image/png", 900, True), (None, "image/jpeg", 80_000, True),
        ("melding.pdf", "application/pdf", 900, True), ("image001.png", "image/png", 60_000, True),
        ("image001.png", "image/png", 4_000, False), ("smime.p7s", "application/pkcs7-signature", 4_000, False),
        (None, "message/rfc822", 40_000, False), ("a.vcf", "text/vcard", 400, False),
    ],
)  # fmt: skip
def test_a_screenshot_is_a_picture_or_a_file(name: str | None, kind: str, size: int, *, given: bool) -> None:
    """A picture or a file counts as a screenshot; a small logo, a signature, a card or a mail does not."""
    assert ("screenshot" not in lacks(replace(BARE, attachments=(Attachment(name, kind, size),)))) == given


def test_what_is_forwarded_counts_and_what_is_quoted_does_not() -> None:
    """Forwarded text counts; our own question quoted below the referrer's answer does not."""
    inner = Forwarded(None, (), (), None, None, "Geen reactie. Zie https://x-platform.example/1", ForwardSource.INLINE)
    assert lacks(replace(BARE, forwarded=inner)) == {"screenshot", "contact"}
    question = "> wat er zelf al is gemeld bij het platform; waar het te zien is: te zien op https://..."
    assert {"attempts", "link"} <= lacks(writing("Volgt.", question))


def test_a_general_warning_needs_a_number_only() -> None:
    """A general warning needs only a phone number: it is not about a particular post."""
    assert lacks(BARE, CaseType.GENERAL_WARNING) == {"contact"}


def test_several_mails_of_the_referrer_are_read_as_one() -> None:
    """Several mails of the referrer are checked together."""
    mails = [writing("Geen reactie."), writing("Bel 06 12345678"), writing("Zie https://x-platform.example/1")]
    assert missing(mails, WORDS, CaseType.CONTENT) == (Item.SCREENSHOT,)


def test_sixty_referrals_are_asked_for_what_they_lack_alone() -> None:
    """At most 2 of 60 are asked for what they hold, and of those signed at most 2 have another name or number."""
    asked, misread = [], []
    for one in (one for hand in REFERRALS.values() for one in hand):
        mail = PARSER.parse(f"From: griffie@lindewaard.example\nSubject: Zie\n\n{one['text']}".encode())
        picture = Attachment("schermafdruk.png", "image/png", 50_000)
        asked += [one["text"]] * (not lacks(replace(mail, attachments=(picture,))) <= set(one.get("lacks", ())))
        found, phone = mail.signer, next(iter(others(mail.signer.phones, [OURS])), "")
        misread += [(found, one["text"])] * ((found.name, phone) != (one["name"], one["phone"]))
    assert len(asked) <= 2, asked
    assert len(misread) <= 2, misread


PIECES = st.sampled_from([
    "http://", "https://", "HTTP://", "www.", "WWW.", "x.example", "/", "/p", "@", "@naam", "a@b.nl", "@x/", " ", "\n",
    "\u00a0", ".", ",", "(", ")", "-", "zie", "b.c.nl/", "\x1c", "lindewaard.example/",
])  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join))
@example("-.lindewaard.example/")
def test_a_link_is_found_in_words_as_in_the_whole_text(text: str) -> None:
    """Neither address nor account has white space, so only the words that may be one are searched."""
    hosts = [(hit[1] or hit[2]).strip(".").lower().removeprefix("www.") for hit in ADDRESS.finditer(f"{text}\n")]
    named = any(host and not f".{host}".endswith(".lindewaard.example") for host in hosts)
    assert ("link" not in lacks(writing(text))) is (named or HANDLE.search(text) is not None)
