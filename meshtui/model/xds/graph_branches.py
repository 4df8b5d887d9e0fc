"""What the parts of a graph were made from, so that the next graph takes over what did not change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ParamSpec

from meshtui.model.xds.graph import Branch, Node
from meshtui.model.xds.resource import Resource, ResourceKey

_Arguments = ParamSpec("_Arguments")


class Branches:
    """The resources of a snapshot, and which of them each branch in the making takes."""

    def __init__(self, resources: Mapping[ResourceKey, Resource], before: Mapping[ResourceKey, Branch]) -> None:
        self.resources = resources
        self.finished: dict[ResourceKey, Branch] = {}
        """The branches of the listeners so far, for the graph after this one."""
        self.referenced: set[ResourceKey] = set()
        """Whatever was asked for, held or not."""
        self._before = before
        self._taken: dict[ResourceKey, Resource | None] = {}
        """What the branch in the making was made from so far."""
        self._parts: dict[int, Branch] = {}
        """The finished branches that hang on the branch in the making, by identity: many routes lead to one."""
        self._current: dict[int, bool] = {}
        """Whether a branch of the graph before still stands, by identity."""

    def of(self, listener: Resource, make: Callable[[Resource], Node]) -> Node:
        """The tree of a listener, taken over from the graph before while nothing of it changed."""
        branch = self._before.get(listener.key)
        if branch is None or not self._stands(branch):
            branch = self.made(make, listener)
        self.finished[listener.key] = branch
        return branch.root

    def _stands(self, branch: Branch) -> bool:
        """Whether all that a branch was made from is as it was; what it refers to then counts as referred to."""
        known = self._current.get(id(branch))
        if known is None:
            resources = self.resources
            known = all(resources.get(key) is was for key, was in branch.made_from.items())
            known = self._current[id(branch)] = known and all(self._stands(part) for part in branch.parts)
            if known:
                self.referenced.update(branch.made_from)
        return known

    def made(self, make: Callable[_Arguments, Node], *args: _Arguments.args, **options: _Arguments.kwargs) -> Branch:
        """A branch with what it is made from, beside the one in the making."""
        outer_taken, outer_parts = self._taken, self._parts
        taken = self._taken = {}
        parts = self._parts = {}
        branch = Branch(make(*args, **options), taken, tuple(parts.values()))
        self._taken, self._parts = outer_taken, outer_parts
        return branch

    def join(self, branch: Branch) -> Node:
        """Hang a finished branch on the one in the making."""
        self._parts[id(branch)] = branch
        return branch.root

    def take(self, key: ResourceKey) -> Resource | None:
        """A resource, if it is held, for the branch in the making."""
        found = self._taken[key] = self.resources.get(key)
        self.referenced.add(key)
        return found
