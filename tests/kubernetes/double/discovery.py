"""Which groups, versions and resources there are, in the documents from before aggregated discovery."""

from __future__ import annotations

from typing import Any

from tests.kubernetes.double.kinds import KINDS, Kind

VERSION = {"major": "1", "minor": "37", "gitVersion": "v1.37.2", "goVersion": "go1.26.8", "platform": "linux/amd64"}


def document(path: str) -> dict[str, Any] | None:
    """What stands at such a path, or None."""
    parts = path.strip("/").split("/")
    match parts:
        case ["version"]:
            return dict(VERSION)
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            groups = dict.fromkeys(kind.group for kind in KINDS if kind.group)
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in groups]}
        case ["api", "v1"]:
            return _resources("", "v1")
        case ["apis", group]:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ["apis", group, version]:
            return _resources(group, version)
    return None


def _group(name: str) -> dict[str, Any]:
    versions = list(dict.fromkeys(version for kind in KINDS if kind.group == name for version in kind.versions))
    named = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": named, "preferredVersion": named[0] if named else None}


def _resources(group: str, version: str) -> dict[str, Any] | None:
    kinds = [kind for kind in KINDS if kind.group == group and version in kind.versions]
    if not kinds:
        return None
    listed = [entry for kind in kinds for entry in _entries(kind)]
    group_version = kinds[0].api_version(version)
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _entries(kind: Kind) -> list[dict[str, Any]]:
    whole = {
        "name": kind.plural,
        "singularName": kind.name.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": ["get", "list", "watch"],
        **({"shortNames": list(kind.short)} if kind.short else {}),
    }
    if kind.plural != "pods":
        return [whole]
    below = (("exec", "PodExecOptions"), ("log", "Pod"), ("portforward", "PodPortForwardOptions"))
    verbs = {"exec": ["create", "get"], "log": ["get"], "portforward": ["create", "get"]}
    return [
        whole,
        *(
            {"name": f"pods/{name}", "singularName": "", "namespaced": True, "kind": of, "verbs": verbs[name]}
            for name, of in below
        ),
    ]
