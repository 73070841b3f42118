# SPDX-License-Identifier: EUPL-1.2
"""Names of things and of closed values, as parts of sentences."""

from __future__ import annotations

from flaggermail.wording.said import Sentence


class RefusalPart(Sentence):
    """The words for a detail of a refusal."""

    CASE = "part: case"
    MESSAGE = "part: message"
    NOTIFICATION = "part: notification"
    OUTBOX = "part: outbox"
    REMINDER = "part: reminder"
    ADDRESS = "part: address"
    DEVICE = "part: device"
    ELECTION = "part: election"
    ROTA = "part: rota"
    HOLD = "part: hold"
    ANNEX = "part: annex"
    DESK = "part: desk"
    DRAFT = "part: draft"
    OFFICER = "part: officer"
    ATTACHED_MAIL = "part: attached mail"
    THE_DESK = "part: the desk"
    USE_OTHER = "part: use other"
    OR = "part: or"
    NO_OTHER_CHANNEL = "part: no other channel"
    SPAN = "part: span"
    SPAN_OPEN = "part: span open"
    JOINED = "part: joined"
    NONE_SENT = "part: none sent"
    ELECTIONS_OPEN = "part: elections open"
    NO_ELECTION_OPEN = "part: no election open"
    NO_NARRATIVE = "part: no narrative"
    NO_NARRATIVES = "part: no narratives"
    NO_TAGS = "part: no tags"
    FOLDER_OF_ANOTHER = "part: folder of another"
    ACTED = "part: acted"
    ACTED_ON = "part: acted on"


class LetterText(Sentence):
    """What a mail to an officer says of itself."""

    SHIPPED = "letter: shipped"


class MeantimeAct(Sentence):
    """What another person did in the meantime, by the name of the event; any other event is a change."""

    CASE_OPENED = "did: case opened"
    CASE_ASSESSED = "did: case assessed"
    CASE_DECIDED = "did: case decided"
    CASE_ASSIGNED = "did: case assigned"
    CASE_CLOSED = "did: case closed"
    CASE_REOPENED = "did: case reopened"
    CONTACT_NOTED = "did: contact noted"
    INFORMATION_REQUESTED = "did: information asked"
    MESSAGE_TAKEN_IN = "did: message taken in"
    MESSAGE_PLACED = "did: message placed"
    MESSAGE_CONFIRMED = "did: message confirmed"
    MESSAGE_REFUSED = "did: message refused"
    NOTIFICATION_DRAFTED = "did: notification drafted"
    NOTIFICATION_APPROVED = "did: notification approved"
    NOTIFICATION_REJECTED = "did: notification rejected"
    NOTIFICATION_SENT = "did: notification sent"
    REMINDER_ACKNOWLEDGED = "did: reminder acknowledged"
    REMINDER_HANDED_OVER = "did: reminder handed over"
    MESSAGE_EXCLUDED = "did: message excluded"
    HOLD_PLACED = "did: hold placed"
    HOLD_LIFTED = "did: hold lifted"
    ROTA_OVERRIDDEN = "did: rota overridden"
    CHANGED = "did: changed"


class TypeWord(Sentence):
    """What a case is about."""

    CONTENT = "type: content"
    CHANNEL = "type: channel"
    ADVERT = "type: advert"
    GENERAL_WARNING = "type: general warning"
    OTHER = "type: other"


class SourceWord(Sentence):
    """Who reported a case."""

    MEDIA = "source: media"
    FACT_CHECKER = "source: fact checker"
    GOVERNMENT_BODY = "source: government body"
    FELLOW_AUTHORITY = "source: fellow authority"
    UNKNOWN = "source: unknown"


class DecisionWord(Sentence):
    """What was decided on a case."""

    NOTIFY = "decision: notify"
    DECLINE = "decision: decline"
    REFER = "decision: refer"
    NONE = "decision: none"


class WaitedWord(Sentence):
    """What a clock waits for."""

    RECEIPT = "waited: receipt"
    HUMAN = "waited: human"
    SUBSTANCE = "waited: substance"


class DeviceWord(Sentence):
    """The state of an officer's device for one-time codes."""

    NONE = "device: none"
    LOCKED = "device: locked"
    LOST = "device: lost"
    VALID = "device: valid"
    WAITS = "device: waits"


class MailWord(Sentence):
    """The state of an outgoing mail."""

    QUEUED = "mail state: queued"
    ATTEMPTING = "mail state: attempting"
    ACCEPTED = "mail state: accepted"
    REFUSED = "mail state: refused"
    UNCERTAIN = "mail state: uncertain"
    CANCELLED = "mail state: cancelled"


class ConfigurationPart(Sentence):
    """How the files of a caller differ from the configuration that the daemon took in."""

    DIFFERS = "configuration differs"
    FIELDS = "configuration: fields"
    WHOLE = "configuration: whole"


class NodePart(Sentence):
    """How the clock of a node differs from the database's."""

    AHEAD = "node: clock ahead"
    BEHIND = "node: clock behind"
