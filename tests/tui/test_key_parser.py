"""What a terminal's bytes mean, in one read or in many."""

from __future__ import annotations

import pytest
from textual import constants, events

from meshtui.tui.key_parser import PASTE_CHARACTERS, KeyParser


def keys(*reads: str) -> list[str]:
    """The keys of some reads; a paste as its text in angle brackets."""
    parser = KeyParser()
    found: list[str] = []
    for read in reads:
        for event in parser.feed(read):
            assert isinstance(event, events.Key | events.Paste)
            found.append(event.key if isinstance(event, events.Key) else f"<{event.text}>")
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\x1b2", ["escape", "2"]),
        ("\x1bj", ["escape", "j"]),
        ("\x1b-", ["escape", "minus"]),
        ("\x1b:q\r", ["escape", "colon", "q", "enter"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b\t", ["escape", "tab"]),
        ("\x1b\x1b3", ["escape", "escape", "3"]),
        ("\x1b/" + "v" * 40, ["escape", "slash", *"v" * 40]),
        ("a\n", ["a", "enter"]),
        ("\x1b[A\x1bOB\x1b[Z", ["up", "down", "shift+tab"]),
        ("\x1bb\x1bf", ["ctrl+left", "ctrl+right"]),
    ],
)
def test_keys_stay_keys_however_close_they_come(text: str, wanted: list[str]) -> None:
    assert keys(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\x1b[200~view config\x1b[201~\r", ["<view config>", "enter"]),
        ("\x1b[200~\x1b[31mcq\x1b[0m \x1b2\x1b[201~j", ["<[31mcq[0m 2>", "j"]),
        (":\x1b[200~q\nq\r\n\x1b[201~", ["colon", "<q\nq\r\n>"]),
        ("\x1b[200~\x1b[201~j", ["<>", "j"]),
    ],
)
def test_a_paste_is_text_to_its_end(text: str, wanted: list[str]) -> None:
    assert keys(text) == wanted
    for at in range(1, len(text)):
        assert keys(text[:at], text[at:]) == wanted, f"torn at {at}"
    assert keys(*text) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("\x1b", ["escape"]), ("\x1b[", ["escape", "left_square_bracket"])])
def test_a_lone_esc_is_esc_after_a_moment(text: str, wanted: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 3600.0)
    parser = KeyParser()
    assert not list(parser.feed(text))
    assert not list(parser.tick())
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.0)
    assert [event.key for event in parser.tick() if isinstance(event, events.Key)] == wanted
    assert not list(parser.tick())


def test_of_an_endless_paste_only_so_much_is_kept() -> None:
    reads = ["\x1b[200~", *["x" * 4096] * (PASTE_CHARACTERS // 4096 + 50), "\x1b[201~", "j"]
    paste, after = keys(*reads)
    assert len(paste) == PASTE_CHARACTERS + len("<>")
    assert after == "j"
