# SPDX-License-Identifier: EUPL-1.2
"""What to do about a refusal: the hint of a refusal has its code, and words for each way in which it is read."""

from __future__ import annotations

from flaggermail.wording.said import UNSAID, Sentence, StoredText


class WithHint(Sentence):
    """A refusal, and what its reader can do, or who was faster."""

    HINTED = "refusal and hint"
    AFTER = "refusal and act"


class HintByCommand(Sentence):
    """What a reader at the command line can do."""

    CASE_OR_ELECTION = "by command: case or election"
    PLAN_FIRST = "by command: plan first"
    POLICY_DAY_TO_REPEAT = "by command: policy day to repeat"
    NOTHING_TO_ASK = "by command: nothing to ask"
    ELECTION_CLOSED = "by command: election closed"
    NOTHING_TO_CORRECT = "by command: nothing to correct"
    CASE_UNDECIDED = "by command: case undecided"
    CHANNEL_BOUNCED = "by command: channel bounced"
    ADDRESS_NOT_BAD = "by command: address not bad"
    NO_NODE_LEADS = "by command: no node leads"
    NO_NODE_READY = "by command: no node ready"
    NOTE_NEEDS_CHANNEL = "by command: note needs channel"
    USE_NEEDS_CHANNEL = "by command: use needs channel"
    NOT_DECIDED_TO_NOTIFY = "by command: not decided to notify"
    TEXT_NOT_APPROVED = "by command: text not approved"
    DRAFT_WAITS = "by command: draft waits"
    HAS_NO_DEVICE = "by command: has no device"
    HAS_DEVICE = "by command: has device"
    NO_POLLING_DAY = "by command: no polling day"
    EXERCISE_RUNS = "by command: exercise runs"
    NO_EXERCISE = "by command: no exercise"
    NO_SUCH_ELECTION = "by command: no such election"
    DAEMON_NOT_RUN = "by command: daemon not run"
    NO_SUCH_CASE = "by command: no such case"
    NO_SUCH_DRAFT = "by command: no such draft"
    NO_DRAFT_OF_CASE = "by command: no draft of case"
    NO_SUCH_MAIL = "by command: no such mail"
    MARK_IT = "by command: mark it"
    NAME_THE_CASE = "by command: name the case"
    NAME_THE_USE = "by command: name the use"
    NO_COPY = "by command: no copy"
    INSTANT_UNKNOWN = "by command: instant unknown"
    INSTANT_KNOWN = "by command: instant known"
    PLACE_FIRST = "by command: place first"
    NAME_A_KIND = "by command: name a kind"
    TEXT_NEEDED = "by command: text needed"
    EXCHANGE_NEEDS_CHANNEL = "by command: exchange needs channel"
    APPROVED_NOT_DONE = "by command: approved not done"
    MAIL_WAITED_BEFORE = "by command: mail waited before"
    NO_SUCH_REMINDER = "by command: no such reminder"
    NO_SUCH_SHIFT = "by command: no such shift"
    NOBODY_ON_CALL = "by command: nobody on call"
    ROW_DIFFERS = "by command: row differs"
    SAY_WHEN_SENT = "by command: say when sent"
    IN_DOUBT = "by command: in doubt"
    NO_SUCH_NOTIFICATION = "by command: no such notification"
    NO_OPEN_ELECTION = "by command: no open election"
    SAY_WHERE = "by command: say where"
    REMEMBER_NEW = "by command: remember new"
    SPEED_NEEDS_STORY = "by command: speed needs story"
    OBSERVES = "by command: observes"
    POLLING_DAY_TODAY = "by command: polling day today"
    FITS_SEVERAL = "by command: fits several"
    NOT_REMEMBERED = "by command: not remembered"
    SENDER_NOT_VERIFIED = "by command: sender not verified"
    EXERCISE_TEACHES_NOTHING = "by command: exercise teaches nothing"
    OBSERVING = "by command: observing"
    DRAFT_FAULTY_LETTER = "by command: draft faulty letter"
    REFERRER_UNPROVEN = "by command: referrer unproven"
    HOLD_OF_ONE_THING = "by command: hold of one thing"
    NO_SUCH_HOLD = "by command: no such hold"
    KEPT_BY_HOLD = "by command: kept by hold"
    EXCLUDES_NO_CASE = "by command: excludes no case"
    EXCLUDES_WHAT_IS_JUDGED = "by command: excludes what is judged"
    EXCLUDES_IN_WINDOW = "by command: excludes in window"
    EXCLUDES_NOTHING_HELD = "by command: excludes nothing held"
    EXCLUDES_AFTER_SENDING = "by command: excludes after sending"
    NO_DRAFT = "by command: no report draft"
    FROZEN = "by command: report frozen already"
    NOT_FROZEN = "by command: report not frozen"
    NOT_OVER = "by command: election not over"
    WHICH_ELECTION = "by command: which election"
    DRAFT = "by command: lacking: draft"
    NO_SUCH_ATTACHMENT = "by command: view: no such attachment"
    STORY_NOT_PLAYED = "by command: view: story not played"
    TEXT_WITHIN_CASE = "by command: view: text within case"
    NO_HEAD = "by command: view: no head"
    WORD_NOT_UNDERSTOOD = "by command: view: word not understood"


class HintByMail(Sentence):
    """What a reader of a mail can answer; the line of a terminal if no answer does it."""

    vars().update({one.name: one.replace("command", "mail", 1) for one in HintByCommand})


def hint(refusal: StoredText, way: type[HintByCommand | HintByMail]) -> StoredText:
    """Returns the hint of a refusal for those who read it that way; nothing if it has none."""
    found = next((one for one in way if one.value.partition(": ")[2] == refusal.code), None)
    return refusal.retold(found) if found is not None else UNSAID


def hinted(refusal: StoredText, way: type[HintByCommand | HintByMail], earlier: StoredText | None = None) -> StoredText:
    """Returns a refusal with its hint for those who read it that way, and with the act that came before it, if any."""
    found = hint(refusal, way)
    told = WithHint.AFTER(refusal=refusal, act=earlier) if earlier else refusal
    return WithHint.HINTED(refusal=told, hint=found) if found else told
