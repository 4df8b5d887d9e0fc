"""What became of every request of one batch. Whatever a server answers, nothing sent goes uncounted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from meshtui.model.echo.output import is_summary, parse_batch_error, parse_output
from meshtui.model.echo.spec import Answer
from meshtui.model.split.counts import SplitCounts

SHORT_TEXT = "the echo server returned fewer outputs than requests"
EMPTY_TEXT = "the echo server returned an empty output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One call of ForwardEcho. ``timeout_s`` is the server's deadline for the whole batch; ``connect_s``, where it is
    given, is how long a connection to the server may take to come about."""

    number: int
    count: int
    qps: int
    timeout_s: float
    connect_s: float | None = None


class ReplyKind(StrEnum):
    """How a call of ForwardEcho ended."""

    OUTPUTS = "outputs"
    """With a list of outputs."""
    REFUSED = "refused"
    """With an error that the echo server made: some request failed."""
    BROKEN = "broken"
    """In the middle: the connection to the echo server broke, or the answer cannot be read."""
    SILENT = "silent"
    """Not at all, before our deadline."""
    UNREACHED = "unreached"
    """Before it began: no connection, so nothing was sent."""
    MISSING = "missing"
    """Before it began: the server does not offer ForwardEcho."""
    STOPPED = "stopped"
    """By us: the run was cancelled."""


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What a source saw: the outputs, or the error text as it came (untrusted), and what to try, if that is known."""

    kind: ReplyKind
    outputs: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""

    def for_batch(self, batch: Batch) -> BatchReply:
        """The reply without outputs that are no answer of a request: more than was asked for, and the error of the
        whole batch among them, which is then the ``error``."""
        if self.kind is not ReplyKind.OUTPUTS:
            return self
        at = next(
            (at for at, text in enumerate(self.outputs[: batch.count + 1]) if is_summary(text, batch.count)), None
        )
        if at is None:
            return self
        return replace(self, outputs=self.outputs[:at] + self.outputs[at + 1 :], error=self.outputs[at])


@dataclass(frozen=True, slots=True)
class BatchFailure:
    """One cause within a batch: its text, how many requests failed with it, and of how many nothing is known since."""

    text: str
    failed: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAccount:
    """The fate of every request of one batch.

    ``answers`` are those that were answered in words; ``unknown`` were answered, but in a batch that failed, so their
    words are gone; ``failed`` were not answered; of ``lost`` ones nothing is known; ``abandoned`` were in flight when
    the run was stopped. They add up to ``sent``, which is 0 when the batch never left. ``surplus`` outputs were more
    than was asked for and are not counted.
    """

    sent: int
    answers: tuple[Answer, ...] = ()
    unknown: int = 0
    failed: int = 0
    lost: int = 0
    abandoned: int = 0
    surplus: int = 0
    failures: tuple[BatchFailure, ...] = ()

    @property
    def split(self) -> SplitCounts:
        """The counts for the test; abandoned requests are not among them."""
        by_version: dict[str, int] = {}
        nameless = 0
        for answer in self.answers:
            if answer.version is None:
                nameless += 1
            else:
                by_version[answer.version] = by_version.get(answer.version, 0) + 1
        return SplitCounts(by_version, self.unknown + nameless, self.failed, self.lost)


def account(batch: Batch, reply: BatchReply) -> BatchAccount:
    """The fate of the batch's requests after this reply."""
    match reply.kind:
        case ReplyKind.OUTPUTS:
            return _outputs(batch, reply)
        case ReplyKind.REFUSED:
            return _refused(batch, reply.error)
        case ReplyKind.STOPPED:
            return BatchAccount(sent=batch.count, abandoned=batch.count)
        case ReplyKind.UNREACHED | ReplyKind.MISSING:
            return BatchAccount(sent=0)
        case ReplyKind.BROKEN | ReplyKind.SILENT:
            failure = BatchFailure(reply.error, lost=batch.count)
            return BatchAccount(sent=batch.count, lost=batch.count, failures=(failure,))


def _refused(batch: Batch, text: str) -> BatchAccount:
    error = parse_batch_error(text, batch.count)
    rest = batch.count - error.failed
    if error.counted:
        failure = BatchFailure(error.cause, failed=error.failed)
        return BatchAccount(sent=batch.count, unknown=rest, failed=error.failed, failures=(failure,))
    failure = BatchFailure(error.cause, failed=1, lost=rest)
    return BatchAccount(sent=batch.count, failed=1, lost=rest, failures=(failure,))


def _outputs(batch: Batch, reply: BatchReply) -> BatchAccount:
    outputs = reply.outputs
    batch_error = parse_batch_error(reply.error, batch.count).cause if reply.error else ""
    answers: list[Answer] = []
    failed: dict[str, int] = {}
    lost: dict[str, int] = {}
    for position, text in enumerate(outputs[: batch.count]):
        if not text:
            lost[EMPTY_TEXT] = lost.get(EMPTY_TEXT, 0) + 1
            continue
        answer = parse_output(text, position)
        reason = _longer(_failure_of(answer), batch_error)
        if reason:
            failed[reason] = failed.get(reason, 0) + 1
        else:
            answers.append(answer)
    short = batch.count - len(outputs)
    if short > 0 and reply.error:  # the error of the batch says what became of those without an output
        error = parse_batch_error(reply.error, batch.count)
        number = max(0, min(short, error.failed - sum(failed.values()))) if error.counted else 0
        if number:
            failed[error.cause] = failed.get(error.cause, 0) + number
            short -= number
    if short > 0:
        lost[SHORT_TEXT] = short
    failures = [BatchFailure(text, failed=count) for text, count in failed.items()]
    failures += [BatchFailure(text, lost=count) for text, count in lost.items()]
    return BatchAccount(
        sent=batch.count,
        answers=tuple(answers),
        failed=sum(failed.values()),
        lost=sum(lost.values()),
        surplus=max(0, len(outputs) - batch.count),
        failures=tuple(failures),
    )


def _longer(reason: str, batch_error: str) -> str:
    """The reason as the error of the batch quotes it, where that says more of the same."""
    said = reason.partition(": ")[2] if reason.lower().startswith("error: ") else reason
    return batch_error if said and batch_error.startswith(said) else reason


def _failure_of(answer: Answer) -> str:
    """Why an output is a failure, or empty. An answer that names its version was routed, whatever its status."""
    if answer.version is not None:
        return ""
    if answer.error:
        return answer.error
    if answer.status_code is not None and answer.status_code >= 400:
        return f"HTTP status {answer.status_code}"
    return ""
