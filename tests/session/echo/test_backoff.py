"""How long an echo server is tried: as long as was said, and no longer."""

from __future__ import annotations

import pytest

from meshtui.model.echo.batch import BatchReply, ReplyKind
from meshtui.session.echo.backoff import FIRST_CONTACT_S, LAST_TRY_S, Backoff

REFUSED = BatchReply(ReplyKind.UNREACHED, error="here:1 cannot be reached: connection refused.", hint="try")


def given_up(backoff: Backoff, clock: float, took: float = 0.0) -> tuple[float, int]:
    """When it is over, where each attempt is refused after ``took`` seconds or the time it has, and after how many."""
    tries = 0
    while not backoff.over:
        allowed = backoff.attempt(clock)
        clock += min(allowed, took)
        backoff.note(REFUSED, clock)
        tries += 1
        clock = max(clock, backoff.retry_at) if not backoff.over else clock
    return clock, tries


@pytest.mark.parametrize("took", [0.0, 0.05, 0.7, 100.0])
@pytest.mark.parametrize("contact", [0.1, 1.0, 5.0])
def test_a_server_never_met_is_tried_no_longer_than_a_connection_may_take(contact: float, took: float) -> None:
    ends, _ = given_up(Backoff(15.0, contact), 0.0, took)
    assert contact <= ends <= contact + LAST_TRY_S


def test_a_refusal_is_not_tried_for_as_long_as_a_slow_link_may_take() -> None:
    assert given_up(Backoff(15.0, 60.0), 0.0)[0] == pytest.approx(FIRST_CONTACT_S)


def test_a_server_that_went_away_is_waited_for_as_long_as_was_said() -> None:
    backoff = Backoff(8.0, 1.0)
    backoff.attempt(0.0)
    backoff.note(BatchReply(ReplyKind.OUTPUTS), 1.0)
    backoff.attempt(50.0)
    backoff.note(REFUSED, 50.0)
    assert given_up(backoff, backoff.retry_at, 100.0)[0] <= 50.0 + 8.0 + LAST_TRY_S


def test_one_set_without_an_answer_is_not_the_end_of_a_run() -> None:
    """A busy server that was reached: the batch may take longer than a connection, and the next may be answered."""
    backoff = Backoff(15.0, 1.0)
    backoff.attempt(0.0)
    backoff.note(BatchReply(ReplyKind.SILENT, error="here:1 did not answer within 7 s."), 7.0)
    assert not backoff.over
    backoff.attempt(backoff.retry_at)
    backoff.note(BatchReply(ReplyKind.OUTPUTS), 8.0)
    assert (backoff.troubled, backoff.error) == (False, None)


def test_the_words_say_how_long_it_was_tried_where_it_was_tried_again() -> None:
    backoff = Backoff(15.0, 1.0)
    given_up(backoff, 0.0)
    assert backoff.error is not None
    assert backoff.error.what == f"{REFUSED.error} It was tried for 1.0 s."
    assert backoff.error.hint == "try"
    once = Backoff(15.0, 1.0)
    given_up(once, 0.0, 100.0)
    assert once.error is not None
    assert once.error.what == REFUSED.error
