"""A workload's files and agent on this machine, as a session follows them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meshtui.model.channels import PeerCertificate
from meshtui.model.errors import TargetUnreachable, UsageError
from meshtui.model.identity.comparison import Side
from meshtui.model.identity.file_facts import FileKind
from meshtui.sources.workload.source import LocalWorkload, read_peer
from tests.pki import Issued, root, workload, write_agent_files

AUTHORITY = root(begins=datetime.now(UTC) - timedelta(days=1))


def fresh(account: str = "client") -> Issued:
    return workload(AUTHORITY, account, begins=datetime.now(UTC) - timedelta(minutes=1))


def source(bootstrap: Path | None = None, certs: Path | None = None, agent: str | None = None) -> LocalWorkload:
    return LocalWorkload(str(bootstrap) if bootstrap else None, str(certs) if certs else None, agent, timeout=1.0)


def write_bootstrap(path: Path, data: Path, socket: str = "unix:///nowhere/XDS") -> Path:
    path.write_text(
        json.dumps(
            {
                "xds_servers": [{"server_uri": socket, "channel_creds": [{"type": "insecure"}]}],
                "node": {"id": "n"},
                "certificate_providers": {
                    "mesh": {
                        "plugin_name": "file_watcher",
                        "config": {
                            "certificate_file": str(data / "cert-chain.pem"),
                            "private_key_file": str(data / "key.pem"),
                            "ca_certificate_file": str(data / "root-cert.pem"),
                        },
                    }
                },
            }
        )
    )
    return path


async def test_unchanged_files_give_the_same_object_and_a_rotation_another(tmp_path: Path) -> None:
    data = write_agent_files(tmp_path / "data", fresh(), AUTHORITY)
    one = source(write_bootstrap(tmp_path / "b.json", data))
    first = await one.read()
    assert await one.read() is first
    assert [name for name, _ in first.certificates] == ["mesh"]
    after = fresh()
    write_agent_files(data, after, AUTHORITY)
    os.utime(data / "cert-chain.pem", (1, 1))  # whatever the file system's clock resolves
    second = await one.read()
    assert second is not first
    assert second.own is not None
    assert second.own.leaf is not None
    assert second.own.leaf.fingerprint_sha256 == after.fingerprint
    assert second.bootstrap is first.bootstrap


async def test_a_directory_given_by_hand_belongs_to_the_provider_that_names_its_files(tmp_path: Path) -> None:
    data = write_agent_files(tmp_path / "data", fresh(), AUTHORITY)
    told = write_bootstrap(tmp_path / "b.json", data)
    assert [name for name, _ in (await source(told, data).read()).certificates] == ["mesh"]
    elsewhere = write_bootstrap(tmp_path / "c.json", Path("/var/lib/istio/data"))
    found = await source(elsewhere, data).read()
    assert [name for name, _ in found.certificates] == ["mesh"], "a copy keeps the names of its files"
    assert found.provider is not None
    assert [name for name, _ in (await source(None, data).read()).certificates] == [""]


async def test_paths_of_another_machine_are_not_judged(tmp_path: Path) -> None:
    """A bootstrap copied out of a pod: that nothing of it is here says nothing about the pod."""
    found = await source(write_bootstrap(tmp_path / "b.json", Path("/not/on/this/machine"))).read()
    assert {fact.kind for fact in found.facts} == {FileKind.NOT_LOOKED}
    assert found.certificates == ()


async def test_a_missing_file_in_a_directory_that_is_here_is_missing(tmp_path: Path) -> None:
    data = write_agent_files(tmp_path / "data", fresh(), AUTHORITY)
    (data / "key.pem").unlink()
    found = await source(write_bootstrap(tmp_path / "b.json", data)).read()
    assert FileKind.MISSING in {fact.kind for fact in found.facts}
    assert found.own is not None


async def test_nothing_there_is_said_in_the_answer(tmp_path: Path) -> None:
    found = await source(tmp_path / "no.json", tmp_path / "none").read()
    assert found.bootstrap is not None
    assert found.bootstrap.syntax is not None
    assert found.own is not None
    assert found.own.problems


async def test_an_agent_address_that_is_none_and_one_where_nothing_listens() -> None:
    with pytest.raises(UsageError):
        await source(agent="ftp://x").ask_agent()
    with pytest.raises(TargetUnreachable):
        await source(agent="127.0.0.1:1").ask_agent()


def test_both_sides_of_a_connection_are_parsed() -> None:
    theirs, ours = fresh("echo"), fresh()
    peer = PeerCertificate("10.0.0.1:17070", theirs.der, ours.der)
    seen = [read_peer(peer, side) for side in (Side.REMOTE, Side.LOCAL)]
    assert [fact.fingerprint_sha256 for fact in seen if fact] == [theirs.fingerprint, ours.fingerprint]
    assert read_peer(PeerCertificate("x", theirs.der), Side.LOCAL) is None
    assert read_peer(PeerCertificate("x", b"\x30\x82garbage"), Side.REMOTE) is None
