"""Regular expressions of the mesh: RE2's answers, its refusals, and nothing on standard error."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.identity.san import san_satisfies
from meshtui.model.regex import PatternRefusedError, found_in, full_match, refusal
from meshtui.model.xds.config import HeaderMatch, MatchKind, Route, RouteMatch, StringMatch
from meshtui.model.xds.routing import Candidate, Request, candidates, header_matches, string_matches
from tests.model.identity.test_certificate_lifetime import URI
from tests.world.config import weighted

MEASURE = """
import resource, sys
from meshtui.model.regex import PatternRefusedError, full_match
for pattern in ("x" * 10_000_000, "(" * 200_000 + "a" + ")" * 200_000, r"(\\pN{100}){9}", "(?i)" + "[a-z]{1000}" * 50):
    try:
        full_match(pattern, "a" * 1_000_000)
    except PatternRefusedError:
        pass
for number in range(60):
    full_match(f"(x|y|{number})*.*[a-q][^u-z]{{13}}x", "axb" * 300_000)
if sys.platform == "linux":  # what getrusage has there is at least what the process that started this one had
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024)
print(peak)
"""


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("(a+)+b", "a" * 5_000, False),
        ("(a+)+b", "a" * 5_000 + "b", True),
        ("(a|aa)+$", "a" * 5_000 + "!", False),
        ("(.*)*x", "y" * 5_000, False),
        (r"\d+", "٣", False),  # RE2's classes are ASCII; Python's are not
        (r"a\z", "a", True),
        (r"[[:alpha:]]+", "abc", True),
        ("a.b", "a\nb", False),
        ("a$", "a\n", False),  # Python's $ stands before a final line feed too
        ("é+", "éé", True),
        ("", "", True),
        ("a", "ab", False),
    ],
)
def test_patterns_mean_what_re2_says_they_mean(pattern: str, text: str, fits: bool) -> None:
    assert full_match(pattern, text) is fits
    assert string_matches(StringMatch(MatchKind.REGEX, pattern), text) is fits
    assert (
        header_matches(HeaderMatch("h", StringMatch(MatchKind.REGEX, pattern)), Request("a", "/a/b", {"h": text}))
        is fits
    )


@pytest.mark.parametrize(
    "pattern", ["(", r"(a)\1", "(?=a)", "(?<!a)b", "a{1001}", "((a{100}){100}){100}", "x" * 3_000_000]
)
def test_a_pattern_that_re2_refuses_is_a_refusal_with_a_reason(pattern: str) -> None:
    assert 0 < len(refusal(pattern)) <= 100
    with pytest.raises(PatternRefusedError):
        full_match(pattern, "a")
    assert san_satisfies(StringMatch(MatchKind.REGEX, pattern), URI) is None


@pytest.mark.parametrize("place", ["path", "header"])
def test_a_refused_pattern_makes_the_route_after_it_uncertain(place: str) -> None:
    everything = StringMatch(MatchKind.PREFIX, "")
    refused = StringMatch(MatchKind.REGEX, "(?=a)")
    when = RouteMatch(refused) if place == "path" else RouteMatch(everything, (HeaderMatch("h", refused),))
    rest = Route("rest", RouteMatch(everything), weighted({"v1": 1}))
    odd = Route("odd", when, weighted({"v2": 1}))
    assert list(candidates((odd, rest), Request("echo:7070", "/a/b", {"h": "a"}))) == [
        Candidate(
            odd,
            "a route before it has a regular expression that gRPC's engine RE2 refuses (invalid perl operator: (?=)",
        ),
        Candidate(rest),
    ]


@given(pattern=st.text(max_size=30), text=st.text(max_size=30))
def test_no_pattern_and_no_text_is_a_crash(pattern: str, text: str) -> None:
    if refusal(pattern):
        with pytest.raises(PatternRefusedError):
            full_match(pattern, text)
    else:
        assert full_match(pattern, text) in (True, False)


def test_our_own_forms_are_found_in_any_case() -> None:
    assert found_in("connection .* refused", "CONNECTION to x REFUSED by y")
    assert not found_in("^refused", "connection refused")


def test_no_pattern_takes_much_memory_nor_writes_to_the_screen() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, timeout=300, check=True)
    assert done.stderr == ""
    assert int(done.stdout) < 600, "MiB; 16 patterns of 8 MiB, and Python"
