# SPDX-License-Identifier: EUPL-1.2
"""How a message is matched to a case: by token, by mail we hold, by a case number with a fitting sender."""

from __future__ import annotations

import pytest

from flaggermail.mail.message import Address, Message
from flaggermail.matching.placing import Anchor, Known, Placement, Use, place
from flaggermail.matching.scoring import ATTACHED, SAME_ADDRESS, SAME_REFERRAL, SAME_SENDER, SAME_TEXT, Suggestion
from tests.corpus import each

TOKEN, OTHER_TOKEN = "a" * 32, "b" * 32
ONE, TWO = "VF-EP2024-0001", "VF-EP2024-0002"
USE_A = Use(f"{ONE}/1", ONE, "A", open=True)
USE_B = Use(f"{ONE}/2", ONE, "B", open=True)
ELSEWHERE = Use(f"{TWO}/1", TWO, "A", open=True)
REFERRER = "griffie@lindewaard.example"
TWIN = True  # a suggestion with firm evidence
TWINS = {ONE: [SAME_REFERRAL], TWO: [SAME_REFERRAL]}


def mail(
    *,
    sender: str | None = REFERRER,
    in_reply_to: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    original: str | None = None,
) -> Message:
    """Builds a mail with the headers that decide its case."""
    return Message(
        sha256="", size=0, from_=(Address(sender),) if sender else (), in_reply_to=in_reply_to, references=references,
        original_message_id=original,
    )  # fmt: skip


def test_token_of_ours_places_before_anything_else() -> None:
    """One of our tokens decides before the mail's references and before any case number."""
    known = Known(
        tokens={TOKEN: Anchor(ONE)}, messages={"held@us.example": Anchor(TWO)}, numbers={TWO: frozenset({REFERRER})}
    )
    found = place(mail(in_reply_to=("held@us.example",)), known, (TOKEN,))
    assert found == Placement(ONE, None, "token of ours")


def test_first_known_token_decides_and_unknown_ones_are_passed_over() -> None:
    """The first token of a case decides; unknown tokens and tokens without a case are skipped."""
    known = Known(tokens={TOKEN: Anchor(ONE), OTHER_TOKEN: Anchor(TWO), "c" * 32: Anchor()})
    assert place(mail(), known, ("d" * 32, "c" * 32, OTHER_TOKEN, TOKEN)).case == TWO


def test_answered_mail_comes_before_the_rest_of_the_thread() -> None:
    """In-Reply-To decides before References, the last reference before earlier ones, a bounce's original last."""
    held = {"one@us.example": Anchor(ONE), "two@us.example": Anchor(TWO)}
    known = Known(messages=held)
    answered = mail(in_reply_to=("one@us.example",), references=("two@us.example",))
    assert place(answered, known, ()) == Placement(ONE, None, "refers to <one@us.example>")
    assert place(mail(references=("one@us.example", "two@us.example")), known, ()).case == TWO
    assert place(mail(references=("one@us.example",), original="two@us.example"), known, ()).case == ONE
    assert place(mail(original="two@us.example"), known, ()).case == TWO


def test_mail_we_hold_outside_any_case_places_nothing() -> None:
    """An answer to a quarantined mail is not matched to a case."""
    known = Known(messages={"one@us.example": Anchor()})
    assert place(mail(in_reply_to=("one@us.example",)), known, ()).case is None


def test_number_places_only_with_a_fitting_sender() -> None:
    """A case number counts only from the referrer of that case or the platform notified in it."""
    numbers = {ONE: frozenset({REFERRER})}
    assert place(mail(), Known(numbers=numbers), ()) == Placement(ONE, None, f"names {ONE}, sender fits")
    assert place(mail(sender=REFERRER.upper()), Known(numbers=numbers), ()).case == ONE
    of_platform = Known(numbers=numbers, sender_platform="A", uses=(USE_A,))
    assert place(mail(sender="x@a.example"), of_platform, ()).notification == USE_A.notification
    for known in (Known(numbers=numbers), Known(numbers=numbers, sender_platform="B", uses=(USE_A,))):
        found = place(mail(sender="x@a.example"), known, ())
        assert (found.case, found.suggestions) == (None, (Suggestion(ONE, 50, ("its number is named",)),))
    assert place(mail(sender=None), Known(numbers={ONE: frozenset()}), ()).case is None


def test_of_two_numbers_the_one_that_fits_places() -> None:
    """Of two case numbers the one that fits the sender decides."""
    numbers = {ONE: frozenset({"other@bzk.example"}), TWO: frozenset({REFERRER})}
    assert place(mail(), Known(numbers=numbers), ()).case == TWO


def test_what_mail_of_a_case_taught_places_before_a_number() -> None:
    """A platform's learned reference decides before a case number, but after a token."""
    learned = {"names #5519": Anchor(ONE, USE_A.notification)}
    known = Known(
        tokens={TOKEN: Anchor(TWO)}, learned=learned, numbers={TWO: frozenset({REFERRER})}, sender_platform="A",
        uses=(USE_A, ELSEWHERE),
    )  # fmt: skip
    assert place(mail(), known, ()) == Placement(ONE, USE_A.notification, "names #5519")
    assert place(mail(), known, (TOKEN,)).case == TWO


def test_what_two_cases_taught_only_suggests() -> None:
    """A reference learned from the mail of two cases decides nothing."""
    known = Known(learned={"names #5519": Anchor()}, sender_platform="A", uses=(USE_A,))
    found = place(mail(), known, ())
    assert (found.case, found.suggestions) == (None, (Suggestion(ONE, 40, ("waits for an answer of this platform",)),))


def test_another_subject_under_our_key_only_suggests() -> None:
    """A mail with our token but another subject is only suggested for that case: a person decides."""
    known = Known(tokens={TOKEN: Anchor(ONE), OTHER_TOKEN: Anchor(TWO)}, clues=TWINS, other_subject=frozenset({ONE}))
    found = place(mail(), known, (TOKEN,))
    assert (found.case, found.basis) == (None, "")
    assert found.suggestions == (
        Suggestion(ONE, 100, ("answers its mail under another subject", "the same referral was taken in before"), TWIN),
        Suggestion(TWO, 60, ("the same referral was taken in before",), TWIN),
    )
    assert place(mail(), known, (OTHER_TOKEN,)).case == TWO


def test_only_open_case_of_a_platform_is_only_suggested() -> None:
    """The only open case of a platform is suggested, not chosen; other platforms' cases are not suggested."""
    closed = Use(f"{TWO}/9", "VF-EP2024-0009", "A", open=False)
    known = Known(sender_platform="A", uses=(USE_A, ELSEWHERE, USE_B, closed))
    found = place(mail(sender="x@a.example"), known, ())
    assert found.case is None
    assert found.suggestions == (
        Suggestion(ONE, 40, ("waits for an answer of this platform",)),
        Suggestion(TWO, 40, ("waits for an answer of this platform",)),
    )


def test_clues_add_up_and_the_highest_comes_first() -> None:
    """Clues add up and the highest score comes first; a repeated clue counts once and the maximum is 100."""
    found = place(mail(), Known(numbers={ONE: frozenset()}, clues={ONE: [SAME_SENDER], TWO: [ATTACHED, SAME_TEXT]}), ())
    assert [one.text for one in found.suggestions] == [
        f"{TWO} (100): it was attached to mail of this case; the texts agree",
        f"{ONE} (60): its number is named; this sender has a case that is open",
    ]
    assert place(mail(), Known(clues={ONE: [ATTACHED, SAME_REFERRAL, SAME_REFERRAL]}), ()).suggestions[0].score == 100


def test_what_is_weak_is_a_hint_that_holds_nothing_back() -> None:
    """Weak clues alone are shown as a hint and do not keep a new referral from opening a case."""
    found = place(mail(), Known(clues={ONE: [SAME_SENDER, SAME_ADDRESS]}), ())
    assert (found.suggestions, [hint.score for hint in found.hints]) == ((), [35])


SURE = (SAME_REFERRAL, SAME_TEXT, SAME_ADDRESS)


def test_one_score_at_the_threshold_places() -> None:
    """If exactly one case reaches the threshold, the mail is filed in it with the score and its suggestion."""
    known = Known(clues={ONE: SURE, TWO: [SAME_REFERRAL]}, threshold=95)
    found = place(mail(), known, ())
    assert (found.case, found.notification, found.basis) == (ONE, None, "score 100")
    assert found.by_score == Suggestion(ONE, 100, tuple(clue.why for clue in SURE), TWIN)


@pytest.mark.parametrize(
    "known",
    [
        Known(clues={ONE: SURE}),  # no threshold: switched off, or a platform's mail
        Known(clues={ONE: SURE, TWO: SURE}, threshold=95),  # two of them
        Known(clues={ONE: [SAME_REFERRAL, SAME_TEXT]}, threshold=95),  # below it
        Known(numbers={ONE: frozenset()}, clues={ONE: [SAME_ADDRESS, SAME_SENDER, SAME_TEXT]}, threshold=95),
    ],
    ids=["no threshold", "two", "below", "nothing firm"],
)
def test_otherwise_a_person_places(known: Known) -> None:
    """Any number of weak clues (a case number from a stranger, a subject, an address) only suggests a case."""
    found = place(mail(), known, ())
    assert (found.case, found.by_score) == (None, None)
    assert found.suggestions[0].case == ONE


@each("anchor", [Anchor(ONE), Anchor(ONE, USE_A.notification), Anchor(ONE, USE_B.notification)])
@each(("platform", "use"), [("A", USE_A), ("B", USE_B)])
def test_a_platform_answers_only_its_own_notification(anchor: Anchor, platform: str, use: Use) -> None:
    """A platform's mail is about its own notification, even if it carries another platform's token."""
    known = Known(
        tokens={TOKEN: anchor}, messages={"m@us.example": anchor}, sender_platform=platform, uses=(USE_A, USE_B)
    )
    assert place(mail(), known, (TOKEN,)).notification == use.notification
    assert place(mail(in_reply_to=("m@us.example",)), known, ()).notification == use.notification


def test_a_platform_that_was_not_notified_answers_no_notification() -> None:
    """A platform that was not notified is filed in the case of its token, without a notification."""
    known = Known(tokens={TOKEN: Anchor(ONE, USE_A.notification)}, sender_platform="C", uses=(USE_A, USE_B))
    found = place(mail(), known, (TOKEN,))
    assert (found.case, found.notification) == (ONE, None)


def test_of_two_uses_of_one_platform_the_key_decides() -> None:
    """If a platform was notified twice in a case, only a token tells which notification it answers."""
    again = Use(f"{ONE}/3", ONE, "A", open=True)
    known = Known(
        tokens={TOKEN: Anchor(ONE, again.notification), OTHER_TOKEN: Anchor(ONE)}, sender_platform="A",
        uses=(USE_A, again, ELSEWHERE),
    )  # fmt: skip
    assert place(mail(), known, (TOKEN,)).notification == again.notification
    assert place(mail(), known, (OTHER_TOKEN,)).notification is None


def test_bounce_keeps_the_notification_of_its_key() -> None:
    """A bounce keeps the notification of the token it returns."""
    known = Known(tokens={TOKEN: Anchor(ONE, USE_A.notification)}, uses=(USE_A,))
    assert place(mail(sender="mailer-daemon@bzk.example"), known, (TOKEN,)).notification == USE_A.notification


def test_nothing_known_leads_nowhere() -> None:
    """A mail without any known key gets neither a case nor a suggestion."""
    assert place(mail(in_reply_to=("strange@elsewhere.example",)), Known(), (TOKEN,)) == Placement(None, None, "")
