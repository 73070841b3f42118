# SPDX-License-Identifier: EUPL-1.2
"""A submission server that refuses some recipients and some words for some of the night, and takes everything else.

Its own chance decides, so that everything else of the night is planned as without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from random import Random

from flaggermail.record.refusals import SmtpStage
from tests.nights.letters import letter
from tests.nights.night import ADDRESS_OF, ADDRESSES, HOURS, Night
from tests.nights.world import Ban

PERSONS = tuple(ADDRESSES.values())
PLACES = (
    *ADDRESS_OF.values(), "@x-platform.example", "griffie0@lindewaard.example", "griffie1@lindewaard.example",
    "@lindewaard.example", "@mailprovider.example", "@mailprovider.example",
)  # fmt: skip
WORDS = ("stemdag", "vakjes", "stempas", "stembureau", "two boxes coloured", "wrong polling day", "posts.example")
"""Words that a stranger, an officer or a notification brings in; none is in every mail of the desk."""
CODES = (451, 550, 550, 554, 554)
STATUS = ("", ".7.0", ".7.1", ".7.1", ".1.1")  # after the first digit of the code
OF_PLACE = ("recipient rejected", "access denied", "client host blocked", "relay access denied", "service unavailable")
OF_WORD = ("message content rejected", "rejected", "this message looks like spam")


def plan(night: Night) -> None:
    """Plans what the server refuses; nothing on about half of the nights."""
    chance = Random(f"refusals/{night.seed}")  # noqa: S311 - the same night again is the purpose
    bans = list(_bans(chance, night.begin))
    night.server.bans += bans
    _write(night, chance)
    for ban in bans:
        night.diary.counts[f"trouble: server refuses a {'word' if ban.word else 'recipient'}"] += 1
        night.must(ban.begins, partial(_tell, night, ban))


def _write(night: Night, chance: Random) -> None:
    """Plans strangers' mail that the desk answers or tells of, and whose answer or notice is refused."""
    for number, ban in enumerate(night.server.bans):
        whole = range(chance.choice((0, 1, 2)))
        for each in whole:
            at = ban.begins + timedelta(minutes=chance.uniform(0, 60))
            if ban.word:
                sender, subject = f"w{number}@elsewhere.example", f"Vraag {each} over {ban.word}"
            else:
                sender, subject = f"kiezer9{number}{each}@mailprovider.example", f"Nep bericht 9{number}{each}"
            night.must(at, partial(_deliver, night, sender, subject))


def _deliver(night: Night, sender: str, subject: str) -> None:
    text = f"{subject}: ik zag een bericht, haal dit bericht weg."
    night.deliver(letter(sender, subject, text, night.clock.true), "stranger's mail")


def _bans(chance: Random, begin: datetime) -> Iterator[Ban]:
    """Yields refusals, some of which turn into another in the middle."""
    person = chance.choice(PERSONS)  # never two of them: somebody must be able to hear of it
    for _ in range(chance.choice((0, 0, 0, 1, 2, 3))):
        begins = begin + timedelta(minutes=round(chance.uniform(0, HOURS * 40)))
        ban = _ban(chance, person, begins)
        yield ban
        if chance.random() < 0.3:
            length = timedelta(minutes=round(chance.expovariate(1 / 60)))
            code, words = _answer(chance, ban.word)
            yield replace(ban, begins=ban.until, until=ban.until + length, code=code, words=words)


def _ban(chance: Random, person: str, begins: datetime) -> Ban:
    word = chance.choice(WORDS) if chance.random() < 0.4 else ""
    recipient = "" if word else chance.choice((person, chance.choice(PLACES), chance.choice(PLACES)))
    stage = SmtpStage.MESSAGE if word else chance.choice((SmtpStage.RECIPIENT, SmtpStage.RECIPIENT, SmtpStage.MESSAGE))
    until = begins + timedelta(minutes=round(chance.choice((10, 60, 200, HOURS * 60)) * chance.uniform(0.5, 1.5)))
    return Ban(recipient, word, *_answer(chance, word), stage, begins, until)


def _answer(chance: Random, word: str) -> tuple[int, str]:
    """Returns the code of a refusal, and its words with or without a status (RFC 3463)."""
    code, status = chance.choice(CODES), chance.choice(STATUS)
    words = chance.choice(OF_WORD if word else OF_PLACE)
    return code, f"{code // 100}{status} {words}" if status else words


def _tell(night: Night, ban: Ban) -> None:
    whom = f"mail with {ban.word!r}" if ban.word else f"mail to {ban.recipient}"
    night.tell(f"the server refuses {whom} with {ban.code} {ban.words} ({ban.stage}) until {ban.until:%d %H:%M:%S}")
