"""Random route configurations, and calls to hold against them.

One seed makes one table, so that a disagreement can be tried again alone. The patterns are made from the calls, or few
of them would match anything; a good part are forms that gRPC leaves out, or refuses with the whole table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from envoy.config.route.v3 import route_pb2

from meshtui.model.xds.clients import Language
from tests.peers.conversation import Call

CALLS = 4
"""To each table, over one channel."""

CLUSTERS = ("c0", "c1", "c2", "c3")

AUTHORITIES = (
    "echo.example.com",
    "echo.example.com:7070",
    "Echo.Example.COM",
    "a.b.example.com",
    "api.test:443",
    "test",
)

PATHS = ("/pkg.Echo/Say", "/pkg.Echo/SayMore", "/pkg.echo/say", "/pkg.Other/Get", "/Echo/Say")

VALUES: dict[str, tuple[str, ...]] = {
    "x-a": ("v1", "V1", "v1.2", "", "beta", "a,b"),
    "x-b": ("canary", "stable", "Canary"),
    "x-num": ("5", "05", "+5", "-3", " 5", "5.0", "1_0", "9", "10", "99999999999999999999", "x"),
    "x-multi": ("one", "two"),
    "x-a-bin": ("v1",),
}
"""What a call may have in its metadata."""

OTHER_NAMES = ("X-A", "content-type", ":path", ":method", ":authority", "user-agent", "host", "te", "grpc-timeout")
"""What a matcher may ask for beyond that."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A table, and the calls to make over one channel."""

    name: str
    table: Any
    authority: str
    calls: tuple[Call, ...]
    inline: bool


def trial(seed: int, language: Language = Language.CORE) -> Trial:
    """The trial of a seed, for a client of a language: without what ends it beyond the table (docs/matching.md)."""
    rng = Random(seed)
    name = f"table-{seed}"
    authority = rng.choice(("", *AUTHORITIES))
    made = tuple(_call(rng) for _ in range(CALLS))
    table = _Maker(rng, authority or name, made, language).table(name)
    return Trial(name, table, authority, made, inline=rng.random() < 0.2)


def _call(rng: Random) -> Call:
    headers = [(name, rng.choice(values)) for name, values in VALUES.items() if rng.random() < 0.5]
    if rng.random() < 0.2:
        headers.append(("x-multi", rng.choice(VALUES["x-multi"])))
    return Call(rng.choice(PATHS), tuple(headers))


class _Maker:
    """Makes what may fit a call."""

    def __init__(self, rng: Random, authority: str, calls: tuple[Call, ...], language: Language) -> None:
        self._rng = rng
        self._authority = authority
        self._calls = calls
        self._language = language
        self._broken = rng.random() < 0.2

    def _refusable(self, chance: float) -> bool:
        """Whether to make what some client refuses: all of it stands in few of the tables, or few would be served."""
        return self._broken and self._rarely(chance)

    def _rarely(self, chance: float) -> bool:
        return self._rng.random() < chance

    def _cut(self, text: str) -> int:
        return self._rng.randint(0, len(text))

    def table(self, name: str) -> Any:
        message = route_pb2.RouteConfiguration(name=name)
        taken: set[str] = set()
        for number in range(self._rng.randint(1, 4)):
            domains = {self._domain() for _ in range(self._rng.randint(1, 3))}
            fresh = domains if self._refusable(0.1) else domains - taken
            if fresh or self._refusable(0.2):
                taken |= fresh
                host = message.virtual_hosts.add(name=f"host-{number}", domains=sorted(fresh))
                for _ in range(self._rng.randint(1, 5)):
                    self._route(host.routes.add())
                if self._rarely(0.7):
                    self._last(host.routes.add())
        return message

    def _last(self, route: Any) -> None:
        route.match.prefix = self._rng.choice(("", "/"))
        route.route.cluster = self._rng.choice(CLUSTERS)

    # domains

    def _domain(self) -> str:
        rng, name = self._rng, self._authority
        if self._refusable(0.05):
            return rng.choice(("a*b", "**", "*a*", "e*.com"))
        cut = self._cut(name)
        others = rng.choice(("other.example.com", "*.example.com", "echo.*", "*.org", "*:7070", "table-*", f"{name}."))
        forms = (
            name,
            name,
            name.lower(),
            name.upper(),
            name.partition(":")[0],
            f"*{name[cut:]}",
            f"{name[:cut]}*",
            "*",
        )
        return rng.choice((*forms, others))

    # routes

    def _route(self, route: Any) -> None:
        self._path(route.match)
        for _ in range(self._rng.choice((0, 0, 1, 1, 2))):
            self._header(route.match.headers.add())
        if self._rarely(0.2):
            self._fraction(route.match.runtime_fraction)
        if self._rarely(0.12):
            self._condition(route.match)
        self._action(route)

    def _path(self, match: Any) -> None:
        rng, path = self._rng, self._rng.choice(self._calls).path
        given = path.swapcase() if self._rarely(0.3) else path
        form = rng.choice(("prefix", "prefix", "path", "safe_regex", "odd"))
        if form == "prefix":
            match.prefix = given[: self._cut(given)]
        elif form == "path":
            match.path = given
        elif form == "safe_regex":
            match.safe_regex.regex = rng.choice(
                (".*", given, "/pkg[.].*", "/(pkg|x)[.]Echo/S[a-z]+", f"(?i){given}", "Say")
            )
        else:
            self._odd_path(match)
        if self._rarely(0.3):
            match.case_sensitive.value = self._rarely(0.3)

    def _odd_path(self, match: Any) -> None:
        if self._refusable(0.2):
            self._refused_path(match)
        elif self._rarely(0.5):
            match.prefix = self._rng.choice(("pkg", "//", "/a/b/c", "/pkg.Echo/Say/"))
        else:
            match.path = self._rng.choice(("", "pkg", "/pkg", "//", "/pkg.Echo/", "/a/b/c"))

    def _refused_path(self, match: Any) -> None:
        chosen = self._rng.randrange(3)
        if chosen == 0:
            match.path_separated_prefix = "/pkg.Echo"
        elif chosen == 1:
            match.connect_matcher.SetInParent()
        else:
            match.safe_regex.regex = self._rng.choice(("(", "(?=a)", r"\1", ""))

    def _condition(self, match: Any) -> None:
        chosen = self._rng.randrange(6)
        if chosen == 0:
            match.query_parameters.add(name="q").present_match = True
        elif chosen == 1:
            match.grpc.SetInParent()
        elif chosen == 2:
            match.tls_context.presented.value = True
        elif chosen == 3:
            match.dynamic_metadata.add(filter="f").value.present_match = True
        elif chosen == 4:
            match.filter_state.add(key="k").string_match.exact = "v"
        else:
            match.query_parameters.add(name="q").string_match.exact = "v"

    def _fraction(self, fraction: Any) -> None:
        rng = self._rng
        fraction.runtime_key = rng.choice(("", "routing.key"))
        if self._rarely(0.1):
            return
        numerator, denominator = rng.choice(
            ((0, 0), (100, 0), (200, 0), (0, 1), (10_000, 1), (0, 2), (1_000_000, 2), (50, 0), (1, 2), (999_999, 2))
        )
        fraction.default_value.numerator, fraction.default_value.denominator = numerator, denominator

    # headers

    def _header(self, header: Any) -> None:
        rng = self._rng
        headers = dict(rng.choice(self._calls).headers)
        known = list(headers) or list(VALUES)
        header.name = rng.choice(known if self._rarely(0.6) else (*VALUES, *OTHER_NAMES))
        value = headers.get(header.name) or rng.choice((*VALUES.get(header.name, ("x",)), "application/grpc", "POST"))
        header.invert_match = self._rarely(0.25)
        header.treat_missing_header_as_empty = self._rarely(0.25)
        if self._refusable(0.02):
            header.name = ""
        self._value(header, value)

    def _value(self, header: Any, value: str) -> None:
        rng, tame = self._rng, self._language is Language.GO and not self._broken
        value, begin, end = self._part(value)
        forms: tuple[Callable[[], None], ...] = (
            lambda: _set(header, "exact_match", value),
            lambda: _set(header, "prefix_match", value[:end]),
            lambda: _set(header, "suffix_match", value[begin:]),
            lambda: _set(header, "suffix_match" if tame else "contains_match", value[begin:end]),
            lambda: _set(header, "present_match", rng.random() < 0.5),
            lambda: self._regex(header.safe_regex_match),
            lambda: self._range(header.range_match),
            lambda: self._string(header.string_match, value),
            lambda: self._string(header.string_match, value),
        )
        if not self._refusable(0.05):
            rng.choice(forms)()

    def _part(self, value: str) -> tuple[str, int, int]:
        """A value, and where a part of it begins and ends."""
        begin, end = sorted((self._cut(value), self._cut(value)))
        return (value or "v1", 0, max(end, 1)) if self._language is Language.GO else (value, begin, end)

    def _string(self, match: Any, value: str) -> None:
        value, begin, end = self._part(value)
        given = value.swapcase() if self._rarely(0.4) else value
        match.ignore_case = self._rarely(0.4)
        form = self._rng.choice(("exact", "prefix", "suffix", "contains", "safe_regex"))
        if form == "exact":
            match.exact = given
        elif form == "prefix":
            match.prefix = given[:end]
        elif form == "suffix":
            match.suffix = given[begin:]
        elif form == "contains":
            match.contains = given[begin:end]
        elif not self._refusable(0.1):
            match.ignore_case = self._refusable(0.1)
            self._regex(match.safe_regex)

    def _regex(self, regex: Any) -> None:
        regex.regex = self._rng.choice(("v[0-9]+", "v.*", ".*", "(?i)CANARY", "one,two", "[0-9]+", "v1|stable"))
        if self._refusable(0.05):
            regex.regex = "("

    def _range(self, bounds: Any) -> None:
        bounds.start, bounds.end = self._rng.choice(((0, 10), (5, 6), (-5, 0), (10, 100), (5, 5)))
        if self._refusable(0.1):
            bounds.start, bounds.end = 9, 3

    # actions

    def _action(self, route: Any) -> None:
        rng = self._rng
        form = rng.choice(("cluster",) * 8 + ("weighted",) * 5 + ("odd specifier",) * 2 + ("odd action",))
        if form == "cluster":
            route.route.cluster = (
                "" if self._refusable(0.05) and self._language is Language.CORE else rng.choice(CLUSTERS)
            )
        elif form == "weighted":
            self._weighted(route.route.weighted_clusters)
        elif form == "odd specifier":
            self._odd_specifier(route.route)
        else:
            self._odd_action(route)
        if route.HasField("route"):
            self._extras(route.route)

    def _weighted(self, weighted: Any) -> None:
        for name in self._rng.sample(CLUSTERS, self._rng.randint(1, 3)):
            weighted.clusters.add(name=name).weight.value = self._rng.choice((0, 0, 1, 30, 100))
        if not any(one.weight.value for one in weighted.clusters) and not self._refusable(0.3):
            weighted.clusters[-1].weight.value = 1
        if self._refusable(0.05):
            weighted.clusters.add(name="c0").weight.value = 2**32 - 1
        if self._refusable(0.05):
            del weighted.clusters[:]
        if self._rarely(0.1):
            weighted.total_weight.value = 7

    def _odd_specifier(self, action: Any) -> None:
        chosen = self._rng.randrange(4)
        if chosen == 0:
            action.cluster_header = "x-cluster"
        elif chosen == 1:
            action.SetInParent()
        elif chosen == 2:
            action.inline_cluster_specifier_plugin.extension.name = "p"
        elif self._refusable(0.5):
            action.cluster_specifier_plugin = "nobody-declared-it"
        else:
            action.cluster_header = ""
            action.timeout.seconds = 3

    def _odd_action(self, route: Any) -> None:
        chosen = self._rng.randrange(5)
        if chosen == 0:
            route.redirect.host_redirect = "elsewhere"
        elif chosen == 1:
            route.direct_response.status = 503
        elif chosen == 2:
            route.non_forwarding_action.SetInParent()
        elif chosen == 3:
            route.filter_action.SetInParent()

    def _extras(self, action: Any) -> None:
        if self._rarely(0.1):
            action.hash_policy.add().header.header_name = "x-a"
        if self._rarely(0.1):
            action.hash_policy.add().filter_state.key = self._rng.choice(("io.grpc.channel_id", "other"))
        if self._rarely(0.1):
            action.retry_policy.retry_on = self._rng.choice(("unavailable", "5xx", "cancelled,gateway-error"))
        if self._rarely(0.1):
            action.max_stream_duration.max_stream_duration.seconds = 60
        if self._rarely(0.05):
            action.prefix_rewrite = "/other"


def _set(header: Any, field: str, value: object) -> None:
    setattr(header, field, value)
