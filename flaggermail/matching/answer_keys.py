# SPDX-License-Identifier: EUPL-1.2
"""Keys that an answer carries by itself: the number with its tail, and words of ours.

A platform's ticket system drops References, changes the address and keeps the quotation. What else must be true before
such a key places a mail is in `placing.NEEDS`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from flaggermail.cases import elections
from flaggermail.letters.template_values import PLATFORM_TEMPLATES
from flaggermail.mail import case_numbers
from flaggermail.mail.case_numbers import MOST, MOST_WRONG, Tailed, tailed_in
from flaggermail.mail.fields import in_domains
from flaggermail.mail.message import ForwardSource, MechanicalKind, Message, SenderVerdict
from flaggermail.matching import quoted_words, scoring
from flaggermail.matching.placing import Key, KeyKind
from flaggermail.matching.quoted_words import OwnLetter, Quotation, Words
from flaggermail.matching.scoring import Clue
from flaggermail.notices import notices
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Kind, Place
from flaggermail.record.rows import Case, Channel, Election, Notification, OutboxMail, Platform, StoredMessage
from flaggermail.record.states import NotificationState
from flaggermail.services import UnitOfWork
from flaggermail.wording.filing import PlacementBasis

ANSWERS = frozenset({MechanicalKind.HUMAN, MechanicalKind.AUTO_REPLY})
NEWEST_USES = 40  # notifications and follow-ups to a platform whose words are compared
NEWEST_LETTERS = 60  # mails of ours that are read again for it
MOST_CASES = 5  # cases whose earlier mail is read again, to tell our words from those of others
EARLIER_MAILS = 20  # mails of such a case that are read again

_TO_REFERRERS = (Kind.INTAKE_CONFIRMATION, Kind.INFORMATION_REQUEST, Kind.DECISION_NOTICE, Kind.FOLLOW_UP)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def texts_of(message: Message) -> tuple[str, ...]:
    """Returns every text of a mail in which a key may be: plain, HTML, and that of our letter attached whole."""
    attached = message.forwarded if message.forwarded and message.forwarded.source == ForwardSource.ATTACHMENT else None
    inner = (attached.subject or "", attached.body) if attached else ()
    return tuple(text for text in (message.text, message.html_text, *inner) if text)


def numbers_of(work: UnitOfWork, message: Message) -> tuple[str, ...]:
    """Returns the case numbers in a mail's subject and texts, with and without a tail, in order."""
    return numbers_in(work, message.subject or "", *texts_of(message))


def numbers_in(work: UnitOfWork, *texts: str) -> tuple[str, ...]:
    """Returns the case numbers in these texts, with and without a tail, in order; of an earlier prefix too."""
    prefixes = elections.prefixes_in(work, *texts)
    bare = (number for prefix in prefixes for number in case_numbers.case_numbers("\n".join(texts), prefix))
    return tuple(dict.fromkeys((*bare, *(one.number for one in tailed_in(prefixes, *texts)))))


# ---- the number's tail


def tails(work: UnitOfWork, message: Message, platform: str | None) -> list[Key]:
    """Returns the key of the exchange whose tail `message` bears; empty if it bears those of several.

    Also empty for a mail that tries: more than `MOST` numbers with a tail, or more than `MOST_WRONG` wrong tails. Its
    numbers still count as bare ones.
    """
    title, texts = message.subject or "", texts_of(message)
    prefixes = elections.prefixes_in(work, title, *texts)
    named = tailed_in(prefixes, title, *texts)
    if not named or len(named) > MOST or message.kind not in ANSWERS:
        return []
    cases = {case.number: case for case in work.tx.find(Case, where(Case.number).in_([one.number for one in named]))}
    given = _to_referrers(work, message, cases) if platform is None else _to_platform(work, list(cases), platform)
    right = {one: given[one] for one in named if one in given}
    wrong = [one for one in named if one.number in cases and one not in right]
    if len(wrong) > MOST_WRONG:
        return []
    heading = [right[one] for one in tailed_in(prefixes, title) if one in right][:1]
    meant = set(heading or right.values())
    return list(meant) if len(meant) == 1 else []


def _to_platform(work: UnitOfWork, cases: list[str], platform: str) -> dict[Tailed, Key]:
    """Returns the tails that this platform was sent, with their notification; a follow-up bears that of another."""
    uses = work.tx.find(
        Notification,
        where(Notification.case).in_(cases),
        where(Notification.platform).is_(platform),
        where(Notification.state).in_([NotificationState.SENT, NotificationState.APPROVED]),
    )
    uses.sort(key=lambda use: use.counted)  # the notification itself is meant, whatever follow-ups it has
    return {Tailed(use.case, use.tail): _key(use.case, use.id) for use in uses if use.tail}


def _to_referrers(work: UnitOfWork, message: Message, cases: Mapping[str, Case]) -> dict[Tailed, Key]:
    """Returns the tails that referrers were sent; they belong to the addresses to which we wrote in the case."""
    sender = message.sender.key if message.sender else ""
    found = {}
    for number, case in cases.items():
        written = work.tx.exists(
            OutboxMail,
            where(OutboxMail.case).is_(number),
            where(OutboxMail.recipient).is_(sender),
            where(OutboxMail.kind).in_(_TO_REFERRERS),
        )
        addresses = frozenset({case.referrer_address or "", sender if written else ""} - {""})
        found[Tailed(number, case.tail or "")] = replace(_key(number), addresses=addresses)
    return found


def _key(case: str, notification: str | None = None) -> Key:
    return Key(KeyKind.TAIL, case, PlacementBasis.TAIL(case=case), notification)


# ---- words of ours


def quoted(
    work: UnitOfWork, message: Message, platform: str | None, references: Mapping[str, str]
) -> tuple[list[Key], dict[str, Sequence[Clue]]]:
    """Returns the key of the letter that a platform's verified mail quotes, and clues where the letter is not certain.

    `references`: by case, what the mail names that its case taught; beside it fewer words are enough. It is not certain
    if letters of several cases contain the words, or the templates do, or if earlier mail of its case cannot be read:
    the words may be that mail's.
    """
    if platform is None or message.vouched.value != SenderVerdict.VERIFIED or message.kind not in ANSWERS:
        return [], {}
    words = quoted_words.words_of(*texts_of(message))
    least = quoted_words.LEAST_BESIDE if references else quoted_words.LEAST
    if len(words) <= least:
        return [], {}
    letters = list(letters_to(work, platform))
    quotations = quoted_words.quotations(words, [letter for _, letter in letters], least)
    found, doubtful = _of_ourselves(work, quotations, letters, least)
    if not found:
        return [], {}
    ours = [letter for _, letter in letters]
    ranked = quoted_words.judged(found, ours, _usual_words(work))
    certain = [one for one in ranked if one.specific and one.letter.case not in doubtful]
    long = [one for one in certain if one.length >= quoted_words.LEAST]
    if len(long) == 1:
        letter, basis = long[0].letter, PlacementBasis.QUOTES(count=long[0].length)
        return [Key(KeyKind.QUOTATION, letter.case, basis, letter.notification, platform)], {}
    both = [one for one in certain if one.letter.case in references]
    if not long and len(both) == 1:
        letter = both[0].letter
        basis = PlacementBasis.REFERENCE_QUOTES(reference=references[letter.case], count=both[0].length)
        return [Key(KeyKind.REFERENCE_AND_WORDS, letter.case, basis, letter.notification, platform)], {}
    return [], {one.letter.case: [scoring.QUOTES] for one in ranked if one.length >= quoted_words.LEAST}


def letters_to(work: UnitOfWork, platform: str) -> Iterator[tuple[StoredMessage, OwnLetter]]:
    """Yields our latest letters to a platform: notifications, follow-ups, and what colleagues typed in its cases."""
    uses = work.tx.find(
        Notification, where(Notification.platform).is_(platform), where(Notification.state).is_(NotificationState.SENT)
    )
    uses = sorted(uses, key=lambda use: use.sent_at or use.drafted_at)[-NEWEST_USES:]
    counted = {use.id: use.id for use in uses if use.counted}
    cases = sorted({use.case for use in uses})
    rows = letters_of(work, uses)
    typed = work.tx.newest(
        StoredMessage,
        NEWEST_LETTERS,
        where(StoredMessage.case).in_(cases),
        where(StoredMessage.direction).is_(Direction.OUT),
        where(StoredMessage.place).is_(Place.CASE),
    )
    every = {row.id: row for row in (*rows, *typed) if row.case is not None and row.discarded_at is None}
    for row in sorted(every.values(), key=lambda row: row.received_at)[-NEWEST_LETTERS:]:
        letter = notices.reparse(work, row)
        if letter is not None and (row.place == Place.OWN or _went_to(work, letter, platform)):
            words = quoted_words.own_words(letter.reply_text)
            yield row, OwnLetter(row.case or "", counted.get(row.notification or ""), words)


def letters_of(work: UnitOfWork, uses: Collection[Notification]) -> list[StoredMessage]:
    """Returns our letters of these notifications and follow-ups, without the notices that officers got about them."""
    named = [use.message_id for use in uses if use.message_id is not None]
    own = {use.id for use in uses}
    sent = where(StoredMessage.message_id).in_(named), where(StoredMessage.direction).is_(Direction.OUT)
    found = work.tx.find(StoredMessage, *sent)
    return [row for row in found if row.notification in own and {Kind.NOTIFICATION, Kind.FOLLOW_UP} & set(row.kinds)]


def _went_to(work: UnitOfWork, letter: Message, platform: str) -> bool:
    """True if a recipient of a letter is the platform's."""
    domains = next((frozenset(p.domains) for p in work.env.settings.platforms if p.code == platform), frozenset[str]())
    answering = {
        address for c in work.tx.find(Channel, where(Channel.platform).is_(platform)) for address in c.answers_from
    }
    return any(in_domains(to.domain, domains) or to.key in answering for to in (*letter.to, *letter.cc))


def _of_ourselves(
    work: UnitOfWork, found: Sequence[Quotation], letters: Sequence[tuple[StoredMessage, OwnLetter]], least: int
) -> tuple[list[Quotation], set[str]]:
    """Returns the quotations that remain without the words that had come in with mail of the case before the letter.

    The second value holds the cases of which such mail cannot be read, or costs too much.
    """
    rows = {id(letter): row for row, letter in letters}
    remaining: list[Quotation] = []
    doubtful: set[str] = set()
    cases: dict[str, list[tuple[StoredMessage, Words | None]]] = {}
    for one in sorted(found, key=lambda one: -one.length):
        case, sent = one.letter.case, rows[id(one.letter)]
        if case not in cases and len(cases) == MOST_CASES:
            break
        if case not in cases:
            cases[case] = list(_came_in(work, case))
        before = [words for row, words in cases[case] if row.received_at < sent.received_at]
        earlier = [words for words in before if words is not None]
        doubtful |= {case} if len(earlier) < len(before) else set()
        run = replace(one.letter, words=one.letter.words[one.start : one.start + one.length])
        rest = quoted_words.without_foreign(run, earlier)
        remaining += [
            replace(again, letter=one.letter, start=one.start + again.start)
            for again in quoted_words.quotations(run.words, [rest], least)
        ]
    return remaining, doubtful


def _came_in(work: UnitOfWork, case: str) -> Iterator[tuple[StoredMessage, Words | None]]:
    """Yields the mail of a case with its words; None for one that cannot be read again."""
    came = work.tx.columns(
        StoredMessage,
        (StoredMessage.received_at, StoredMessage.id),
        where(StoredMessage.case).is_(case),
        where(StoredMessage.direction).is_(Direction.IN),
        where(StoredMessage.discarded_at).is_(None),
    )
    rows = work.tx.find(StoredMessage, where(StoredMessage.id).in_([key for _, key in sorted(came)[:EARLIER_MAILS]]))
    for row in sorted(rows, key=lambda row: row.received_at):
        message = notices.reparse(work, row)
        texts = (message.text, message.html_text, *_inner(message)) if message is not None else ()
        yield row, quoted_words.words_of(*texts) if message is not None else None


def _inner(message: Message) -> tuple[str, ...]:
    return (message.forwarded.body,) if message.forwarded else ()


def _usual_words(work: UnitOfWork) -> frozenset[str]:
    """Returns the words of the templates to platforms, and of the names that the configuration gives for them."""
    texts = [
        part
        for name, octets in work.env.templates.files().items()
        if name.endswith(".yaml") or name.rpartition("/")[2].removesuffix(".j2") in PLATFORM_TEMPLATES
        for part in _JINJA.split(octets.decode("utf-8", "replace"))
    ]
    desk = work.env.settings.desk
    texts += [desk.organisation.name.nl, desk.organisation.name.en, desk.mailbox.address]
    texts += [name for election in work.tx.find(Election) for name in (election.name_nl, election.name_en)]
    texts += [platform.name for platform in work.tx.find(Platform)]
    texts += [f"{channel.name} {channel.policy_title} {channel.policy_url}" for channel in work.tx.find(Channel)]
    return frozenset(quoted_words.words_of(*texts))
