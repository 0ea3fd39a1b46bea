from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.client.window.text import Colour, Sheet, font
from wavry.client.window.words import wrap

INK, PAPER = Colour(255, 255, 255), Colour(0, 0, 0, 200)


def width(text: str) -> int:
    return font("small").width(text)


@pytest.mark.parametrize("name", ["small", "large"])
def test_every_letter_of_europe_is_there_and_whole(name: str) -> None:
    face = font(name)
    for letter in "aZ09 äöüßÅñçő Ελλάς Ёлка Київ € … \u2013":
        rows = face.rows(letter)
        assert len(rows) == face.line_height
        assert {len(row) for row in rows} == {face.width(letter)}
        assert letter.isspace() or any(map(any, rows))


def test_what_has_no_glyph_is_shown_as_its_replacement() -> None:
    assert font("small").rows("漢\U0001f600\x00") == font("small").rows("\ufffd" * 3)


@given(text=st.text(max_size=40), room=st.integers(30, 300))
def test_a_text_that_is_cut_fits(text: str, room: int) -> None:
    cut = font("small").fit(text, room)
    assert cut == text or (width(cut) <= room and cut.endswith("…"))
    assert cut == text or width(text) > room


@given(text=st.text(max_size=200), room=st.integers(60, 300), lines=st.integers(1, 4))
def test_wrapped_text_fits_and_loses_no_word_without_a_mark(text: str, room: int, lines: int) -> None:
    wrapped = wrap(text, font("small"), room, lines)
    assert len(wrapped) <= lines
    assert all(width(line) <= room for line in wrapped)
    assert " ".join(wrapped) == " ".join(text.split()) or any(line.endswith("…") for line in wrapped)


def test_a_sheet_has_its_background_and_the_ink_where_letters_are() -> None:
    face = font("large")
    sheet = Sheet(100, 40, PAPER)
    sheet.write(10, 5, "I", face, INK)
    pixels = {bytes(sheet.pixels[begin : begin + 4]) for begin in range(0, len(sheet.pixels), 4)}
    assert {bytes((0, 0, 0, 200)), bytes((255, 255, 255, 255))} <= pixels
    assert sheet.pixels[:4] == bytes((0, 0, 0, 200))


@given(x=st.integers(0, 60), y=st.integers(0, 60), text=st.text(max_size=20))
def test_what_does_not_fit_is_cut_off(x: int, y: int, text: str) -> None:
    sheet = Sheet(50, 30, PAPER)
    before = len(sheet.pixels)
    sheet.write(x, y, text, font("small"), INK)
    sheet.fill(x, y, 1000, 1000, INK)
    assert len(sheet.pixels) == before


def test_a_sheet_is_bounded() -> None:
    with pytest.raises(ValueError, match="at most"):
        Sheet(4000, 4000, PAPER)
