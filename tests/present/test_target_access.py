"""The access ladder of an attached target: what a session saw, what to paste for the rest, and the user's rights."""

from __future__ import annotations

from dataclasses import replace

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.access import Access, AccessLadder, Step
from meshtui.present.target_access import target_ladder
from meshtui.session.state import Fact, Link, LinkState, MissingFact, SessionState
from tests.world.clock import NOW
from tests.world.pods import ladder

POD = "pod/echo-v1 -n echo-grpc --context rig"


def state(target: str = POD, link: LinkState = LinkState.LIVE) -> SessionState:
    said = Link(link, NOW, problem="" if link is LinkState.LIVE else "It serves no CSDS.")
    return SessionState(target=target, link=said, interval=1)


def steps(seen: SessionState) -> dict[str, Step]:
    return {step.name: step for step in target_ladder(seen, None).steps}


def test_an_address_has_ports_and_files_and_no_rights() -> None:
    seen = target_ladder(state("localhost:17171"), None)
    assert [step.name for step in seen.steps] == ["admin port", "channelz", "files", "agent", "echo"]
    assert (seen.about, seen.paste) == ("localhost:17171", "")
    assert seen.steps[0].access is Access.HAD


def test_a_port_without_csds_is_told_with_the_annotation_and_the_code() -> None:
    port = steps(state(link=LinkState.MISSING))["admin port"]
    assert (port.access, port.why) == (Access.MISSING, "It serves no CSDS.")
    assert "kubectl annotate pod/echo-v1 meshtui-admin-port=PORT -n echo-grpc --context rig\n" in port.paste
    assert "cleanup, err := admin.Register(server)" in port.paste
    assert "kubectl" not in steps(state("localhost:17171", LinkState.MISSING))["admin port"].paste
    assert "kubectl annotate pod/NAME " in steps(state("deploy/echo", LinkState.MISSING))["admin port"].paste


def port_step(seen: SessionState, rights: AccessLadder | MeshtuiError | None) -> Step:
    return target_ladder(seen, rights).steps[0]


def test_lines_for_the_port_are_only_where_the_port_is_what_is_missing() -> None:
    down = state(link=LinkState.DOWN)
    may, may_not = ladder(), ladder(may_forward=False)
    assert "kubectl annotate pod/echo-v1 " in port_step(down, may).paste
    forward = next(step for step in may_not.steps if step.name == "forward")
    assert port_step(down, may_not).paste == forward.paste
    assert "pods/portforward" in forward.paste
    assert port_step(down, MeshtuiError("The API server is gone.")).paste == ""
    assert port_step(state(link=LinkState.STALE), may).paste == ""
    ended = replace(down, link=replace(down.link, is_final=True))
    assert port_step(ended, may).paste == ""


def test_what_is_missing_says_why_what_to_try_and_the_line() -> None:
    lost = (
        MissingFact(Fact.AGENT, "Nothing listens on 15020.", "The pod may have no istio-agent."),
        MissingFact(Fact.FILES, "There is no cat.", "--bootstrap names a copy."),
        MissingFact(Fact.CHANNELS, "No channelz.", ""),
    )
    found = steps(replace(state(), missing=lost))
    assert {found[name].access for name in ("agent", "files", "channelz")} == {Access.MISSING}
    assert (found["agent"].why, found["agent"].hint) == (
        "Nothing listens on 15020.",
        "The pod may have no istio-agent.",
    )
    assert found["agent"].paste == f"meshtui attach {POD} --agent HOST:15020"
    assert found["files"].paste == f"meshtui attach {POD} --bootstrap FILE --certs FOLDER"
    assert "AdminInterface" in found["channelz"].paste


def test_only_a_run_tells_whether_the_app_sends() -> None:
    echo = steps(state())["echo"]
    assert (echo.access, echo.why) == (Access.UNKNOWN, "Only a run tells.")
    assert echo.paste == f"meshtui echo {POD} --url xds:///SERVICE:PORT --count 10"


def test_rights_come_after_it_or_why_they_are_not_known() -> None:
    whole = target_ladder(state(), ladder(may_list=False))
    assert [step.name for step in whole.steps][4:7] == ["echo", "forward", "exec"]
    assert "kind: Role\n" in whole.paste
    asked = target_ladder(state(), None).steps[-1]
    assert (asked.name, asked.access, asked.why) == ("rights", Access.UNKNOWN, "The API server is being asked.")
    failed = target_ladder(state(), MeshtuiError("The API server is gone.", "wait")).steps[-1]
    assert (failed.why, failed.hint) == ("The API server is gone.", "wait")
