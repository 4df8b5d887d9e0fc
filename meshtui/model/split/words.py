"""The assessment in sentences: the verdict, and what can no longer be told."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from meshtui.model.phrases import percent_digits, share_words
from meshtui.model.split.assessment import Assessment, ExpectationSource, Verdict, VersionShare

FEW = 0.01
"""Up to this part of the requests may be of unknown version without a word about it: one point of slack at most."""

NO_TEST = "no test"
"""The word where there is nothing to judge by."""

FAILED_OVER = (
    "The weights give it nothing: gRPC turns to it only while it reaches no endpoint of a priority before it. Look in "
    "Channels why."
)
"""What an answer from a later priority says (gRFC A56)."""

LARGEST_ODDS = 1_000_000
"""Odds beyond this are said as "less than once in a million": more digits would claim more than anyone can check."""


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """A verdict as it is said: its ``word``, and ``text``, what follows it. ``joint`` stands between the two."""

    word: str
    text: str
    joint: str = ": "

    @property
    def sentence(self) -> str:
        """All of it: one plain sentence (consistent: two) that a person can act on."""
        return f"{self.word}{self.joint}{self.text}"


def verdict_words(assessment: Assessment) -> VerdictWords:
    """The verdict in words."""
    if assessment.verdict is Verdict.NONE:
        return _none(assessment)
    if assessment.verdict is Verdict.MISMATCH:
        return _mismatch(assessment)
    if assessment.verdict is Verdict.CONSISTENT:
        return _consistent(assessment)
    return _undecided(assessment)


def split_beside_failures(assessment: Assessment) -> str:
    """What the answers of a run with failed or lost requests say of the split, after that was said; empty for nothing.

    A mismatch and a consistent split hold whatever version the others would have got. An undecided one is said only
    where few are missing and more answers can decide it: failures of one version alone make any split of the answers.
    """
    counts = assessment.counts
    if not counts.answered or assessment.verdict is Verdict.NONE:
        return ""
    many = counts.missing > assessment.margin * counts.total
    if assessment.verdict is Verdict.UNDECIDED and (many or assessment.needed_more is None):
        return f"{_answers(counts.answered)} leave it open: the other {counts.missing} went to some version too."
    return verdict_words(assessment).sentence


def caveat_sentence(assessment: Assessment) -> str:
    """What the verdict cannot tell: because the version of some requests is not known, unless they are few, and
    because some were answered before they were draws."""
    return " ".join(filter(None, (_unknown_sentence(assessment), _early_sentence(assessment))))


def _early_sentence(assessment: Assessment) -> str:
    """What is left out because its channel was still connecting; empty where nothing is, or nothing else was there."""
    early = sum(assessment.counts.early.values())
    if not early or not assessment.counts.answered:
        return ""
    which = "1 answer is" if early == 1 else f"{early} answers are"
    return (
        f"{which} left out: each set has a new channel, and until that is connected to every locality gRPC draws among "
        "those that are."
    )


def _unknown_sentence(assessment: Assessment) -> str:
    counts = assessment.counts
    if not counts.total or counts.missing <= FEW * counts.total:
        return ""
    kinds = (
        (counts.failed, "failed"),
        (counts.unknown, "answered in a failed batch or without a version"),
        (counts.lost, "lost without a trace"),
    )
    parts = ", ".join(f"{number} {what}" for number, what in kinds if number)
    points = percent_digits(round(counts.missing / counts.total, 3))
    text = f"The version of {counts.missing} of {counts.total} requests is not known ({parts})"
    if assessment.verdict in (Verdict.MISMATCH, Verdict.NONE):
        return f"{text}; they are in no version's share."
    return f"{text}: a drift of up to {points} points could hide in them."


def _wanted(assessment: Assessment) -> str:
    typed = assessment.expectation is not None and assessment.expectation.source is ExpectationSource.TYPED
    return "expected shares" if typed else "accepted weights"


def _none(assessment: Assessment) -> VerdictWords:
    expectation = assessment.expectation
    if expectation is None:
        return VerdictWords(
            NO_TEST, "no shares to compare with. Type some, as in v1=20,v2=80, or read them from the config."
        )
    return VerdictWords(NO_TEST, expectation.reason or "the config names no shares.")


def _mismatch(assessment: Assessment) -> VerdictWords:
    if assessment.unexpected:
        version = assessment.unexpected[0]
        count = assessment.counts.by_version[version]
        name = version or "(an empty version)"
        if assessment.expectation is not None and version in assessment.expectation.fallbacks:
            return VerdictWords(assessment.verdict.value, f"{name} answered {_times(count)}. {FAILED_OVER}")
        text = f"{name} answered {_times(count)}, and the {_wanted(assessment)} give it nothing."
        return VerdictWords(assessment.verdict.value, text)
    worst = _farthest(assessment.shares)
    chance = "a million" if assessment.e_value > LARGEST_ODDS else f"{floor(assessment.e_value):,}".replace(",", " ")
    text = (
        f"{worst.version} answered {share_words(worst.observed)} of {assessment.counts.answered},"
        f" want {share_words(worst.expected or 0.0)}."
        f" A split as configured looks like this less than once in {chance}, however often one looks."
    )
    if assessment.e_now < 1 / assessment.alpha:
        text += " The latest answers fit better: run again to test from now on."
    return VerdictWords(assessment.verdict.value, text)


def _consistent(assessment: Assessment) -> VerdictWords:
    text = f"with the {_wanted(assessment)} (always-valid, α {assessment.alpha:g})."
    watched = _to_watch(assessment.shares)
    if watched is None or watched.high is None or watched.low is None:
        return VerdictWords(assessment.verdict.value, text, " ")
    bound = ceil(watched.high * 100)
    bound = bound if bound < 100 else floor(watched.low * 100)
    text += f" A drift of {watched.version} to {bound} % would have been seen by now."
    return VerdictWords(assessment.verdict.value, text, " ")


def _undecided(assessment: Assessment) -> VerdictWords:
    counts, word = assessment.counts, assessment.verdict.value
    if counts.early and not counts.answered:
        return VerdictWords(word, _only_early(assessment))
    if not counts.total:
        return VerdictWords(word, "nothing has answered yet.")
    if not counts.answered:
        return VerdictWords(word, f"none of {counts.total} requests told its version, so the split cannot be seen.")
    hidden = assessment.counts.missing > FEW * assessment.counts.total
    if assessment.needed_more is None:
        why = "too many requests are of unknown version" if hidden else "the shares lie at the edge of the margin"
        return VerdictWords(word, f"{why}, and more answers would not tell. Look at the errors first.")
    widest = max(assessment.shares, key=lambda share: (share.high or 0.0) - (share.low or 0.0))
    low, high = floor((widest.low or 0.0) * 100), ceil((widest.high or 0.0) * 100)
    text = (
        f"after {_answers(counts.answered)}: {widest.version} may get anything from {low} to {high} %."
        f" About {assessment.needed_more} more will tell."
    )
    return VerdictWords(word, text, " ")


def _only_early(assessment: Assessment) -> str:
    """Why no answer is a draw: a locality that never answered, or sets that ended too soon after the last had."""
    early = assessment.counts.early
    answers, awaited = sum(early.values()), assessment.expectation.by_locality if assessment.expectation else ()
    silent = [version for version in awaited if not early.get(version)]
    if silent:
        return (
            f"{', '.join(silent)} answered none of {answers}. gRPC draws among the localities it is connected to, so "
            "this is no matter of weights: look in Channels whether its endpoints are reached."
        )
    return (
        f"{_answers(answers)}, each before its new channel was connected to every locality, and until then gRPC draws "
        "among those that are. More requests will tell."
    )


def _farthest(shares: tuple[VersionShare, ...]) -> VersionShare:
    """The version farthest from its share; of two equally far the one that should get less."""
    return max(
        shares, key=lambda share: (round(abs(share.observed - (share.expected or 0.0)), 9), -(share.expected or 0))
    )


def _to_watch(shares: tuple[VersionShare, ...]) -> VersionShare | None:
    """The version a reader watches: the one that should get the least, but something."""
    configured = [share for share in shares if share.expected]
    return min(configured, key=lambda share: share.expected or 0.0) if configured else None


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
