"""Label selectors as text, which is how the API takes them in a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshtui.model.kubernetes.fields import objects, text, texts, words


def selector_text(selector: object) -> str:
    """A ``LabelSelector`` (``matchLabels``, ``matchExpressions``) as ``app=echo,tier in (a,b),!canary``.

    Empty for one that selects everything. An operator that is none of Kubernetes' four is left out.
    """
    return ",".join(_requirements(selector))


def labels_text(labels: Mapping[str, str]) -> str:
    """The labels that a Service selects by, as text."""
    return ",".join(f"{name}={value}" for name, value in labels.items())


def _requirements(selector: object) -> Iterator[str]:
    yield from (f"{name}={value}" for name, value in texts(selector, "matchLabels").items())
    for each in objects(selector, "matchExpressions"):
        key, values = text(each, "key"), ",".join(words(each, "values"))
        match text(each, "operator"):
            case "In":
                yield f"{key} in ({values})"
            case "NotIn":
                yield f"{key} notin ({values})"
            case "Exists":
                yield key
            case "DoesNotExist":
                yield f"!{key}"
