"""Which requests a route takes, by istio's ``core/route/route.go``, TranslateRouteMatch."""

from __future__ import annotations

from envoy.config.route.v3 import route_components_pb2 as components
from envoy.type.matcher.v3 import regex_pb2, string_pb2

from meshtui.demo.istio.routing import HttpMatch, TextMatch


def route_match(match: HttpMatch | None) -> components.RouteMatch:
    """A match; None for an entry without one, which takes everything and says nothing about case."""
    if match is None:
        return components.RouteMatch(prefix="/")
    out = components.RouteMatch()
    uri = match.uri
    if uri is None or uri.how == "present":
        out.prefix = "/"
    elif uri.how == "exact":
        out.path = uri.value
    elif uri.how == "prefix":
        out.prefix = uri.value
    else:
        out.safe_regex.CopyFrom(regex_pb2.RegexMatcher(regex=uri.value))
    out.case_sensitive.value = not match.ignore_case
    headers = [_header(name, condition) for name, condition in match.headers]
    headers += [_without(name, condition) for name, condition in match.without_headers]
    out.headers.extend(sorted(headers, key=lambda header: header.name))
    out.headers.extend(_header(name, condition) for name, condition in match.pseudo_headers)
    for name, condition in match.query:
        parameter = out.query_parameters.add(name=name)
        if condition.how == "present":
            parameter.present_match = True
        else:
            parameter.string_match.CopyFrom(text(condition))
    return out


def _header(name: str, condition: TextMatch) -> components.HeaderMatcher:
    if condition.how == "present":
        return components.HeaderMatcher(name=name, present_match=True)
    return components.HeaderMatcher(name=name, string_match=text(condition))


def _without(name: str, condition: TextMatch) -> components.HeaderMatcher:
    """Envoy is told to take a missing header for an empty one; gRPC does not read that (gRFC A28)."""
    out = _header(name, condition)
    out.invert_match = True
    out.treat_missing_header_as_empty = condition.how != "present"
    return out


def text(condition: TextMatch) -> string_pb2.StringMatcher:
    """How a text is compared."""
    if condition.how == "regex":
        return string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=condition.value))
    if condition.how == "prefix":
        return string_pb2.StringMatcher(prefix=condition.value)
    return string_pb2.StringMatcher(exact=condition.value)
