# SPDX-License-Identifier: EUPL-1.2
"""Finds in Python what belongs in config/ and rules/: platforms, mail addresses, lists of words to search for."""

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import lru_cache
from io import StringIO

# Unquoted, X is an ordinary letter; as a whole literal, or before Corp, it is the platform.
# Two packages and an identity provider bear the name of one of them.
OTHERS = r'-re2|-auth|\.auth|"  # an identity provider'
PLATFORMS = (
    r"\bMeta\b|\bX Corp\b|"
    rf"(?i:\b(?:TikTok|Snapchat|Twitter|Facebook|YouTube|Instagram|Google(?!{OTHERS}))\b)"
)
X_ALONE = "X"

# Only top-level domains that are no file ending or attribute here; `notification.nl.j2` is a file, not a domain.
DOMAIN = re.compile(
    r"(?<![\w.-])(?!flaggermail\.)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
    r"(?:example|test|invalid|nl|eu|be|de|uk|com|org|net|gov|co|io|tv)(?![\w-]|\.\w)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE)

# Lower-case words separated by spaces are typical of a search in mail ("out of office"). One to three may be our own
# messages; four together are a list.
LIST_LENGTH = 4
PHRASE = re.compile(r"[^\W\d_A-Z]+(?:['-][^\W\d_A-Z]+)*(?: [^\W\d_A-Z]+(?:['-][^\W\d_A-Z]+)*)+")
# Single words that a Dutch list about this mailbox would almost certainly contain, and that are no English identifiers.
DUTCH_WORDS = """
aan afwezig afwezigheid antwoord automatisch bedankt bericht bijlage dank doorgestuurd doorst geachte gemeente groet
hallo ja kennisgeving kiezer melding mvg namens nee niet nieuwsbrief ongewenst onderwerp ontvangen ontvangst
oorspronkelijk oorspronkelijke spoed stem stembureau stemmen stempas storing uitslag uur uren van vakantie verkiezing
verkiezingen verstuurd verzonden volmacht zaak ziek
maandag dinsdag woensdag donderdag vrijdag zaterdag zondag
januari februari maart april mei juni juli augustus september oktober november december
"""
DUTCH = frozenset(DUTCH_WORDS.split())


def names_within(node: object) -> Iterator[str]:
    """Yields every text of two letters or more under a key `name` of a YAML document, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "name" and isinstance(value, str) and len(value) > 1:
                yield value
            yield from names_within(value)
    elif isinstance(node, list):
        for value in node:
            yield from names_within(value)


def named_platforms(source: str, names: set[str]) -> list[str]:
    """Returns the platforms named in Python source: those in `names` and a fixed list."""
    configured = "".join(rf"|\b{re.escape(name)}\b" for name in sorted(names))
    return re.findall(PLATFORMS + configured, source) + [text for text in texts(source) if text == X_ALONE]


NAMESPACE = r"^https://www\.nationaalarchief\.nl/mdto$"  # of MDTO: a name that a standard fixes
LAWS = r"https://wetten\.overheid\.nl/\S+"
NOBODY = r"[\w.@-]*\b(?:elsewhere|nowhere|pages|desk)\.example\b"

# Names in the form of an address: nothing is fetched from them. Of SVG, of links and of metadata in OpenDocument.
XML_NAMES = r"http://(?:www\.w3\.org/(?:2000/svg|1999/xlink)|purl\.org/dc/elements/1\.1/)"


def addresses(source: str) -> list[str]:
    """Returns the mail domains and addresses in Python source.

    URNs, tag URIs, names of XML namespaces, the placeholders of anonymised mail (RFC 2606) and the site of Dutch laws
    are not addresses that an officer could have to change.
    """
    plain = [
        re.sub(rf"\b(?:urn|tag):\S+|{NAMESPACE}|{LAWS}|\A{XML_NAMES}\Z|{NOBODY}", "", text) for text in texts(source)
    ]
    return [match.group() for text in plain for pattern in (DOMAIN, ADDRESS) for match in pattern.finditer(text)]


def word_lists(source: str) -> list[list[str]]:
    """Returns each sequence, set, mapping (its keys) or alternation with at least four natural-language entries."""
    natural = [
        [entry for entry in entries(node) if entry.lower() in DUTCH or PHRASE.fullmatch(entry)]
        for node in _nodes(source)
    ]
    return [found for found in natural if len(found) >= LIST_LENGTH]


def entries(node: ast.AST) -> list[str]:
    """Returns what a literal enumerates: its items, its keys, or the alternatives of a regular expression."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [text for item in node.elts for text in literal(item)]
    if isinstance(node, ast.Dict):
        return [text for key in node.keys for text in literal(key)]
    return [re.sub(r"\\\w|[^\w '-]", "", part) for text in literal(node) for part in re.split(r"[|()]", text)]


def literal(node: ast.AST | None) -> Iterator[str]:
    """Yields the text of a string literal, or of octets as Latin-1; nothing for other nodes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        yield node.value.decode("latin-1")


@lru_cache(1)
def _nodes(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(source)))


@lru_cache(1)
def texts(source: str) -> tuple[str, ...]:
    """Returns every string literal (including the pieces of f-strings) and every comment of Python source."""
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return (*(text for node in _nodes(source) for text in literal(node)), *comments)
