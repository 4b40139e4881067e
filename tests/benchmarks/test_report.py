"""Sections of a measured document."""

from __future__ import annotations

from pathlib import Path

from benchmarks.report import put_section


def test_a_section_takes_the_place_of_the_one_with_its_heading(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    for section in ("# Title", "## One\n\nfirst", "## Two\n\nsecond", "## One\n\nthird"):
        put_section(document, section)

    assert document.read_text() == "# Title\n\n## One\n\nthird\n\n## Two\n\nsecond\n"
