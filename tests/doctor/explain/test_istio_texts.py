"""What Istio's echo app (grpc-go 1.78) said of calls that failed on a real Istio, and of calls that RBAC refused."""

from __future__ import annotations

import pytest

from meshtui.doctor.explain.catalogue import group_code, known_error
from tests.cases import DATA


@pytest.mark.parametrize(
    ("capture", "code"),
    [
        ("fe-dnsplain", "name-resolution"),
        ("fe-grpcport-http", "cluster-missing"),
        ("fe-hold", "control-plane-stream-ended"),
        ("fe-maglev-held", "fault-injected"),
        ("fe-noport", "listener-missing"),
        ("fe-noscheme", "scheme-unsupported"),
        ("fe-nosubset", "cluster-missing"),
        ("fe-tcpport", "virtual-host-missing"),
        ("fe-unknownhost", "listener-missing"),
        ("fe-unknownport", "listener-missing"),
        ("forwardecho-dr-maglev", "nack-lb-policy"),
        ("forwardecho-mtls-client-only", "tls-to-plaintext"),
        ("forwardecho-vs-direct", "route-action"),
    ],
)
def test_what_grpc_go_says_on_a_real_istio(capture: str, code: str) -> None:
    """``name resolver error`` is around every failure of xDS in grpc-go and says nothing of DNS."""
    assert known_error((DATA / "istio" / f"{capture}.txt").read_text(encoding="utf-8")).code == code


def test_without_an_address_the_text_does_not_say_why() -> None:
    """grpc-go's pick_first has none where no virtual host fits (1.65), and where DNS gives none."""
    known = known_error("rpc error: code = Unavailable desc = name resolver error: produced zero addresses")
    assert known.code == "no-addresses"
    assert "does not say which" in known.explanation


NODE = "[xDS node id: sidecar~10.77.0.12~echo-v2-7cf5b76586-bgn6t.shop~shop.svc.cluster.local]: "


def denied(reason: str, node: str = NODE) -> str:
    """As grpc-go's server words it (``internal/xds/server/routing.go``)."""
    wrapped = f"Incoming RPC is not allowed: rpc error: code = PermissionDenied desc = {reason}"
    return f"1/1 requests had errors; first error: rpc error: code = PermissionDenied desc = {node}{wrapped}"


def test_a_denial_names_policy_rule_and_pod() -> None:
    text = denied('incoming RPC matched a deny policy "shop-deny-all-1"')
    known = known_error(text)
    assert known.title == "Denied by rules[1] of AuthorizationPolicy deny-all in shop"
    assert "at echo-v2-7cf5b76586-bgn6t.shop" in known.explanation
    assert group_code(text) == "permission-denied: shop-deny-all-1"
    everywhere = known_error(denied('incoming RPC matched a deny policy "istio-system-deny-all-0"'))
    assert everywhere.title == "Denied by rules[0] of AuthorizationPolicy deny-all in istio-system"


def test_a_denial_says_no_more_than_its_text() -> None:
    known = known_error(denied('incoming RPC matched a deny policy "shop-deny-all-1"', node=""))
    assert known.title == "Denied by policy shop-deny-all-1", "where the namespace ends is not known"
    unmatched = known_error(denied("incoming RPC did not match an allow policy"))
    assert unmatched.title == "No AuthorizationPolicy with action ALLOW fits the call"
    assert (
        known_error("PERMISSION_DENIED: Unauthorized RPC rejected").title == "An AuthorizationPolicy refused the call"
    )
