"""A list in pages, each small enough that reading it stops nothing else for long."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final

from meshtui.model.errors import BadAnswer
from meshtui.model.kubernetes.fields import at, objects, text
from meshtui.sources.kubernetes.api import JSON, Api, Query

PAGE: Final = 100
"""Objects of one page: a whole pod has 10 to 27 KiB, and while Python reads JSON nothing else runs, some 11 ms for each
MiB. Measured against a kube-apiserver 1.37 with 5 000 pods: 200 a page may hold a keypress up for more than 60 ms."""

MOST_PAGES: Final = 5_000
"""Pages after which a server that always has another one is no longer believed."""


async def pages(api: Api, path: str, query: Query = (), accept: str = JSON) -> AsyncGenerator[Any, None]:
    """The pages of a list, all of one resource version.

    Raises as ``Api.get``; ``ApiRefused`` with code 410 when the server has forgotten that version in the middle, which
    takes minutes: list again.
    """
    token = ""
    for _ in range(MOST_PAGES):
        asked = [*query, ("limit", str(PAGE)), *([("continue", token)] if token else [])]
        page = await api.get(path, asked, accept)
        yield page
        token = text(page, "metadata", "continue")
        if not token:
            return
    raise BadAnswer(f"{api.context.server} lists {path} without an end: more than {MOST_PAGES} pages.")


def version_of(document: object) -> str:
    """The resource version of a list, an object, or a table of one row, as a watch sends it."""
    own = text(document, "metadata", "resourceVersion")
    return own or next((text(row, "object", "metadata", "resourceVersion") for row in objects(document, "rows")), "")


def remaining_of(page: object) -> int | None:
    """How many objects follow, if the server says so; it does not where labels select."""
    found = at(page, "metadata", "remainingItemCount")
    return found if isinstance(found, int) else None
