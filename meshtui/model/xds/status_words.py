"""What a resource's status means, in words."""

from __future__ import annotations

from meshtui.model.xds.resource import Health, Resource


def status_note(resource: Resource) -> str:
    """What a resource's own status means, or an empty string when it is fine."""
    if resource.health is Health.OK:
        return ""
    error = resource.error
    details = error.details if error else ""
    if resource.health is Health.REFUSED:
        refused = f"refused {error.version}" if error and error.version else "refused"
        in_force = (
            f"; {resource.version or 'the previous version'} still in force" if resource.value else "; nothing in force"
        )
        return f"{refused}{': ' + details if details else ''}{in_force}"
    if resource.health is Health.MISSING:
        return details or "does not exist"
    return "asked for, no answer yet"
