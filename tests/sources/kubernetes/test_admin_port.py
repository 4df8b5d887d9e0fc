"""Which port is asked for CSDS, in which order, and what is said when none serves it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.admin_ports import AdminPorts, PortCandidate
from meshtui.sources.kubernetes import admin_port
from meshtui.sources.kubernetes.admin_port import NoAdminPort, find_admin_port

PORTS = AdminPorts(tuple(PortCandidate(number, "declared") for number in (17171, 9999, 8080)))


class Pod:
    """Ports that answer, refuse or say nothing."""

    def __init__(self, answers: Mapping[int, bool | str]) -> None:
        self.answers = answers
        self.asked: list[int] = []
        self.silent = 0
        """Ports that say nothing and are still being asked."""

    async def speaks_csds(self, port: int) -> bool:
        self.asked.append(port)
        answer = self.answers.get(port, "silent")
        if isinstance(answer, bool):
            return answer
        if answer != "silent":
            raise TargetUnreachable(answer)
        self.silent += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.silent -= 1
        raise AssertionError


async def test_the_likeliest_port_is_asked_alone() -> None:
    pod = Pod({17171: True, 9999: True})
    found = await find_admin_port(PORTS, pod.speaks_csds)
    assert (found.port, pod.asked, found.without) == (17171, [17171], ())


async def test_a_port_that_refuses_leads_to_the_next_at_once() -> None:
    pod = Pod({17171: "refused", 9999: False, 8080: True})
    found = await find_admin_port(PORTS, pod.speaks_csds)
    assert (found.port, pod.asked) == (8080, [17171, 9999, 8080])
    assert [each.why for each in found.without] == ["refused", "Port 9999 does not serve CSDS."]


async def test_a_silent_port_holds_up_no_other_and_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_port, "HEAD_START_S", 0.001)
    pod = Pod({9999: True})
    assert (await find_admin_port(PORTS, pod.speaks_csds)).port == 9999
    assert pod.silent == 0


async def test_a_port_that_was_named_is_taken() -> None:
    pod = Pod({})
    assert (await find_admin_port(AdminPorts((PortCandidate(1, "as given"),), said=True), pod.speaks_csds)).port == 1
    assert pod.asked == []


async def test_without_any_each_port_is_said_with_its_reason() -> None:
    pod = Pod({17171: "17171 refuses.", 9999: False, 8080: "8080 speaks HTTP/1."})
    ports = AdminPorts(PORTS.candidates, problem="the pod's annotation meshtui-admin-port is no port: 'x'")
    with pytest.raises(NoAdminPort) as caught:
        await find_admin_port(ports, pod.speaks_csds)
    told = "asked were 17171, 9999, 8080. Of 17171: 17171 refuses. Of 9999: Port 9999 does not serve CSDS. Of 8080: "
    assert f"{told}8080 speaks HTTP/1. The pod's annotation" in caught.value.what
    assert "--port" in caught.value.hint
    assert [each.why for each in caught.value.asked][2] == "8080 speaks HTTP/1."


async def test_the_likeliest_port_is_said_first_whichever_answers_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_port, "HEAD_START_S", 0.001)
    pod = Pod({9999: "9999 refuses.", 8080: "8080 refuses."})

    async def speaks_csds(port: int) -> bool:
        if port == 17171:
            while len(pod.asked) < 2:
                await asyncio.sleep(0)
            raise TargetUnreachable("17171 hangs.")
        return await pod.speaks_csds(port)

    with pytest.raises(NoAdminPort) as caught:
        await find_admin_port(PORTS, speaks_csds)
    assert "Of 17171: 17171 hangs. Of 9999: 9999 refuses." in caught.value.what


async def test_whoever_gives_up_leaves_nothing_behind() -> None:
    pod = Pod({})
    task = asyncio.create_task(find_admin_port(PORTS, pod.speaks_csds))
    while not pod.silent:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert pod.silent == 0
