# SPDX-License-Identifier: EUPL-1.2
"""What a format needs is imported when it is used, and a refusal names what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flaggermail.adapters.documents import fonts, pdf
from flaggermail.adapters.documents.writer import OfficeDocuments
from flaggermail.errors import Refusal
from flaggermail.ports import DocumentWriter
from tests.doubles.sample_document import small

pytestmark = pytest.mark.outside  # a PDF asks the system for its libraries, by a process

HEAVY = ("weasyprint", "pikepdf", "fontTools", "odfdo", "lxml", "PIL", "cffi")


def refusal_of_pdf() -> Refusal:
    """Returns the refusal to write a PDF."""
    writer: DocumentWriter = OfficeDocuments()
    with pytest.raises(Refusal) as caught:
        writer.pdf(small())
    return caught.value


def test_the_daemon_loads_nothing_of_it() -> None:
    """Wiring, with every adapter of the daemon, imports neither a format nor what it needs."""
    program = (
        "import sys\nimport flaggermail.wiring.assembly\n"
        f"print([name for name in (*{HEAVY!r}, 'flaggermail.adapters.documents.odt') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("module", ["weasyprint", "pikepdf", "fontTools.ttLib"])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Without the extra, the refusal says how to install it; the OpenDocument text needs none."""
    monkeypatch.setitem(sys.modules, module, None)
    for own in ("pdf", "fonts", "pdf_structure"):
        monkeypatch.delitem(sys.modules, f"flaggermail.adapters.documents.{own}", raising=False)
        monkeypatch.delattr(f"flaggermail.adapters.documents.{own}", raising=False)  # else the package still has it
    assert "pip install 'flaggermail[report]'" in str(refusal_of_pdf())
    assert OfficeDocuments().odt(small()).startswith(b"PK")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library or a font of the system that is missing is named with Debian's packages."""
    assert pdf.__name__ in sys.modules, "loaded before a test takes its modules away"
    monkeypatch.setattr(fonts, "SHARED", tmp_path)
    fonts.covered.cache_clear()
    said = refusal_of_pdf().said
    assert "DejaVuSans.ttf" in said.english
    assert "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core" in said.in_language("nl")
