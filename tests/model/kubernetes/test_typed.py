"""A target as one line: what is written can be read again, and what cannot be meant is said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from meshtui.model.errors import UsageError
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.kubernetes.typed import line_of, names_a_pod, parse_line, short_line

NAMES = some.none() | some.text(some.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip)

OPTIONS = some.builds(
    ClusterOptions,
    context=NAMES,
    kubeconfig=NAMES,
    namespace=NAMES,
    selector=NAMES,
    container=NAMES,
    port=some.none() | some.integers(1, 65_535),
    read_only=some.booleans(),
)


@given(OPTIONS, some.sampled_from(["pod/echo-v1", "svc/echo", ""]))
def test_what_is_written_is_read_again(options: ClusterOptions, target: str) -> None:
    line = line_of(target, options)
    assert parse_line(line, ClusterOptions()) == (target, options)


@pytest.mark.parametrize(
    ("line", "target", "options"),
    [
        ("pod/a -n b", "pod/a", ClusterOptions(namespace="b")),
        ("-nb pod/a", "pod/a", ClusterOptions(namespace="b")),
        ("pod/a --namespace=b --context 'my cluster'", "pod/a", ClusterOptions(namespace="b", context="my cluster")),
        ("-l app=echo", "", ClusterOptions(selector="app=echo")),
        ("-l 'app in (a, b)' -n c", "", ClusterOptions(selector="app in (a, b)", namespace="c")),
        ("pod/a --port 9999 --read-only", "pod/a", ClusterOptions(port=9999, read_only=True)),
        ("localhost:17171", "localhost:17171", ClusterOptions()),
        (" unix:///a b ", "unix:///a b", ClusterOptions()),
        ("it's", "it's", ClusterOptions()),
    ],
)
def test_lines(line: str, target: str, options: ClusterOptions) -> None:
    assert parse_line(line, ClusterOptions()) == (target, options)


def test_what_the_line_leaves_out_is_as_before() -> None:
    before = ClusterOptions(context="test", namespace="a", read_only=True)
    assert parse_line("pod/x -n b", before) == ("pod/x", ClusterOptions(context="test", namespace="b", read_only=True))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pod/a -n", "gives -n no value"),
        ("pod/a --namespace=''", "gives --namespace no value"),
        ("pod/a --nope x", "'--nope', which no target has"),
        ("pod/a pod/b -n c", "names 2 targets"),
        ("pod/a --port 0", "the port '0'"),
        ("pod/a --port 99999999999999999999", "a port is a number from 1 to 65535"),
        ("pod/a --read-only=yes", "'--read-only', which no target has"),
    ],
)
def test_what_cannot_be_meant(line: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        parse_line(line, ClusterOptions())


@pytest.mark.parametrize("line", ["pod/echo", "-l app=echo", "-n x deploy/echo", "svc/e -n x", "Deployments.apps/x"])
def test_lines_that_are_meant_as_they_stand(line: str) -> None:
    assert names_a_pod(line)


@pytest.mark.parametrize("line", ["echo", "echo v1", "localhost:1", "unix:///pods/x", "a/b"])
def test_words_that_are_searched_for(line: str) -> None:
    assert not names_a_pod(line)


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("pod/echo-v1 -n echo-grpc --context test", "pod/echo-v1 · test"),
        ("deploy/echo --namespace=echo-grpc --port 9000", "deploy/echo"),
        ("-l app=echo -n echo-grpc", "-l app=echo"),
        ("localhost:17171", "localhost:17171"),
        ("unix:///run/pod/socket", "unix:///run/pod/socket"),
    ],
)
def test_a_line_where_there_is_little_room(line: str, short: str) -> None:
    assert short_line(line) == short
