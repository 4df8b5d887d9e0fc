"""Picking one of many services by typing."""

from __future__ import annotations

from collections.abc import Sequence


def matching(offers: Sequence[str], text: str) -> tuple[str, ...]:
    """The offers in which every word occurs, whatever the case; all of them for no words."""
    words = text.lower().split()
    return tuple(offer for offer in offers if all(word in offer.lower() for word in words))


def names_an_address(text: str) -> bool:
    """Whether what is typed is meant as it stands, as ``echo:7070`` or any URL, and not as words to search for."""
    return ":" in text
