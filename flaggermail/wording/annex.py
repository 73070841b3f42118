# SPDX-License-Identifier: EUPL-1.2
"""What the form of an annex and a declaration of destruction say."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class AnnexLabel(Sentence):
    """Words of the desk in an annex; those before a value are `account.AccountLabel`."""

    TITLE = "annex: title"
    MAIL = "annex: mail"
    NO_SUBJECT = "annex: no subject"
    ATTACHMENT = "annex: attachment"
    COMMENT = "annex: comment"
    PRINTED_ABOVE = "annex: printed above"
    SPOKEN = "annex: spoken"
    IN_PORTAL = "annex: in portal"
    LOST_MAIL = "annex: lost mail"
    LEGEND = "annex: legend"
    FLOWED = "annex: flowed"
    UNSEEN = "annex: unseen"


class FormWords(Sentence):
    """The head of the form in which a person edits the marks, line by line."""

    HOW = "annex form: how"
    KEEP = "annex form: keep"
    CONFIRM = "annex form: confirm"
    SIGNS = "annex form: signs"
    WORDS_LEFT = "annex form: words left"
    TICKS = "annex form: ticks"
    GROUNDS = "annex form: grounds"


class WooGround(Sentence):
    """A ground of the Wet open overheid for not publishing something: article, paragraph and letter."""

    CROWN = "5.1.1a"
    STATE_SECURITY = "5.1.1b"
    BUSINESS_DATA = "5.1.1c"  # given to the government in confidence
    SPECIAL_PERSONAL_DATA = "5.1.1d"
    IDENTIFICATION_NUMBERS = "5.1.1e"
    FOREIGN_RELATIONS = "5.1.2a"
    STATE_FINANCES = "5.1.2b"
    PROSECUTION = "5.1.2c"
    SUPERVISION = "5.1.2d"
    PERSONAL_SPHERE = "5.1.2e"
    COMPETITION = "5.1.2f"
    ENVIRONMENT = "5.1.2g"
    SECURITY = "5.1.2h"  # of persons and companies, against sabotage
    GOVERNMENT_FUNCTIONING = "5.1.2i"
    DISPROPORTIONATE_HARM = "5.1.5"
    POLICY_OPINIONS = "5.2"  # personal, in internal deliberation
    NOT_SEEN = "ongezien"  # no ground of the law: the HTML of the mail hid the words, so nobody read them


class MarkedPlace(Sentence):
    """Where else words stand that a person marked, by the part of the mail."""

    SUBJECT = "marked place: subject"
    FROM = "marked place: from"
    TO = "marked place: to"
    CC = "marked place: cc"
    BODY = "marked place: body"
    ATTACHMENT = "marked place: attachment"


class DeclarationText(Sentence):
    """Every line and every part of a line, without its indentation."""

    TITLE = "declaration: title"
    DRY_RUN = "declaration: dry run"
    ORGANISATION = "declaration: organisation"
    AS_OF = "declaration: as of"
    OF_ELECTION = "declaration: of election"
    OF_ALL = "declaration: of all"
    WHAT = "declaration: what"
    LISTED = "declaration: listed"
    OF_CLASS = "declaration: class"
    NUMBER = "declaration: number"
    PERIOD = "declaration: period"
    BEGAN = "declaration: began"
    BASIS = "declaration: basis"
    NOT = "declaration: not"
    HELD = "declaration: held"
    HOLDS = "declaration: holds"
    TRANSFER = "declaration: transfer"
    WAY = "declaration: way"
    APPROVAL = "declaration: approval"
    HEAD = "declaration: head"
    ARCHIVIST = "declaration: archivist"
    RESPONSIBLE = "declaration: responsible"
    SIGNATURE = "declaration: signature"

    SUM = "declaration: sum"
    CASES = "declaration: cases"
    MESSAGES = "declaration: messages"
    FROM_CLOSING = "declaration: from closing"
    FROM_ELECTION = "declaration: from election"
    FROM_ARRIVAL = "declaration: from arrival"
    TO_FILL_IN = "declaration: to fill in"
