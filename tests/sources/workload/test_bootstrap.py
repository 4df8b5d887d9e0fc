"""The bootstrap from a file or the environment: read when it is whole, and again when it changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from meshtui.model.identity.bootstrap import SyntaxProblemKind
from meshtui.model.identity.file_facts import FileKind
from meshtui.sources.workload.bootstrap import (
    BootstrapFile,
    bootstrap_from_environment,
    facts_of,
    read_bootstrap_file,
)
from tests.half_written import Writer


async def test_a_bootstrap_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "grpc-bootstrap.json"
    source = BootstrapFile(str(path))
    gone, _ = await source.poll()
    assert gone.syntax is not None
    assert gone.syntax.kind is SyntaxProblemKind.MISSING
    path.write_text('{"xds_servers": [{"server_uri": "unix:///nowhere/XDS", "channel_creds": [{"type": "insecure"}]}]}')
    first, facts = await source.poll()
    assert [(fact.path, fact.kind) for fact in facts] == [("/nowhere/XDS", FileKind.MISSING)]
    assert (await source.poll())[0] is first


def test_the_environment_is_read_as_grpc_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text('{"xds_servers": [], "node": {"id": "from the file"}}')
    text = '{"xds_servers": [], "node": {"id": "from the text"}}'
    assert bootstrap_from_environment({}) is None
    only_text = bootstrap_from_environment({"GRPC_XDS_BOOTSTRAP_CONFIG": text})
    assert only_text is not None
    assert only_text.node is not None
    assert only_text.node.id == "from the text"
    both = bootstrap_from_environment({"GRPC_XDS_BOOTSTRAP": str(path), "GRPC_XDS_BOOTSTRAP_CONFIG": text})
    assert both is not None
    assert both.node is not None
    assert both.node.id == "from the file"
    broken = bootstrap_from_environment({"GRPC_XDS_BOOTSTRAP": str(tmp_path), "GRPC_XDS_BOOTSTRAP_CONFIG": text})
    assert broken is not None
    assert broken.syntax is not None
    assert broken.syntax.kind is SyntaxProblemKind.UNREADABLE
    assert facts_of(broken) == ()


def test_a_huge_bootstrap_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # sparse: nothing is written
    found = read_bootstrap_file(str(path))
    assert found.syntax is not None
    assert found.syntax.kind is SyntaxProblemKind.TOO_LARGE


@pytest.mark.parametrize("cut", [0, 1, 10, -2])
def test_a_bootstrap_that_is_being_written_is_read_when_it_is_whole(
    tmp_path: Path, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path / "bootstrap.json", b'{"xds_servers": [], "node": {"id": "a"}}\n', cut)
    monkeypatch.setattr("meshtui.sources.workload.bootstrap.time.sleep", writer.sleep)
    assert read_bootstrap_file(str(writer.path)).syntax is None


def test_a_bootstrap_that_grows_longer_than_it_is_waited_for_is_called_being_written_and_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bootstrap.json"
    path.write_bytes(b"{")
    whole = b'{"xds_servers": [], "node": {"id": "a"}}'
    written = iter(range(2, len(whole)))
    monkeypatch.setattr(
        "meshtui.sources.workload.bootstrap.time.sleep", lambda _: path.write_bytes(whole[: next(written)])
    )
    file = BootstrapFile(str(path))
    syntax = asyncio.run(file.poll())[0].syntax
    assert syntax is not None
    assert syntax.kind is SyntaxProblemKind.BEING_WRITTEN
    monkeypatch.setattr("meshtui.sources.workload.bootstrap.time.sleep", lambda _: None)
    syntax = asyncio.run(file.poll())[0].syntax
    assert syntax is not None
    assert syntax.kind is SyntaxProblemKind.NOT_JSON, (
        "it stands still now, although it looks as at the end of the look before"
    )
    path.write_bytes(whole)
    assert asyncio.run(file.poll())[0].syntax is None


def test_a_bootstrap_that_stays_broken_is_said(tmp_path: Path) -> None:
    (tmp_path / "bootstrap.json").write_bytes(b"")
    syntax = read_bootstrap_file(str(tmp_path / "bootstrap.json")).syntax
    assert syntax is not None
    assert syntax.kind is SyntaxProblemKind.EMPTY
