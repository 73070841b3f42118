# SPDX-License-Identifier: EUPL-1.2
"""Where mail introduces its people: header values, salutations, closings, "wrote:" lines, forwarded headers, cues."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property

from flaggermail.annex.redaction.header_names import HeaderNames
from flaggermail.annex.redaction.name_forms import person_of
from flaggermail.annex.redaction.name_reading import NamesOfText, ReadName
from flaggermail.annex.redaction.spans import SHORT, SPACES, fold
from flaggermail.mail.vocabulary import Language
from flaggermail.mail.vocabulary import folded as folded_line

_LINE = re.compile(r"[^\n]*\n?")
_QUOTE_MARKS = re.compile(rf"[>|{SPACES}\r*_]*")
_MOST_WORDS = 3  # of a name
_SIGNATURE_LINES = 5  # lines behind a closing that may hold the name
_LONGEST_NAME_LINE = 120  # characters
_BETWEEN_NAMES = re.compile(rf"[{SPACES}]?[,;/&+]?[{SPACES}]{{0,2}}\Z")
_BEFORE_ADDRESS = re.compile(rf"[{SPACES}\"'\u2019\u201d]{{0,3}}(?:[<(\[][{SPACES}]?(?:mailto:)?)[{SPACES}]?\Z")
_DIGIT = re.compile(r"\d")
_HEADER_FIELDS = frozenset({"from", "to", "cc"})
_LONGEST_LABEL = 40
_CUE_WORDS = 5


class Introductions(NamesOfText):
    """The names that one text introduces."""

    @cached_property
    def values(self) -> HeaderNames:
        """Reads header values in the text."""
        return HeaderNames(self.reader, self.addresses)

    @cached_property
    def lines(self) -> Sequence[tuple[int, int]]:
        """Where each line begins, behind quote marks, and ends, before its line break."""
        return tuple(_lines(self.text))

    def in_value(self) -> Iterator[ReadName]:
        """Yields the names in a header value; each piece between addresses and separators is one name, or none."""
        yield from self.values.value(0, len(self.text))

    def in_body(self) -> Iterator[ReadName]:
        """Yields the names that a body introduces."""
        following = 0
        signed: list[ReadName] = []
        for start, end in self.lines:
            line = self.text[start : min(end, start + _LONGEST_NAME_LINE)]
            small = folded_line(line)
            if not small:
                continue
            field = self._label(line)
            if field:
                yield from self.values.value(start + field, end)
                continue
            yield from self._salutation(start, end)
            yield from self._verbs(start, end)
            closing = self._closing(small, start, end)
            if closing:
                signed = list(self._greeted(closing, end))
                yield from signed
                following = _SIGNATURE_LINES
            elif following:
                following -= 1
                names = list(self._signed(start, end, first=following == _SIGNATURE_LINES - 1))
                if not signed or any(self._shares(name, signed) for name in names):
                    signed += names  # further lines name an organisation, unless they repeat the name
                    yield from names
            if line.rstrip() == "--":
                following, signed = _SIGNATURE_LINES, []
        yield from self._before_addresses()
        yield from self._behind_cues()

    def _index(self, start: int) -> int:
        """Returns the index of the first word at or behind a place."""
        return bisect_left(self.reader.starts, start)

    # ---- bodies

    def _label(self, line: str) -> int:
        """Returns how many characters of a line are the label of a From, To or Cc of a forwarded mail; 0 if none."""
        return _label_of(line, self.known.language, _HEADER_FIELDS)

    def _salutation(self, start: int, end: int) -> Iterator[ReadName]:
        """Yields the names behind a salutation at the beginning of a line, and behind a further one in it."""
        index = self._index(start)
        begins = self._phrase(index, end, self.known.words["salutations"])
        if not begins or self.reader.words[index].start > start + 2:
            return
        at = index + begins
        while at < len(self.reader.words) and self.reader.words[at].end <= end:
            names, at = self._list(at, end, small=True)
            yield from names
            at, again = self._next_salutation(at, end)
            if not again:
                return

    def _next_salutation(self, at: int, end: int) -> tuple[int, bool]:
        """Returns the index behind another salutation within a few words ("Dear people at X, dear Anna")."""
        for index in range(at, min(at + 6, len(self.reader.words))):
            if self.reader.words[index].end > end:
                break
            length = self._phrase(index, end, self.known.words["salutations"])
            if length and len(self.reader.words[index].text) > SHORT:  # "to" and "aan" within a line are words
                return index + length, True
        return at, False

    def _list(self, index: int, end: int, *, small: bool = False) -> tuple[list[ReadName], int]:
        """Returns the names at a word, with conjunctions and commas between them, and the index behind them."""
        names: list[ReadName] = []
        while index < len(self.reader.words) and self.reader.words[index].end <= end:
            name, after = self.reader.read(index, end)
            if name is None and small and not names:
                name, after = self._small(index, end)
            if name is None:
                break
            names.append(name)
            index = after
            if index >= len(self.reader.words) or self.reader.words[index].end > end:
                break
            aside = _ASIDE.match(self.text, name.end, end)
            while aside and index < len(self.reader.words) and self.reader.words[index].start < aside.end():
                index += 1
            if index >= len(self.reader.words) or self.reader.words[index].end > end:
                break
            between = self.text[aside.end() if aside else name.end : self.reader.words[index].start]
            if not _BETWEEN_NAMES.match(between):
                break
            if self.reader.words[index].folded in self.known.words["conjunctions"]:
                index += 1
            elif not between.strip() or self._is_ordinary(index):
                break
        return names, index

    def _is_ordinary(self, index: int) -> bool:
        """True if a word begins a sentence: "Dear Anna, Hope you are well"; "Hope Smith" is a name."""
        following = self.reader.words[index + 1 : index + 2]
        single = not following or not following[0].capital
        return single and self.reader.words[index].folded in self.known.words["ordinary"]

    def _small(self, index: int, end: int) -> tuple[ReadName | None, int]:
        """Returns a name without capitals, if nothing but it is left on the line: "hoi jan,"."""
        words = self.known.words
        rest = [word for word in self.reader.words[index : index + 4] if word.end <= end]
        if (
            not rest or self.text[rest[-1].end : end].strip(f"{SPACES},!.\r") or len(rest) > _MOST_WORDS
        ):  # three words at most
            return None, index
        common = words["ordinary"] | words["functions"]
        if any(self.known.is_no_name(word.folded) or word.folded in common for word in rest):
            return None, index
        name, after = self.reader.read(index, end, small=True)
        if name:
            tokens = self.values.capitalised([word.text for word in rest])
            name = ReadName(name.start, name.end, person_of(tokens, words))
        return name, after

    def _phrase(self, index: int, end: int, phrases: frozenset[str]) -> int:
        """Returns how many words at `index` are one of `phrases`; the longest one counts, 0 if none."""
        words = [word.folded for word in self.reader.words[index : index + _CUE_WORDS] if word.end <= end]
        for length in range(len(words), 0, -1):
            if " ".join(words[:length]) in phrases:
                return length
        return 0

    def _closing(self, small: str, start: int, end: int) -> int:
        """Returns where the words of a closing at the beginning of a line end; 0 if the line begins with none."""
        if len(small) > _LONGEST_NAME_LINE:
            return 0
        index = self._index(start)
        words = [word for word in self.reader.words[index : index + 7] if word.end <= end]
        if not words or words[0].start > start + 1:
            return 0
        for length in range(len(words), 0, -1):
            phrase = " ".join(word.text.casefold() for word in words[:length])
            dotted = folded_line(self.text[words[0].start : words[length - 1].end + 1]).rstrip(",.! ")
            plain = " ".join(word.folded for word in words[:length])
            if phrase in self._closings or dotted in self._closings or plain in self.known.words["closings"]:
                return words[length - 1].end
        return 0

    @cached_property
    def _closings(self) -> frozenset[str]:
        return frozenset({closing.rstrip(",.! ") for closing in self.known.language.closings})

    def _greeted(self, at: int, end: int) -> Iterator[ReadName]:
        """Yields the names behind a closing on its line: "Groet, Jan", "Groeten van Jan"."""
        index = self._index(at)
        while (
            index < len(self.reader.words)
            and self.reader.words[index].end <= end
            and not self.reader.words[index].capital
        ):
            if self.reader.words[index].folded not in self.known.words["infixes"] | self.known.words["titles"] | {
                "namens",
                "from",
                "also",
            }:
                break
            index += 1
        if index >= len(self.reader.words):
            return
        names, _ = self._list(index, end, small=True)
        rest = self.text[names[-1].end : end].strip(f"{SPACES}.,!\r") if names else ""
        if names and (not rest or len(rest.split()) <= _FEW or self.text[names[-1].end] in ",|("):
            yield from names

    def _shares(self, name: ReadName, others: Sequence[ReadName]) -> bool:
        """True if a name has a word of one of `others`, or its first letter where only a given name is known."""
        words = {fold(word) for word in (*name.person.given, *name.person.surname)}
        known = {fold(word) for other in others for word in (*other.person.given, *other.person.surname)}
        return bool(words & known) or {word[:1] for word in words} >= {word[:1] for word in known}

    def _signed(self, start: int, end: int, *, first: bool) -> Iterator[ReadName]:
        """Yields the names on a line of a signature: nothing but names, or a name before a function."""
        index = self._index(start)
        if end - start > _LONGEST_NAME_LINE or self._phrase(index, end, self.known.words["salutations"]):
            return
        while index < len(self.reader.words) and self.reader.words[index].folded in self._on_behalf:
            index += 1
        if index >= len(self.reader.words) or self.reader.words[index].end > end:
            return
        if self.reader.words[index].start > start + 12 or _DIGIT.search(
            self.text, start, self.reader.words[index].start
        ):
            return
        names, _ = self._list(index, end, small=first)
        if not names:
            return
        rest = self.text[names[-1].end : end].strip(f"{SPACES}\r")
        words = [word for word in self.reader.words[index : index + 12] if word.end <= end]
        behind = [word.folded for word in words if word.start >= names[-1].end]
        whole = (
            not rest
            or rest[0] in ",|/\u2013\u2014-\u00b7("
            or all(word in self.known.words["degrees"] for word in behind)
        )
        alone = len(names) == 1 and len([w for w in words if w.end <= names[0].end]) == 1
        if whole and (first or not alone) and not _DIGIT.search(rest[:1]):
            yield from names

    @cached_property
    def _on_behalf(self) -> frozenset[str]:
        phrases = {word for phrase in self.known.language.on_behalf_words for word in phrase.split()}
        return frozenset(phrases | {"b", "a", "p", "o", "i", "mede"})

    def _verbs(self, start: int, end: int) -> Iterator[ReadName]:
        """Yields the name in an attribution line without an address: "Op 6 juni schreef Jan:", "On ... Jan wrote:"."""
        stop = self.text.find("\n", end + 1, end + 200)
        whole = self.text[start : stop if stop > 0 and not self.text[start:end].rstrip().endswith(":") else end][:400]
        if ":" not in whole[-4:] and ":" not in self.text[start:end][-4:]:
            return
        line = self.text[start:end] if self.text[start:end].rstrip().endswith(":") else whole
        if not _DIGIT.search(line):
            return
        verbs = list(self.known.language.verbs.finditer(line))
        if not verbs:
            return
        match = verbs[-1]
        before = self.reader.name_before(start + match.start(), start)
        if before:
            yield before
        names, _ = self._list(self._index(start + match.end()), start + len(line))
        yield from names

    def _before_addresses(self) -> Iterator[ReadName]:
        """Yields the display names right before addresses in brackets."""
        last = 0
        for span in self.addresses:
            opened = _BEFORE_ADDRESS.search(self.text, max(last, span.start - 14), span.start)
            if opened and opened.start() > last:
                line = max(self.text.rfind("\n", last, opened.start()) + 1, last, opened.start() - 80)
                name = self.reader.name_before(opened.start(), line)
                local = fold(self.text[span.start : span.end].partition("@")[0])
                if name and self._is_sure(name, local):
                    yield name
            last = span.end

    def _is_sure(self, name: ReadName, local: str) -> bool:
        """True if a name has two words, or one that is frequent or in the local part."""
        words = (*name.person.given, *name.person.surname)
        single = fold(words[0]) if len(words) == 1 else ""
        return not single or single in local or single in self.known.words["given_names"]

    def _behind_cues(self) -> Iterator[ReadName]:
        """Yields names behind words that announce one: "namens", "my colleague", "mevrouw"."""
        cues = self.known.words["cues"]
        first = {cue.split()[0] for cue in cues} | self.known.words["name_labels"]
        index = 0
        words = self.reader.words
        while index < len(words):
            if words[index].folded in first:
                length = self._cue(index, cues)
                if length and self._goes_on(index + length - 1) and index + length < len(words):
                    line = self.text.find("\n", words[index + length].start)
                    names, after = self._list(index + length, line if line >= 0 else len(self.text))
                    yield from names
                    index = max(after, index + length)
                    continue
            index += 1

    def _goes_on(self, index: int) -> bool:
        """True if a name may follow the last word of a cue: a point ends a sentence behind a long one."""
        gap = self.reader.gap(index)
        short = len(self.reader.words[index].text) <= _SHORT_CUE
        return bool(_CUE_GAP.match(gap)) and (short or not gap.startswith("."))

    def _cue(self, index: int, cues: frozenset[str]) -> int:
        """Returns how many words at `index` are a cue, or a label with its colon; 0 if none."""
        if self.reader.words[index].folded in self.known.words["name_labels"]:
            return int(self.reader.gap(index).lstrip(SPACES).startswith(":"))
        words = [word.folded for word in self.reader.words[index : index + _CUE_WORDS]]
        return next((length for length in range(len(words), 0, -1) if " ".join(words[:length]) in cues), 0)


_SHORT_CUE = 4  # letters: "mevr."
_FEW = 4  # words behind a name on the line of a closing
_ASIDE = re.compile(r"[ ]?\([^()\n]{1,40}\)")  # "Jan de Vries (verslag), ..."
_CUE_GAP = re.compile(rf"\.?[{SPACES}]?:?[{SPACES}]{{1,3}}\Z|\.[{SPACES}]?\Z")


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yields where each line begins, behind quote marks, and ends, before its line break."""
    for match in _LINE.finditer(text):
        if match.start() == match.end():
            continue
        end = match.end() - 1 if match[0].endswith("\n") else match.end()
        marks = _QUOTE_MARKS.match(text, match.start(), end)
        yield (marks.end() if marks else match.start()), end


def _label_of(line: str, language: Language, fields: frozenset[str]) -> int:
    """Returns how many characters of a line are a label of one of `fields` and its colon; 0 if it begins with none."""
    label, colon, _ = line[:_LONGEST_LABEL].partition(":")
    return len(label) + 1 if colon and language.labels.get(folded_line(label.strip("*_ "))) in fields else 0


def recipient_values(text: str, language: Language) -> Iterator[tuple[int, int]]:
    """Yields where the recipients of a forwarded mail are named in a body: the value of a To or Cc line."""
    for start, end in _lines(text):
        label = _label_of(text[start : min(end, start + _LONGEST_LABEL)], language, frozenset({"to", "cc"}))
        if label:
            yield start + label, end
