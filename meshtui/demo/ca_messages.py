"""The messages of ``istio.v1.auth.IstioCertificateService``, described here as Istio publishes no package.

Field numbers are those of istio.io/api's ``security/v1alpha1/ca.proto``.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

CREATE_CERTIFICATE = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
"""The method with which an agent gets a certificate."""

_Field = descriptor_pb2.FieldDescriptorProto

_FILE = descriptor_pb2.FileDescriptorProto(
    name="meshtui/demo/istio_ca.proto",
    package="istio.v1.auth",
    syntax="proto3",
    message_type=[
        descriptor_pb2.DescriptorProto(
            name="IstioCertificateRequest",
            field=[
                _Field(name="csr", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL),
                _Field(name="validity_duration", number=3, type=_Field.TYPE_INT64, label=_Field.LABEL_OPTIONAL),
            ],
        ),
        descriptor_pb2.DescriptorProto(
            name="IstioCertificateResponse",
            field=[_Field(name="cert_chain", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_REPEATED)],
        ),
    ],
)

_pool = descriptor_pool.DescriptorPool()
_pool.Add(_FILE)

CertificateRequest = message_factory.GetMessageClass(
    _pool.FindMessageTypeByName("istio.v1.auth.IstioCertificateRequest")
)
"""``csr`` in PEM; ``validity_duration`` in seconds."""

CertificateResponse = message_factory.GetMessageClass(
    _pool.FindMessageTypeByName("istio.v1.auth.IstioCertificateResponse")
)
"""``cert_chain`` in PEM, leaf first, root last."""
