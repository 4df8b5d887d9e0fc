"""A kubeconfig's document (its YAML read) as values, with kubectl's rules and refusals."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from meshtui.model.errors import BadInput
from meshtui.model.kubernetes.kubeconfig import Cluster, Context, ExecPlugin, Impersonation, Kubeconfig, User

EXEC_EXTENSION: Final = "client.authentication.k8s.io/exec"
"""The cluster's extension whose content a plugin is given as ``spec.cluster.config``."""

_HINT: Final = "kubectl config view shows what kubectl makes of it."

Value = TypeVar("Value")


def kubeconfig_of(document: object, path: str) -> Kubeconfig:
    """The kubeconfig in ``document``, which stood at the absolute ``path``; relative paths in it are of its folder.

    None, what YAML makes of an empty file, is an empty kubeconfig. Raises ``BadInput`` for what kubectl refuses.
    """
    if document is None:
        return Kubeconfig(sources=(path,))
    if not isinstance(document, Mapping):
        raise BadInput(f"The kubeconfig {path} is no kubeconfig: it holds {_what(document)}.", _HINT)
    root = _Fields(document, path, "")
    version, kind = root.text("apiVersion"), root.text("kind")
    if (version or "v1", kind or "Config") != ("v1", "Config"):
        raise BadInput(
            f"The kubeconfig {path} is no kubeconfig: it is a {kind or 'Config'} of {version or 'v1'}, "
            "and has to be a Config of v1.",
            _HINT,
        )
    return Kubeconfig(
        root.text("current-context"),
        root.named("clusters", "cluster", _cluster),
        root.named("users", "user", _user),
        root.named("contexts", "context", _context),
        (path,),
    )


class _Fields:
    """One mapping of the document; ``place`` says where it stands, for the sentence of what is wrong."""

    def __init__(self, values: Mapping[object, object], path: str, place: str) -> None:
        self._values = values
        self._path = path
        self._place = place

    def text(self, key: str) -> str:
        """A string, empty where there is none."""
        value = self._values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(key, value, "a text; write it in quotes")
        return value

    def flag(self, key: str) -> bool:
        value = self._values.get(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def binary(self, key: str) -> bytes:
        """What is encoded in base64; line feeds within are allowed, as in Go's decoder."""
        text = self.text(key).replace("\n", "").replace("\r", "")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise BadInput(f"The kubeconfig {self._path} has no valid base64 in {self._place}{key}.", _HINT) from None

    def path_of(self, key: str) -> str:
        """A path, made absolute by the folder that the kubeconfig is in."""
        text = self.text(key)
        return absolute(text, self._path) if text else ""

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._list(key)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(key, values, "a list of texts")
        return tuple(str(value) for value in values)

    def part(self, key: str) -> _Fields | None:
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self._wrong(key, value, "a mapping")
        return _Fields(value, self._path, f"{self._place}{key}.")

    def each(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Every key with its list of texts."""
        return tuple((str(key), self.texts(str(key))) for key in self._values)

    def raw(self, key: str) -> Any:
        return self._values.get(key)

    def items(self, key: str) -> list[_Fields]:
        """A list of mappings."""
        parts: list[_Fields] = []
        for number, value in enumerate(self._list(key)):
            if not isinstance(value, Mapping):
                raise self._wrong(f"{key}[{number}]", value, "a mapping")
            parts.append(_Fields(value, self._path, f"{self._place}{key}[{number}]."))
        return parts

    def named(self, key: str, inner: str, make: Callable[[_Fields], Value]) -> dict[str, Value]:
        """A list of ``{name, inner}`` by name. A name that stands twice is refused, as kubectl refuses it."""
        found: dict[str, Value] = {}
        for item in self.items(key):
            name = item.text("name")
            if name in found:
                raise BadInput(f"The kubeconfig {self._path} has the name {name!r} twice in {key}.", _HINT)
            found[name] = make(item.part(inner) or _Fields({}, self._path, f"{item._place}{inner}."))
        return found

    def _list(self, key: str) -> list[object]:
        value = self._values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(key, value, "a list")
        return value

    def _wrong(self, key: str, value: object, wanted: str) -> BadInput:
        return BadInput(
            f"The kubeconfig {self._path} has {_what(value)} in {self._place}{key}, which has to be {wanted}.", _HINT
        )


def absolute(path: str, kubeconfig: str) -> str:
    """A path of a kubeconfig made absolute: relative ones count from the folder that the file is in."""
    return os.path.normpath(os.path.join(os.path.dirname(kubeconfig), path))


def _cluster(fields: _Fields) -> Cluster:
    return Cluster(
        server=fields.text("server"),
        certificate_authority=fields.path_of("certificate-authority"),
        certificate_authority_data=fields.binary("certificate-authority-data"),
        insecure_skip_tls_verify=fields.flag("insecure-skip-tls-verify"),
        tls_server_name=fields.text("tls-server-name"),
        proxy_url=fields.text("proxy-url"),
        disable_compression=fields.flag("disable-compression"),
        exec_config=next(
            (item.raw("extension") for item in fields.items("extensions") if item.text("name") == EXEC_EXTENSION), None
        ),
    )


def _user(fields: _Fields) -> User:
    provider = fields.part("auth-provider")
    settings = provider.part("config") if provider is not None else None
    plugin = fields.part("exec")
    return User(
        token=fields.text("token"),
        token_file=fields.path_of("tokenFile"),
        username=fields.text("username"),
        password=fields.text("password"),
        client_certificate=fields.path_of("client-certificate"),
        client_certificate_data=fields.binary("client-certificate-data"),
        client_key=fields.path_of("client-key"),
        client_key_data=fields.binary("client-key-data"),
        plugin=_plugin(plugin) if plugin is not None else None,
        auth_provider=provider.text("name") if provider is not None else "",
        auth_provider_id_token=settings.text("id-token") if settings is not None else "",
        impersonation=_impersonation(fields),
    )


def _impersonation(fields: _Fields) -> Impersonation:
    extra = fields.part("as-user-extra")
    return Impersonation(
        user=fields.text("as"),
        uid=fields.text("as-uid"),
        groups=fields.texts("as-groups"),
        extra=extra.each() if extra is not None else (),
    )


def _plugin(fields: _Fields) -> ExecPlugin:
    command = fields.text("command")
    version = fields.text("apiVersion")
    return ExecPlugin(
        # A bare name is looked for in PATH; what has a slash is a path of the kubeconfig's folder.
        command=fields.path_of("command") if "/" in command else command,
        arguments=fields.texts("args"),
        environment=tuple((item.text("name"), item.text("value")) for item in fields.items("env")),
        api_version=version,
        install_hint=fields.text("installHint"),
        provide_cluster_info=fields.flag("provideClusterInfo"),
        interactive_mode=fields.text("interactiveMode") or ("IfAvailable" if version.endswith("/v1beta1") else ""),
    )


def _context(fields: _Fields) -> Context:
    return Context(fields.text("cluster"), fields.text("user"), fields.text("namespace"))


def _what(value: object) -> str:
    """What a value is, without saying it: it may be a secret."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case Mapping():
            return "a mapping"
        case _:
            return "a date or something else"
