"""What is printed contains its Chinese font where this machine has one, and says so where it has none."""

import io
from pathlib import Path

import pytest
import reportlab

from crm.web import paper, paper_fonts

WITH_OUTLINES = str(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")  # no Chinese, but letters Helvetica lacks


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    paper_fonts.embedded.cache_clear()
    yield
    paper_fonts.embedded.cache_clear()


def printed(text):
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    paper_fonts.register()
    out = io.BytesIO()
    SimpleDocTemplate(out, invariant=1).build([Paragraph(paper.marked_up(text), ParagraphStyle("text"))])
    return out.getvalue()


def said():
    return [(message.id, message.level) for message in paper_fonts.check_fonts()]


def test_without_a_font_chinese_is_named_and_the_check_says_so():
    page = printed("Łódź 报价 ≈")
    assert b"/STSong-Light" in page
    assert b"/FontFile2" not in page
    assert said() == [("paper.I001", 20)]


def test_the_font_that_is_named_goes_into_the_file_and_what_it_lacks_is_named(settings):
    settings.PAPER_FONT = WITH_OUTLINES
    page = printed("Łódź")
    assert b"/FontFile2" in page
    assert b"/STSong-Light" not in page
    assert printed("Łódź") == page
    assert len(page) < 40_000  # of a font of 65,000
    assert '<font name="STSong-Light">报价</font>' in paper.marked_up("报价")
    assert said() == []


def test_an_installed_font_is_found_by_its_name(tmp_path):
    place = tmp_path / "fonts" / "truetype"
    place.mkdir(parents=True)
    (place / "DroidSansFallbackFull.ttf").write_bytes(Path(WITH_OUTLINES).read_bytes())
    (place / "wqy-microhei.ttc").write_bytes(b"no font")  # the better one, but broken
    assert b"/FontFile2" in printed("Łódź")
    assert said() == []


def test_a_file_that_is_no_font_is_an_error_of_the_check_and_paper_is_printed_all_the_same(settings, tmp_path):
    settings.PAPER_FONT = str(tmp_path / "none.ttf")
    assert b"/STSong-Light" in printed("报价")
    assert said() == [("paper.E001", 40)]
