# SPDX-License-Identifier: EUPL-1.2
"""What earlier versions of the events said in a sentence, and what is said in a field of its own or by a code since.

Versions 1 and 2 said in a sentence or in a key what version 3 says in a field (`completed`); versions 1 to 3 said in
English what version 4 says by a code (`coded`); versions 1 to 4 left to be concluded what version 5 says in a field
(`based`). Only the codec and migrations 0007, 0010 and 0012 read these sentences. In all, a field follows from one
row's values alone, so that a row that was migrated equals the fold of its events.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flaggermail.record.alarm_kinds import AlarmKind
from flaggermail.record.clocks import InstantBasis
from flaggermail.record.rows import Notification
from flaggermail.wording.filing import Basis, Filed, Hint, SignatureProof, Vouched
from flaggermail.wording.said import Said, Sentence, as_written

CODED = {"message": ("reason", "match_basis", "verdict_basis", "suggestions"), "alarm": ("text",)}
"""By table, the fields that are said by a code since version 4."""
_SUGGESTION = re.compile(r"(\S+) \((\d{1,3})\): (.*)", re.DOTALL)
_COMMITTED = "sha256:"  # what stands for a personal value that was erased
_CODED = '{"code":'  # what is coded already
_IN_JUNK = "; in the junk folder"
READ = {
    "message": ("match_basis", "reason", "verdict_basis", "rule"),
    "outbox": ("dedupe", "shows"),
    "held_back": ("dedupe", "shows"),
    "alarm": ("kind", "text"),
}
"""By table, the fields that hold such a sentence or are completed by it."""


def completed(table: str, values: Mapping[str, object]) -> dict[str, str | bool | None]:
    """Returns the fields that these values of a row, or of a change of one, imply; names today's tables and fields."""
    match table:
        case "message":
            return _of_message(values)
        case "outbox" | "held_back":
            shown = _after("notice/", values.get("dedupe"))
            return {"shows": shown.partition("/")[0]} if shown and values.get("shows") is None else {}
        case "alarm" if values.get("kind") == AlarmKind.WAITING:
            return {"officer": _after("", values.get("text"))}
    return {}


def _of_message(values: Mapping[str, object]) -> dict[str, str | bool | None]:
    found: dict[str, str | bool | None] = {}
    if "match_basis" in values:
        found["enclosed_in"] = _after("forwarded in ", values["match_basis"])
        found["placed_by"] = _after("placed by ", values["match_basis"])
    if "reason" in values:
        found["from_junk"] = _IN_JUNK in str(values["reason"])
    if "verdict_basis" in values:
        found["confirmed_by"] = _after("confirmed by ", values["verdict_basis"])
    if "rule" in values:
        found["corrected_by"] = _after("corrected by ", values["rule"])
    return found


def coded(table: str, values: Mapping[str, object]) -> dict[str, str | list[str]]:
    """Returns, by code, what these values of a row, or of a change of one, say in English.

    A sentence without a code is kept as it was written.
    """
    found: dict[str, str | list[str]] = {}
    for name in CODED.get(table, ()):
        value = values.get(name)
        if isinstance(value, str):
            found[name] = _coded(value)
        elif isinstance(value, Sequence):
            found[name] = [_suggestion(str(one)) for one in value]
    return found


def based(table: str, values: Mapping[str, object]) -> dict[str, str]:
    """Returns what the instant of a sending rests on, if these values of a notification say that it was sent by hand.

    One that was found in Sent has the Message-ID of that copy and no octets of ours; any other was noted. A mail of
    ours that an officer settled cannot be told apart, and counts as accepted by the server.
    """
    if table != Notification.TABLE or not values.get("by_hand"):
        return {}
    copied = values.get("message_id") and not values.get("digest", "ours")
    return {"sent_basis": InstantBasis.SENT_COPY if copied else InstantBasis.BY_HAND}


def _coded(sentence: str) -> Said:
    if not sentence or sentence.startswith((_COMMITTED, _CODED)):
        return Said(sentence)
    known = SENTENCES.get(sentence)
    if known is not None:
        return known()
    for begin, code, name in _WITH_DETAIL:
        if (rest := _after(begin, sentence)) is not None:
            return code(**{name: rest})
    return as_written(sentence)


def _suggestion(text: str) -> Said:
    """Returns a stored suggestion: the case, its score and the clues, as far as they can be told apart."""
    if text.startswith(_CODED):
        return Said(text)
    found = _SUGGESTION.fullmatch(text)
    case, _, clues = (found[1], "", found[3]) if found else text.partition(": ")
    score = int(found[2]) if found else 0
    why = [CLUES[clue]() if clue in CLUES else _coded(clue) for clue in clues.split("; ") if clue]
    return Hint.SUGGESTION(case=case, score=score, why=why)


def _after(begin: str, sentence: object) -> str | None:
    """Returns the rest of a sentence that begins so; else None."""
    return sentence[len(begin) :] if isinstance(sentence, str) and sentence.startswith(begin) else None


_WITH_DETAIL: Sequence[tuple[str, Sentence, str]] = (
    ("placed by ", Basis.BY_HAND, "officer"),
    ("forwarded in ", Basis.ENCLOSED, "message"),
    ("confirmed by ", Vouched.CONFIRMED, "officer"),
    ("put back by ", Filed.PUT_BACK, "officer"),
    ("could not be judged: ", Filed.UNJUDGED, "fault"),
)
SENTENCES: Mapping[str, Sentence] = {
    "in an officer's name, in answer to a mail about no case": Filed.OFFICERS_NAME,
    "a platform's mail that fits no case": Filed.PLATFORM_UNPLACED,
    "no rule knows what it is": Filed.UNKNOWN,
    "machine mail that carries a referral": Filed.CARRIES_REFERRAL,
    "nobody wrote it for the desk": Filed.NOBODY_WROTE,
    "possible unregistered use: typed by hand to a channel": Filed.TYPED_TO_CHANNEL,
    "sent by a colleague in this case": Filed.COLLEAGUE_IN_CASE,
    "sent by a colleague, belongs to no case": Filed.COLLEAGUE,
    "filed; the sender failed the check and stops nothing": Filed.FAILED,
    "filed; unverified, stops nothing until a person confirms it": Filed.UNVERIFIED,
    "filed; its arrival is disputed and needs a person": Filed.ARRIVAL_DISPUTED,
    "filed in its case": Filed.IN_CASE,
    "a referral": Filed.REFERRAL,
    "looks like a referral, but its sender is unverified": Filed.REFERRAL_UNVERIFIED,
    "looks like a referral, but its sender is failed": Filed.REFERRAL_FAILED,
    "may belong to a case that is there": Filed.MAY_BELONG,
    "looks like a referral, but no election is open": Filed.NO_ELECTION,
    "this sender was declined in this period": Filed.DECLINED_BEFORE,
    "looks like a citizen's report, but its sender is unverified": Filed.CITIZEN_UNVERIFIED,
    "looks like a citizen's report, but its sender is failed": Filed.CITIZEN_FAILED,
    "looks like a citizen's report: a person decides": Filed.CITIZEN_TO_JUDGE,
    "a citizen's report about a single post": Filed.CITIZEN,
    "attached to the mail that brought it": Filed.ATTACHED,
    "a case was opened from it": Filed.CASE_OPENED_FROM,
    "a decline taken back": Filed.DECLINE_TAKEN_BACK,
    "declined by a person": Filed.DECLINED_BY_PERSON,
    "our answer to a citizen came back": Filed.ANSWER_CAME_BACK,
    "token of ours": Basis.TOKEN,
    "sent by us": Basis.OURS,
    "nobody was asked who wrote it": Vouched.NOBODY_ASKED,
    "signatures are checked only for domains of a platform": Vouched.ONLY_PLATFORMS,
    "no receiving server is configured to vouch for senders": Vouched.NO_SERVER,
    "the mail does not have exactly one author": Vouched.NO_AUTHOR,
    "this mail": Vouched.THIS_MAIL,
    "nobody vouches for an attached mail": Vouched.ENCLOSED,
    "composed here": Vouched.COMPOSED,
    "the mail is too large for its signature to be checked": SignatureProof.TOO_LARGE,
    "its key is not in the DNS, or not readable": SignatureProof.KEY_MISSING,
    "its i= lies outside its domain": SignatureProof.IDENTITY,
    "it covers only the beginning of the text (l=)": SignatureProof.PARTIAL,
    "it has expired (x=)": SignatureProof.EXPIRED,
    "it does not say when it was made": SignatureProof.UNDATED,
    "its key was withdrawn": SignatureProof.KEY_WITHDRAWN,
    "its record holds no key": SignatureProof.NO_KEY,
    "its key is of a kind that is not checked here": SignatureProof.KEY_KIND,
    "its key does not allow SHA-256": SignatureProof.KEY_HASH,
    "its key is not for mail": SignatureProof.KEY_PURPOSE,
    "its key says that the signer is only testing": SignatureProof.KEY_TEST,
}
"""The sentences of versions 1 to 3 that held no detail."""
CLUES: Mapping[str, Sentence] = {
    "it was attached to mail of this case": Hint.ATTACHED,
    "the same referral was taken in before": Hint.SAME_REFERRAL,
    "answers mail of ours in this case": Hint.OUR_KEY,
    "refers to something that mail of this case named": Hint.SAME_THREAD,
    "its number is named": Hint.NUMBER,
    "it bears the number as we sent it there": Hint.TAIL,
    "it quotes words of ours": Hint.QUOTES,
    "answers its mail under another subject": Hint.OTHER_SUBJECT,
    "waits for an answer of this platform": Hint.WAITS,
    "the texts agree": Hint.SAME_TEXT,
    "the same subject and somebody in common": Hint.SAME_SUBJECT,
    "the same web address in both": Hint.SAME_ADDRESS,
    "this sender has a case that is open": Hint.SAME_SENDER,
    "it was not addressed to us": Hint.NOT_TO_US,
    "nobody vouches for its sender": Hint.NOT_VERIFIED,
    "it comes from another address than was known there": Hint.OTHER_ADDRESS,
    "that mail went to somebody else": Hint.OTHER_RECIPIENT,
    "the case is closed": Hint.CLOSED,
    "that alone places no mail": Hint.NOT_ENOUGH,
}
"""The clues of versions 1 to 3."""
