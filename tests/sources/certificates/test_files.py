"""Certificates from real files: whatever is wrong with one file costs that file, and no key is ever told."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.certificate import CertificateRole, FileProblemKind, KeyState, LinkProblem
from meshtui.model.identity.file_facts import FileKind
from meshtui.sources.certificates.chains import build_chains
from meshtui.sources.certificates.files import IdentityFiles, read_certificates, read_providers
from meshtui.sources.certificates.x509 import load_certificates, parse_certificate
from meshtui.sources.reading import look_at
from tests.half_written import Writer
from tests.pki import NOW, Issued, ec_key, issue, root, workload, write_agent_files


@pytest.fixture(scope="module")
def authority() -> Issued:
    return root()


@pytest.fixture(scope="module")
def intermediate(authority: Issued) -> Issued:
    return issue("CN=istiod,O=cluster.local", authority, ca=True, path_length=0, lives=timedelta(days=365))


@pytest.fixture(scope="module")
def leaf(intermediate: Issued) -> Issued:
    return workload(intermediate)


@pytest.fixture
def agent_files(tmp_path: Path, leaf: Issued, intermediate: Issued, authority: Issued) -> Path:
    return write_agent_files(tmp_path / "data", leaf, intermediate, authority)


def test_the_agents_directory_is_read_whole(agent_files: Path, leaf: Issued) -> None:
    found = read_certificates([str(agent_files)], NOW)
    assert [certificate.role for certificate in found.certificates] == [
        CertificateRole.LEAF,
        CertificateRole.INTERMEDIATE,
        CertificateRole.ROOT,
        CertificateRole.ROOT,
    ]
    assert found.problems == ()
    assert found.unordered == ()
    assert found.key is not None
    assert found.key.state is KeyState.MATCHES
    assert found.key.leaf_fingerprint == leaf.fingerprint
    (chain,) = found.chains
    assert chain.verified
    assert [certificate.role for certificate in chain.certificates] == [
        CertificateRole.LEAF,
        CertificateRole.INTERMEDIATE,
        CertificateRole.ROOT,
    ]
    assert found.leaf is not None
    assert found.leaf.fingerprint_sha256 == leaf.fingerprint
    assert found.soonest_end == found.leaf


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_is_found_in_any_order(order: tuple[int, ...], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    issued: list[Issued] = [request.getfixturevalue(name) for name in ("leaf", "intermediate", "authority")]
    (tmp_path / "chain.pem").write_bytes(b"".join(issued[at].pem for at in order))
    found = read_certificates([str(tmp_path / "chain.pem")], NOW)
    assert [chain.verified for chain in found.chains] == [True]
    assert bool(found.unordered) == (order != (0, 1, 2))


def test_noise_around_pem_does_no_harm(tmp_path: Path, leaf: Issued, authority: Issued) -> None:
    noise = b"\xef\xbb\xbfBag Attributes\n    localKeyID: 01\nsubject=/CN=x\n\n"
    windows = authority.pem.replace(b"\n", b"\r\n")
    indented = leaf.pem.replace(b"\n", b"  \n")
    (tmp_path / "noisy.pem").write_bytes(noise + indented + b"\x00\xff junk -----\n" + windows + b"trailing")
    found = read_certificates([str(tmp_path / "noisy.pem")], NOW)
    assert [certificate.role for certificate in found.certificates] == [CertificateRole.LEAF, CertificateRole.ROOT]
    assert found.problems == ()


def test_der_is_read(tmp_path: Path, leaf: Issued) -> None:
    (tmp_path / "leaf.der").write_bytes(leaf.der)
    found = read_certificates([str(tmp_path)], NOW)
    assert [certificate.fingerprint_sha256 for certificate in found.certificates] == [leaf.fingerprint]


def test_a_certificate_from_the_wire_is_read_as_der_and_pem(leaf: Issued) -> None:
    for data in (leaf.der, leaf.pem):
        seen = parse_certificate(data, "127.0.1.11:17070")
        assert seen is not None
        assert seen.fingerprint_sha256 == leaf.fingerprint
    assert parse_certificate(b"nothing", "x") is None


def test_several_roots_and_the_one_that_fits(
    tmp_path: Path, leaf: Issued, intermediate: Issued, authority: Issued
) -> None:
    """Istio's roots share the name O=cluster.local; after a change of root the file holds both."""
    old = root()
    (tmp_path / "cert-chain.pem").write_bytes(leaf.pem + intermediate.pem)
    (tmp_path / "root-cert.pem").write_bytes(old.pem + authority.pem)
    (chain,) = read_certificates([str(tmp_path)], NOW).chains
    assert chain.verified
    assert chain.certificates[-1].fingerprint_sha256 == authority.fingerprint


def test_cross_signed_intermediate_finds_the_trusted_way(tmp_path: Path, authority: Issued) -> None:
    key = ec_key()
    elsewhere = root("CN=other root")
    here = issue("CN=mid", authority, key=key, ca=True)
    there = issue("CN=mid", elsewhere, key=key, ca=True)
    end = workload(here)
    (tmp_path / "cert-chain.pem").write_bytes(end.pem + there.pem + here.pem)
    (tmp_path / "root-cert.pem").write_bytes(authority.pem)
    (chain,) = read_certificates([str(tmp_path)], NOW).chains
    assert chain.verified
    assert chain.certificates[1].fingerprint_sha256 == here.fingerprint


def _problem(tmp_path: Path, chain: list[Issued], roots: list[Issued]) -> LinkProblem | None:
    (tmp_path / "cert-chain.pem").write_bytes(b"".join(certificate.pem for certificate in chain))
    (tmp_path / "root-cert.pem").write_bytes(b"".join(root.pem for root in roots))
    return read_certificates([str(tmp_path)], NOW).chains[0].problem


def test_each_way_a_chain_fails_has_its_name(
    tmp_path: Path, leaf: Issued, intermediate: Issued, authority: Issued
) -> None:
    other = root("CN=other")
    assert _problem(tmp_path, [leaf, intermediate], [other]) is LinkProblem.ISSUER_MISSING
    assert _problem(tmp_path, [leaf, intermediate, authority], [other]) is LinkProblem.UNTRUSTED_ROOT
    assert _problem(tmp_path, [leaf, intermediate], [root()]) is LinkProblem.SIGNATURE
    not_ca = workload(authority)
    below = issue("CN=below", not_ca)
    assert _problem(tmp_path, [below, not_ca], [authority]) is LinkProblem.ISSUER_NOT_CA
    deeper = issue("CN=deeper", intermediate, ca=True)
    assert _problem(tmp_path, [workload(deeper), deeper, intermediate], [authority]) is LinkProblem.PATH_LENGTH
    may_not = issue("CN=no keyCertSign", authority, ca=True, may_sign=False)
    assert _problem(tmp_path, [workload(may_not), may_not], [authority]) is LinkProblem.ISSUER_NOT_CA


def test_a_chain_longer_than_any_verifier_takes_is_said() -> None:
    chain = [root("CN=0")]
    for at in range(1, 14):
        chain.append(issue(f"CN={at}", chain[-1], ca=True))
    chain.append(workload(chain[-1]))
    loaded = [each for certificate in chain for each in load_certificates(certificate.pem, "c.pem")[0]]
    (found,) = build_chains(loaded)
    assert found.problem is LinkProblem.TOO_LONG


def test_a_bundle_of_4000_is_read_whole_and_a_leaf_finds_its_root_in_it(tmp_path: Path) -> None:
    """All roots share Istio's name and carry no key ids: the worst case for finding an issuer."""
    key = ec_key()
    one = root(key=key, key_ids=False)
    bundle = [one.pem] + [root(key=key, key_ids=False, serial=at).pem for at in range(1, 4000)]
    (tmp_path / "root-cert.pem").write_bytes(b"".join(bundle))
    stranger = root(key_ids=False)
    (tmp_path / "cert-chain.pem").write_bytes(
        workload(one, key_ids=False).pem + workload(stranger, "x", key_ids=False).pem
    )
    found = read_certificates([str(tmp_path)], NOW)
    assert sum(certificate.role is CertificateRole.ROOT for certificate in found.certificates) == 4000
    assert [chain.problem for chain in found.chains] == [None, LinkProblem.SIGNATURE]


def test_very_many_leaves_under_very_many_like_named_roots_end_in_bounded_work() -> None:
    """30 leaves nobody here signed × 1000 roots of their issuer's name would be 30 000 signatures."""
    key, stranger = ec_key(), root(key_ids=False)
    roots = [root(key=key, key_ids=False, serial=at + 1).pem for at in range(1000)]
    leaves = [workload(stranger, f"a{at}", key_ids=False).pem for at in range(30)]
    loaded, _ = load_certificates(b"".join(leaves + roots), "all.pem")
    problems = [chain.problem for chain in build_chains(loaded)]
    assert problems[0] is LinkProblem.SIGNATURE
    assert problems[-1] is LinkProblem.NOT_CHECKED


@pytest.mark.parametrize("keep", [30, 200, 700])
def test_a_cut_file_is_one_clear_problem_and_the_rest_is_shown(
    keep: int, tmp_path: Path, leaf: Issued, authority: Issued
) -> None:
    (tmp_path / "cert-chain.pem").write_bytes(authority.pem + leaf.pem[: min(keep, len(leaf.pem) - 30)])
    found = read_certificates([str(tmp_path)], NOW)
    assert [certificate.role for certificate in found.certificates] == [CertificateRole.ROOT]
    assert [(problem.kind, problem.line) for problem in found.problems] == [
        (FileProblemKind.CUT, authority.pem.count(b"\n") + 1)
    ]


def test_cut_der_is_told_from_garbage(tmp_path: Path, leaf: Issued) -> None:
    (tmp_path / "a.der").write_bytes(leaf.der[:-20])
    (tmp_path / "b.der").write_bytes(os.urandom(300))
    (tmp_path / "c.der").write_bytes(b"")
    kinds = {Path(problem.file).name: problem.kind for problem in read_certificates([str(tmp_path)], NOW).problems}
    assert kinds == {
        "a.der": FileProblemKind.CUT,
        "b.der": FileProblemKind.NO_CERTIFICATE,
        "c.der": FileProblemKind.EMPTY,
    }


def test_a_damaged_block_costs_itself(tmp_path: Path, leaf: Issued, authority: Issued) -> None:
    lines = leaf.pem.splitlines(keepends=True)
    not_base64 = b"".join([lines[0], b"!!!!\n", *lines[2:]])
    not_asn1 = b"".join([lines[0], b"AAAA\n", lines[-1]])
    (tmp_path / "chain.pem").write_bytes(not_base64 + not_asn1 + authority.pem)
    found = read_certificates([str(tmp_path / "chain.pem")], NOW)
    assert [certificate.role for certificate in found.certificates] == [CertificateRole.ROOT]
    assert [problem.kind for problem in found.problems] == [FileProblemKind.DAMAGED, FileProblemKind.DAMAGED]


def test_a_key_in_the_certificate_file_is_named_and_the_certificates_are_still_shown(
    tmp_path: Path, leaf: Issued
) -> None:
    (tmp_path / "cert-chain.pem").write_bytes(leaf.key_pem + leaf.pem)
    found = read_certificates([str(tmp_path)], NOW)
    assert len(found.certificates) == 1
    assert [(problem.kind, problem.line) for problem in found.problems] == [(FileProblemKind.PRIVATE_KEY, 1)]


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ("der", KeyState.MATCHES),
        ("other", KeyState.DIFFERS),
        ("certificate", KeyState.NOT_A_KEY),
        ("garbage", KeyState.NOT_A_KEY),
        ("encrypted", KeyState.ENCRYPTED),
        ("cut", KeyState.NOT_A_KEY),
        ("missing", KeyState.MISSING),
        ("directory", KeyState.UNREADABLE),
    ],
)
def test_what_comparing_the_key_can_show(content: str, state: KeyState, agent_files: Path, leaf: Issued) -> None:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    path = agent_files / "key.pem"
    path.unlink()
    if content == "directory":
        path.mkdir()
    elif content != "missing":
        encrypted = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
        path.write_bytes(
            {
                "der": leaf.key_der,
                "other": workload(leaf).key_pem,
                "certificate": leaf.pem,
                "garbage": os.urandom(100),
                "encrypted": encrypted,
                "cut": leaf.key_pem[:-60],
            }[content]
        )
    text = f"""{{"xds_servers": [], "certificate_providers": {{"default": {{"plugin_name": "file_watcher", "config": {{
        "certificate_file": "{agent_files}/cert-chain.pem", "private_key_file": "{path}",
        "ca_certificate_file": "{agent_files}/root-cert.pem"}}}}}}}}"""
    ((instance, found),) = read_providers(read_bootstrap(text.encode(), "b.json"), NOW)
    assert instance == "default"
    assert found.key is not None
    assert found.key.state is state


def test_what_is_no_file_never_hangs(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cert-chain.pem")
    found = read_certificates([str(tmp_path), str(tmp_path / "gone.pem")], NOW)
    assert {(Path(problem.file).name, problem.kind) for problem in found.problems} == {
        ("cert-chain.pem", FileProblemKind.UNREADABLE),
        ("gone.pem", FileProblemKind.MISSING),
    }
    assert look_at(str(tmp_path / "cert-chain.pem")).kind is FileKind.OTHER
    assert look_at("\0").kind is FileKind.UNREADABLE


def test_an_empty_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("nothing")
    assert [problem.kind for problem in read_certificates([str(tmp_path)]).problems] == [FileProblemKind.NO_CERTIFICATE]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.binary(max_size=200), after=st.binary(max_size=200), cut=st.integers(0, 900))
def test_any_bytes_are_read_without_an_exception(before: bytes, after: bytes, cut: int, leaf: Issued) -> None:
    for data in (
        before,
        before + leaf.pem + after,
        leaf.pem[:cut] + after,
        leaf.der[:cut] + after,
        before + leaf.key_pem,
    ):
        loaded, problems = load_certificates(data, "x.pem")
        assert loaded or problems


async def test_unchanged_files_give_the_same_object_and_a_rotation_a_new_one(
    agent_files: Path, leaf: Issued, intermediate: Issued, authority: Issued
) -> None:
    source = IdentityFiles([str(agent_files)])
    first = await source.poll()
    assert await source.poll() is first
    newer = workload(intermediate, begins=NOW)
    beside = agent_files / ".cert-chain.new"
    beside.write_bytes(newer.pem + intermediate.pem + authority.pem)
    os.utime(beside, (1, 1))
    beside.replace(agent_files / "cert-chain.pem")
    second = await source.poll()
    assert second is not first
    assert second.leaf is not None
    assert second.leaf.fingerprint_sha256 == newer.fingerprint
    assert second.key is not None
    assert second.key.state is KeyState.DIFFERS
    assert replace(second, read_at=first.read_at) != first


def test_the_root_in_the_chain_file_too_is_still_the_trusted_one(
    tmp_path: Path, leaf: Issued, intermediate: Issued, authority: Issued
) -> None:
    write_agent_files(tmp_path, leaf, intermediate, authority)
    (tmp_path / "root-cert.pem").write_bytes(root("CN=next").pem + authority.pem)
    (chain,) = read_certificates([str(tmp_path)], NOW).chains
    assert chain.verified


def test_a_link_in_a_circle_costs_only_itself(agent_files: Path) -> None:
    (agent_files / "loop.pem").symlink_to("loop.pem")
    (agent_files / "dangling.pem").symlink_to("nothing.pem")
    os.mkfifo(agent_files / "pipe.pem")
    found = read_certificates([str(agent_files)], NOW)
    assert len(found.certificates) == 4
    wrong = {Path(problem.file).name: problem.kind for problem in found.problems}
    assert wrong == {
        "loop.pem": FileProblemKind.UNREADABLE,
        "dangling.pem": FileProblemKind.MISSING,
        "pipe.pem": FileProblemKind.UNREADABLE,
    }


@pytest.mark.parametrize("cut", [0, 40, -30])
def test_a_certificate_that_is_being_written_is_read_when_it_is_whole(
    agent_files: Path, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = agent_files / "cert-chain.pem"
    writer = Writer(chain, chain.read_bytes(), cut)
    monkeypatch.setattr("meshtui.sources.certificates.files.time.sleep", writer.sleep)
    found = read_certificates([str(agent_files)], NOW)
    assert found.problems == ()
    assert len(found.certificates) == 4


def test_many_providers_whose_files_are_missing_are_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("meshtui.sources.certificates.files.time.sleep", waits.append)
    named = ",".join(
        f'"p{number}": {{"plugin_name": "file_watcher", "config": {{"certificate_file": "{tmp_path}/{number}.pem",'
        f' "private_key_file": "{tmp_path}/{number}.key"}}}}'
        for number in range(50)
    )
    bootstrap = read_bootstrap(f'{{"certificate_providers": {{{named}}}}}'.encode(), "x")
    assert len(read_providers(bootstrap, NOW)) == 50
    assert len(waits) == 1
