# SPDX-License-Identifier: EUPL-1.2
"""The closed grammar of a reply's first line: a greeting, a yes, the verb in a usual form, its argument, thanks.

A phrase below is words; `[ ]` may be left out, `(a|b)` is a choice, and any of `, . : ; - ( ) !`, emphasis or space may
separate two words. A word that is in no phrase makes the line something else, so a denial, a doubt, a condition or a
question needs no list of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self

from flaggermail.record.case_values import LanguageCode

_CHUNK = 256  # characters: normalising takes time quadratic in the length of a run of accents
_DECORATED = ("<font>", "<circle>", "<super>", "<sub>", "<square>")  # compatibility forms that look unlike the letter
_UNSEEN = frozenset({"Cf", "Cc", "Mn"})
_OVERLAY = 1  # the combining class of strokes through a letter: the word is crossed out
_BULLETS = (
    "\u2022\u00b7\u25aa\u25e6\u25cf\u2023\uf0b7\uf0a7"  # the last two: Outlook's, in the font Symbol or Wingdings
)
_AROUND = f" *_'\"`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb()[]{{}}{_BULLETS}"
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212")
_APOSTROPHES = frozenset("\u2018\u2019\u02bc`\u00b4")
_QUOTES = frozenset("\u201c\u201d\u201e\u00ab\u00bb")
# Blocks of faces and gestures, of which `_FRIENDLY` alone are taken for a yes or for nothing.
_FACES = ((0x1F600, 0x1F64F), (0x1F90C, 0x1F93E), (0x1F970, 0x1F97A), (0x1F9D0, 0x1F9DF), (0x1FAE0, 0x1FAE9))
_FRIENDLY = frozenset(
    "\U0001f600\U0001f601\U0001f603\U0001f604\U0001f605\U0001f606\U0001f607\U0001f609\U0001f60a\U0001f60c\U0001f60e"
    "\U0001f642\U0001f64b\U0001f64c\U0001f64f\U0001f917\U0001f929\U0001f973\U0001f91d\U0001fae1"
)
# Thumbs down, crosses, prohibition, stop, raised hands, questions, repeat, return, warning, slow, sleep, broken, end.
_DOUBTING = frozenset(
    "\U0001f44e\U0001f593\u274c\u274e\u2716\u2717\u2718\u2612\U0001f5d9\U0001f6ab\u26d4\U0001f6d1\U0001f6b7\u270b"
    "\U0001f590\U0001f595\u2753\u2754\U0001f501\U0001f502\U0001f503\U0001f504\U0001f519\U0001f51a\u26a0\U0001f6a7"
    "\U0001f40c\U0001f4a4\u2639\u2620\U0001f480\U0001f4a9\U0001f494\U0001f3ad\U0001f0cf"
)
# Symbols and dingbats, emoji. The blocks between them hold letters in circles and squares, and flags made of letters.
_PICTURES = ((0x2600, 0x27BF), (0x1F300, 0x1FAFF))
_CLOCK_AND_STAR = frozenset("\u231a\u23f0\u2b50")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as its reader sees it, and the same sign by sign as patterns match it."""

    shown: str
    plain: str

    @classmethod
    def from_text(cls, written: str) -> Self:
        """Reads a line; `shown` is empty if nothing of it is seen."""
        shown = visible_line(written)
        return cls(shown, folded(shown))


def visible_line(line: str) -> str:
    """Returns a line in its usual characters, without invisible ones and without marks around it."""
    chunks = (_usual(line[at : at + _CHUNK]) for at in range(0, len(line), _CHUNK))
    shown = "".join(sign for chunk in chunks for sign in chunk if _is_seen(sign))
    return " ".join(shown.split()).strip(_AROUND)


def folded(line: str) -> str:
    """Returns what `visible_line` returned in small letters without accents, sign by sign: it is as long as `line`."""
    return "".join(map(_folded_sign, line))


def is_doubting(sign: str) -> bool:
    """True for an emoji that may say no, ask, wait or joke."""
    return sign in _DOUBTING or (_is_in(_FACES, sign) and sign not in _FRIENDLY)


def _is_in(blocks: tuple[tuple[int, int], ...], sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in blocks)


def _usual(chunk: str) -> str:
    decorated = not chunk.isascii() and any(unicodedata.decomposition(sign).startswith(_DECORATED) for sign in chunk)
    return unicodedata.normalize("NFC" if decorated else "NFKC", chunk)


def _is_seen(sign: str) -> bool:
    return sign in "\t\n" or unicodedata.category(sign) not in _UNSEEN or unicodedata.combining(sign) == _OVERLAY


def _folded_sign(sign: str) -> str:
    if sign.isascii():
        return sign.lower()
    if sign in _DASHES:
        return "-"
    if sign in _APOSTROPHES:
        return "'"
    if sign in _QUOTES:
        return '"'
    if (_is_in(_PICTURES, sign) and not sign.isnumeric()) or sign in _CLOCK_AND_STAR:
        return sign if is_doubting(sign) else " "
    parts = unicodedata.normalize("NFD", sign)
    plain = parts[0].isascii() and all(map(unicodedata.combining, parts[1:]))
    return parts[0].lower() if plain else sign


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
    "nog niet": (f"[{_IS} ]nog (niet|geen[ inhoudelijk] antwoord)", f"[{_IS} ]geen[ inhoudelijk] antwoord"),
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
    "not yet": (f"[{_IS_EN} ]not yet[ an answer]", f"[{_IS_EN} ](not an|no) answer[ yet]"),
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
_FORMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {LanguageCode.NL: _NL, LanguageCode.EN: _EN}

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
    r"(?: ?(?:uur|u|h)\b)?(?: ?(?P<half>[ap])\.?m\b\.?)?(?: ?(?P<offset>[+-]\d\d:?\d\d)(?!:?\d))?"
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
NUMBER = rf"{GAP}#?(?P<number>(?=[a-z0-9_-]*\d)[a-z0-9]+(?:[-_][a-z0-9]+)*)"
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
    plain = Line.from_text(words[:LONGEST]).plain
    turned = words[:1] == "?" or is_doubting(words[:1]) or _TURNED.match(plain) is not None
    return turned or (denials and _DENIED.match(plain) is not None)


def agrees(words: str) -> bool:
    """True if free text begins with a yes, or is nothing else."""
    return _AGREED.match(Line.from_text(words[:LONGEST]).plain) is not None


def is_greeting(line: Line) -> bool:
    """True if the line greets the desk, or greets without a name; another name means another reader."""
    return len(line.plain) <= LONGEST and _GREETS.fullmatch(line.plain) is not None


_PARTED = re.compile(r"(?<=[.,;:!])\s+")
_MOST_IDLE = 4  # phrases that no sign parts


def is_idle(line: Line, assent: tuple[str, ...]) -> bool:
    """True if a line greets, thanks or agrees in phrases that ask for nothing, and does nothing else."""
    if len(line.plain) > LONGEST:
        return False
    return all(_idle(assent).fullmatch(part) or is_greeting(Line(part, part)) for part in _PARTED.split(line.plain))


def without_idle(line: Line, assent: tuple[str, ...]) -> Line:
    """Returns a line without the parts at its ends that are idle."""
    parts = _PARTED.split(line.shown)
    while len(parts) > 1 and is_idle(Line.from_text(parts[-1]), assent):
        parts.pop()
    while len(parts) > 1 and is_idle(Line.from_text(parts[0]), assent):
        parts.pop(0)
    return Line.from_text(" ".join(parts)) if len(line.plain) <= LONGEST else line


@cache
def _idle(assent: tuple[str, ...]) -> re.Pattern[str]:
    phrase = "|".join(map(pattern_of, (*assent, _THANKS, _REGARDS)))
    return re.compile(f"(?:{GAP})?(?:{phrase})(?:{GAP}(?:{phrase})){{0,{_MOST_IDLE}}}(?:{GAP})?")


def without_name(line: str, names: Collection[str]) -> str:
    """Returns the line without the writer's own name at its end."""
    bare = line.rstrip(" ,.:;!()*_-")
    own = next((name for name in sorted(names, key=len, reverse=True) if bare.endswith(name)), "")
    rest = bare.removesuffix(own)
    return rest if own and rest[-1:] in set(" ,.:;!()*_-") else line


@cache
def _patterns(verb: str, language: str, takes: str, *, agrees: bool) -> tuple[re.Pattern[str], ...]:
    forms = _FORMS.get(language, _EN).get(verb, (verb,))
    head = f"(?:{'|'.join(map(pattern_of, forms))})"
    starts = f"(?:{GAP})?{GREETED}" + (f"(?:{pattern_of(_YES)}{GAP}){{0,2}}" if agrees else "")
    shapes = [f"{head}{takes}{'' if _FREE in takes else ENDS}"]
    if takes == TIME_AND_WORDS:
        shapes.append(f"{pattern_of('[[ik ]heb ]')}{_TIME}{GAP}{head}{_SAID}")  # 21:45 gebeld, ik heb om 21:45 gebeld
    return tuple(re.compile(f"{starts}{shape}", re.DOTALL) for shape in shapes)


_CONSENT_NL = (
    "[(helemaal|mijn) ](akkoord|accoord)[ met]", "hierbij",
    "bij (deze|dezen)", "ik ga[ hierbij] (akkoord|accoord)", "goedgekeurd", "[is ]goed",
    "[ik ]geef akkoord", "[ik ]keur[ (het|dit)] goed",
    "prima", "ja", "oke", "[er]mee eens", "bevestigd", "(mag|kan) (weg|verstuurd worden)", "[(de|mijn) ]code is",
)  # fmt: skip
_CONSENT_EN = (
    "[i ](approve|agree)", "approved", "agreed", "yes", "okay", "fine", "confirmed", "go ahead", "[ok ]to send",
    "good to go", "the code is", "my code is",
)  # fmt: skip
_EITHER = ("ok", "code")
LENGTH = 6  # signs of a code
_MOST = 5  # phrases before the code, and as many behind it
_PHRASE = "|".join(map(pattern_of, (*_CONSENT_NL, *_CONSENT_EN, *_EITHER)))
_CODE = r"[\"']?(?P<code>[a-z0-9]{3}[ .-]?[a-z0-9]{3})[\"']?"  # in two halves, as apps show it
_CODED = re.compile(
    f"(?:{GAP})?{GREETED}(?P<before>(?:(?:{_PHRASE}){GAP}){{0,{_MOST}}}){_CODE}"
    f"(?P<behind>(?:{GAP}(?:{_PHRASE})){{0,{_MOST}}}){ENDS}"
)
_ALONE = re.compile(f"(?:{GAP})?{GREETED}(?P<before>(?:{_PHRASE})(?:{GAP}(?:{_PHRASE})){{0,{_MOST}}}){ENDS}")
_LETTERS = re.compile(r"[a-z]+")
_DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Consent:
    """A code, empty if there is none, the language of the words around it (None without any that tell), and a day.

    The day (ISO 8601) is that on which a policy was read, repeated by the approver; empty without one.
    """

    code: str
    language: str | None
    day: str = ""


def code_in(line: Line, names: Collection[str] = ()) -> Consent | None:
    """Returns the code of a line that holds a code, words of consent, a day, punctuation and emoji, and nothing else.

    The writer's own `names`, folded, may end it.
    """
    if len(line.plain) > LONGEST:
        return None
    days, plain = _DAY.findall(line.plain), _DAY.sub(" ", line.plain)
    if len(days) > 1 or consent_alone(line, names) is not None:
        return None
    found = _CODED.fullmatch(plain) or _CODED.fullmatch(without_name(plain, names))
    if found is None:
        return None
    code = re.sub(r"[ .-]", "", found["code"]).upper()
    return Consent(code, _language(f"{found['before']} {found['behind']}"), *days)


def consent_alone(line: Line, names: Collection[str] = ()) -> Consent | None:
    """Returns the consent in a line that lacks the code."""
    plain = line.plain
    if len(plain) > LONGEST:
        return None
    found = _ALONE.fullmatch(plain) or _ALONE.fullmatch(without_name(plain, names))
    return Consent("", _language(found["before"])) if found is not None else None


def _words(phrases: Collection[str]) -> frozenset[str]:
    return frozenset(_LETTERS.findall(" ".join(phrases))) - {"code"}


def _language(said: str) -> str | None:
    words = set(_LETTERS.findall(said))
    if words & (_words(_CONSENT_NL) - _words(_CONSENT_EN)):
        return "nl"
    return "en" if words & (_words(_CONSENT_EN) - _words(_EITHER)) else None
