# SPDX-License-Identifier: EUPL-1.2
"""The tags, texts and open elements of an HTML mail, read as the WHATWG HTML standard has browsers read them.

Whatever is asked of a page is read from these marks: its text (`html_text`), what it hides (`hidden_html`), and what
its reader surely sees (`visible_html`). Each character is visited a fixed number of times, also in unclosed tags,
attributes and comments. html.parser is not used: it takes 20 seconds for 120 kB of unclosed attributes.
"""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeAlias, TypeVar

from flaggermail.mail.css_values import Look, applied, declarations

LONGEST = 2_000_000  # characters read; the text of a real mail lies within them
RAW = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "textarea", "title"))
"""Elements whose content is no markup."""

_MARK = re.compile(
    r"""<(?:(/?)([A-Za-z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])))*+)>"""
    r"""|!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+--!?>)|(?!!--)[!?/][^>]*+>|([A-Za-z!?/]))"""
)
"""A tag, or a comment or declaration; the last group is one that never ends."""
_CLOSED = re.compile(r"<(?:(/?)([A-Za-z][A-Za-z0-9:]{0,20})(?=[\s/>])([^<>]{0,5000}+)>|(!--)|[!?][^<>]{0,5000}+>)")
_RAW_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII) for name in RAW}
_ATTRIBUTE = re.compile(r"""([^\s/>"'=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
))  # fmt: skip
_FORMATTING = frozenset((
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
))  # fmt: skip
_SPECIAL = frozenset((
    "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "html", "li", "main", "marquee", "menu", "nav", "object", "ol", "p", "pre", "section", "select", "summary", "table",
    "tbody", "td", "template", "tfoot", "th", "thead", "tr", "ul",
))  # fmt: skip
_LONGEST_TAG = 5000  # characters, where tags are not sure
_LOOKED_BACK = 100  # open elements among which the one of an end tag is looked for
_DEEPEST = 2000


Mark: TypeAlias = tuple[int, int, str, str, bool]
"""A piece of a page: where it begins and ends, its tag ("" for a text, "p", "/p"), what it holds, whether it is sure.

A text holds itself, a tag its attributes as they are written, an element of `RAW` its content. A piece is not sure
behind a tag, a comment or such an element that never ends: browsers show nothing of it.
"""


def marks(source: str) -> Iterator[Mark]:
    """Yields the texts and tags of a page, without comments and declarations.

    Behind something that never ends only tags that are closed before the next one are tags, and a comment that never
    ends is closed by the next ">".
    """
    at, sure, look = 0, True, _MARK.search
    endless = set[str]()
    while (found := look(source, at)) is not None:
        start, end = found.span()
        if start > at:
            yield at, start, "", source[at:start], sure
        slash, name, inside, other = found.groups()
        if name:
            name = name.lower()
            if slash:
                yield start, end, f"/{name}", inside, sure
            elif name not in RAW:
                yield start, end, name, inside, sure
            elif name not in endless and (ended := _RAW_ENDS[name].search(source, end)):
                yield start, end, name, source[end : ended.start()], sure
                end = ended.start()
            else:
                endless.add(name)
                sure, look = False, _CLOSED.search
        elif other and sure:
            sure, look, end = False, _CLOSED.search, start
        elif other:
            end = _comment_end(source, end, endless)
        at = end
    if at < len(source):
        yield at, len(source), "", source[at:], sure


def _comment_end(source: str, at: int, endless: set[str]) -> int:
    """Returns where a comment ends whose "<!--" ends at `at`; `endless` remembers that no other one is closed."""
    end = -1 if "!--" in endless else source.find("-->", at)
    if end >= 0:
        return end + len("-->")
    endless.add("!--")
    return max(at, source.find(">", at, at + _LONGEST_TAG) + 1)


class Hides(Protocol):
    """How an element looks."""

    @property
    def hidden(self) -> bool:
        """True if a reader does not see its text."""


LookT = TypeVar("LookT", bound=Hides)


@dataclass(frozen=True, slots=True)
class Element(Generic[LookT]):
    """An open element; the names of its attributes are in lower case."""

    name: str
    attributes: Mapping[str, str]
    look: LookT


class HtmlPage(ABC, Generic[LookT]):
    """One pass through the HTML of a mail."""

    def __init__(self, source: str, bare: LookT) -> None:
        """`bare`: the look of text outside of all elements."""
        self.source = source[:LONGEST]
        self.open: list[Element[LookT]] = [Element("", {}, bare)]

    @property
    def look(self) -> LookT:
        """The look of the innermost open element."""
        return self.open[-1].look

    def walk(self) -> Iterator[Mark]:
        """Yields the texts and tags; when a text is yielded, `open` holds the elements around it."""
        for mark in marks(self.source):
            _, _, tag, inside, _ = mark
            if tag[:1] == "/":
                self._close(tag[1:])
            elif tag == "style":
                self.read_sheet(inside)
            elif tag and tag not in _VOID and tag not in RAW and len(self.open) < _DEEPEST:
                attributes = _attributes(inside) if inside else {}
                self.open.append(Element(tag, attributes, self.styled(tag, attributes)))
            yield mark

    @abstractmethod
    def styled(self, name: str, attributes: Mapping[str, str]) -> LookT:
        """Returns the look of an element within the one that is open."""

    @abstractmethod
    def read_sheet(self, source: str) -> None:
        """Reads the content of a style element."""

    def _close(self, name: str) -> None:
        """Closes an element as browsers do: an inline one closes no block.

        Browsers differ from this where end tags are in disorder: there, what was hidden stays hidden.
        """
        top = len(self.open) - 1
        for depth in range(top, max(0, top - _LOOKED_BACK), -1):
            inner = self.open[depth].name
            if inner == name:
                shows = self.look.hidden and not self.open[depth - 1].look.hidden
                if depth == top or not shows:
                    del self.open[depth:]
                return
            if inner in _SPECIAL and name not in _SPECIAL and name not in _FORMATTING:
                return


def presentational(name: str, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Returns the CSS declarations that presentational attributes imply."""
    wanted = [("background-color", attributes["bgcolor"].lower())] if "bgcolor" in attributes else []
    if name == "body" and "text" in attributes:
        wanted.append(("color", attributes["text"].lower()))
    if name == "font" and "color" in attributes:
        wanted.append(("color", attributes["color"].lower()))
    return wanted


def _attributes(written: str) -> dict[str, str]:
    """Returns the attributes of a tag by their names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        found.setdefault(match[1].lower(), html.unescape(match[2] or match[3] or match[4] or ""))
    return found


_ELEMENT = re.compile(r"/?[a-z][a-z0-9:]{0,20}")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_UNWRITTEN = frozenset(("script", "style", "head", "title", "noscript", "iframe", "noembed", "noframes"))
_HEAD_END = re.compile(r"</head[\s/>]", re.IGNORECASE | re.ASCII)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCK = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "dl", "dt", "div", "fieldset", "figure",
    "footer", "form", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody",
    "tfoot", "thead", "tr", "ul", *_HEADINGS,
))  # fmt: skip
_PAGE = re.compile(r"[\ufeff\s]{0,200}<(?:!doctype\s+html|html[\s>]|head>|body[\s>])", re.IGNORECASE)
_INLINE = frozenset(("a", "b", "br", "em", "font", "i", "img", "meta", "span", "strong", "td", "th"))
_USUAL = frozenset(f"{sign}{name}" for name in _BLOCK | _INLINE for sign in ("", "/"))
_PAGE_TAGS = _USUAL | {"head", "/head", "style", "/style"}
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_FEWEST_BREAKS = 3
_FIRST = re.compile(
    r"(?:[\ufeff\s]|&nbsp;|<!--[^>]{0,200}-->|<\?xml[^>]{0,200}\?>){0,50}<([a-z]{1,10}[1-6]?)[\s/>]", re.IGNORECASE
)
_LAST = re.compile(r"(?:</[a-z]{1,10}[1-6]?\s?>|-->|<br ?/?>)[\s\ufeff]*\Z", re.IGNORECASE)
_BEGINNING, _FEWEST_TAGS = 20_000, 10  # characters looked at, and tags that a page has
_APART = frozenset(("p", "blockquote", "ul", "ol", "pre", "table", *_HEADINGS))
_DEEPEST_QUOTE = 20


class TextLines:
    """The text under construction: finished lines, the current line, the words since the last tag, the quote depth."""

    def __init__(self, source: str, *, bare: bool = False) -> None:
        """`bare`: of what is written as a tag and is none, only its name is text."""
        self.source, self.bare = source, bare
        self.lines: list[str] = []
        self.line: list[str] = []
        self.words: list[str] = []
        self.quote = 0
        self.behind, self.heads = 0, True  # the end of a head; whether another one may be closed

    def add(self, start: int, end: int, tag: str, inside: str) -> None:
        """Adds a piece of the page: a text, or a tag, which may begin a line."""
        if start < self.behind:
            return
        if not tag:
            self.words.append(inside)
        elif tag in _USUAL:
            self._tag(tag)
            if ">" in inside:  # some programs end a tag at the first one, within a value too
                self.words.append(inside.partition(">")[2])
        elif tag == "head":
            ended = _HEAD_END.search(self.source, end) if self.heads else None
            self.behind, self.heads = (ended.end(), True) if ended else (0, False)
        elif _ELEMENT.fullmatch(tag) is None:  # "<name@host>", of a program that escapes no "<"
            self.words.append(f"<{tag}>" if self.bare else self.source[start:end])
        elif tag.removeprefix("/") not in _UNWRITTEN:
            self._tag(tag)
            self.words.append(inside if tag in RAW else inside.partition(">")[2])

    def text(self) -> str:
        """Returns the whole text."""
        self._write()
        self._end_line()
        return "\n".join(self.lines).strip("\n")

    def _write(self) -> None:
        words = "".join(self.words)
        self.words.clear()
        words = _SPACE.sub(" ", html.unescape(words)) if "&" in words else _SPACE.sub(" ", words)
        if words and not (words == " " and not self.line):
            self.line.append(words)

    def _end_line(self, *, apart: bool = False) -> None:
        prefix = ">" * min(self.quote, _DEEPEST_QUOTE)
        if self.line:
            text = "".join(self.line).strip(" ")
            self.lines.append(f"{prefix} {text}" if prefix and text else text or prefix)
            self.line = []
        if apart and self.lines and self.lines[-1].strip("> "):
            self.lines.append(prefix)

    def _tag(self, tag: str) -> None:
        if self.words:
            self._write()
        name = tag.removeprefix("/")
        closing = name is not tag
        if name == "br":
            self.line.append("")
            self._end_line()
        elif name == "blockquote":
            self._end_line(apart=not closing)
            self.quote = max(0, self.quote - 1) if closing else self.quote + 1
            self._end_line(apart=closing)
        elif name in _BLOCK:
            if self.line or name in _APART:
                self._end_line(apart=name in _APART)
            if name == "hr":
                self.lines.append("_" * 32)
            if name == "li" and not closing:
                self.line.append("- ")
        elif name in {"td", "th"} and not closing and self.line:
            self.line.append(" ")


def text_of(markup: str) -> str:
    """Returns the text of a page: blocks on separate lines, quotations marked, no scripts, styles or link targets."""
    source = markup[:LONGEST]
    lines = TextLines(source)
    for start, end, tag, inside, _ in marks(source):
        lines.add(start, end, tag, inside)
    return lines.text()


def is_source(text: str) -> bool:
    """True if a plain text is the source of an HTML page, as some programs send it under `text/plain`.

    It begins as a page does, begins and ends with a tag, has its line breaks in tags alone, or tags of a page make up a
    fifth of it: somebody who quotes a line of HTML writes more around it.
    """
    begun = text[:_BEGINNING]
    breaks = len(_BREAK.findall(begun))
    first = _FIRST.match(begun)
    wrapped = first is not None and first[1].lower() in _PAGE_TAGS and _LAST.search(text[-400:]) is not None
    if wrapped or (breaks >= _FEWEST_BREAKS and begun.strip().count("\n") < breaks):
        return True
    if begun.count("<") < _FEWEST_TAGS:
        return _PAGE.match(begun) is not None and "</" in begun
    tags = [(end - start, tag) for start, end, tag, _, _ in marks(begun) if tag in _PAGE_TAGS]
    closing = sum(tag.startswith("/") for _, tag in tags)
    if _PAGE.match(begun):
        return closing > 0
    length = sum(length for length, _ in tags)
    return closing >= _FEWEST_TAGS // 2 and len(tags) >= _FEWEST_TAGS and 5 * length >= len(begun)


_SELECTED = re.compile(r"([.#\[]?)([\w-]+)")
_ONLY_DARK = ("[data-ogsc]", "[data-ogsb]", "[data-ogab]", "[data-ogac]")  # set by Outlook on the web, in dark mode
_COLOURS = frozenset(("color", "background", "background-color"))
_RULES, _LONGEST_SHEET = 500, 200_000
_UNSEEN = RAW | frozenset((
    "head", "template", "option", "datalist", "object", "audio", "video", "canvas", "svg", "math", "dialog", "details",
    "applet", "plaintext", "rp", "bdo",
    "s", "strike", "del",  # its writer took it back: a reader sees that it does not count
))  # fmt: skip


@dataclass
class _Sheet:
    """Style rules by the last tag, class or id of their selectors."""

    rules: dict[tuple[str, str], list[list[tuple[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    count: int = 0

    def read(self, source: str) -> None:
        """Adds the rules of a style element; colours in a media query do not count, since dark mode needs them."""
        plain = re.sub(r"/\*.*?(?:\*/|\Z)", "", source, flags=re.DOTALL)
        depth = 0  # of at-rules around a rule
        for piece in plain[:_LONGEST_SHEET].split("}")[: _RULES * 4]:
            before, brace, style = piece.rpartition("{")
            depth += before.count("{") if brace else -1
            if brace and self.count < _RULES:
                wanted = [one for one in declarations(style) if depth <= 0 or one[0] not in _COLOURS]
                for selector in before.rpartition("{")[2].split(","):
                    self._add(selector.strip(), wanted)

    def _add(self, selector: str, wanted: list[tuple[str, str]]) -> None:
        if not selector or selector.startswith("@") or any(sign in selector.lower() for sign in _ONLY_DARK):
            return
        last = re.split(r"[\s>+~]+", selector)[-1].partition(":")[0]
        named = _SELECTED.findall(last)
        self.count += 1
        key = next((one for one in reversed(named) if one[0]), named[-1] if named else ("", "*"))
        self.rules[key[0], key[1].lower()].append(wanted)

    def declarations_for(self, name: str, attributes: Mapping[str, str]) -> Iterator[list[tuple[str, str]]]:
        """Yields the declarations for an element, the most general first."""
        if not self.rules:
            return
        keys = [("", "*"), ("", name), *(("[", one) for one in attributes)]
        keys += [(".", one.lower()) for one in attributes.get("class", "").split()]
        keys += [("#", attributes["id"].lower())] if "id" in attributes else []
        for key in keys:
            yield from self.rules.get(key, ())


def whole_and_seen(markup: str) -> tuple[str, str]:
    """Returns the text of a page, and that text without what a reader does not surely see."""
    page = _SeenPage(markup)
    whole, seen = TextLines(page.source), TextLines(page.source, bare=True)
    for start, end, tag, inside, sure in page.walk():
        whole.add(start, end, tag, inside)
        if sure:
            seen.add(start, end, tag, "" if tag else " " if page.look.hidden else inside)
    return whole.text(), seen.text()


class _SeenPage(HtmlPage[Look]):
    def __init__(self, source: str) -> None:
        super().__init__(source, Look())
        self.sheet = _Sheet()

    def read_sheet(self, source: str) -> None:
        self.sheet.read(source)

    def styled(self, name: str, attributes: Mapping[str, str]) -> Look:
        above = self.look
        look = replace(above, gone=True) if name in _UNSEEN or "hidden" in attributes else above
        for wanted in (*self.sheet.declarations_for(name, attributes), presentational(name, attributes)):
            look = applied(look, wanted, above)
        return applied(look, declarations(attributes["style"]), above) if "style" in attributes else look
