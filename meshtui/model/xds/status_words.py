"""What a resource's status means, in words."""

from __future__ import annotations

from typing import Final

from meshtui.model.xds.resource import Health, Resource, Status

_WORDS: Final = {
    Status.UNKNOWN: "unknown",
    Status.REQUESTED: "waiting",
    Status.DOES_NOT_EXIST: "missing",
    Status.ACKED: "ok",
    Status.NACKED: "refused",
    Status.RECEIVED_ERROR: "error",
    Status.TIMEOUT: "timeout",
}


def state_word(resource: Resource) -> str:
    """One word for how a resource stands, by which it is counted.

    Only a NACK is a refusal: of an error the control plane is the author, and a timeout says nothing of existence. What
    the control plane deleted while the client goes on using it is not missing.
    """
    deleted = resource.status is Status.DOES_NOT_EXIST and resource.value
    return "deleted" if deleted else _WORDS[resource.status]


def is_explained(resource: Resource) -> bool:
    """Whether :func:`status_note` says all there is to say: what the client reported is in it."""
    return resource.status not in (Status.ACKED, Status.REQUESTED, Status.UNKNOWN)


def status_note(resource: Resource) -> str:
    """What a resource's own status means, or an empty string when it is fine.

    RECEIVED_ERROR, TIMEOUT and a deleted resource that is still used are of gRFC A88; what tells whether a config is
    in force is the entry, not the version.
    """
    if resource.health is Health.OK:
        return ""
    match resource.status:
        case Status.NACKED:
            refused = f"refused {resource.error.version}" if resource.error and resource.error.version else "refused"
            return f"{_with_reason(refused, resource)}; {_in_force(resource)}"
        case Status.RECEIVED_ERROR:
            return f"{_with_reason('the control plane answered with an error', resource)}; {_in_force(resource)}"
        case Status.DOES_NOT_EXIST if resource.value:
            return "deleted, still served from cache"
        case Status.DOES_NOT_EXIST:
            return _reason(resource) or "does not exist"
        case Status.TIMEOUT:
            late = _reason(resource) or "no answer from the control plane in time"
            return f"{late}; {_in_force(resource)}"
        case Status.REQUESTED:
            return "asked for, no answer yet"
        case _:
            return "its status is none that gRPC has"


def _with_reason(what: str, resource: Resource) -> str:
    reason = _reason(resource)
    return f"{what}: {reason}" if reason else what


def _reason(resource: Resource) -> str:
    if resource.error is None:
        return ""
    from meshtui.model.xds.refusal_text import own_reason, shown  # its patterns are compiled for a refusal alone

    return shown(own_reason(resource.error.details, resource.key.name))


def _in_force(resource: Resource) -> str:
    return f"{resource.version or 'the previous version'} still in force" if resource.value else "nothing in force"
