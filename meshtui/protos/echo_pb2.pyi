from google.protobuf import wrappers_pb2 as _wrappers_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EchoRequest(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class EchoResponse(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Alpn(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, value: _Optional[_Iterable[str]] = ...) -> None: ...

class ForwardEchoRequest(_message.Message):
    __slots__ = ("count", "qps", "timeout_micros", "url", "headers", "message", "http2", "serverFirst", "method", "cert", "key", "caCert", "alpn", "followRedirects", "http3", "certFile", "keyFile", "caCertFile", "insecureSkipVerify", "serverName", "expectedResponse", "newConnectionPerRequest", "forceDNSLookup", "hbone", "proxyProtocolVersion", "force_ip_family")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    QPS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MICROS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HTTP2_FIELD_NUMBER: _ClassVar[int]
    SERVERFIRST_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CERT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CACERT_FIELD_NUMBER: _ClassVar[int]
    ALPN_FIELD_NUMBER: _ClassVar[int]
    FOLLOWREDIRECTS_FIELD_NUMBER: _ClassVar[int]
    HTTP3_FIELD_NUMBER: _ClassVar[int]
    CERTFILE_FIELD_NUMBER: _ClassVar[int]
    KEYFILE_FIELD_NUMBER: _ClassVar[int]
    CACERTFILE_FIELD_NUMBER: _ClassVar[int]
    INSECURESKIPVERIFY_FIELD_NUMBER: _ClassVar[int]
    SERVERNAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTEDRESPONSE_FIELD_NUMBER: _ClassVar[int]
    NEWCONNECTIONPERREQUEST_FIELD_NUMBER: _ClassVar[int]
    FORCEDNSLOOKUP_FIELD_NUMBER: _ClassVar[int]
    HBONE_FIELD_NUMBER: _ClassVar[int]
    PROXYPROTOCOLVERSION_FIELD_NUMBER: _ClassVar[int]
    FORCE_IP_FAMILY_FIELD_NUMBER: _ClassVar[int]
    count: int
    qps: int
    timeout_micros: int
    url: str
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    message: str
    http2: bool
    serverFirst: bool
    method: str
    cert: str
    key: str
    caCert: str
    alpn: Alpn
    followRedirects: bool
    http3: bool
    certFile: str
    keyFile: str
    caCertFile: str
    insecureSkipVerify: bool
    serverName: str
    expectedResponse: _wrappers_pb2.StringValue
    newConnectionPerRequest: bool
    forceDNSLookup: bool
    hbone: bool
    proxyProtocolVersion: int
    force_ip_family: int
    def __init__(self, count: _Optional[int] = ..., qps: _Optional[int] = ..., timeout_micros: _Optional[int] = ..., url: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., message: _Optional[str] = ..., http2: _Optional[bool] = ..., serverFirst: _Optional[bool] = ..., method: _Optional[str] = ..., cert: _Optional[str] = ..., key: _Optional[str] = ..., caCert: _Optional[str] = ..., alpn: _Optional[_Union[Alpn, _Mapping]] = ..., followRedirects: _Optional[bool] = ..., http3: _Optional[bool] = ..., certFile: _Optional[str] = ..., keyFile: _Optional[str] = ..., caCertFile: _Optional[str] = ..., insecureSkipVerify: _Optional[bool] = ..., serverName: _Optional[str] = ..., expectedResponse: _Optional[_Union[_wrappers_pb2.StringValue, _Mapping]] = ..., newConnectionPerRequest: _Optional[bool] = ..., forceDNSLookup: _Optional[bool] = ..., hbone: _Optional[bool] = ..., proxyProtocolVersion: _Optional[int] = ..., force_ip_family: _Optional[int] = ...) -> None: ...

class ForwardEchoResponse(_message.Message):
    __slots__ = ("output",)
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    output: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, output: _Optional[_Iterable[str]] = ...) -> None: ...
