"""The parts of ``docs/locked-down-rbac.md`` that say what meshtui may need. ``make rights`` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from meshtui.model.kubernetes.rights import NEEDS, Need, Right, rules_yaml
from meshtui.model.phrases import and_words

NAMESPACE: Final = "echo-grpc"
"""The namespace of the page's examples."""


END: Final = "<!-- end -->"
NEWLINE: Final = "\n"


def page(before: str) -> str:
    """The page with these parts made anew; each stands between ``<!-- NAME: … -->`` and ``<!-- end -->``."""
    rights = list(dict.fromkeys(right for need in NEEDS for right in need.rights))
    parts = {
        "whole": _role(
            "Role", f"meshtui\n  namespace: {NAMESPACE}", [each for each in rights if not each.cluster_wide]
        ),
        "cluster": _role("ClusterRole", "meshtui-namespaces", [each for each in rights if each.cluster_wide]),
        "table": table(),
    }
    for name, text in parts.items():
        begin, end = before.index(f"<!-- {name}: "), before.index(END, before.index(f"<!-- {name}: "))
        before = f"{before[: before.index(NEWLINE, begin)]}\n\n{text}\n{before[end:]}"
    return before


def _role(kind: str, name: str, rights: Sequence[Right]) -> str:
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\nrules:\n"
    return f"```yaml\n{head}{rules_yaml(rights)}```\n"


def table() -> str:
    """What each right is for, as a table."""
    rows = (f"| {_words(need)} | {need.unlocks} | {need.without} |" for need in NEEDS)
    return "\n".join(("| without | this is missing | and this is left, or used instead |", "|---|---|---|", *rows, ""))


def _words(need: Need) -> str:
    """``get`` and ``create`` on ``pods/portforward``."""
    by_verb: dict[str, list[str]] = {}
    for right in need.rights:
        by_verb.setdefault(right.verb, []).append(right.target)
    by_targets: dict[tuple[str, ...], list[str]] = {}
    for verb, targets in by_verb.items():
        by_targets.setdefault(tuple(targets), []).append(verb)
    words = "; ".join(f"{and_words(_code(verbs))} on {and_words(_code(of))}" for of, verbs in by_targets.items())
    return f"{words} (a ClusterRole)" if any(right.cluster_wide for right in need.rights) else words


def _code(words: Iterable[str]) -> list[str]:
    return [f"`{word}`" for word in words]


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
