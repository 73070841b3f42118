# SPDX-License-Identifier: EUPL-1.2
"""The HTML part of a mail to officers and referrers: a rendered body, with the same words in the same lines.

Nothing in it is hidden, fetched or run, and nothing is a link: replies are refused if they contain text that a reader
does not see, and a stranger's address must not look like ours. No colour is set on an element, so that programs which
drop the style sheet, or darken mail by themselves, keep a readable text.

Strangers' words in mail to officers and referrers: one marked, cut line each.

A subject, title, name, file name or address of a received mail may contain line breaks, invisible characters, or words
that look like a reply or a form line. `guarded` makes every template value one line of visible characters and cuts
what a stranger wrote; `mark_line` puts the mark of others' text before each line that contains a stranger's words.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby, pairwise

from flaggermail.letters.template_values import PLATFORM_TEMPLATES
from flaggermail.mail.vocabulary import visible

MARK = "| "  # of others' text; not ">": some mail programs on phones hide quoted lines
WIDTH = 76  # RFC 5322, section 2.1.1 advises 78; two are left for a quote mark
_DAY = re.compile(r"\b(\d{1,2}) (\w{1,30}) (\d{4})\b")
_INDENT = re.compile(r"[| ]*(?:- )?")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def escape(text: str) -> str:
    """Returns what `html.escape` does, which comes with the names of 2,231 characters: a third of a MiB."""
    return text.translate(_MARKUP)


def fixed(body: str) -> str:
    """Breaks lines beyond the width at a space, repeating the mark of others' text and the indent of a list."""
    return "".join(f"{_within_width(line)}\n" for line in body.splitlines())


def _within_width(line: str) -> str:
    if len(line) <= WIDTH + (len(MARK) if line.startswith(MARK) else 0):  # a line that fitted before it was marked
        return line
    indent = _INDENT.match(line)
    return wrapped(line, indent[0].replace("-", " ") if indent else "")


def wrapped(text: str, indent: str = "", width: int = WIDTH) -> str:
    """Wraps one line of text to the width, with `indent` before the second and later lines.

    Breaks at spaces only and never within a date, so that a search for `6 June 2024` finds it.
    """
    whole_days = _DAY.sub("\\1\x1f\\2\x1f\\3", text)
    lines = textwrap.wrap(whole_days, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\x1f", " ")


LONGEST = 100_000  # octets: some programs show no more of an HTML mail, so that a longer one goes as text alone

_BARE_MARK, _ITEM, _INDENTED = MARK.strip(), "- ", "  "
_UNBROKEN = re.compile(  # a case number, a phone number, a day with or without its time, an option, a reply
    r"\b[A-Z]{1,4}-[A-Z0-9]{1,12}-\d{4}(?:-[A-Z0-9]{4})?(?:/\d{1,3})?\b|\+\d[\d ]{6,18}\d"
    r"|\b\d{1,2} \w{3,9} \d{4}(?: \w{2} \d\d:\d\d)?\b|(?<!\S)\(?--[a-z]+(?:-[a-z]+)*|`\w{1,10} \d{1,3}`"
)
_RULE = re.compile(r"-{20,}")  # above and below a text that an officer copies
_FORM_MARK = re.compile(r"=+ \S+ [0-9a-f]{6} =+")

_NARROWEST, _WIDEST, _LABEL = 72, 80, 30  # characters of a wrapped line, and of a label with its colon

_SHEET = """\
:root{color-scheme:light dark}
body{color:#1b1b1b;background-color:#ffffff}
.fm-others{background-color:#f0f2f5}
.fm-form{background-color:#fff4cc}
@media (prefers-color-scheme:dark){
body{color:#ececec;background-color:#17191c}
.fm-others{background-color:#262b32}
.fm-form{background-color:#3a3214}
}
@media (max-width:480px){
.fm-mail{padding:8px}
}"""
_MAIL = "max-width:460px;padding:16px;overflow-wrap:anywhere;font:16px/1.5 Calibri,'Segoe UI',Arial,sans-serif"
"""460 px hold about 75 characters of a line; longer ones are hard to follow."""
_APART, _CLOSE = "16px", "4px"  # below an element, and before one that no empty line separates from it
_LIST = "padding-left:24px"
_SET_IN = "padding-left:24px"
_BLOCK = "padding:8px 12px"
_TITLE = "padding:8px 12px 8px 24px;text-indent:-12px"  # a block whose only line hangs
_KEPT = r'<span style="white-space:nowrap">\g<0></span>'
_HANGING = "padding-left:12px;text-indent:-12px"
_MARK_WIDE, _SPACE_WIDE, _DASH_WIDE = 12, 4, 9  # pixels, as the fonts of a mail have them
_DEEPEST = 8  # spaces of an indent that the rest of a line follows; more would leave a narrow window no room
_LONG_WORD = re.compile(r"\S{25}")  # in a narrow window it would leave the mark before it alone on its line
_MARK_KEPT = f'<span style="white-space:pre">{MARK}</span>'
_FORM_LINE = "font-family:Consolas,Menlo,monospace;line-height:2"


class _Block(Enum):
    """What a run of lines is."""

    EMPTY = 0
    PARAGRAPH = 1
    LIST = 2
    SET_IN = 3
    OTHERS = 4
    FORM = 5
    RULE = 6
    COPIED = 7
    TITLE = 8  # a line with others' words above all else


def html_part(body: str, *, language: str, title: str) -> str:
    """Returns `body` as an HTML document with that `title`; empty if it would be longer than `LONGEST`."""
    blocks = "\n".join(_written(kind, lines, f"margin:0 0 {below}") for kind, lines, below in _blocks(body))
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_SHEET}\n</style>\n</head>\n"
        f'<body>\n<div class="fm-mail" style="{_MAIL}">\n{blocks}\n</div>\n</body>\n</html>\n'
    )
    return page if len(page.encode("utf-8", "replace")) <= LONGEST else ""


def _blocks(body: str) -> Iterator[tuple[_Block, list[str], str]]:
    """Yields the runs of lines of one kind, each with the space below it, without the empty lines between them."""
    runs = [(kind, [line for _, line in run]) for kind, run in groupby(_lines(body), key=lambda line: line[0])]
    for (kind, lines), (after, _) in pairwise([*runs, (_Block.EMPTY, [])]):
        if kind is not _Block.EMPTY:
            yield kind, lines, _APART if after is _Block.EMPTY else _CLOSE


def _lines(body: str) -> Iterator[tuple[_Block, str]]:
    """Yields each line with its kind; a line set in below a list item belongs to the list."""
    kind, in_form, copied = _Block.EMPTY, False, False
    lines = body.splitlines()
    titled = bool(lines) and lines[0].startswith(MARK) and not any(lines[1:2])
    for at, line in enumerate(lines):
        if titled and at == 0:
            kind = _Block.TITLE
        elif _FORM_MARK.fullmatch(line):
            in_form = not in_form
            kind = _Block.FORM
        elif in_form:
            kind = _Block.FORM
        elif not line:
            kind = _Block.EMPTY
        elif _RULE.fullmatch(line):
            copied, kind = not copied, _Block.RULE
        elif copied:
            kind = _Block.COPIED
        elif line.startswith(MARK) or line == _BARE_MARK:
            kind = _Block.OTHERS
        elif line.startswith(_ITEM) or (line.startswith(_INDENTED) and kind is _Block.LIST):
            kind = _Block.LIST
        else:
            kind = _Block.SET_IN if line.startswith(_INDENTED) else _Block.PARAGRAPH
        yield kind, line


def _written(kind: _Block, lines: Sequence[str], margin: str) -> str:
    """Returns a run of lines as one element."""
    match kind:
        case _Block.LIST:
            inside = "".join(f"<li>{_broken(item)}</li>\n" for item in _items(lines))
            return f'<ul style="{margin};{_LIST}">\n{inside}</ul>'
        case _Block.OTHERS:
            inside = "".join(_others_lines(_rejoined([line[len(MARK) :] for line in lines])))
            return f'<blockquote class="fm-others" style="{margin};{_BLOCK}">\n{inside}</blockquote>'
        case _Block.TITLE:
            # No quotation: below one, what a program quotes without marks would pass for the reader's own words.
            return f'<p class="fm-others" style="{margin};{_TITLE}">{escape(lines[0])}</p>'
        case _Block.FORM:
            inside = _each(_FORM_LINE, map(escape, lines))
            return f'<div class="fm-form" style="{margin};{_BLOCK}">\n{inside}</div>'
        case _Block.SET_IN:
            inside = _each(_HANGING, (_broken([line.strip(" ")]) for line in lines))
            return f'<div style="{margin};{_SET_IN}">\n{inside}</div>'
        case _Block.COPIED:
            return f'<p style="{margin}">{_broken(list(_rejoined(lines)))}</p>'
        case _:
            return f'<p style="{margin}">{_broken([line.strip(" ") for line in lines])}</p>'


def _each(style: str, lines: Iterable[str]) -> str:
    return "".join(f'<div style="{style}">{line}</div>\n' for line in lines)


def _others_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yields others' lines behind their marks; an empty line between them is empty, with no mark alone on it."""
    begun = False
    for line in lines:
        begun = begun or bool(line)
        words = _under_mark(line) if line or not begun else "<br>"
        yield f'<div style="{_hung_below_words(line)};white-space:pre-wrap">{words}</div>\n'


def _hung_below_words(line: str) -> str:
    """Returns the style in which the rest of a wrapped line begins below its words, not below its indent or dash."""
    words = line.lstrip(" ")
    spaces = min(len(line) - len(words), _DEEPEST)
    wide = _MARK_WIDE + spaces * _SPACE_WIDE + (_DASH_WIDE if words.startswith(_ITEM) else 0)
    return f"padding-left:{wide}px;text-indent:-{wide}px"


def _under_mark(line: str) -> str:
    """Returns a line of others' text behind its mark."""
    mark = _MARK_KEPT if _LONG_WORD.match(line) else MARK
    return f"{mark}{escape(line)}".rstrip(" ")


def _items(lines: Sequence[str]) -> list[list[str]]:
    """Returns the lines of each list item, without its dash and indent."""
    items: list[list[str]] = []
    for line in lines:
        if line.startswith(_ITEM):
            items.append([])
        items[-1].append(line[len(_ITEM) :])
    return items


def _rejoined(lines: Sequence[str]) -> Iterator[str]:
    """Joins lines that a program had wrapped, our own included, so that a narrow window can wrap them.

    A line was wrapped if the next word would have made it too long, unless the next line looks like a list or a label.
    """
    whole, last = lines[0], lines[0]
    for line in lines[1:]:
        whole_word = _UNBROKEN.match(line)
        word = whole_word[0] if whole_word else line.partition(" ")[0]
        full = len(last) + 1 + len(word) > _NARROWEST and len(last) <= _WIDEST
        if full and (word[:1].isalnum() or word[:1] == "(") and ":" not in line[:_LABEL]:
            whole = f"{whole} {line}"
        else:
            yield whole
            whole = line
        last = line
    yield whole


def _broken(lines: Sequence[str]) -> str:
    return "<br>\n".join(_UNBROKEN.sub(_KEPT, escape(line)) for line in lines)


# ---- words of strangers


LONGEST_VALUE = 120  # characters of a title, subject, name, file name or address
LONGEST_READ = 80  # characters of the line of a refused reply
LONGEST_LINK = 300
LONGEST_ALARM = 500  # of what an alarm is about: an address, a subject, a server's words, and the setting to mend

AS_WRITTEN = frozenset({*PLATFORM_TEMPLATES, "call_sheet", "referrer_reply", "exercise_mark"})
"""Templates whose values are a person's own words, approved as a whole."""

_STRANGERS: Mapping[str, int] = {
    "title": LONGEST_VALUE, "subject": LONGEST_VALUE, "sender": LONGEST_VALUE, "attachments": LONGEST_VALUE,
    "signer": LONGEST_VALUE, "signer_phone": LONGEST_VALUE, "signer_organisation": LONGEST_VALUE,
    "suggestions": LONGEST_LINK, "hop_by": LONGEST_VALUE, "hop_from": LONGEST_VALUE, "hop_protocol": LONGEST_VALUE,
    "line_read": LONGEST_READ, "in_the_way": LONGEST_READ,
}  # fmt: skip
_OF_ALARMS: Mapping[str, int] = {**_STRANGERS, "what": LONGEST_ALARM}
_OF_DRAFTS: Mapping[str, int] = {"title": LONGEST_VALUE}  # they show the subject that a person approves
# An officer's words, our own form, or what the template marks.
_SEVERAL_LINES = frozenset({"text", "question", "reason", "advice", "form"})
_WITH_ANSWERS = frozenset({"alarm", "approval_notice"})  # they may quote a server
_DRAFTS = frozenset({"approval_request", "submission_request"})
_STRANGER = "\ufdd1"  # begins a stranger's words; a noncharacter, which no text contains
_BREAKS = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def one_line(text: str, longest: int = LONGEST_VALUE) -> str:
    """Returns `text` on one line, without invisible characters, of at most `longest` characters."""
    shown = visible(unmarked(text.translate(_BREAKS)))
    return shown if len(shown) <= longest else f"{shown[: longest - 1].rstrip()}\u2026"


def guarded(template: str, values: Mapping[str, object]) -> Mapping[str, object]:
    """Returns the values of a template, strangers' words in them cut, with a sign for `mark_line`."""
    if template in AS_WRITTEN:
        return values
    strangers = _OF_ALARMS if template in _WITH_ANSWERS else _OF_DRAFTS if template in _DRAFTS else _STRANGERS
    return {name: _guarded(name, value, strangers) for name, value in values.items()}


def left_out(values: Mapping[str, object]) -> Mapping[str, object]:
    """Returns template values with an ellipsis for each subject, title, name and address that a stranger may write."""
    return {name: _left_out(name, value) for name, value in values.items()}


def _left_out(name: str, value: object) -> object:
    if isinstance(value, str):
        return "\u2026" if value and name in _STRANGERS else value
    if isinstance(value, Mapping):
        return left_out(value)
    return [_left_out(name, inner) for inner in value] if isinstance(value, Sequence) else value


def _guarded(name: str, value: object, strangers: Mapping[str, int]) -> object:
    if isinstance(value, str):
        return _words(name, value, strangers)
    if isinstance(value, Mapping):
        return {key: _guarded(str(key), inner, strangers) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_guarded(name, inner, strangers) for inner in value]
    return value


def _words(name: str, value: str, strangers: Mapping[str, int]) -> str:
    if not value or name in _SEVERAL_LINES:
        return value
    if name in strangers:
        words = one_line(value, strangers[name])
        return f"{_STRANGER}{words}" if words else ""
    return one_line(value, len(value))


def mark_line(line: str) -> str:
    """Returns a line of a mail with the mark of others' text if it contains strangers' words."""
    if _STRANGER not in line:
        return line
    words = unmarked(line)
    return words if words.lstrip(" ").startswith(MARK) else f"{MARK}{words}"


def shortened(text: str, longest: int) -> str:
    """Returns a template value cut to that many characters; a stranger's words keep their sign."""
    sign = _STRANGER if text[:1] == _STRANGER else ""
    words = unmarked(text)
    return sign + (words if len(words) <= longest else f"{words[: longest - 1].rstrip()}\u2026")


def unmarked(text: str) -> str:
    """Returns `text` without the signs before strangers' words."""
    return text.replace(_STRANGER, "")
