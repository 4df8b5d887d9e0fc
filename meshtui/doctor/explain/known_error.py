"""The record of the catalogue: an error whose text is known, with what it means to whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTarget:
    """The same error where meshtui itself calls the target, with the C core of gRPC.

    ``texts`` are parts of C-core's text, exact to the letter. ``phrase`` follows the target's address, or, where
    nothing there was ``reached``, "cannot be reached: ". ``hint`` is what to try, in whole sentences.
    """

    texts: tuple[str, ...]
    phrase: str
    hint: str
    reached: bool = True

    def is_in(self, details: str) -> bool:
        """Whether the details of a status have one of the texts."""
        return any(text in details for text in self.texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownError:
    """``code`` is stable: it is in the JSON of an echo run.

    The forms are regular expressions, searched without regard to case, by who writes such a text: ``core`` (C++ and the
    languages built on it), ``go``, ``java`` and ``node`` are implementations of gRPC, ``envoy`` the proxy, ``echo``
    Istio's echo server and ``meshtui`` this program; ``other`` are forms that were seen and have no known writer.

    ``title`` (a few words), ``explanation`` and ``fix`` (whole sentences) are for a call of the app or of a probe;
    ``of_istio`` says that the fix holds only where istiod makes the config. Of a refused resource ``title`` is a phrase
    that follows "because", and ``types`` are the types of resources it is met in. An error that only a call of
    meshtui's own meets has none of these, and ``at_target`` alone.
    """

    code: str
    title: str = ""
    explanation: str = ""
    fix: str = ""
    of_istio: bool = False
    core: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    java: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    envoy: tuple[str, ...] = ()
    echo: tuple[str, ...] = ()
    meshtui: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()
    at_target: tuple[AtTarget, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """All forms, whoever writes them."""
        implementations = (*self.core, *self.go, *self.java, *self.node)
        return (*implementations, *self.envoy, *self.echo, *self.meshtui, *self.other)
