# SPDX-License-Identifier: EUPL-1.2
"""How a message is matched to a case: which key places it, and which only suggests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flaggermail.matching.placing import NEEDS, Key, KeyKind, Known, Placement, Proof, Use, Writer, place
from flaggermail.matching.scoring import ATTACHED, SAME_ADDRESS, SAME_REFERRAL, SAME_SENDER, SAME_TEXT, Suggestion
from flaggermail.wording.filing import PlacementBasis, SuggestionText
from flaggermail.wording.said import StoredText, as_written
from tests.corpus import each
from tests.tools.wording import english

ONE, TWO = "VF-EP2024-0001", "VF-EP2024-0002"
USE_A = Use(f"{ONE}/1", ONE, "A", open=True)
USE_B = Use(f"{ONE}/2", ONE, "B", open=True)
ELSEWHERE = Use(f"{TWO}/1", TWO, "A", open=True)
REFERRER = "griffie@lindewaard.example"
DESK_OF_A = "desk@a.example"
TWIN = True  # a suggestion with firm evidence
TWINS = {ONE: [SAME_REFERRAL], TWO: [SAME_REFERRAL]}
KINDS = tuple(KeyKind)
LETTERS = (KeyKind.QUOTATION, KeyKind.REFERENCE_AND_WORDS)  # nobody else was sent such a letter
OF_OTHERS = tuple(kind for kind in KeyKind if kind not in LETTERS)


def key(kind: KeyKind = KeyKind.TOKEN, case: str = ONE, notification: str | None = None, *, of: str = "A") -> Key:
    """Builds a key that was given to platform `of`, and belongs to the addresses of the referrer and that platform."""
    addresses = frozenset({REFERRER, f"desk@{of.lower()}.example"})
    return Key(kind, case, as_written(f"{kind} of {case}"), notification, of if notification else None, addresses)


def of_platform(
    *keys: Key, sender: str = DESK_OF_A, platform: str = "A", verified: bool = True, to_us: bool = True,
    uses: tuple[Use, ...] = (USE_A, USE_B), closed: frozenset[str] = frozenset(),
) -> Known:  # fmt: skip
    """Builds what is known about mail of a platform."""
    return Known(
        keys=keys, sender=sender, verified=verified, writer=Writer.PLATFORM, sender_platform=platform, to_us=to_us,
        uses=uses, closed=closed,
    )  # fmt: skip


def of_other(*keys: Key, sender: str = REFERRER, verified: bool = True, closed: frozenset[str] = frozenset()) -> Known:
    """Builds what is known about mail of a referrer or of anybody else."""
    return Known(keys=keys, sender=sender, verified=verified, closed=closed)


# ---- which key places


def test_the_first_key_without_a_doubt_decides() -> None:
    """The most specific key decides; one that only suggests is passed over for one that places."""
    token, number = key(), key(KeyKind.NUMBER, TWO)
    assert place(of_other(token, number)) == Placement(ONE, None, token.basis)
    assert place(of_other(replace(number, addresses=frozenset()), key(KeyKind.OUR_MAIL, TWO))).case == TWO
    assert place(of_other(replace(number, addresses=frozenset()), key(KeyKind.NUMBER, ONE))).case == ONE


@each("kind", KINDS)
def test_verified_mail_from_an_address_of_the_key_places(kind: KeyKind) -> None:
    """Verified mail to us from the address to which a key belongs is placed by any kind; an address answers no use."""
    answers = None if kind is KeyKind.PLACED_BEFORE else USE_A.notification
    found = place(of_platform(key(kind, notification=USE_A.notification), uses=(USE_A,)))
    assert (found.case, found.notification) == (ONE, answers)
    assert place(of_other(key(kind))).case == (ONE if kind in OF_OTHERS else None)


@each("kind", [KeyKind.THEIR_MAIL, KeyKind.TAUGHT, KeyKind.NUMBER])
@each("known", ["another address", "not verified"])
def test_a_number_or_a_learned_key_only_suggests_from_elsewhere(kind: KeyKind, known: str) -> None:
    """A platform's mail with a number or a learned key, from another address or unverified, waits for a person."""
    asked = key(kind, notification=USE_A.notification)
    found = place(
        of_platform(asked, sender="no-reply@community.a.example")
        if known == "another address"
        else of_platform(asked, verified=False)
    )
    assert (found.case, found.notification) == (None, None)
    assert found.suggestions[0].case == ONE
    assert found.suggestions[0].why[0] == NEEDS[kind].clue.why


def test_an_unverified_quotation_only_suggests() -> None:
    """Our letters are printed in reports: whoever reads one can quote it in a platform's name."""
    found = place(of_platform(key(KeyKind.QUOTATION, notification=USE_A.notification), verified=False))
    assert (found.case, found.notification) == (None, None)
    assert found.suggestions[0].why[0] == NEEDS[KeyKind.QUOTATION].clue.why


@each("kind", [KeyKind.TAUGHT, KeyKind.NUMBER])
@each("sender", [REFERRER, "wim@elsewhere.example"])
def test_unverified_mail_is_placed_by_no_key_that_can_be_guessed(kind: KeyKind, sender: str) -> None:
    """An unverified number is a suggestion whatever address stands in From."""
    found = place(of_other(key(kind), sender=sender, verified=False))
    assert (found.case, found.suggestions[0].case) == (None, ONE)


@each("kind", KINDS)
def test_a_platforms_mail_to_somebody_else_only_suggests(kind: KeyKind) -> None:
    """A platform's answer that was not addressed to us is placed by no key at all, however genuine it is."""
    asked = key(kind, notification=USE_A.notification)
    found = place(of_platform(asked, to_us=False))
    assert (found.case, found.notification) == (None, None)
    assert SuggestionText.NOT_TO_US() in found.suggestions[0].why


@each("kind", [KeyKind.TOKEN, KeyKind.OUR_MAIL])
@each("given", [key(), key(notification=USE_B.notification, of="B")])
def test_a_key_that_was_given_to_somebody_else_stops_no_clock(kind: KeyKind, given: Key) -> None:
    """A platform's mail under the key of the referrer, or of another platform, waits for a person."""
    found = place(of_platform(replace(given, kind=kind)))
    assert (found.case, found.notification) == (None, None)
    assert SuggestionText.OTHER_RECIPIENT() in found.suggestions[0].why


def test_a_platform_that_was_not_notified_answers_no_notification() -> None:
    """A platform that was not notified is filed in the case of its token, without a notification."""
    found = place(of_platform(key(notification=USE_A.notification), platform="C"))
    assert (found.case, found.notification) == (ONE, None)


@each("kind", KINDS)
def test_unverified_mail_opens_no_closed_case(kind: KeyKind) -> None:
    """Unverified mail of a closed case waits for a person; verified mail is placed, except by its address alone."""
    asked, closed = key(kind, notification=USE_A.notification), frozenset({ONE})
    others = [of_other(asked, closed=closed)] if kind in OF_OTHERS else []
    for known in (of_platform(asked, uses=(USE_A,), closed=closed), *others):
        assert place(known).case == (None if kind is KeyKind.PLACED_BEFORE else ONE)
        found = place(replace(known, verified=False))
        assert found.case is None
        assert SuggestionText.CLOSED() in found.suggestions[0].why


def test_a_colleagues_mail_in_sent_is_placed_by_every_key_but_a_number() -> None:
    """Mail in Sent has no verdict; what it answers places it, and a number in it suggests, with a tail or without."""
    for kind in KINDS:
        found = place(Known(keys=(key(kind),), writer=Writer.COLLEAGUE))
        assert (found.case is None) == (NEEDS[kind].colleague is None), kind
        assert (found.case is None) == (kind in {KeyKind.NUMBER, KeyKind.TAIL, KeyKind.PLACED_BEFORE, *LETTERS}), kind


def test_a_platform_needs_at_least_what_others_need() -> None:
    """No kind of key is easier in the mail of a platform, which stops clocks, than in other mail.

    Apart from what only that platform was sent: a tail or a letter. It places no mail of another platform.
    """
    ease = [None, Proof.ADDRESS, Proof.VERIFIED, Proof.KEY]
    assert set(NEEDS) == set(KeyKind)
    easier = [kind for kind, needs in NEEDS.items() if ease.index(needs.platform) > ease.index(needs.other)]
    assert easier == [KeyKind.TAIL, *LETTERS]
    for kind in easier:
        assert place(of_platform(key(kind, notification=USE_B.notification, of="B"))).case is None
        assert place(of_platform(key(kind))).case is None


@each("kind", [kind for kind in KINDS if kind is not KeyKind.PLACED_BEFORE])
def test_a_host_that_the_channel_does_not_list_answers_nothing(kind: KeyKind) -> None:
    """Whatever key the mail bears, a person looks at it first."""
    known = replace(of_platform(key(kind, notification=USE_A.notification)), elsewhere=frozenset({USE_A.notification}))
    found = place(known)
    assert found.case is None
    assert SuggestionText.OTHER_HOST() in found.suggestions[0].why


def test_an_address_files_only_where_no_other_case_waits() -> None:
    """Another case that waits for the same platform may be meant."""
    asked, other = key(KeyKind.PLACED_BEFORE), Use("VF-EP2024-0002/1", TWO, "A", open=True)
    assert place(of_platform(asked, uses=(USE_A,))).case == ONE
    found = place(of_platform(asked, uses=(USE_A, other)))
    assert (found.case, SuggestionText.OTHER_CASE_WAITS() in found.suggestions[0].why) == (None, True)


# ---- suggestions


def test_a_number_alone_is_a_clue() -> None:
    """The clue of a key that places nothing comes with the reason."""
    found = place(of_other(key(KeyKind.NUMBER), sender="wim@elsewhere.example"))
    why = (SuggestionText.NUMBER(), SuggestionText.OTHER_ADDRESS())
    assert (found.case, found.suggestions) == (None, (Suggestion(ONE, 50, why),))


def test_another_subject_under_our_key_only_suggests() -> None:
    """A mail with our token but another subject is only suggested for that case: a person decides."""
    known = Known(keys=(key(),), clues=TWINS, other_subject=frozenset({ONE}))
    found = place(known)
    assert (found.case, found.basis) == (None, StoredText())
    assert found.suggestions == (
        Suggestion(ONE, 100, (SuggestionText.OTHER_SUBJECT(), SuggestionText.SAME_REFERRAL()), TWIN),
        Suggestion(TWO, 60, (SuggestionText.SAME_REFERRAL(),), TWIN),
    )
    assert place(replace(known, keys=(key(case=TWO),))).case == TWO


def test_only_open_case_of_a_platform_is_only_suggested() -> None:
    """The only open case of a platform is suggested, not chosen; other platforms' cases are not suggested."""
    closed = Use(f"{TWO}/9", "VF-EP2024-0009", "A", open=False)
    found = place(of_platform(uses=(USE_A, ELSEWHERE, USE_B, closed)))
    assert found.case is None
    assert found.suggestions == (
        Suggestion(ONE, 40, (SuggestionText.WAITS(),)),
        Suggestion(TWO, 40, (SuggestionText.WAITS(),)),
    )


def test_clues_add_up_and_the_highest_comes_first() -> None:
    """Clues add up and the highest score comes first; a repeated clue counts once and the maximum is 100."""
    number = Key(KeyKind.NUMBER, ONE, StoredText())
    found = place(Known(keys=(number,), verified=True, clues={ONE: [SAME_SENDER], TWO: [ATTACHED, SAME_TEXT]}))
    why = (SuggestionText.NUMBER(), SuggestionText.OTHER_ADDRESS(), SAME_SENDER.why)
    assert [one.said.english for one in found.suggestions] == [
        f"{TWO} (100): it was attached to mail of this case; the texts agree",
        f"{ONE} (60): {'; '.join(english(why))}",
    ]
    assert place(Known(clues={ONE: [ATTACHED, SAME_REFERRAL, SAME_REFERRAL]})).suggestions[0].score == 100


def test_what_is_weak_is_a_hint_that_holds_nothing_back() -> None:
    """Weak clues alone are shown as a hint and do not keep a new referral from opening a case."""
    found = place(Known(clues={ONE: [SAME_SENDER, SAME_ADDRESS]}))
    assert (found.suggestions, [hint.score for hint in found.hints]) == ((), [35])


SURE = (SAME_REFERRAL, SAME_TEXT, SAME_ADDRESS)


def test_one_score_at_the_threshold_places() -> None:
    """If exactly one case reaches the threshold, the mail is filed in it with the score and its suggestion."""
    found = place(Known(clues={ONE: SURE, TWO: [SAME_REFERRAL]}, threshold=95))
    assert (found.case, found.notification, found.basis) == (ONE, None, PlacementBasis.SCORE(score=100))
    assert found.by_score == Suggestion(ONE, 100, tuple(clue.why for clue in SURE), TWIN)


@pytest.mark.parametrize(
    "known",
    [
        Known(clues={ONE: SURE}),  # no threshold: switched off, or a platform's mail
        Known(clues={ONE: SURE, TWO: SURE}, threshold=95),  # two of them
        Known(clues={ONE: [SAME_REFERRAL, SAME_TEXT]}, threshold=95),  # below it
        Known(
            keys=(Key(KeyKind.NUMBER, ONE, StoredText()),),
            clues={ONE: [SAME_ADDRESS, SAME_SENDER, SAME_TEXT]},
            threshold=95,
        ),
    ],
    ids=["no threshold", "two", "below", "nothing firm"],
)
def test_otherwise_a_person_places(known: Known) -> None:
    """Any number of weak clues (a case number from a stranger, a subject, an address) only suggests a case."""
    found = place(known)
    assert (found.case, found.by_score) == (None, None)
    assert found.suggestions[0].case == ONE


# ---- which notification


def test_of_two_uses_of_one_platform_the_key_decides() -> None:
    """If a platform was notified twice in a case, only the key tells which notification it answers."""
    again = Use(f"{ONE}/3", ONE, "A", open=True)
    uses = (USE_A, again, ELSEWHERE)
    assert place(of_platform(key(notification=again.notification), uses=uses)).notification == again.notification
    found = place(of_platform(key(KeyKind.NUMBER), uses=uses))
    assert (found.case, found.notification) == (ONE, None)


def test_a_follow_up_leads_to_the_only_use() -> None:
    """An answer to a follow-up, which is no use of its own, is about the platform's only notification."""
    assert place(of_platform(key(notification=f"{ONE}/7"))).notification == USE_A.notification


def test_bounce_keeps_the_notification_of_its_key() -> None:
    """A bounce keeps the notification of the token it returns."""
    known = Known(keys=(key(notification=USE_A.notification),), uses=(USE_A,), sender="mailer-daemon@bzk.example")
    assert place(known).notification == USE_A.notification


def test_nothing_known_leads_nowhere() -> None:
    """A mail without any known key gets neither a case nor a suggestion."""
    assert place(Known(sender="strange@elsewhere.example")) == Placement(None, None, StoredText())
