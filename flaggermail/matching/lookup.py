# SPDX-License-Identifier: EUPL-1.2
"""What the store knows about a new message: the facts on which filing and deciding are based.

Candidate cases for a mail without a key: a few found by the store, then compared mail by mail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from flaggermail.cases import elections, lifecycle
from flaggermail.letters import stored_messages
from flaggermail.mail import reply_tokens, subject
from flaggermail.mail.forwards.inside_letter import own_in
from flaggermail.mail.message import MechanicalKind, Message, SenderVerdict
from flaggermail.mail.reply_tokens import keys_of
from flaggermail.mail.subject import split_subject
from flaggermail.mail.vocabulary import folded
from flaggermail.matching import answer_keys, placing, quoted_words, scoring, thread_keys
from flaggermail.matching.placing import Sender
from flaggermail.matching.scoring import HIGHEST, Clue, Suggestion
from flaggermail.notices import notices
from flaggermail.record.definition import where
from flaggermail.record.kinds import Direction, Place
from flaggermail.record.rows import Case, Channel, Notification, Platform, StoredMessage, Token
from flaggermail.record.states import CaseState, NotificationState
from flaggermail.rules import classifier
from flaggermail.services import Services, UnitOfWork
from flaggermail.wording.filing import PlacementBasis

# ---- cases for a mail without a key


LATEST = 8  # mails per author, and open cases per title, that are considered
COMPARED = 3  # cases whose first mail is read again
LATEST_USES = 20  # notifications to a platform whose subject is compared with that of its mail


def clues_of_person(work: UnitOfWork, message: Message) -> dict[str, list[Clue]]:
    """Returns the clues_of_person for each possible case; empty for machine mail and for our own mail."""
    mailbox = work.env.settings.desk.mailbox
    if message.kind is not MechanicalKind.HUMAN or message.sender is None:
        return {}
    if message.sender.key in work.env.own_addresses:
        return {}
    found: dict[str, list[Clue]] = {}
    for case in _candidates(work, message):
        said = [scoring.ATTACHED] if _was_attached(work, message, case) else []
        said += _compared(work, message, case, mailbox.address.lower())
        if case.referrer_address == message.sender.key and case.closed_at is None:
            said.append(scoring.SAME_SENDER)
        if said:
            found[case.number] = said
    return found


def clues_of_platform(work: UnitOfWork, message: Message, platform: str) -> dict[str, list[Clue]]:
    """Returns the cases in which we wrote to this platform under the subject of its mail."""
    title = folded(keys_of(message, work.env.language).topic)
    uses = work.tx.find(
        Notification,
        where(Notification.platform).is_(platform),
        where(Notification.exercise).is_(elections.is_players(work, message)),
        where(Notification.state).is_(NotificationState.SENT),
    )
    uses = sorted(uses, key=lambda use: use.sent_at or use.drafted_at)[-LATEST_USES:]
    alike = [
        row.case
        for row in answer_keys.letters_of(work, uses)
        if folded(split_subject(row.subject or "", work.env.language).base) == title
    ]
    return {case: [scoring.SAME_SUBJECT] for case in dict.fromkeys(alike) if case is not None and title}


def threshold(work: UnitOfWork, message: Message) -> int | None:
    """Returns the score from which this mail is filed without a person, or None.

    Only mail of a verified sender qualifies, and none that we sent.
    """
    settings = work.env.settings.desk
    ours = message.sender is None or message.sender.key in work.env.own_addresses
    if ours or message.vouched.value != SenderVerdict.VERIFIED or not settings.quarantine.place_by_score:
        return None
    return settings.quarantine.score_threshold


def _candidates(work: UnitOfWork, message: Message) -> list[Case]:
    """Returns the cases with mail of one of its authors, with its subject, or to whose mail this one was attached.

    Cases with its subject come first, then the latest ones.
    """
    authors = scoring.authors(message)
    by = (where(StoredMessage.from_address).is_(author) for author in authors)
    rows = [row for written in by for row in work.tx.newest(StoredMessage, LATEST, written)]
    if message.message_id is not None:
        rows += work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(message.message_id))
    numbers = {row.case for row in rows if row.case is not None and row.direction == Direction.IN}
    cases = {case.number: case for case in work.tx.find(Case, where(Case.number).in_(sorted(numbers)))}
    titles = list(scoring.base_subjects(message, work.env.language))
    alike = [
        case
        for title in titles
        for case in work.tx.newest(Case, LATEST, where(Case.title).is_(title), where(Case.closed_at).is_(None))
    ]
    cases |= {case.number: case for case in alike}
    exercise = elections.is_players(work, message)
    cases = {number: case for number, case in cases.items() if case.exercise == exercise}
    if exercise:  # the same story may be played again: what ended is no candidate
        cases = {number: case for number, case in cases.items() if not lifecycle.was_rehearsed(work, case)}
    return sorted(cases.values(), key=lambda case: (case.title in titles, case.opened_at, case.number), reverse=True)[
        :COMPARED
    ]


def _was_attached(work: UnitOfWork, message: Message, case: Case) -> bool:
    name = message.message_id
    named = work.tx.find(StoredMessage, where(StoredMessage.message_id).is_(name)) if name else []
    return any(row.case == case.number and row.enclosed_in is not None for row in named)


def _compared(work: UnitOfWork, message: Message, case: Case, ours: str) -> list[Clue]:
    root = work.tx.get(StoredMessage, case.root_message) if case.root_message else _first_letter(work, case)
    other = notices.reparse(work, root) if root is not None else None
    return scoring.clues(message, other, work.env.language, ours) if other is not None else []


def _first_letter(work: UnitOfWork, case: Case) -> StoredMessage | None:
    """Returns what stands for the referral in a case that nobody referred: our own first letter in it."""
    uses = work.tx.find(Notification, where(Notification.case).is_(case.number))
    filed = where(StoredMessage.direction).is_(Direction.OUT), where(StoredMessage.place).is_(Place.CASE)
    typed = work.tx.newest(StoredMessage, LATEST, where(StoredMessage.case).is_(case.number), *filed)
    written = (*answer_keys.letters_of(work, uses), *typed)
    return min(written, key=lambda row: row.received_at, default=None)


NEWEST_MAILS = 20  # of one author, among which the one that they take back is looked for
_MOST_LETTERS = 3  # of ours that a reply may quote, and that are read again
_FEW = 5  # words; a shorter comment of ours in a row proves nothing
_OURS = frozenset({placing.KeyKind.TOKEN, placing.KeyKind.OUR_MAIL, placing.KeyKind.TAIL})


def sender_of(work: UnitOfWork, message: Message) -> Sender:
    """Returns the owner of the From address; whether the mail is genuine is verified elsewhere."""
    if message.sender is None:
        return Sender(None, None)
    officer = work.env.settings.rota.by_address(message.sender.address)
    answers = _token_of_an_officer(work, stored_messages.as_ours(work, message)) if officer else None
    platform = classifier.platform_of(message, work.tx.find(Platform))
    platform = platform or platform_answering(work, [address.key for address in message.from_])
    return Sender(platform, officer.id if officer else None, answers)


def platform_answering(work: UnitOfWork, addresses: Collection[str]) -> str | None:
    """Returns the platform for whose channel one of these addresses may answer (`answers_from`)."""
    channels = work.tx.find(Channel)
    return next((channel.platform for channel in channels if set(addresses) & set(channel.answers_from)), None)


def _token_of_an_officer(work: UnitOfWork, message: Message) -> str | None:
    """Returns the most specific token in the message that was sent to an officer, whoever it was."""
    named = keys_of(message, work.env.language).tokens
    told = {token.token for token in work.tx.find(Token, where(Token.token).in_(named)) if token.officer is not None}
    return next((token for token in named if token in told), None)


def known(work: UnitOfWork, message: Message, sender: Sender, *, in_sent: bool = False) -> placing.Known:
    """Returns all that the store knows about the keys of this message; one query per kind of key.

    `in_sent`: it was found in the folder of sent mail, where a colleague's mail program files it.
    """
    message = stored_messages.as_ours(work, message)
    learned = thread_keys.learned_keys(work, message, sender.platform)
    keys, weaker = _keys(work, message, sender, learned)
    to_us = _is_to_us(work, message, sender)
    quoting: Mapping[str, Sequence[Clue]] = {}
    if to_us and not any(key.kind in _OURS for key in keys):
        given = {key.case: reference for reference, keys_of in learned.references.items() for key in keys_of}
        quoted, quoting = answer_keys.quoted(work, message, sender.platform, given)
        keys += quoted
    keys += weaker
    near = {key.case for key in keys}
    # An answer to an approved notification proves its delivery: it is uncertain, and its clocks start once that is
    # settled.
    got = {key.notification for key in keys}
    uses = {
        n.id: n
        for n in work.tx.find(Notification, where(Notification.case).in_(sorted(near)))
        if n.counted and (n.state == NotificationState.SENT or (n.state == NotificationState.APPROVED and n.id in got))
    }
    if sender.platform is not None:
        uses |= {
            n.id: n
            for n in work.tx.find(
                Notification,
                where(Notification.platform).is_(sender.platform),
                where(Notification.exercise).is_(elections.is_players(work, message)),
                where(Notification.state).is_(NotificationState.SENT),
                where(Notification.counted).is_(True),
            )
        }
    other = placing.Writer.PLATFORM if sender.platform else placing.Writer.OTHER
    weak = {placing.KeyKind.NUMBER}
    return placing.Known(
        keys=keys,
        sender=message.sender.key if message.sender else "",
        verified=message.vouched.value == SenderVerdict.VERIFIED,
        writer=placing.Writer.COLLEAGUE if in_sent else other,
        sender_platform=sender.platform,
        to_us=to_us,
        uses=[placing.Use(n.id, n.case, n.platform, open=True) for n in uses.values()],
        clues={} if any(key.kind not in weak for key in keys) else _clues(work, message, sender, quoting),
        other_subject=_under_another_subject(work, message, sender, near),
        elsewhere=_elsewhere(work, message, sender, uses.values()),
        closed=frozenset() if in_sent else _closed(work, message, sender, near),
        threshold=None if sender.platform else threshold(work, message),
    )


def _keys(
    work: UnitOfWork, message: Message, sender: Sender, learned: thread_keys.Learned
) -> tuple[list[placing.Key], list[placing.Key]]:
    """Returns the keys before and after a quotation, the most specific first.

    Each names the platform to which its notification went. A platform's own reference comes after our number: where the
    mail names a case of ours too, our number says which is meant. The sender's address says least.
    """
    tails = answer_keys.tails(work, message, sender.platform)
    later = [*chain.from_iterable(learned.references.values()), *learned.addresses]
    mails = _mails(work, message) or _taken_back(work, message)
    keys = [*_tokens(work, message), *mails, *tails, *learned.mails, *later]
    named = {key.notification for key in keys if key.notification}
    platforms = {n.id: n.platform for n in work.tx.find(Notification, where(Notification.id).in_(sorted(named)))}
    keys = [replace(key, platform=platforms.get(key.notification or "")) for key in keys]
    first = len(keys) - len(later)
    return keys[:first], [*_numbers(work, message, sender), *keys[first:]]


def _tokens(work: UnitOfWork, message: Message) -> list[placing.Key]:
    named = keys_of(message, work.env.language).tokens
    found = {t.token: t for t in work.tx.find(Token, where(Token.token).in_(named))}
    kind = placing.KeyKind.TOKEN
    return [
        placing.Key(kind, case, PlacementBasis.TOKEN(), found[token].notification)
        for token in named
        if token in found and (case := found[token].case)
    ]


def _mails(work: UnitOfWork, message: Message) -> list[placing.Key]:
    """Returns the mails we hold to which this one refers; their authors own what they wrote themselves."""
    named = keys_of(message, work.env.language).named
    held = {m.message_id: m for m in work.tx.find(StoredMessage, where(StoredMessage.message_id).in_(named))}
    return [
        placing.Key(
            placing.KeyKind.OUR_MAIL if row.direction == Direction.OUT else placing.KeyKind.THEIR_MAIL,
            row.case,
            PlacementBasis.REFERS(message=name),
            row.notification,
            addresses=_author(row),
        )
        for name in named
        if (row := held.get(name)) and row.case
    ]


def _taken_back(work: UnitOfWork, message: Message) -> list[placing.Key]:
    """Returns the latest mail of a case that its verified author takes back ("Recall: ..." and its subject)."""
    own = keys_of(message, work.env.language)
    if own.prefix != "recall" or message.sender is None or message.vouched.value != SenderVerdict.VERIFIED:
        return []
    written = work.tx.newest(StoredMessage, NEWEST_MAILS, where(StoredMessage.from_address).is_(message.sender.key))
    alike = [
        row
        for row in written
        if row.case and folded(subject.split_subject(row.subject or "", work.env.language).base) == folded(own.topic)
    ]
    return [
        placing.Key(placing.KeyKind.THEIR_MAIL, row.case, PlacementBasis.TAKES_BACK(message=row.message_id or row.id),
                    row.notification, addresses=_author(row))
        for row in alike[:1] if row.case
    ]  # fmt: skip


def _author(row: StoredMessage) -> frozenset[str]:
    """Returns the address of a verified author, which alone may refer to the mail again to stop a clock."""
    return frozenset({row.from_address}) if row.from_address and row.verdict == SenderVerdict.VERIFIED else frozenset()


def _numbers(work: UnitOfWork, message: Message, sender: Sender) -> list[placing.Key]:
    """Returns the case numbers in the message, with the addresses from which a number may come.

    These are the referrer of the case, and the addresses that platforms.yaml names for the channel of a notification to
    the sender's platform. A sub-domain of a platform is no such address: anybody can have its machines write to us.
    """
    cases = work.tx.find(Case, where(Case.number).in_(answer_keys.numbers_of(work, message)))
    numbers = [case.number for case in cases]
    uses = _uses_of(work, numbers, sender.platform) if sender.platform else []
    channels = {channel.code: channel for channel in work.tx.find(Channel)} if uses else {}
    keys = []
    for case in cases:
        own = [n for n in uses if n.case == case.number]
        addresses = {n.id: answering_addresses(channels.get(n.channel)) for n in own}
        here = [key for key, known_there in addresses.items() if message.sender and message.sender.key in known_there]
        keys.append(
            placing.Key(
                placing.KeyKind.NUMBER,
                case.number,
                PlacementBasis.NUMBER(case=case.number),
                here[0] if len(here) == 1 else None,
                addresses=frozenset().union({case.referrer_address or ""}, *addresses.values()) - {""},
            )
        )
    return keys


def _uses_of(work: UnitOfWork, cases: Sequence[str], platform: str) -> list[Notification]:
    return work.tx.find(
        Notification,
        where(Notification.case).in_(cases),
        where(Notification.platform).is_(platform),
        where(Notification.counted).is_(True),
    )


def answering_addresses(channel: Channel | None) -> frozenset[str]:
    """Returns the addresses, in lower case, enumerated in platforms.yaml from which a channel's answers come."""
    if channel is None:
        return frozenset()
    return frozenset(address.lower() for address in (*channel.to, *channel.answers_from))


def _elsewhere(work: UnitOfWork, message: Message, sender: Sender, uses: Iterable[Notification]) -> frozenset[str]:
    """Returns the notifications that mail from this host cannot answer: their channel lists `hosts`, and not this one.

    A sub-domain that holds users' content, or a free mailbox at a platform's domain, answers for whoever has it.
    """
    if sender.platform is None or message.sender is None or message.kind not in answer_keys.ANSWERS:
        return frozenset()
    others = {
        channel.code
        for channel in work.tx.find(Channel)
        if channel.hosts
        and message.sender.domain.lower() not in channel.hosts
        and message.sender.key not in answering_addresses(channel)
    }
    return frozenset(use.id for use in uses if use.channel in others)


def _is_to_us(work: UnitOfWork, message: Message, sender: Sender) -> bool:
    """True if a platform's mail was addressed to us; true for all other mail, where it does not matter."""
    platform = work.tx.get(Platform, sender.platform) if sender.platform else None
    if platform is None:
        return True
    mailbox = work.env.settings.desk.mailbox
    ours = work.env.own_addresses
    signers = {*platform.domains, *(address.domain for address in message.from_)}  # also those of `answers_from`
    return placing.to_us(message, ours, frozenset(signers), plus_addresses=mailbox.plus_addresses)


def _closed(work: UnitOfWork, message: Message, sender: Sender, near: Collection[str]) -> frozenset[str]:
    """Returns the closed cases among `near`, which an unverified mail must not re-open; a machine's mail does not."""
    if message.kind is not MechanicalKind.HUMAN and sender.platform is None:
        return frozenset()
    return frozenset(
        case.number
        for case in work.tx.find(Case, where(Case.number).in_(sorted(near)))
        if case.state == CaseState.CLOSED
    )


def _clues(
    work: UnitOfWork, message: Message, sender: Sender, quoting: Mapping[str, Sequence[Clue]]
) -> Mapping[str, Sequence[Clue]]:
    """Returns the clues for a mail without a key; `quoting`: the cases whose letters it may quote."""
    if sender.platform is None:
        return clues_of_person(work, message)
    found = clues_of_platform(work, message, sender.platform)
    return {case: [*quoting.get(case, ()), *found.get(case, ())] for case in (*quoting, *found)}


def suggestions(work: UnitOfWork, message: Message) -> tuple[Suggestion, ...]:
    """Returns suggestions for a mail that a person took out of its case, including the case that its keys name."""
    found = placing.place(replace(known(work, message, sender_of(work, message)), threshold=None))
    named = (Suggestion(found.case, HIGHEST, (found.basis,)),) if found.case else ()
    return (*named, *found.suggestions, *found.hints)


def _under_another_subject(work: UnitOfWork, message: Message, sender: Sender, near: Collection[str]) -> frozenset[str]:
    """Returns the cases whose mail a person answers to write about another subject, as people do to find an address.

    Platforms give each answer a subject of its own, and officers answer notices, so both are exempt.
    """
    if not near or sender.platform or sender.officer or message.kind is not MechanicalKind.HUMAN or not message.subject:
        return frozenset()
    language = work.env.language
    topic = keys_of(message, language).topic
    named = answer_keys.numbers_in(work, message.subject, message.reply_text)  # quoted text does not count
    answered = [*message.in_reply_to, *reply_tokens.followed(message)]
    subjects = [
        (m.case, subject.split_subject(m.subject or "", language).base)
        for m in work.tx.find(StoredMessage, where(StoredMessage.message_id).in_(answered))
    ]
    subjects += [(case.number, case.title) for case in work.tx.find(Case, where(Case.number).in_(sorted(near)))]
    alike = {number for number, other in subjects if subject.same_topic(topic, other)}
    return frozenset(set(near) - alike - set(named))


def channel_of(work: UnitOfWork, message: Message) -> Channel | None:
    """Returns the channel with one of the mail's recipients as its address."""
    recipients = {address.key for address in (*message.to, *message.cc)}
    channels = work.tx.find(Channel)
    return next((c for c in channels if recipients & {address.lower() for address in (*c.to, *c.cc)}), None)


def without_ours(work: UnitOfWork, message: Message, platform: str | None) -> Message:
    """Returns the mail as a machine's if its human comment is an officer's or repeats one of our letters."""
    comment = message.comment
    if comment is None or not (_is_officers(work.env, comment.name) or _repeats_letter(work, message, platform)):
        return message
    return replace(message, comment=None, kind=MechanicalKind.AUTO_REPLY, reply_text="")


def _is_officers(env: Services, name: str) -> bool:
    """True if an officer, the desk or the mailbox has that name; a first name alone is one too."""
    desk = env.settings.desk
    names = [officer.name for officer in env.settings.rota.officers]
    names += [desk.organisation.name.nl, desk.organisation.name.en, desk.mailbox.address.partition("@")[0]]
    small = folded(name)
    return any(small in {folded(one), folded(one).partition(" ")[0]} for one in names)


def _repeats_letter(work: UnitOfWork, message: Message, platform: str | None) -> bool:
    """True if a letter of ours to the platform begins the comment, whoever is named above it."""
    words = quoted_words.words_of(message.comment.text if message.comment else "")[: quoted_words.LEAST]
    own = [word for word in words if word != quoted_words.GAP]
    if platform is None or len(own) < _FEW:
        return False
    letters = (f" {' '.join(letter.words)} " for _, letter in answer_keys.letters_to(work, platform))
    return any(f" {' '.join(own)} " in letter for letter in letters)


def with_answers(work: UnitOfWork, message: Message, uses: Iterable[str | None]) -> Message:
    """Returns a person's mail with what it says inside our letter that it answers: of these `uses`, or named in it.

    What an officer answers acts by the words above our mail alone.
    """
    officer = message.sender and work.env.settings.rota.by_address(message.sender.address)
    if message.kind is not MechanicalKind.HUMAN or message.comment or message.forwarded or officer:
        return message
    letter, texts = letters_answered(work, message, uses), (message.text, message.html_text)
    found = (own_in(text.split("\n"), letter, work.env.language) for text in texts if letter and text)
    if shown := next(filter(None, found), ""):
        said = "\n".join(line for line in shown.split("\n") if not line.startswith("> "))
        return replace(message, reply_text=said, shown_text=shown)
    return message


def letters_answered(work: UnitOfWork, message: Message, uses: Iterable[str | None] = ()) -> str:
    """Returns the text of our mails that a reply names, and of those notifications; empty if none can be read."""
    answers = stored_messages.as_ours(work, message)
    sent = work.tx.find(Notification, where(Notification.id).in_(sorted(filter(None, uses))))
    names = (*answers.in_reply_to, *answers.references, *(use.message_id for use in sent if use.message_id))
    named = where(StoredMessage.message_id).in_(names), where(StoredMessage.direction).is_(Direction.OUT)
    ours = [mail for mail in work.tx.find(StoredMessage, *named) if mail.digest] if names else []
    latest = sorted(ours, key=lambda mail: mail.id)[-_MOST_LETTERS:]
    letters = (notices.reparse(work, mail) for mail in latest)
    return "\n".join(letter.text for letter in letters if letter is not None)
