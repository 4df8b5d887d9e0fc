"""What holds of all resources that manifests become: what does not exist has none, and none fails to build."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.xds.generate import (
    CLUSTER,
    ENDPOINTS,
    LISTENER,
    PUSH_ORDER,
    ROUTE,
    generate,
    identify,
)
from tests.demo.generated import ALL, FQDN, INBOUND, NODE, V1, config_of


@pytest.mark.parametrize(
    ("type_url", "name"),
    [
        (CLUSTER, f"outbound|7070|v9|{FQDN}"),
        (CLUSTER, f"outbound|7071||{FQDN}"),
        (CLUSTER, "outbound|7070||nobody"),
        (CLUSTER, "inbound|7070||"),
        (CLUSTER, ""),
        (ENDPOINTS, f"outbound|7070|v9|{FQDN}"),
        (ROUTE, "outbound|7070|"),
        (ROUTE, "outbound|x||y"),
        (LISTENER, "echo"),
        (LISTENER, "echo:"),
        (LISTENER, ":7070"),
        (LISTENER, "echo:99999999999"),
        (LISTENER, "xds.istio.io/grpc/lds/inbound/"),
        ("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "default"),
    ],
)
def test_what_does_not_exist_is_left_out(type_url: str, name: str) -> None:
    config = config_of("traffic-shift")
    assert generate(config, identify(config, NODE, "echo-grpc"), type_url, [name]) == []


def test_what_leads_nowhere_is_noted() -> None:
    texts = [
        """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: lost, namespace: echo-grpc}
spec:
  hosts: [echo]
  http:
    - route:
        - {destination: {host: nobody}, weight: 1}
        - {destination: {host: echo, subset: v9}, weight: 1}
        - {destination: {host: echo, port: {number: 1}}, weight: 1}
"""
    ]
    notes = [note.reason for note in unresolved(config_of("traffic-shift", *texts))]
    assert len(notes) == 4
    assert "no Service is called nobody.echo-grpc.svc.cluster.local" in " ".join(notes)
    assert "no DestinationRule defines subset v9" in " ".join(notes)
    assert "has no port 1" in " ".join(notes)
    assert "already has routes for" in " ".join(notes)
    assert list(unresolved(config_of("traffic-shift"))) == []


_words = st.sampled_from(["echo", "v1", "x", "/a", "*", "a*", "*a", "(", "é", ""])
_match = st.fixed_dictionaries(
    {},
    optional={
        "uri": st.dictionaries(st.sampled_from(["exact", "prefix", "regex"]), _words, max_size=1),
        "headers": st.dictionaries(
            _words, st.dictionaries(st.sampled_from(["exact", "prefix", "regex"]), _words, max_size=1), max_size=2
        ),
    },
)
_routes = st.fixed_dictionaries(
    {
        "route": st.lists(
            st.fixed_dictionaries(
                {"destination": st.fixed_dictionaries({"host": _words, "subset": _words})},
                optional={"weight": st.integers(0, 2**32)},
            ),
            min_size=1,
            max_size=3,
        )
    },
    optional={
        "match": st.lists(_match, max_size=2),
        "timeout": st.sampled_from(["1s", "0s", "8760h", "0.000000001s"]),
        "corsPolicy": st.just({"allowOrigins": [{"exact": "x"}]}),
        "rewrite": st.just({"uri": "/", "authority": "x"}),
        "mirror": st.just({"host": "echo"}),
    },
)


@given(http=st.lists(_routes, max_size=3), principal=_words)
def test_whatever_is_read_can_be_sent(http: list[Any], principal: str) -> None:
    spec = {"hosts": ["echo"], "http": http}
    head = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "x"}}
    rule = {"from": [{"source": {"principals": [principal]}}], "to": [{"operation": {"paths": [principal]}}]}
    policy = {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "x"},
        "spec": {"rules": [rule]},
    }
    try:
        config = config_of("discovery", json.dumps({**head, "spec": spec}), json.dumps(policy))
    except ManifestError:
        return
    client = identify(config, NODE, "echo-grpc")
    assert len(generate(config, client, ROUTE, [ALL, ALL])) == 1
    for type_url in PUSH_ORDER:
        names = [ALL, V1, INBOUND, "echo:7070"]
        first = generate(config, client, type_url, names)
        assert first == generate(config, client, type_url, reversed(names)), "equal configuration, equal bytes"
    list(unresolved(config))
