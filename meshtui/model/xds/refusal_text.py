"""The reason within the text of a refusal: without the answers about other resources, without what it quotes.

grpc-go and grpc-java give one text for a whole response, with a part for each resource in it (grpc-go:
``combineErrors`` in ``xdsclient/authority.go``; grpc-java: ``XdsResourceType.parse``). grpc-go prints the resource it
refuses before the reason (routes) or behind it (clusters), in protobuf's text format. Names of fields in there are
no reason: ``max_stream_duration:{…}`` stands in every route of Istio's.
"""

from __future__ import annotations

import re
from typing import Final

from meshtui.model.phrases import shorten

LONGEST: Final = 20_000
"""Characters of a text that are looked at."""

SHOWN: Final = 240
"""Characters of a reason in a sentence; what it quotes is left out of them."""

NAME_SHOWN: Final = 80
"""Characters of a string that is shown as it is: a name or a type, and no pattern or program."""

GO_NEXT: Final = ';\nresource "'
JAVA_NEXT: Final = re.compile(r"\n[LRCE]DS response ")

OF_OTHERS: Final = re.compile(
    r'^(?:\S.{0,99} response: )?resource "[^"]{1,999}": |^[LRCE]DS response \w+ \'', re.MULTILINE
)
"""The beginning of a part about some resource."""

STRING: Final = r'"(?:[^"\\]|\\.?)*(?:"|\Z)'
"""A string in double quotes, up to the end of the text if it is not closed."""

TOKENS: Final = re.compile(STRING + r"|[{}]", re.DOTALL)

FIELD: Final = re.compile(
    r"(?<![\w.])(?!(?:field|error|code|desc):)[a-z][a-z0-9_]*:(?:\{…\}|\"…\"|[A-Za-z0-9_.+-]+)(?= |,|$)"
)
"""A field of protobuf's text format. What C-core writes (``field:lb_policy error:…``) is no such field."""


QUOTES: Final = re.compile(r"…(?: …)+")
"""Several things in a row that are left out."""

RESOURCE_BEHIND: Final = re.compile(r" in response: …$")
"""What is left of the resource that grpc-go prints behind the reason for a cluster (``unmarshal_cds.go``)."""


CORE_HEADING: Final = re.compile(r"^(?:invalid resource: )?errors validating \w+ resource: (?=.)")
"""What C-core says before the errors of every resource it refuses (``XdsResourceType`` decoders)."""


def own_reason(details: str, name: str) -> str:
    """The part of the text that is about the resource of this name; the whole of it where it has no such parts.

    Empty where all its parts are about others: an answer in which everything else was refused is no word about this.
    """
    text = details[:LONGEST]
    start = text.find(f'resource "{name}": ')
    if start >= 0:
        own = text[start + len(f'resource "{name}": ') :]
        return own.split(GO_NEXT, 1)[0].rstrip(";\n ")
    mark = f"'{name}' validation error: "
    start = text.find(mark)
    if start >= 0:
        return JAVA_NEXT.split(text[start + len(mark) :], maxsplit=1)[0].rstrip()
    return "" if OF_OTHERS.search(text) else text


def without_quotes(reason: str) -> str:
    """The reason with ``…`` for everything it quotes, on one line: what is in braces or double quotes, and fields."""
    return _elided(reason, longest_string=0)


def _elided(reason: str, longest_string: int) -> str:
    """Strings of up to this many characters are kept where they stand outside of braces and are no field's value."""
    kept: list[str] = []
    depth = at = 0
    text = reason[:LONGEST]
    for found in TOKENS.finditer(text):
        token = found.group()
        if depth == 0:
            kept.append(text[at : found.start()])
            keeps = len(token) <= longest_string + 2 and text[found.start() - 1 : found.start()] != ":"
            kept.append("{…}" if token == "{" else '"…"' if token.startswith('"') and not keeps else token)
        depth = max(0, depth + (token == "{") - (token == "}"))
        at = found.end()
    if depth == 0:
        kept.append(text[at:])
    return FIELD.sub("…", " ".join("".join(kept).split()))


def in_a_row(reason: str) -> str:
    """The reason where there is little room: without what stands in every refusal, and without what it quotes."""
    told = QUOTES.sub("…", _elided(CORE_HEADING.sub("", reason), NAME_SHOWN))
    return shorten(RESOURCE_BEHIND.sub("", told), SHOWN)


def shown(reason: str) -> str:
    """The reason as it stands in a sentence: a short one as it came, of a long one what is not quoted."""
    whole = " ".join(reason.split())
    return whole if len(whole) <= SHOWN else shorten(QUOTES.sub("…", _elided(reason, NAME_SHOWN)), SHOWN)
