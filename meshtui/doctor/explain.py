"""Error texts of gRPC and of the echo server in plain words: what it means, and what to look at.

The texts are those of C-core, grpc-go and grpc-java as they were seen; the same registry explains what one reads in a
log (``meshtui explain TEXT``) and what a probe reports.
"""

from __future__ import annotations

import re

from meshtui.doctor.explain_texts import CAUSES, Cause
from meshtui.model.regex import found_in

LONGEST_TEXT = 20_000
"""Characters of a text that are looked at."""


UNKNOWN = Cause(
    "unknown",
    (),
    "An error that is not in the registry",
    "The text is not one that is known. It is shown as it came.",
    'Read the text; the status code before "desc" says which side gave up.',
)

LONGEST_SIGNATURE = 160
"""Characters by which unknown texts are told apart."""

NODE_ID = re.compile(r"\(?\s?(?:xDS )?node ID:.*", re.IGNORECASE | re.DOTALL)
VARIABLE = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+(?:\.\d+)*", re.IGNORECASE)


def causes_of(text: str) -> tuple[Cause, ...]:
    """Every known cause that the text names, the most specific first; empty when none is known."""
    looked_at = text[:LONGEST_TEXT]
    return tuple(cause for cause in CAUSES if any(found_in(form, looked_at) for form in cause.forms))


def cause_of(text: str) -> Cause:
    """The most specific known cause, or one that says that the text is not known."""
    found = causes_of(text)
    return found[0] if found else UNKNOWN


def group_code(text: str) -> str:
    """The code that texts of one cause share. Unknown texts are told apart by their words, not by numbers in them."""
    cause = cause_of(text)
    if cause is not UNKNOWN:
        return cause.code
    return f"{UNKNOWN.code}: {signature(text)}"


def signature(text: str) -> str:
    """The text without what differs from one occurrence to the next: numbers, hexadecimal ids, the node id at the
    end."""
    short = NODE_ID.sub("", text[:LONGEST_TEXT])
    return " ".join(VARIABLE.sub("#", short).split())[:LONGEST_SIGNATURE]
