"""Services, EndpointSlices and pods out of documents that a real API server served."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from meshtui.model.ip import plain_address
from meshtui.model.kubernetes.objects import (
    ObjectName,
    ServicePort,
    endpoint_pod_of,
    endpoint_slice_of,
    service_of,
)
from tests.model.kubernetes.documents import ANY_JSON, ENDPOINT_SLICE, NAMESPACE, POD, SERVICE, broken


def test_service() -> None:
    service = service_of(SERVICE)
    assert service.name == ObjectName("Service", NAMESPACE, "echo")
    assert service.name.words == "Service echo in echo-grpc"
    assert service.selector == {"app": "echo"}
    assert service.ports == (
        ServicePort(port=7070, name="grpc", target=17070),
        ServicePort(port=17171, name="grpc-admin", target="grpc-admin"),
    )
    assert not service.headless


def test_a_port_without_a_target_is_its_own() -> None:
    """k8s.io/api/core/v1, ServicePort: "If this is not specified, the value of the 'port' field is used"."""
    assert service_of({"spec": {"clusterIP": "None", "ports": [{"port": 80}]}}).ports == (
        ServicePort(port=80, target=80),
    )


def test_endpoint_slice() -> None:
    found = endpoint_slice_of(ENDPOINT_SLICE)
    assert found.service == "echo"
    first, second = found.endpoints
    assert (first.ready, first.serving, first.terminating) == (True, True, False)
    assert first.pod == ObjectName("Pod", NAMESPACE, "echo-v1")
    assert (second.ready, second.serving, second.terminating) == (False, True, True)
    assert found.ports == (("grpc-admin", 17171), ("grpc", 17070))


def test_what_an_endpoint_does_not_say() -> None:
    """It is ready, and what does not say whether it serves does so if it is ready."""
    document = {"endpoints": [{"addresses": ["10.0.0.1"]}, {"addresses": [], "conditions": {"ready": False}}]}
    said_nothing, not_ready = endpoint_slice_of(document).endpoints
    assert (said_nothing.ready, said_nothing.serving, said_nothing.terminating) == (True, True, False)
    assert (not_ready.ready, not_ready.serving, not_ready.pod) == (False, False, None)


def test_a_pod_that_is_to_end_was_asked_before_its_grace() -> None:
    pod = endpoint_pod_of(POD)
    assert pod.deleted_at == datetime(2026, 11, 28, 18, 5, 0, tzinfo=UTC)
    assert pod.addresses == ("10.244.0.4", "fd00::4")
    assert pod.version == "v2"
    assert not pod.ended
    assert pod.is_selected({"app": "echo"})
    assert not pod.is_selected({})
    assert not pod.is_selected({"app": "echo", "tier": "x"})


@pytest.mark.parametrize(
    ("written", "form"),
    [("10.0.0.1", "10.0.0.1"), ("[FD00::0:4]", "fd00::4"), ("echo.example", "echo.example"), ("", "")],
)
def test_addresses_have_one_form(written: str, form: str) -> None:
    assert plain_address(written) == form


@given(broken(SERVICE) | broken(ENDPOINT_SLICE) | broken(POD) | ANY_JSON)
def test_no_document_is_too_broken(document: object) -> None:
    """What a cluster serves is untrusted: a field that is not as the API has it reads as absent."""
    assert isinstance(service_of(document).name.name, str)
    assert all(isinstance(address, str) for each in endpoint_slice_of(document).endpoints for address in each.addresses)
    assert isinstance(endpoint_pod_of(document).version, str)
