# SPDX-License-Identifier: EUPL-1.2
"""The closed grammar of a reply's first line: a greeting, a yes, the verb in a usual form, its argument, thanks.

A phrase below is words; `[ ]` may be left out, `(a|b)` is a choice, and any of `, . : ; - ( ) !`, emphasis or space may
separate two words. A word that is in no phrase makes the line something else, so a denial, a doubt, a condition or a
question needs no list of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from flaggermail.record.contacts import LanguageCode
from flaggermail.replies.first_line import Line, is_doubting

GAP = r"[ ,.:;!()*_-]+"  # between two words
LONGEST = 200  # characters of a line that holds no free text

_THIS = "(deze mail|deze zaak|de mail|de zaak|deze|dit|die|hem|hij|het|zaak)"
_THIS_EN = "(this mail|this case|this one|the case|the mail|this|it)"
_NUMBERED = "[ (zaak|dossier)][ (zaaknummer|nummer|nr)]"
_NUMBERED_EN = "[ case][ (number|nr)]"
_IS, _IS_EN = f"[{_THIS} ]is", f"({_THIS_EN} is|it's)"


def pattern_of(phrase: str) -> str:
    """Returns the regular expression of a phrase."""
    return phrase.replace("(", "(?:").replace("[", "(?:").replace("]", ")?").replace(" ", GAP)


_NL: Mapping[str, tuple[str, ...]] = {
    "neem": (f"neem[ {_THIS}][ op (me|mij)]", "neem ik[ (op me|op mij|over)]", f"ik pak {_THIS} op", "pak ik op"),
    "vraag": ("(vraag|vragen)[ aan[ de] melder]",),
    "wijs af": (f"wijs[ {_THIS}] af", "afwijzen", "afgewezen"),
    "nee": ("nee", "niet (akkoord|goedgekeurd)", "afgekeurd", "afkeuren", "afwijzen", "afgewezen"),
    "ok": ("[ja ](ok|oke|okee|okay|o k)", "[(ja|ok|oke) ]doe ik", "[ik ]ben ermee bezig", "[ik ]ben er mee bezig"),
    "gebeld": ("[[ik ]heb ]gebeld",),
    "over aan": ("over aan", "overdragen aan", "draag over aan", "geef door aan"),
    "bij": (f"bij{_NUMBERED}", f"[{_THIS} ]hoort bij{_NUMBERED}"),
    "echt": (f"[{_IS} ]echt",),
    "vals": (f"[{_IS} ](vals|nep|fake|nepmail)",),
    "mens": (f"[{_IS} ][[van ]een ](mens|medewerker|persoon)",),
    "automaat": (f"[{_IS} ][[van ]een ](automaat|robot)", f"[{_IS} ]automatisch"),
    "nieuw": ("nieuw", f"[{_IS} ][een ]nieuwe zaak", "(open|maak) een nieuwe zaak"),
    "ruis": (f"[{_IS} ](ruis|spam)",),
    "verstuurd": (f"[{_IS} ](verstuurd|verzonden|aangekomen)",),
    "niet verstuurd": (f"[{_IS} ]niet (verstuurd|verzonden|aangekomen)", "opnieuw[ (versturen|verzenden)]"),
    "gedaan": ("gedaan", "ingediend"),
    "antwoord": ("antwoord",),
    "stand": ("stand[ van zaken]",),
    "toon": (f"toon{_NUMBERED}",),
    "ruil met": ("[ik ]ruil met", "ruilen met"),
}
_EN: Mapping[str, tuple[str, ...]] = {
    "take": (f"take[ {_THIS_EN}]", "take case", f"(i|i'll|i will) take[ {_THIS_EN}]", f"taking {_THIS_EN}"),
    "ask": ("ask[ the referrer]", "question for the referrer"),
    "decline": (f"[i ]decline[ {_THIS_EN}]", "declined"),
    "no": ("no", "not (approved|agreed)", "reject", "rejected"),
    "ok": ("[yes ](ok|okay)", "[(yes|ok|okay) ](on it|will do)", "[(yes|ok|okay) ](i'm|i am) on it"),
    "called": ("[i ](called|phoned)",),
    "to": ("to", "over to", "hand over to", "pass to"),
    "with": (f"with{_NUMBERED_EN}", f"[{_THIS_EN} ](belongs to|goes with){_NUMBERED_EN}"),
    "genuine": (f"[{_IS_EN} ]genuine",),
    "forged": (f"[{_IS_EN} ](forged|fake|a fake)",),
    "person": (f"[{_IS_EN} ][[from ]a ](person|human)",),
    "robot": (f"[{_IS_EN} ][[from ]a ](robot|machine)", f"[{_IS_EN} ]automatic"),
    "new": ("new", f"[{_IS_EN} ][a ]new case", "open a new case"),
    "noise": (f"[{_IS_EN} ](noise|spam|junk)",),
    "sent": (f"[({_IS_EN}|it was) ](sent|delivered)",),
    "not sent": (f"[({_IS_EN}|it was) ]not (sent|delivered)", f"send[ {_THIS_EN}] again", "retry", "resend"),
    "done": ("done", "submitted"),
    "answer": ("answer", "answered"),
    "status": ("status[ please]",),
    "show": (f"show[ me]{_NUMBERED_EN}",),
    "swap with": ("[i ]swap with",),
}
_FORMS = {LanguageCode.NL: _NL, LanguageCode.EN: _EN}

_DESK = "(desk|flagger|verkiezingenflagger|verkiezingsflagger)"
_HOUR = "(morgen|middag|avond|nacht)"
_GREETING = (
    f"((hoi|hallo|hey|hi|hello|dag|goede{_HOUR}|goeden{_HOUR}|goeie{_HOUR}|goeien{_HOUR}"
    f"|good (morning|afternoon|evening))[ {_DESK}]|(beste|geachte|dear) {_DESK})"
)
_YES = "(ok|oke|okee|okay|ja|yes|prima|bevestigd|confirmed)"
_THANKS = "(graag|[alvast ]bedankt|dank[ (je|u)][ wel]|dankjewel|dankuwel|aub|svp|thanks|thank you|thx|please)"
_REGARDS = "([[met ]vriendelijke ](groet|groeten)|groetjes|gr|mvg|[(kind|best) ]regards|cheers)"
GREETED = f"(?:{pattern_of(_GREETING)}{GAP})?"
ENDS = f"(?:{GAP}{pattern_of(_THANKS)})?(?:{GAP}{pattern_of(_REGARDS)})?(?:{GAP})?"
_GREETS = re.compile(f"(?:{GAP})?{pattern_of(_GREETING)}(?:{GAP})?")
_TIME = (
    r"(?:(?:om|at) )?(?P<hour>\d{1,2})(?: ?[:.] ?| ?h ?| ?u ?)(?P<minute>\d\d)(?![\d]|[:.]\d)"
    r"(?: ?(?:uur|u|h)\b)?(?: ?(?P<half>[ap])\.?m\b\.?)?"
)

_TURNED = re.compile(
    r"(?:maar|toch|of|als|mits|tenzij|indien|zodra|misschien|wellicht|wacht|stop|denk ik|dacht ik|geloof ik|lijkt me"
    r"|but|or|if|unless|until|provided|maybe|perhaps|wait|hold|i think|i thought|i guess)\b"
)
_DENIED = re.compile(r"(?:nog )?(?:niet|nee|nooit|not|no|never)\b")
_AGREED = re.compile(
    rf"(?:{pattern_of(_YES)}|akkoord|approved?|agreed|{pattern_of('geen (bezwaar|probleem)')}|{pattern_of('toch wel')}"
    rf"|{pattern_of('no (objection|problem)')}|{pattern_of('go ahead')})\b|(?:goed|fine|{pattern_of(_THANKS)}){GAP}?$"
)

# ---- arguments of verbs

_FREE = "(?P<words>"  # of an argument that is free text: nothing ends it
WORDS = r"(?: ?: ?| ?[;-] )(?P<words>\S.*)"
REASON = r"(?: ?(?P<colon>:) ?| ?[;,.!-]+ | \()(?P<words>\S.*)"
NUMBER = rf"{GAP}#?(?P<number>(?=[a-z0-9-]*\d)[a-z0-9]+(?:-[a-z0-9]+)*)"
NAME = rf"{GAP}(?P<name>\S.{{0,79}}?)"
CODE = rf"(?:{GAP}(?P<code>[a-z0-9]+))?"
_SAID = r"(?![a-z0-9])(?P<words>.*)"
TIME = rf"(?:{GAP}{_TIME})?"
TIME_AND_WORDS = rf"{GAP}{_TIME}{_SAID}"


def matched(line: Line, verb: str, language: str, takes: str, *, agrees: bool) -> Mapping[str, str] | None:
    """Returns the argument if a line is a form of that verb and nothing else; None if it is not.

    `takes` is one of the arguments above or a pattern like them, empty for none. `agrees`: a yes may stand first.
    """
    if _FREE not in takes and len(line.plain) > LONGEST:
        return None
    for pattern in _patterns(verb, language, takes, agrees=agrees):
        if found := pattern.fullmatch(line.plain):
            spans = {name: found.span(name) for name, said in found.groupdict().items() if said}
            return {name: line.shown[begin:end].strip() for name, (begin, end) in spans.items()}
    return None


def turns(words: str, *, denials: bool) -> bool:
    """True if free text begins by taking the verb back: a condition, a doubt, a question; a denial if `denials`."""
    plain = Line.of(words[:LONGEST]).plain
    turned = words[:1] == "?" or is_doubting(words[:1]) or _TURNED.match(plain) is not None
    return turned or (denials and _DENIED.match(plain) is not None)


def agrees(words: str) -> bool:
    """True if free text begins with a yes, or is nothing else."""
    return _AGREED.match(Line.of(words[:LONGEST]).plain) is not None


def is_greeting(line: Line) -> bool:
    """True if the line greets the desk or nobody by name; who greets others writes to them."""
    return len(line.plain) <= LONGEST and _GREETS.fullmatch(line.plain) is not None


def without_name(line: str, names: Collection[str]) -> str:
    """Returns the line without the writer's own name at its end."""
    bare = line.rstrip(" ,.:;!()*_-")
    own = next((name for name in sorted(names, key=len, reverse=True) if bare.endswith(name)), "")
    rest = bare.removesuffix(own)
    return rest if own and rest[-1:] in set(" ,.:;!()*_-") else line


@cache
def _patterns(verb: str, language: str, takes: str, *, agrees: bool) -> tuple[re.Pattern[str], ...]:
    forms = _FORMS[LanguageCode(language)].get(verb, (verb,))
    head = f"(?:{'|'.join(map(pattern_of, forms))})"
    starts = f"(?:{GAP})?{GREETED}" + (f"(?:{pattern_of(_YES)}{GAP}){{0,2}}" if agrees else "")
    shapes = [f"{head}{takes}{'' if _FREE in takes else ENDS}"]
    if takes == TIME_AND_WORDS:
        shapes.append(f"{pattern_of('[[ik ]heb ]')}{_TIME}{GAP}{head}{_SAID}")  # 21:45 gebeld, ik heb om 21:45 gebeld
    return tuple(re.compile(f"{starts}{shape}", re.DOTALL) for shape in shapes)
