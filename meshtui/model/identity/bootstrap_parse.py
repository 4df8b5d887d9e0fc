"""Text → ``Bootstrap``: tolerant, so that one wrong field costs only itself, and with every oddity noted.

gRPC itself is strict: a ``Misfit`` makes it refuse the whole bootstrap. Of null the languages think differently. C++
takes it for absent where its loader names the field (``LoadObject`` in ``src/core/util/json/json_object_loader.cc``;
grpcio was asked for each field), Go everywhere (``encoding/json``), Java nowhere (``JsonUtil``: getString, getObject).
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import NoReturn, TypeVar

from meshtui.model.durations import parse_proto_duration
from meshtui.model.identity.bootstrap import (
    DEFAULT_CLIENT_TEMPLATE,
    DEFAULT_REFRESH_INTERVAL,
    Authority,
    Bootstrap,
    BootstrapNode,
    CertificateProvider,
    Creds,
    Json,
    MaskedPath,
    Misfit,
    SyntaxProblem,
    SyntaxProblemKind,
    UnknownField,
    XdsServer,
)
from meshtui.model.identity.json_text import element, member, places, without_surrogates
from meshtui.model.identity.masking import MASK, mask
from meshtui.model.phrases import size_words

MAXIMUM_BYTES = 1024 * 1024
"""Istio's bootstraps are a few KiB; a text beyond this is something else, and reading it would only cost time."""

DEEPEST = 64
"""Containers within containers; a real bootstrap needs about ten, and every walk over the document recurses."""

_TOP = (
    "xds_servers",
    "node",
    "authorities",
    "certificate_providers",
    "client_default_listener_resource_name_template",
    "server_listener_resource_name_template",
    "allowed_grpc_services",
)
_SERVER = ("server_uri", "channel_creds", "call_creds", "server_features", "ignore_resource_deletion")
_NODE = ("id", "cluster", "locality", "metadata")
_LOCALITY = ("region", "zone", "sub_zone")
_AUTHORITY = ("client_listener_resource_name_template", "xds_servers", "fallback_on_reachability_only")
_PROVIDER = ("plugin_name", "config")
_FILE_WATCHER = (
    "certificate_file",
    "private_key_file",
    "ca_certificate_file",
    "refresh_interval",
    "spiffe_trust_bundle_map_file",
)
_CREDS = ("type", "config")

CLOSE_ENOUGH = 0.8
"""How alike two names must be (difflib's ratio) to call one a slip of the other."""

_T = TypeVar("_T")


def read_bootstrap(data: bytes, source: str) -> Bootstrap:
    """The bootstrap in ``data``, read from ``source``; never raises for what the text holds."""
    syntax, document = _load(data)
    if syntax is not None:
        return Bootstrap(source, syntax)
    assert isinstance(document, dict)
    found = places(_text(data))
    hidden = mask(document)
    assert isinstance(hidden.document, dict)
    return _Reader(source, hidden.document).bootstrap(found.lines, found.duplicates, hidden.paths)


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _load(data: bytes) -> tuple[SyntaxProblem | None, Json]:
    """The document, or why there is none. Never quotes more than one character: it may be part of a secret."""
    if len(data) > MAXIMUM_BYTES:
        return SyntaxProblem(SyntaxProblemKind.TOO_LARGE, f"it has {size_words(len(data))}"), None
    if not data.strip():
        return SyntaxProblem(SyntaxProblemKind.EMPTY, "there is nothing in it"), None
    try:
        text = _text(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return SyntaxProblem(SyntaxProblemKind.NOT_JSON, f"byte {error.start} is not UTF-8 text", line=line), None
    if text.lstrip("\ufeff").lstrip().startswith("-----BEGIN "):
        return SyntaxProblem(
            SyntaxProblemKind.NOT_JSON, "it is a PEM file (a certificate or key), not JSON", line=1, column=1
        ), None
    try:
        document = _scrubbed(json.loads(text, parse_constant=_refuse_constant))
    except json.JSONDecodeError as error:
        return _syntax(text, error), None
    except _NotJson as error:
        return SyntaxProblem(SyntaxProblemKind.NOT_JSON, str(error)), None
    except (RecursionError, ValueError):  # too deep for the parser, or a whole number of thousands of digits
        return SyntaxProblem(
            SyntaxProblemKind.NOT_JSON, "it is nested deeper, or holds a longer number, than gRPC could read"
        ), None
    if not isinstance(document, dict):
        return SyntaxProblem(
            SyntaxProblemKind.NOT_OBJECT, f"it is {_kind(document)}, not an object", line=1, column=1
        ), None
    return None, document


class _NotJson(Exception):
    """Python's ``json`` accepts it; JSON (RFC 8259) and gRPC do not."""


def _refuse_constant(word: str) -> NoReturn:
    raise _NotJson(f"{word} is no JSON number")


def _scrubbed(value: Json, depth: int = 0) -> Json:
    """The same without lone surrogates, which no terminal or file can take. Raises ``_NotJson`` when too deep."""
    if depth > DEEPEST:
        raise _NotJson(f"it is nested more than {DEEPEST} deep")
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_scrubbed(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(_scrubbed(key)): _scrubbed(item, depth + 1) for key, item in value.items()}
    return value


def _syntax(text: str, error: json.JSONDecodeError) -> SyntaxProblem:
    """The place and the cause, in words a person can act on."""
    at = error.pos
    if at >= len(text.rstrip()):
        return SyntaxProblem(
            SyntaxProblemKind.NOT_JSON,
            "it ends before the last bracket is closed",
            line=error.lineno,
            column=error.colno,
            found="its end",
        )
    before = text[:at].rstrip()[-1:]
    message = {
        "Expecting property name enclosed in double quotes": "a field's name in double quotes was expected",
        "Expecting ',' delimiter": "a comma or a closing bracket was expected",
        "Expecting ':' delimiter": "a colon was expected after the field's name",
        "Expecting value": "a value was expected",
        "Extra data": "the object has ended, and something follows it",
        "Illegal trailing comma before end of object": "there is a comma after the last field",
        "Illegal trailing comma before end of array": "there is a comma after the last element",
        "Unexpected UTF-8 BOM (decode using utf-8-sig)": "it starts with a byte order mark, which gRPC refuses",
    }.get(error.msg, error.msg[:1].lower() + error.msg[1:])
    if text[at] in "}]" and before == ",":
        message = "there is a comma after the last element"
    elif text[at] in "/#":
        message = "there is a comment, which JSON does not have"
    elif text[at] == "'":
        message = "there is a single quote; JSON wants double quotes"
    return SyntaxProblem(
        SyntaxProblemKind.NOT_JSON, message, line=error.lineno, column=error.colno, found=repr(text[at])
    )


def _kind(value: Json) -> str:
    """The JSON type of a value with its article."""
    names = {bool: "a boolean", str: "a string", dict: "an object", list: "an array", type(None): "null"}
    return names.get(type(value), "a number")


class _Reader:
    """Walks one masked document; collects what does not fit on the way."""

    def __init__(self, source: str, document: dict[str, Json]) -> None:
        self._source = source
        self._document = document
        self._misfits: list[Misfit] = []
        self._unknown: list[UnknownField] = []

    def bootstrap(
        self, lines: dict[str, int], duplicates: tuple[str, ...], hidden: tuple[MaskedPath, ...]
    ) -> Bootstrap:
        top = self._document
        self._note_unknown("", top, _TOP)
        servers = tuple(self._servers("xds_servers", top.get("xds_servers", [])))
        node = self._node(top)
        authorities = tuple(self._authority(*authority) for authority in self._members("authorities"))
        certificate_providers = tuple(self._provider(*provider) for provider in self._members("certificate_providers"))
        template = self._string("client_default_listener_resource_name_template", top)
        server_template = self._string("server_listener_resource_name_template", top)
        for path, _, value in self._members("allowed_grpc_services"):
            self._typed(path, value, dict, "an object")
        return Bootstrap(
            self._source,
            None,
            servers=servers,
            node=node,
            authorities=authorities,
            certificate_providers=certificate_providers,
            client_default_listener_resource_name_template=template or DEFAULT_CLIENT_TEMPLATE,
            server_listener_resource_name_template=server_template,
            misfits=tuple(self._misfits),
            unknown_fields=tuple(self._unknown),
            duplicates=duplicates,
            masked=hidden,
            document=MappingProxyType(top),
            lines=MappingProxyType(lines),
        )

    def _servers(self, path: str, value: Json) -> Iterator[XdsServer]:
        for at, item in enumerate(self._list(path, value)):
            here = element(path, at)
            fields = self._object(here, item)
            if fields is None:
                continue
            self._note_unknown(here, fields, _SERVER)
            features = self._list(member(here, "server_features"), fields.get("server_features", []))
            yield XdsServer(
                path=here,
                server_uri=self._string(member(here, "server_uri"), fields, "server_uri", required=True),
                channel_creds=tuple(self._creds(member(here, "channel_creds"), fields.get("channel_creds", []))),
                call_creds=tuple(self._creds(member(here, "call_creds"), self._optional(here, fields, "call_creds"))),
                server_features=tuple(feature for feature in features if isinstance(feature, str)),
            )

    def _creds(self, path: str, value: Json) -> Iterator[Creds]:
        for at, item in enumerate(self._list(path, value)):
            here = element(path, at)
            fields = self._object(here, item)
            if fields is None:
                continue
            self._note_unknown(here, fields, _CREDS)
            config = self._optional_object(member(here, "config"), fields, "config")
            type_ = self._string(member(here, "type"), fields, "type", required=True)
            watched = self._watched(here, here, "file_watcher", config) if type_ == "tls" and config else None
            yield Creds(here, type_, MappingProxyType(config or {}), watched)

    def _node(self, top: dict[str, Json]) -> BootstrapNode | None:
        fields = self._optional_object("node", top, "node")
        if fields is None:
            return None
        self._note_unknown("node", fields, _NODE)
        locality = self._optional_object("node.locality", fields, "locality") or {}
        self._note_unknown("node.locality", locality, _LOCALITY)
        metadata = self._optional_object("node.metadata", fields, "metadata") or {}
        place = {name: self._string(member("node.locality", name), locality, name) for name in _LOCALITY}
        return BootstrapNode(
            id=self._string("node.id", fields, "id"),
            cluster=self._string("node.cluster", fields, "cluster"),
            region=place["region"],
            zone=place["zone"],
            sub_zone=place["sub_zone"],
            metadata=MappingProxyType(metadata),
        )

    def _authority(self, path: str, name: str, value: Json) -> Authority:
        fields = self._object(path, value) or {}
        self._note_unknown(path, fields, _AUTHORITY)
        template = self._string(
            member(path, "client_listener_resource_name_template"), fields, "client_listener_resource_name_template"
        )
        servers = self._servers(member(path, "xds_servers"), self._optional(path, fields, "xds_servers"))
        return Authority(path, name, template, tuple(servers))

    def _provider(self, path: str, name: str, value: Json) -> CertificateProvider:
        fields = self._object(path, value) or {}
        self._note_unknown(path, fields, _PROVIDER)
        plugin = self._string(member(path, "plugin_name"), fields, "plugin_name", required=True)
        config = self._object(member(path, "config"), fields.get("config", {})) or {}
        has_config = "config" in fields
        if plugin != "file_watcher":
            return CertificateProvider(
                path=path, name=name, plugin_name=plugin, config=MappingProxyType(config), has_config=has_config
            )
        return replace(self._watched(path, name, plugin, config), has_config=has_config, for_mesh=True)

    def _watched(self, path: str, name: str, plugin: str, config: dict[str, Json]) -> CertificateProvider:
        """The files that a config of ``file_watcher`` names, which stands below ``path``."""
        here = member(path, "config")
        self._note_unknown(here, config, _FILE_WATCHER)
        files = {field: self._string(member(here, field), config, field) for field in _FILE_WATCHER}
        written = config.get("refresh_interval") is not None
        interval = parse_proto_duration(files["refresh_interval"]) if written else DEFAULT_REFRESH_INTERVAL
        return CertificateProvider(
            path=path,
            name=name,
            plugin_name=plugin,
            config=MappingProxyType(config),
            has_config=True,
            certificate_file=files["certificate_file"],
            private_key_file=files["private_key_file"],
            ca_certificate_file=files["ca_certificate_file"],
            spiffe_trust_bundle_map_file=files["spiffe_trust_bundle_map_file"],
            refresh_interval=interval,
            for_mesh=False,
        )

    def _members(self, name: str) -> list[tuple[str, str, Json]]:
        """The members of an object of objects of the top level as (path, name, value)."""
        fields = self._optional_object(name, self._document, name) or {}
        return [(member(name, key), key, item) for key, item in fields.items()]

    def _list(self, path: str, value: Json) -> list[Json]:
        return self._typed(path, value, list, "an array") or []

    def _optional(self, path: str, fields: dict[str, Json], name: str) -> Json:
        """The array that a field holds as it stands there; an empty one for a field left out."""
        return [] if self._is_null(member(path, name), fields, name, "an array") else fields.get(name, [])

    def _object(self, path: str, value: Json) -> dict[str, Json] | None:
        return self._typed(path, value, dict, "an object")

    def _optional_object(self, path: str, fields: dict[str, Json], name: str) -> dict[str, Json] | None:
        if name not in fields or self._is_null(path, fields, name, "an object"):
            return None
        return self._object(path, fields[name])

    def _string(self, path: str, fields: dict[str, Json], name: str = "", *, required: bool = False) -> str:
        key = name or path
        if key not in fields or (not required and self._is_null(path, fields, key, "a string")):
            return ""
        return MASK if fields[key] == MASK else self._typed(path, fields[key], str, "a string") or ""

    def _is_null(self, path: str, fields: dict[str, Json], name: str, expected: str) -> bool:
        """Whether a field that may be left out is written as null, which is noted: not every gRPC takes it so."""
        null = name in fields and fields[name] is None
        if null:
            self._misfits.append(Misfit(path, expected, _kind(None), only_some_refuse=True))
        return null

    def _typed(self, path: str, value: Json, kind: type[_T], expected: str) -> _T | None:
        if isinstance(value, kind):
            return value
        self._misfits.append(Misfit(path, expected, _kind(value)))
        return None

    def _note_unknown(self, path: str, fields: dict[str, Json], known: tuple[str, ...]) -> None:
        for name in fields:
            if name in known:
                continue
            missing = [field_name for field_name in known if field_name not in fields]
            close = difflib.get_close_matches(name.lower().replace("-", "_"), missing, 1, CLOSE_ENOUGH)
            if close or fields[name] is not None:  # pilot-agent writes a null of Envoy's Node into every bootstrap
                self._unknown.append(UnknownField(member(path, name), close[0] if close else ""))
