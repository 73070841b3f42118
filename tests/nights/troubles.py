# SPDX-License-Identifier: EUPL-1.2
"""The faults of a simulated night, and the night as a whole."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from tests.nights import busy, changing, refusals
from tests.nights.diary import Diary
from tests.nights.kit import Kit
from tests.nights.night import ADDRESS_OF, HOURS, Night
from tests.nights.oracle import DEFAULT, EDITED
from tests.nights.people import MATTERS, People
from tests.nights.platforms import Platforms

ANY_DOMAIN = ""


def play(seed: int, kit: Kit) -> Diary:
    """Plays the night of that seed."""
    night = Night(seed, kit)
    plan(night, People(night, Platforms(night)))
    return night.play()


def plan(night: Night, people: People) -> None:
    """Plans what people do and what goes wrong."""
    chance = night.chance
    if chance.random() < 0.25:
        night.plan(chance.uniform(10, 300), people.swap)
    for number in range(chance.choice([0, 0, 1, 1, 1, 2])):
        night.plan(chance.uniform(0, 240), partial(people.refer, number % len(MATTERS)))
    for _ in range(chance.choice([0, 0, 0, 1])):
        night.plan(chance.uniform(0, 200), people.warn)
    for number in range(chance.choice([0, 0, 1])):
        night.plan(chance.uniform(0, 400), partial(people.complain, number))
    for number in range(chance.choice([0, 0, 1])):
        night.plan(chance.uniform(0, 400), partial(people.noise, number))
    _trouble(night)


def _trouble(night: Night) -> None:
    """Plans each kind of trouble on some nights."""
    chance, minutes = night.chance, HOURS * 60
    for _ in range(chance.choice([0, 0, 1, 2])):
        night.plan(chance.uniform(0, minutes), partial(_lose_link, night))
    for _ in range(chance.choice([0, 1, 2, 3])):
        night.plan(chance.uniform(0, minutes), partial(_mood, night))
    for _ in range(chance.choice([0, 1, 1, 2])):
        night.plan(chance.uniform(0, minutes), partial(_kill, night))
    if chance.random() < 0.25:
        night.plan(chance.uniform(0, minutes), partial(_switch_off, night))
    if chance.random() < 0.2:
        night.plan(chance.uniform(0, minutes), partial(_set_back, night))
    if chance.random() < 0.3:
        night.plan(chance.uniform(0, minutes / 2), partial(_edit, night))
    for _ in range(chance.choice([0, 0, 1, 3])):
        night.plan(chance.uniform(60, minutes), partial(_again, night))
    refusals.plan(night)
    busy.plan(night)
    changing.plan(night)
    night.must(night.end, partial(_mend, night))


def _lose_link(night: Night) -> None:
    """Makes the mailbox unreachable for a while."""
    night.mailbox.lost = True
    night.diary.counts["trouble: link lost"] += 1
    night.tell("the link is lost")

    def back() -> None:
        night.mailbox.lost = False
        night.stir()
        night.tell("the link is back")

    night.plan(night.chance.choice([5, 20, 60, 200]) * night.chance.uniform(0.5, 1.5), back)


def _mood(night: Night) -> None:
    """Makes the submission server refuse mail or leave its result unknown."""
    kind = night.chance.choices(["away", "greylist", "silent", "refuse"], [3, 2, 4, 1])[0]
    everybody = kind == "away" or (kind == "silent" and night.chance.random() < 0.3)
    domain = ANY_DOMAIN if everybody else night.chance.choice(list(ADDRESS_OF.values())).partition("@")[2]
    longest = {"away": 120, "greylist": 60, "silent": 40, "refuse": 40}[kind]
    until = night.server.mood(kind, domain, timedelta(minutes=night.chance.uniform(0.1, 1) * longest))
    night.diary.counts[f"trouble: server {kind}"] += 1
    night.tell(f"the server is {kind} to {domain or 'everybody'} until {until:%H:%M:%S}")


def _kill(night: Night) -> None:
    """Kills the desk at one of its next uses of a port."""
    night.fatal = night.chance.choice([night.chance.randint(1, 8), night.chance.randint(1, 60)])
    night.diary.counts["trouble: kill"] += 1
    night.tell(f"the desk will end in {night.fatal} uses of a port")


def _switch_off(night: Night) -> None:
    """Switches the machine off for a while."""
    night.diary.counts["trouble: switched off"] += 1
    night.tell("the machine is switched off")
    night.down(night.chance.choice([30, 100, 300]) * night.chance.uniform(0.5, 1))


def _set_back(night: Night) -> None:
    """Sets the clock back by an hour; on some nights it is corrected later."""
    night.clock.wrong = timedelta(hours=-1)
    night.hinder(timedelta(hours=1), lambda _: True)  # what is due, is due in an hour
    night.diary.counts["trouble: clock set back"] += 1
    night.tell("the clock is set back")
    if night.chance.random() < 0.6:
        night.plan(night.chance.uniform(10, 200), partial(_set_right, night))


def _set_right(night: Night) -> None:
    night.clock.wrong = timedelta(0)
    night.stir()  # what fell due meanwhile
    night.tell("the clock is put right")


def _edit(night: Night) -> None:
    """Edits the reminder policy; on some nights the edit is reverted later."""
    night.policy = EDITED if night.policy is DEFAULT else DEFAULT
    night.configure("")
    night.diary.counts["trouble: policy edited"] += 1
    night.tell(f"the policy is {'another' if night.policy is EDITED else 'the default'}")
    if night.policy is EDITED and night.chance.random() < 0.5:
        night.plan(night.chance.uniform(10, 200), partial(_edit, night))


def _again(night: Night) -> None:
    """Delivers a mail a second time."""
    inbox = [mail for mail in night.diary.incoming if not mail.what.startswith("copy")]
    if inbox:
        mail = night.chance.choice(inbox)
        night.deliver(mail.octets, f"once more: {mail.what}")


def _mend(night: Night) -> None:
    """Ends all trouble."""
    night.mailbox.lost, night.fatal = False, 0
    night.server.mend()
    night.stir()
    night.tell("everything is well")
