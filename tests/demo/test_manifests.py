"""Manifests: what is read, what is noted, and what is refused on which line."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.demo.istio.fields import MAX_BYTES, ManifestError
from meshtui.demo.istio.policies import ConsistentHash, DestinationRule, HashKey, LoadBalancer
from meshtui.demo.istio.routing import VirtualService
from meshtui.demo.istio.services import Service
from meshtui.demo.manifests import FileContent, ManifestDirectory, read_text
from meshtui.demo.scenarios import SCENARIOS

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: echo
spec:
  selector: {app: echo}
  ports:
    - port: 7070
      targetPort: 17070
"""


def rule(policy: str) -> str:
    return f"""\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: echo}}
spec:
  host: echo
  trafficPolicy: {policy}
"""


def routes(http: str) -> str:
    return f"""\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: echo}}
spec:
  hosts: [echo]
  http: {http}
"""


def security(kind: str, spec: str) -> str:
    return f"""\
apiVersion: security.istio.io/v1
kind: {kind}
metadata: {{name: all}}
spec: {spec}
"""


TO_ECHO = "route: [{destination: {host: echo}}]"


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_every_scenario_is_usable(name: str) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
    for number in range(len(scenario.step_titles) + 1):
        files = sorted(scenario.step(number).directory.glob("*.yaml"))
        assert files
        for file in files:
            assert read_text(file.read_text(), file.name).objects
    assert not (scenario.directory / f"step-{len(scenario.step_titles) + 1}").exists()


def test_a_service_gets_the_default_namespace() -> None:
    (service,) = read_text(SERVICE, "x.yaml").objects
    assert isinstance(service, Service)
    assert service.host == "echo.echo-grpc.svc.cluster.local"
    assert service.port(7070) is not None
    assert (service.origin.file, service.origin.line) == ("x.yaml", 1)


def test_several_documents_and_passed_over_kinds() -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: echo-grpc}\n"
    content = read_text(f"{namespace}---\n{SERVICE}---\n---\n{rule('{}')}", "x.yaml")
    assert [type(object_) for object_ in content.objects] == [Service, DestinationRule]
    assert content.objects[1].origin.line == 5 + SERVICE.count("\n") + 2
    assert content.notes == ()


def test_a_subset_inherits_what_it_does_not_say() -> None:
    text = rule("{tls: {mode: ISTIO_MUTUAL}, loadBalancer: {consistentHash: {httpHeaderName: x}}}")
    text += "  subsets:\n    - name: v1\n      trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}\n    - name: v2\n"
    (found,) = read_text(text, "x").objects
    assert isinstance(found, DestinationRule)
    first, second = (found.policy_of(subset, 7070) for subset in found.subsets)
    assert (first.mutual_tls, first.load_balancer) == (True, LoadBalancer())
    assert second.load_balancer is not None
    assert second.load_balancer.consistent_hash == ConsistentHash("RING_HASH", 1024, HashKey("header", "x"))


@pytest.mark.parametrize(
    ("text", "kind", "line", "words"),
    [
        (rule("{tls: {mode: SIMPLE}}"), "changed", 6, "SIMPLE becomes plaintext"),
        (rule("{loadBalancer: {simple: RANDOM}}"), "changed", 6, "RANDOM becomes ROUND_ROBIN"),
        (rule("{loadBalancer: {simple: LEAST_REQUEST}}"), "refused", 6, "C core"),
        (rule("{loadBalancer: {simple: LEAST_CONN}}"), "changed", 6, "LEAST_CONN becomes ROUND_ROBIN"),
        (rule("{outlierDetection: {consecutiveErrors: 1}}"), "changed", 6, "outlierDetection is dropped"),
        (rule("{connectionPool: {tcp: {maxConnections: 1}}}"), "dropped", 6, "only http2MaxRequests"),
        (rule("{connectionPool: {http: {maxRetries: 1}}}"), "dropped", 6, "maxRetries is dropped"),
        (rule("{loadBalancer: {consistentHash: {useSourceIp: true}}}"), "dropped", 6, "useSourceIp"),
        (routes(f"[{{rewrite: {{uri: /x}}, {TO_ECHO}}}]"), "dropped", 6, "gRPC ignores it"),
        (routes(f"[{{mirror: {{host: echo}}, {TO_ECHO}}}]"), "dropped", 6, "mirror is dropped"),
        (routes(f"[{{corsPolicy: {{allowOrigins: [{{exact: x}}]}}, {TO_ECHO}}}]"), "refused", 6, "refuses the whole"),
        (routes(f"[{{mirrors: [{{destination: {{host: echo}}}}], {TO_ECHO}}}]"), "dropped", 6, "mirrors is dropped"),
        (routes(f"[{{fault: {{abort: {{httpStatus: 503}}}}, {TO_ECHO}}}]"), "changed", 6, "as one of no request"),
        (routes("[{directResponse: {status: 503}}]"), "refused", 6, "fails every call of this route"),
        (routes("[{redirect: {uri: /}}]"), "refused", 6, "fails every call of this route"),
        (routes(f"[{{match: [{{queryParams: {{q: {{exact: x}}}}}}], {TO_ECHO}}}]"), "dropped", 6, "leaves a route out"),
        (rule("{loadBalancer: {consistentHash: {maglev: {}}}}"), "refused", 6, "no gRPC has it"),
        (rule("{loadBalancer: {consistentHash: {minimumRingSize: 9000000}}}"), "refused", 6, "gRPC cannot use it"),
        (routes(f"[{{retries: {{attempts: 1, perTryTimeout: 1s}}, {TO_ECHO}}}]"), "dropped", 6, "perTryTimeout"),
        (security("PeerAuthentication", "{mtls: {mode: PERMISSIVE}}"), "changed", 4, "becomes plaintext"),
        (security("AuthorizationPolicy", "{action: AUDIT}"), "dropped", 4, "AUDIT is dropped"),
        (security("AuthorizationPolicy", "{}"), "dropped", 4, "without rules is dropped"),
        (
            SERVICE.replace("name: echo", "name: echo\n  labels: {istio.io/persistent-session: x}"),
            "dropped",
            3,
            "crashes",
        ),
        (security("Deployment", "{}"), "dropped", 2, "the demo has its own pods"),
        (security("RequestAuthentication", "{}"), "dropped", 2, "no effect on proxyless gRPC"),
    ],
)
def test_what_istiod_does_in_silence_is_noted(text: str, kind: str, line: int, words: str) -> None:
    notes = read_text(text, "x.yaml").notes
    assert [(note.kind, note.file, note.line) for note in notes] == [(kind, "x.yaml", line)]
    assert words in notes[0].reason
    assert "echo-grpc/" in notes[0].subject


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("kind: [", 1, "not valid YAML"),
        ("a: 1\nb: {", 2, "not valid YAML"),
        ('a: 1\nb: "\\ud800"', 2, "Unicode"),
        ("just words", 1, "must be a mapping"),
        ("[]", 1, "must be a mapping"),
        ("kind: Service", 1, "apiVersion is missing"),
        ("apiVersion: v1\nkind: Wombat\nmetadata: {name: x}", 2, "does not know the kind 'Wombat'"),
        ("apiVersion: v1\nkind: DestinationRule\nmetadata: {name: x}", 2, "of 'core'"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: x}\nkind: Service", 4, "written twice"),
        ("apiVersion: v1\n1: x", 2, "a key must be a string"),
        (SERVICE.replace("7070", "70700"), 8, "port must be a whole number from 1 to 65535"),
        (SERVICE.replace("17070", "grpc"), 9, "targetPort must be a number"),
        (SERVICE.replace("echo}", "1}"), 6, "selector.app must be a string"),
        (rule("{tls: {mode: ISTIO_MUTAL}}"), 6, "mode must be one of DISABLE, SIMPLE"),
        (rule("{tsl: {}}"), 6, "trafficPolicy has no field 'tsl'"),
        (rule("[]"), 6, "trafficPolicy must be a mapping"),
        (routes("[{}]"), 6, "at least one destination"),
        (routes(f"[{{timeout: soon, {TO_ECHO}}}]"), 6, "timeout must be a duration"),
        (routes(f"[{{timeout: 9999999h, {TO_ECHO}}}]"), 6, "at most a year"),
        (routes(f"[{{match: [{{uri: {{exact: a, prefix: b}}}}], {TO_ECHO}}}]"), 6, "exactly one of"),
        (routes(f"[{{fault: {{abort: {{httpStatus: 42}}}}, {TO_ECHO}}}]"), 6, "httpStatus must be"),
        (routes(f"[{{fault: {{abort: {{grpcStatus: NOPE}}}}, {TO_ECHO}}}]"), 6, "grpcStatus must be one of"),
        (routes("[{route: [{destination: {host: a}}, {destination: {host: b}}]}]"), 6, "weights"),
        (SERVICE.replace("spec:", "spec:\n  type: ExternalName"), 6, "externalName is missing"),
        (routes(f"[{{delegate: {{name: x}}, {TO_ECHO}}}]"), 6, "both route and delegate"),
        (routes(f"[{{match: [{{headers: {{'@request.auth.claims.x': {{}}}}}}], {TO_ECHO}}}]"), 6, "needs a token"),
        (routes("[{directResponse: {status: 1}}]"), 6, "status must be a whole number from 100 to 599"),
        (security("PeerAuthentication", "{portLevelMtls: {grpc: {mode: STRICT}}}"), 4, "ports by number"),
        (security("AuthorizationPolicy", "{rules: [{whom: []}]}"), 4, "a rule has no field 'whom'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_text(text, "x.yaml")
    assert words in refused.value.reason
    assert refused.value.line == line


def test_hostile_yaml_is_refused_without_harm() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(24)
    )
    for text in (
        bomb,
        "[" * 20_000,
        "{a: " * 60_000,
        "x: &x\n  y: *x\n",
        "? " * 60_000,
        "!!python/object/apply:os.system [id]",
        "- " * 60_000,
    ):
        with pytest.raises(ManifestError):
            read_text(text, "x.yaml")
    with pytest.raises(ManifestError, match="larger than"):
        read_text(" " * (MAX_BYTES + 1), "x.yaml")


_scalars = st.none() | st.booleans() | st.integers(-9, 70_000) | st.text(max_size=8)
_values = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner)
)
_KEYS = """
host subsets trafficPolicy tls mode loadBalancer simple consistentHash hosts http match uri exact route weight
destination subset port number fault delay fixedDelay abort percentage value timeout retries attempts selector
matchLabels mtls portLevelMtls action rules from source principals to operation paths ports targetPort
"""
_keys = st.sampled_from(_KEYS.split())
_specs = st.recursive(
    _values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4), max_leaves=20
)


def outcome_of(text: str) -> FileContent | ManifestError:
    """What is read, or why it is refused; anything else that is raised is a defect."""
    try:
        return read_text(text, "x.yaml")
    except ManifestError as error:
        return error


@given(
    spec=_specs,
    head=st.sampled_from(
        [
            ("v1", "Service"),
            ("networking.istio.io/v1", "DestinationRule"),
            ("networking.istio.io/v1", "VirtualService"),
            ("networking.istio.io/v1", "Sidecar"),
            ("security.istio.io/v1", "PeerAuthentication"),
            ("security.istio.io/v1", "AuthorizationPolicy"),
        ]
    ),
)
def test_any_spec_is_read_or_refused_with_a_line(spec: object, head: tuple[str, str]) -> None:
    text = json.dumps({"apiVersion": head[0], "kind": head[1], "metadata": {"name": "x"}, "spec": spec})
    outcome = outcome_of(text)
    if isinstance(outcome, ManifestError):
        assert outcome.line >= 1
        assert outcome.reason
    else:
        assert len(outcome.objects) == 1


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    outcome = outcome_of(text)
    assert not isinstance(outcome, ManifestError) or 1 <= outcome.line <= text.count("\n") + 1


class TestDirectory:
    """The directory as it changes."""

    def test_a_broken_file_keeps_its_last_good_content(self, tmp_path: Path) -> None:
        directory = ManifestDirectory(tmp_path)
        (tmp_path / "a.yaml").write_text(SERVICE)
        changed, problems, _ = directory.scan()
        assert changed
        assert not problems
        (tmp_path / "a.yaml").write_text(SERVICE + "  - ]\n")
        changed, problems, _ = directory.scan()
        assert not changed
        assert [(problem.file, problem.line) for problem in problems] == [("a.yaml", 10)]
        assert len(directory.config(()).services) == 1
        assert directory.scan() == (False, [], []), "a problem is told once"

    def test_a_file_that_goes_takes_its_objects_along(self, tmp_path: Path) -> None:
        directory = ManifestDirectory(tmp_path)
        (tmp_path / "a.yaml").write_text(SERVICE)
        (tmp_path / "b.yml").write_text(routes(f"[{{{TO_ECHO}}}]"))
        directory.scan()
        assert isinstance(directory.config(()).virtual_services[0], VirtualService)
        (tmp_path / "b.yml").unlink()
        assert directory.scan()[0]
        assert directory.config(()).virtual_services == ()
        assert len(directory.config(()).services) == 1

    def test_what_is_no_manifest_is_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("kind: [")
        (tmp_path / ".a.yaml.swp").write_text("kind: [")
        (tmp_path / ".hidden.yaml").write_text("kind: [")
        assert ManifestDirectory(tmp_path).scan() == (False, [], [])

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")
        _, problems, _ = ManifestDirectory(tmp_path).scan()
        assert [(problem.line, problem.reason) for problem in problems] == [(2, "is not UTF-8 text")]

    def test_a_directory_in_place_of_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").mkdir()
        _, problems, _ = ManifestDirectory(tmp_path).scan()
        assert "cannot be read" in problems[0].reason

    def test_a_directory_that_goes_away_changes_nothing(self, tmp_path: Path) -> None:
        place = tmp_path / "manifests"
        place.mkdir()
        (place / "a.yaml").write_text(SERVICE)
        directory = ManifestDirectory(place)
        directory.scan()
        os.rename(place, tmp_path / "elsewhere")
        with pytest.raises(OSError, match="No such file"):
            directory.scan()
        assert len(directory.config(()).services) == 1

    def test_an_object_is_as_old_as_its_first_appearance(self, tmp_path: Path) -> None:
        """Neither a file's name nor an edit changes the order; one that was taken away begins anew."""
        moments = (datetime(2026, 11, 1, minute=minute, tzinfo=UTC) for minute in range(60))
        directory = ManifestDirectory(tmp_path, lambda: next(moments))

        def put(file: str, name: str, balancer: str) -> list[str]:
            text = rule(f"{{loadBalancer: {{simple: {balancer}}}}}").replace("{name: echo", f"{{name: {name}")
            (tmp_path / file).write_text(text)
            directory.scan()
            return [found.origin.name for found in directory.config(()).destination_rules]

        assert put("z.yaml", "old", "RANDOM") == ["old"]
        assert put("a.yaml", "new", "RANDOM") == ["old", "new"]
        assert put("z.yaml", "old", "LEAST_REQUEST") == ["old", "new"]
        (tmp_path / "z.yaml").unlink()
        directory.scan()
        assert put("z.yaml", "old", "RANDOM") == ["new", "old"]
