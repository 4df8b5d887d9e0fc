"""The identity view on the real mesh: a rotation as it happens, on screen and in traffic; and no key anywhere."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from textual.pilot import Pilot

from meshtui.demo.mesh import Mesh
from meshtui.demo.pods import Pod
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.identity.comparison import CornerPlace, CornerState, identity_comparison, short_serial
from meshtui.model.target import TargetOptions
from meshtui.session.echo.controller import load_of
from meshtui.session.echo.state import EchoSettings
from meshtui.session.session import Session
from meshtui.session.workspace import Workspace
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.views.identity.rows import IdentityRows
from tests.tui.conftest import screen_text
from tests.tui.scripted import settle
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.mesh

LIFETIME = timedelta(seconds=40)
"""Half of it is what a very busy machine may be late with a rotation."""
URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


@pytest_asyncio.fixture
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh("mtls-strict", certificate_lifetime=LIFETIME) as running:
        yield running


def workspace_of(mesh: Mesh) -> Workspace:
    options = {
        pod.admin: TargetOptions(agent=pod.agent, bootstrap=str(pod.bootstrap), certs=str(pod.certs))
        for pod in mesh.pods.values()
    }
    return Workspace(lambda target: open_session(target, options[target], interval=0.3))


async def test_a_rotation_is_watched_on_screen_and_in_traffic(mesh: Mesh) -> None:
    workspace = workspace_of(mesh)
    client = workspace.attach(mesh.pods["client"].admin)
    app = MeshtuiApp(workspace, target=mesh.pods["echo-v1"].admin)
    async with app.run_test(size=(160, 45)) as pilot:
        echo = await front(pilot, workspace)
        await until(
            lambda: echo.state.workload is not None and echo.state.workload.ends_at is not None, "who echo-v1 is"
        )
        await pilot.press("4")
        first = leaf_of(echo)
        await until(lambda: shows(pilot, first), "the first serial on screen")
        await until(lambda: client.echo is not None, "a controller to send with")
        assert client.echo is not None
        spec, settings = EchoRequestSpec(URL, count=None, qps=10), EchoSettings()
        client.echo.agree(load_of(spec, settings, "", None))
        run = client.echo.start(spec, settings, probe="")
        await until(lambda: turned(echo), "a rotation")
        second = leaf_of(echo)
        assert second != first
        await until(lambda: shows(pilot, second) and "◆" in screen_text(app), "the rotation on screen")
        await until(lambda: in_use_agrees(echo), "the new certificate on a live connection")
        state = run.state
        await run.cancel()
        assert state.tally.completed > 0
        assert state.tally.failed == 0, "traffic did not notice"
        told = [event.text for event in echo.state.events if event.text.startswith("rotated")]
        assert told
        assert first in told[-1]
        assert "cert " in screen_text(app).split("\n")[0]


async def front(pilot: Pilot[None], workspace: Workspace) -> Session:
    await settle(pilot)
    assert workspace.front is not None
    return workspace.front


def ends(session: Session) -> bool:
    return session.state.workload is not None and session.state.workload.ends_at is not None


def turned(session: Session) -> bool:
    return session.state.workload is not None and bool(session.state.workload.rotations)


def leaf_of(session: Session) -> str:
    """The beginning of the serial on disk, as every screen has it."""
    workload = session.state.workload
    own = workload.files.own if workload is not None else None
    assert own is not None
    assert own.leaf is not None
    return short_serial(own.leaf)


def shows(pilot: Pilot[None], text: str) -> bool:
    return text in screen_text(pilot.app)


def in_use_agrees(session: Session) -> bool:
    """A leaf that came by rotation is on disk and presented on a connection."""
    workload = session.state.workload
    if workload is None or not workload.rotations:
        return False
    corner = next(
        corner for corner in identity_comparison(workload.identity).corners if corner.place is CornerPlace.IN_USE
    )
    return corner.state is CornerState.SAME


@dataclass
class Keys:
    """Every private key the mesh has had while it was watched, in the forms in which one could leak."""

    forms: set[str] = field(default_factory=set)

    def learn(self, pod: Pod) -> None:
        try:
            pem = (pod.certs / "key.pem").read_bytes()
            key = load_pem_private_key(pem, None)
        except (OSError, ValueError):
            return  # in the middle of a rotation; the next look has it
        assert isinstance(key, rsa.RSAPrivateKey)
        # The first lines hold the modulus, which the certificate shows to everybody.
        self.forms |= {line for line in pem.decode().split("\n")[9:-2] if len(line) >= 16}
        secret = key.private_numbers()
        for number in (secret.d, secret.p, secret.q):
            raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
            self.forms |= {raw.hex(), raw.hex().upper(), raw.hex(":"), str(number), repr(raw)[2:-1]}
            self.forms.add(base64.b64encode(raw).decode().rstrip("="))

    def check(self, text: str, where: str) -> None:
        packed = "".join(text.split())
        assert self.forms
        assert not any(form in text or form in packed for form in self.forms), f"a private key is in {where}"
        assert "PRIVATE KEY" not in text, where


async def test_no_byte_of_a_private_key_is_shown_stored_or_told(mesh: Mesh) -> None:
    keys = Keys()
    texts: list[tuple[str, str]] = []
    workspace = workspace_of(mesh)
    for name in ("echo-v1", "echo-v2"):
        workspace.attach(mesh.pods[name].admin)
    app = MeshtuiApp(workspace, target=mesh.pods["client"].admin)
    async with app.run_test(size=(160, 45)) as pilot:
        session = await front(pilot, workspace)
        await until(lambda: session.state.workload is not None and session.state.workload.agent is not None, "identity")
        await until(
            lambda: _learn(keys, mesh) and bool(session.state.workload and session.state.workload.rotations),
            "a rotation",
        )
        for size in ((160, 45), (80, 24)):
            await pilot.resize_terminal(*size)
            for view in ("1", "2", "4"):
                await pilot.press(view)
                await settle(pilot)
                texts += [(f"view {view} at {size}", screen_text(app)), (f"picture {view}", app.export_screenshot())]
            texts += [(f"row {number} at {size}", text) async for number, text in everything_opened(pilot)]
        _learn(keys, mesh)
        texts += [(f"state of {session.target}", repr(session.state)) for session in workspace.sessions]
        texts += [("timeline", "\n".join(event.text for event in session.state.events))]
        for name, pod in mesh.pods.items():
            texts += [(f"{kind} of {name}", text) for kind, text in headless(pod)]
        _learn(keys, mesh)
    assert len(keys.forms) >= 20
    for where, text in texts:
        keys.check(text, where)


def _learn(keys: Keys, mesh: Mesh) -> bool:
    for pod in mesh.pods.values():
        keys.learn(pod)
    return True


async def everything_opened(pilot: Pilot[None]) -> AsyncIterator[tuple[str, str]]:
    """The identity view with each row that folds turned over."""
    for pane in ("identity-head", "identity-foot"):
        rows = pilot.app.screen.query_one(f"#{pane}", IdentityRows)
        if not rows.region.area:
            continue
        rows.focus()
        for _ in range(8):
            if rows.entry is not None and rows.entry.folds and rows.entry.subject is None:
                rows.action_enter()
                await settle(pilot)
            yield f"{pane} {rows.cursor}", screen_text(pilot.app)
            rows.action_move(1)


def headless(pod: Pod) -> Iterator[tuple[str, str]]:
    """What the commands print of the same pod."""
    for arguments in (
        ("certs", str(pod.certs), "-o", "json"),
        ("certs", str(pod.certs)),
        ("bootstrap", str(pod.bootstrap), "-o", "json"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "meshtui", *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.stdout
        yield " ".join(arguments[:1]), done.stdout + done.stderr
