# SPDX-License-Identifier: EUPL-1.2
"""What an assessment or a draft lacks, or must not say."""

from __future__ import annotations

from flaggermail.wording.said import Sentence

# fmt: off


class Lacks(Sentence):
    """What an assessment lacks before a decision to notify."""

    STEP_A = ("lacks: step a", "step (a), whether it is in fact incorrect or misleading, is not answered with yes",
        "stap (a), of het feitelijk onjuist of misleidend is, is niet met ja beantwoord")
    STEP_B = ("lacks: step b", "step (b), at least one of the criteria 1 to 3, is not filled in",
        "stap (b), ten minste één van de criteria 1 tot en met 3, is niet ingevuld")
    OWN_MEANS = ("lacks: own means",
        "the owner has not used all own means, and no reason to go on without them is given",
        "de eigenaar heeft nog niet alle eigen middelen gebruikt, en er is geen reden gegeven om toch door te gaan")


class InDraft(Sentence):
    """What is wrong with a text for a platform, and what would be right."""

    CHECK = ("draft: check",
        "body: no request to check; ask the platform to check, to review, to look at it or to pay attention to it",
        ("tekst: er wordt niet om toetsing gevraagd; vraag het platform om het bericht te toetsen, te beoordelen "
         "of te bekijken"))
    DECIDES = ("draft: decides",
        "body: does not say that the platform decides; say that the decision is the platform's own",
        "tekst: er staat niet dat het platform zelf beslist; vermeld dat de beslissing aan het platform is")
    CONFIRMATION = ("draft: confirmation",
        "body: no request to confirm receipt; ask for it, quoting the case number",
        "tekst: er wordt niet om een ontvangstbevestiging gevraagd; vraag daarom, met vermelding van het zaaknummer")
    NUMBER = ("draft: number", "body: the case number is missing; quote {number}",
        "tekst: het zaaknummer ontbreekt; vermeld {number}")
    POLICY = ("draft: policy", "body: the policy is not named; write its title {title!r}",
        "tekst: het beleid is niet genoemd; schrijf de titel {title!r}")
    POLICY_ADDRESS = ("draft: policy address", "body: the policy's address is missing; write {url}",
        "tekst: het webadres van het beleid ontbreekt; schrijf {url}")
    POLICY_AHEAD = ("draft: policy ahead",
        "policy: read on {day}, which lies in the future; write the day of the reading into platforms.yaml",
        "beleid: gelezen op {day}, en die dag moet nog komen; schrijf de dag van het lezen in platforms.yaml")
    POLICY_DAY = ("draft: policy day", "body: the day on which the policy was read is missing; write {day}",
        "tekst: de dag waarop het beleid is gelezen ontbreekt; schrijf {day}")
    REMOVAL = ("draft: removal",
        "{where}: {words!r} speaks of removal; ask to check, and leave open what follows from it",
        "{where}: {words!r} gaat over verwijderen; vraag om toetsing en laat open wat daarop volgt")
    ILLEGALITY = ("draft: illegality",
        ("{where}: {words!r} speaks of illegality; name the rule of the platform and the risk for the election "
         "process"),
        ("{where}: {words!r} gaat over strafbaarheid; noem de regel van het platform en het risico voor het "
         "verkiezingsproces"))
    DEADLINE = ("draft: deadline",
        "{where}: {words!r} sets a deadline or presses for time; leave out when an answer is wanted",
        "{where}: {words!r} stelt een termijn of maant tot haast; laat weg wanneer u antwoord wilt")
    POWER = ("draft: power",
        "{where}: {words!r} claims a legal power or duty; this is a request under the platform's own rules",
        ("{where}: {words!r} beroept zich op een bevoegdheid of plicht; dit is een verzoek op grond van de eigen "
         "regels van het platform"))
    STATUS = ("draft: status",
        ("{where}: {words!r} claims the status of another arrangement; write election flagger (Dutch: "
         "verkiezingen flagger)"),
        "{where}: {words!r} beroept zich op de status van een andere regeling; schrijf verkiezingen flagger")
    INVISIBLE = ("draft: invisible",
        "{where}, line {line}: the character {character} cannot be seen; write the text without it",
        "{where}, regel {line}: het teken {character} is onzichtbaar; schrijf de tekst zonder dit teken")
    TITLE_UNSEEN = ("draft: title unseen",
        "title: its character {place} cannot be seen ({character}); type the title anew, or copy this one: {clean}",
        "titel: teken {place} ervan is onzichtbaar ({character}); typ de titel opnieuw, of neem deze over: {clean}")
    SUBJECT_LINE = "draft: subject line", "subject", "onderwerp"
    BODY = "draft: body", "body", "tekst"
