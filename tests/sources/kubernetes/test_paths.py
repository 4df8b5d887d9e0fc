"""Paths of an API server: whatever a name holds, it leads nowhere else."""

from __future__ import annotations

import pytest

from meshtui.sources.kubernetes.paths import api_path


def test_paths() -> None:
    assert api_path("", "v1", "pods") == "/api/v1/pods"
    assert api_path("", "v1", "pods", "p", "log", namespace="n") == "/api/v1/namespaces/n/pods/p/log"
    assert api_path("apps", "v1", "deployments", "d", namespace="n") == "/apis/apps/v1/namespaces/n/deployments/d"
    assert api_path("networking.istio.io", "v1beta1") == "/apis/networking.istio.io/v1beta1"


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("a/b", "a%2Fb"), ("a?b#c", "a%3Fb%23c"), ("..", "%2E%2E"), (".", "%2E"), ("ä", "%C3%A4"), ("%2F", "%252F")],
)
def test_no_name_leads_elsewhere(name: str, quoted: str) -> None:
    assert api_path("", "v1", "pods", name, namespace=name) == f"/api/v1/namespaces/{quoted}/pods/{quoted}"
