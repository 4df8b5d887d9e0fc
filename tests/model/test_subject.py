"""A finding's subject is a value; its words are what documents and screens have always shown."""

from __future__ import annotations

import pytest

from meshtui.model.finding import Area, Finding, Severity, worst_first
from meshtui.model.subject import (
    AddressSubject,
    BootstrapSubject,
    ChannelSubject,
    CheckSubject,
    ClientSubject,
    ClockSubject,
    ConnectionSubject,
    FileSubject,
    ResourceSubject,
    Subject,
)
from meshtui.model.xds.resource import CDS, ResourceKey

KEY = ResourceKey("#server", CDS, "outbound|7070||echo")


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (ResourceSubject(KEY), "outbound|7070||echo"),
        (ResourceSubject(KEY, "default chain"), "default chain"),
        (BootstrapSubject("node.id"), "bootstrap:node.id"),
        (BootstrapSubject(), "bootstrap"),
        (FileSubject("/a/cert-chain.pem"), "/a/cert-chain.pem"),
        (AddressSubject("127.0.0.1:15020"), "127.0.0.1:15020"),
        (ChannelSubject("xds:///echo:7070"), "xds:///echo:7070"),
        (ConnectionSubject("echo-v1's end"), "echo-v1's end"),
        (ClientSubject("sidecar~1~a.b~b"), "sidecar~1~a.b~b"),
        (ClockSubject(), "clock"),
        (CheckSubject("waiting"), "waiting"),
    ],
)
def test_each_subject_says_what_it_is(subject: Subject, words: str) -> None:
    assert subject.words == words


def test_findings_of_one_severity_stand_in_the_order_of_their_subjects_words() -> None:
    subjects: tuple[Subject, ...] = (FileSubject("b"), ClockSubject(), AddressSubject("a"))
    found = tuple(
        Finding(code="x", area=Area.AGENT, severity=Severity.ERROR, subject=subject, title="", explanation="", fix="")
        for subject in subjects
    )
    assert [finding.subject.words for finding in worst_first(found)] == ["a", "b", "clock"]
