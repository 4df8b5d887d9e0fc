"""Gets the pod's certificate and renews it when half of its life is over."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from meshtui.demo import ca
from meshtui.demo.agent_metrics import CSR, Metrics
from meshtui.demo.ca_messages import CREATE_CERTIFICATE, CertificateRequest, CertificateResponse
from meshtui.demo.events import DemoEventKind
from meshtui.demo.lifeline import emit
from meshtui.demo.pods import PodPlan
from meshtui.model.clock import utc_now

RENEW_AT = 0.5
"""The share of a certificate's life, since the agent has it, after which it is renewed: Istio's default."""

JITTER = 0.01
"""Istio spreads the moment by so much, lest all pods renew at once."""

_FIRST_RETRY_SECONDS = 0.1
_LONGEST_RETRY_SECONDS = 2.0
"""Retries double between these: the first soon, as everything starts at the same moment."""

_NOBODY_THERE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
"""What a call ends with while istiod is away; the mesh tells of that by itself."""

_RETRIES = 4
"""How often one request is tried again at most."""

_RETRIED = (
    *_NOBODY_THERE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.INTERNAL,
)
"""What a request is tried again after."""

_CALL_SECONDS = 5.0
"""Deadline of one request to the authority."""


class Identity:
    """The pod's certificate files: ``key.pem``, ``cert-chain.pem``, ``root-cert.pem``."""

    def __init__(self, plan: PodPlan, istiod: grpc.aio.Channel, metrics: Metrics) -> None:
        self._plan = plan
        self._metrics = metrics
        self.issued = asyncio.Event()
        """Set when the first certificate is in its files."""
        self._token = plan.token_file.read_text(encoding="ascii").strip()
        self._create: Any = istiod.unary_unary(
            CREATE_CERTIFICATE,
            request_serializer=CertificateRequest.SerializeToString,
            response_deserializer=CertificateResponse.FromString,
        )
        plan.certificates.mkdir(mode=0o700, exist_ok=True)

    def present(self) -> bool:
        """Whether the three files are there, which is all that Istio's readiness probe asks."""
        names = ("cert-chain.pem", "key.pem", "root-cert.pem")
        return all((self._plan.certificates / name).is_file() for name in names)

    async def renew_for_ever(self) -> None:
        """Get a certificate, wait for half of its life, and again."""
        while True:
            leaf = await self._renew()
            self.issued.set()
            # Not since NotBefore, which is backdated (istio security/pkg/nodeagent/cache/secretcache.go, rotateTime).
            life = leaf.not_valid_after_utc - utc_now()
            await asyncio.sleep(max(0.0, life.total_seconds() * (RENEW_AT + random.uniform(-JITTER, JITTER))))

    async def _renew(self) -> x509.Certificate:
        """A new key and its certificate, written to the files; asked for until it is given."""
        wait = _FIRST_RETRY_SECONDS
        while True:
            key = await asyncio.to_thread(ca.new_key)
            request = CertificateRequest(
                csr=ca.certificate_request(key, self._plan.workload.identity).decode(),
                validity_duration=round(self._plan.certificate_seconds),
            )
            self._metrics.count("num_outgoing_requests", CSR)
            asked = time.monotonic()
            try:
                response = await self._ask(request)
            except grpc.aio.AioRpcError as error:
                self._metrics.count("num_failed_outgoing_requests", CSR)
                if error.code() not in _NOBODY_THERE:
                    emit(DemoEventKind.CERTIFICATE_REFUSED, reason=error.details())
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_RETRY_SECONDS)
                continue
            finally:
                self._metrics.count("outgoing_latency", CSR, (time.monotonic() - asked) * 1000)
            return self._store(key, list(response.cert_chain))

    async def _ask(self, request: Any) -> Any:
        """One request with its retries, as Istio's agent counts them (istio ``pkg/security/retry.go``)."""
        for retry in range(_RETRIES):
            try:
                return await self._try(request)
            except grpc.aio.AioRpcError as error:
                if error.code() not in _RETRIED:
                    raise
                self._metrics.count("num_outgoing_retries", CSR)
                await asyncio.sleep(_FIRST_RETRY_SECONDS * 2**retry)
        return await self._try(request)

    async def _try(self, request: Any) -> Any:
        """At the start istiod comes up at the same moment: its port is waited for, not polled."""
        metadata = (("authorization", f"Bearer {self._token}"),)
        return await self._create(request, metadata=metadata, timeout=_CALL_SECONDS, wait_for_ready=True)

    def _store(self, key: rsa.RSAPrivateKey, chain: list[str]) -> x509.Certificate:
        """Replace the files one by one: each is atomic, the set is not, as with Istio's agent."""
        directory = self._plan.certificates
        ca.write_private(directory / "key.pem", ca.private_pem(key))
        ca.write_private(directory / "cert-chain.pem", "".join(chain).encode())
        ca.write_private(directory / "root-cert.pem", chain[-1].encode())
        leaf = x509.load_pem_x509_certificate(chain[0].encode())
        self._metrics.show(
            "cert_expiry_seconds",
            lambda: (leaf.not_valid_after_utc - utc_now()) / timedelta(seconds=1),
            (("resource_name", "default"),),
        )
        emit(
            DemoEventKind.CERTIFICATE,
            serial=f"{leaf.serial_number:x}",
            not_after=leaf.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        )
        return leaf
