"""What faults do to the calls of a route whose destinations are not treated alike (gRFC A33, A39)."""

from __future__ import annotations

import pytest

from meshtui.model.xds.config import ActionKind, MatchKind, Route, RouteAction, RouteMatch, StringMatch, WeightedCluster
from meshtui.model.xds.filters import FAULT_FILTER, Fault, HttpFilter
from meshtui.model.xds.injected import injected

HOST = "echo.echo-grpc.svc.cluster.local"
LISTED = HttpFilter("fault", FAULT_FILTER)


def aborting(share: float) -> HttpFilter:
    fault = Fault(delayed=0.0, delay=None, aborted=share, status="UNAVAILABLE", at_most=None)
    return HttpFilter("fault", FAULT_FILTER, fault.words, fault)


def route(*destinations: tuple[str, int, float]) -> Route:
    """A route to subsets, each with its weight and the share of its calls that are aborted."""
    clusters = tuple(
        WeightedCluster(f"outbound|7070|{subset}|{HOST}", weight, weight / 100, (aborting(lost),) if lost else ())
        for subset, weight, lost in destinations
    )
    return Route("", RouteMatch(StringMatch(MatchKind.PREFIX, "/")), RouteAction(ActionKind.FORWARD, clusters))


@pytest.mark.parametrize(
    ("destinations", "aborted", "words"),
    [
        ((("v1", 80, 1.0), ("v2", 20, 0.0)), 0.8, ("aborts 100 % with UNAVAILABLE (calls to v1 alone)",)),
        ((("v1", 80, 0.5), ("v2", 20, 0.5)), 0.5, ("aborts 50 % with UNAVAILABLE",)),
        ((("v1", 100, 0.5), ("v2", 0, 0.0)), 0.5, ("aborts 50 % with UNAVAILABLE",)),
        (
            (("v1", 50, 0.5), ("v2", 50, 1.0)),
            0.75,
            ("aborts 50 % with UNAVAILABLE (calls to v1 alone)", "aborts 100 % with UNAVAILABLE (calls to v2 alone)"),
        ),
    ],
    ids=["one of two", "both alike", "all that get calls", "each its own"],
)
def test_a_fault_of_some_destinations_names_them(
    destinations: tuple[tuple[str, int, float], ...], aborted: float, words: tuple[str, ...]
) -> None:
    found = injected((LISTED,), route(*destinations), off_is_read=False)
    assert found.aborted == pytest.approx(aborted)
    assert found.words == words
