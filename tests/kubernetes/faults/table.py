"""Every fault of a cluster that is tried. The sentence that each gets is in ``said.txt``, to be read by people."""

from __future__ import annotations

import gzip
from typing import Final

from meshtui.sources.kubernetes.api import LARGEST
from tests.kubernetes.double.access import Rule, User
from tests.kubernetes.double.cluster import Breaks, Endless, Frames, Held
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import Says, bad_request, plain, refusal
from tests.kubernetes.double.store import Document
from tests.kubernetes.faults.arranging import (
    STATUS,
    Fault,
    by_certificate,
    cluster,
    contents,
    credential,
    edited,
    instead,
    plugin,
    user,
)
from tests.kubernetes.faults.exec_table import EXEC_FAULTS
from tests.kubernetes.faults.log_table import LOG_FAULTS

USAGE: Final = 2

SHORT: Final = f"{STATUS} --timeout 3"
"""For what never ends by itself."""


def _without_reviews(*rules: Rule) -> User:
    return User("system:serviceaccount:users:quiet", rules, may_review=False)


def _user(name: str, one: User) -> Fault:
    return Fault(name=name, user="quiet", arrange=lambda double: double.cluster.users.update(quiet=one))


def _bomb(double: Double) -> None:
    zeros = gzip.compress(bytes(LARGEST + 1))
    double.cluster.instead(Says(200, zeros, headers={"Content-Encoding": "gzip"}))


def _terminating(double: Double) -> None:
    def edit(document: Document) -> None:
        document["metadata"]["deletionTimestamp"] = "2026-11-28T18:00:00Z"

    double.cluster.store.change(PODS, "echo-grpc", "echo-v1", edit)


_KUBECONFIG: Final = (
    Fault(name="kubeconfig: empty", kubeconfig=contents(""), code=USAGE),
    Fault(name="kubeconfig: broken YAML", kubeconfig=contents("apiVersion: v1\nclusters: [\n"), code=2),
    Fault(name="kubeconfig: another document", kubeconfig=contents("kind: Pod\napiVersion: v1\n"), code=2),
    Fault(name="kubeconfig: a list", kubeconfig=contents("- a\n- b\n"), code=2),
    Fault(name="kubeconfig: binary", kubeconfig=contents(bytes(range(256))), code=2),
    Fault(name="kubeconfig: no such file", kubeconfig=lambda double: double.folder / "nowhere.yaml", code=2),
    Fault(name="kubeconfig: a directory", kubeconfig=lambda double: double.folder, code=2),
    Fault(name="kubeconfig: no current context", kubeconfig=edited(lambda d: d.pop("current-context")), code=2),
    Fault(name="kubeconfig: current context gone", kubeconfig=edited(lambda d: d.update(contexts=[])), code=2),
    Fault(name="kubeconfig: no such context", command=f"{STATUS} --context nope", code=2),
    Fault(name="kubeconfig: cluster gone", kubeconfig=edited(lambda d: d.update(clusters=[])), code=2),
    Fault(name="kubeconfig: user gone", kubeconfig=edited(lambda d: d.update(users=[])), code=2),
    Fault(name="kubeconfig: no server", kubeconfig=cluster(server=None), code=2),
    Fault(
        name="kubeconfig: a CA that is none", kubeconfig=cluster(**{"certificate-authority-data": "bm9uZQ=="}), code=2
    ),
    Fault(
        name="kubeconfig: a CA file that is not there",
        kubeconfig=cluster(**{"certificate-authority-data": None, "certificate-authority": "nowhere.crt"}),
        code=2,
    ),
    Fault(name="kubeconfig: a proxy that is none", kubeconfig=cluster(**{"proxy-url": "gopher://a:1"}), code=2),
)

_WAY: Final = (
    Fault(name="way: nobody listens", kubeconfig=cluster(server="https://127.0.0.1:1")),
    Fault(name="way: no such name", kubeconfig=cluster(server="https://no-such-host.invalid:6443")),
    Fault(name="way: the API server is gone", arrange=lambda double: double.stop()),
    Fault(name="way: plain HTTP to a TLS server", kubeconfig=lambda d: cluster(server=d.plain_http())(d)),
    Fault(name="way: a CA that did not sign", kubeconfig=cluster(**{"certificate-authority-data": None})),
    Fault(name="way: 400 of a web server", arrange=instead(Says(400, b"<html><h1>400 Bad Request</h1></html>"))),
    Fault(
        name="way: 400 of nginx for HTTP",
        arrange=instead(Says(400, b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>")),
    ),
    Fault(name="way: 400 without a body", arrange=instead(Says(400, b"", None))),
    Fault(name="way: another name", kubeconfig=cluster(**{"tls-server-name": "other.example"})),
    Fault(name="way: a proxy that is not there", kubeconfig=cluster(**{"proxy-url": "http://user:secret@127.0.0.1:1"})),
    Fault(name="way: HTTPS_PROXY is not for this machine", env=(("HTTPS_PROXY", "http://127.0.0.1:1"),)),
    Fault(name="way: silent", command=SHORT, arrange=instead(Held())),
    Fault(name="way: cut in the middle of an answer", arrange=instead(Breaks(10), "pods", "get")),
    Fault(name="way: cut before the first byte", arrange=instead(Breaks(0), "pods", "get")),
)

_LOGIN: Final = (
    Fault(name="login: expired or wrong token", user="expired-token"),
    Fault(name="login: none", kubeconfig=user()),
    Fault(
        name="login: none, and anonymous requests are off",
        kubeconfig=user(),
        arrange=instead(refusal(401, "Unauthorized", "Unauthorized")),
    ),
    Fault(name="login: a password", kubeconfig=user(username="a", password="b")),
    Fault(
        name="login: an id-token that has expired",
        kubeconfig=user(**{"auth-provider": {"name": "oidc", "config": {"id-token": "stale"}}}),
    ),
    Fault(
        name="login: oidc without an id-token",
        kubeconfig=user(**{"auth-provider": {"name": "oidc", "config": {"refresh-token": "secret"}}}),
        code=2,
    ),
    Fault(name="login: a certificate of another CA", kubeconfig=by_certificate(strange=True)),
    Fault(name="login: a certificate that has expired", kubeconfig=by_certificate(expired=True)),
    Fault(
        name="login: a certificate that is not there", kubeconfig=user(**{"client-certificate": "a", "client-key": "b"})
    ),
    Fault(name="login: a token file that is not there", kubeconfig=user(tokenFile="nowhere.token")),
    Fault(name="login: a token with a line break", kubeconfig=user(token="a\nb")),
)

_PLUGIN: Final = (
    Fault(name="plugin: fails", kubeconfig=plugin("echo 'error: the SSO session has expired' >&2; exit 255")),
    Fault(name="plugin: fails without a word", kubeconfig=plugin("exit 1")),
    Fault(name="plugin: fails with an escape", kubeconfig=plugin("printf '\\033[31mred\\033[0m\\n' >&2; exit 1")),
    Fault(name="plugin: killed", kubeconfig=plugin("kill -9 $$")),
    Fault(name="plugin: prompts", kubeconfig=plugin("printf 'Passcode: ' >&2; read code || exit 1; exit 2")),
    Fault(name="plugin: must prompt", kubeconfig=plugin(credential('{"token": "TOKEN"}'), interactiveMode="Always")),
    Fault(name="plugin: says no JSON", kubeconfig=plugin("echo 'Please visit the sign-in page'")),
    Fault(name="plugin: says nothing", kubeconfig=plugin("exit 0")),
    Fault(name="plugin: says a list", kubeconfig=plugin("echo '[]'")),
    Fault(name="plugin: no token", kubeconfig=plugin(credential("{}"))),
    Fault(name="plugin: half a certificate", kubeconfig=plugin(credential('{"clientCertificateData": "a"}'))),
    Fault(name="plugin: another version", kubeconfig=plugin(credential('{"token": "TOKEN"}', "v1beta1"))),
    Fault(name="plugin: a token that is wrong", kubeconfig=plugin(credential('{"token": "wrong"}'))),
    Fault(
        name="plugin: not installed",
        kubeconfig=plugin("", command="no-such-plugin", installHint="Install it with your package manager."),
    ),
    Fault(name="plugin: not beside the kubeconfig", kubeconfig=plugin("", command="./no-such-plugin")),
    Fault(name="plugin: not a program", kubeconfig=plugin("", command="./spoilt.yaml")),
    Fault(
        name="plugin: v1alpha1",
        kubeconfig=plugin("", apiVersion="client.authentication.k8s.io/v1alpha1"),
        code=2,
    ),
)

_RIGHTS: Final = (
    *(Fault(name=f"right: {name}", user=name) for name in ("readonly", "forward-create", "forward-get", "nothing")),
    Fault(name="right: list pods, by label", command="xds status -l app=echo", user="getonly"),
    Fault(name="right: list pods, by Deployment", command="xds status deploy/rolling", user="getonly"),
    Fault(name="right: get services", command="xds status svc/echo", user="readonly"),
    Fault(name="right: in another namespace", command="xds status pod/shop-api -n shop", user="onens"),
    _user("right: no reviews, no forward", _without_reviews(Rule(("get",), ("pods",)))),
    _user("right: no reviews, forward by get alone", _without_reviews(Rule(("get",), ("pods", "pods/portforward")))),
    Fault(
        name="right: an admission webhook forbids it",
        arrange=instead(
            refusal(403, "Forbidden", 'admission webhook "no.example.com" denied the request: not here'),
            "pods/portforward",
        ),
    ),
    Fault(
        name="right: to act as another",
        arrange=instead(
            refusal(
                403,
                "Forbidden",
                'pods "echo-v1" is forbidden: User "jane" cannot impersonate-on:user-info:get resource'
                ' "pods/portforward" in API group "" in the namespace "echo-grpc"',
            ),
            "pods/portforward",
        ),
    ),
    Fault(name="right: 403 without a body", arrange=instead(Says(403, b"", None), "pods/portforward")),
    Fault(name="right: 403 as a web page", arrange=instead(Says(403, b"<html>no</html>", "text/html"), "pods", "get")),
)

_ANSWERS: Final = (
    Fault(name="answer: no such pod", command="xds status pod/nope"),
    Fault(name="answer: no such namespace", command=f"{STATUS} -n nowhere"),
    Fault(name="answer: no such Deployment", command="xds status deploy/nope"),
    Fault(name="answer: no such Service", command="xds status svc/nope"),
    Fault(name="answer: no pod with the label", command="xds status -l app=nope"),
    Fault(name="answer: no pod with one of the labels", command="xds status -l 'app in (nope, none), version'"),
    Fault(name="answer: a selector that is none", command="xds status -l 'app in (a'"),
    Fault(name="answer: 410", arrange=instead(refusal(410, "Expired", "The resource is too old"), "pods")),
    Fault(
        name="answer: 429",
        arrange=instead(refusal(429, "TooManyRequests", "the server has received too many requests", {}), "pods"),
    ),
    Fault(
        name="answer: 500",
        arrange=instead(
            refusal(500, "InternalError", "Internal error occurred: etcdserver: request timed out"), "pods"
        ),
    ),
    Fault(name="answer: 503 plain", arrange=instead(plain(503, "apiserver is shutting down"), "pods")),
    Fault(name="answer: 504", arrange=instead(refusal(504, "Timeout", "Timeout: request did not complete"), "pods")),
    Fault(name="answer: 200 as a web page", arrange=instead(Says(200, b"<html>log in</html>", "text/html"), "pods")),
    Fault(
        name="answer: sent elsewhere",
        arrange=instead(Says(302, b"", None, {"Location": "https://login.example/"}), "pods"),
    ),
    Fault(name="answer: another document", arrange=instead(Says(200, b'{"kind":"Status"}'), "pods")),
    Fault(name="answer: null", arrange=instead(Says(200, b"null"), "pods")),
    Fault(
        name="answer: an escape in the message",
        arrange=instead(refusal(500, "InternalError", "\x1b[31mred\x1b[0m\nsecond line"), "pods"),
    ),
    Fault(name="answer: unpacks to more than any list", arrange=_bomb),
    Fault(name="answer: slow", command=SHORT, arrange=instead(Endless(Says(200, b"{"), b" ", 0.05), "pods")),
    Fault(
        name="answer: a refusal that does not end",
        command=SHORT,
        arrange=instead(Endless(Says(403, b'{"kind":"Status",')), "pods"),
    ),
    Fault(name="answer: not gzip", arrange=instead(Says(200, b"no", headers={"Content-Encoding": "gzip"}), "pods")),
)

_PODS: Final = tuple(
    Fault(name=f"pod: {name}", command=f"xds status pod/{name}")
    for name in (
        "sad-pending",
        "sad-init",
        "sad-imagepull",
        "sad-completed",
        "sad-failed",
        "sad-evicted",
        "sad-crashloop",
        "unscheduled",
        "envoy",
        "plain",
    )
)

_PORT: Final = b"\x00\x13\x43", b"\x01\x13\x43"
"""How a forward of 17171 begins."""


def _forward(name: str, frames: Frames, command: str = f"{STATUS} --port 17171") -> Fault:
    return Fault(name=f"forward: {name}", command=command, arrange=instead(frames, "pods/portforward"))


_FORWARDS: Final = (
    Fault(name="forward: nobody listens on any port", command=STATUS),
    Fault(name="forward: nobody listens", command=f"{STATUS} --port 9"),
    Fault(name="forward: terminating, nobody listens", command=f"{STATUS} --port 9", arrange=_terminating),
    Fault(name="forward: node gone", arrange=lambda double: double.cluster.gone_nodes.add("node-one")),
    Fault(
        name="forward: the kubelet knows no such pod",
        arrange=instead(plain(500, 'pod not found ("echo-v1_echo-grpc")'), "pods/portforward"),
    ),
    Fault(
        name="forward: silent handshake", command=f"{SHORT} --port 17171", arrange=instead(Held(), "pods/portforward")
    ),
    Fault(name="forward: 200 instead of 101", arrange=instead(Says(200, b"{}"), "pods/portforward")),
    Fault(
        name="forward: 502 of a proxy",
        arrange=instead(Says(502, b"<html>Bad Gateway</html>", "text/html"), "pods/portforward"),
    ),
    Fault(
        name="forward: the pod has lost its node meanwhile",
        arrange=instead(bad_request("pod echo-v1 does not have a host assigned"), "pods/portforward"),
    ),
    _forward("a message that is too large", Frames(_PORT, b"\x82\x7f" + (1 << 40).to_bytes(8, "big"), "hold")),
    _forward("closed at once", Frames()),
    _forward("cut at once", Frames(end="cut")),
    _forward("closed after its port", Frames(_PORT)),
    _forward("cut after its port", Frames(_PORT, end="cut")),
    _forward("cut in the middle of a message", Frames(_PORT, b"\x82\x7e\x10\x00abc", "cut")),
    _forward("half open", Frames(_PORT, end="hold"), f"{SHORT} --port 17171"),
    _forward("another port", Frames((b"\x00\x01\x00", b"\x01\x01\x00"), end="hold")),
    _forward("text", Frames(("hello",), end="hold")),
    _forward("a channel that was not opened", Frames((*_PORT, b"\x09x"), end="hold")),
    _forward("no websocket after all", Frames((), b"HTTP/1.1 400 Bad Request\r\n\r\n", "cut")),
    _forward("no sub-protocol", Frames(_PORT, end="hold", protocol=False)),
    _forward("a reason", Frames((*_PORT, b"\x01unable to do it: \x1b[31mno\x1b[0m"))),
    _forward(
        "sandbox gone",
        Frames(
            (
                *_PORT,
                b'\x01error forwarding port 17171 to pod abc, uid : failed to find sandbox "abc" in store: not found',
            )
        ),
    ),
)

FAULTS: Final = (
    *_KUBECONFIG,
    *_WAY,
    *_LOGIN,
    *_PLUGIN,
    *_RIGHTS,
    *_ANSWERS,
    *_PODS,
    *_FORWARDS,
    *EXEC_FAULTS,
    *LOG_FAULTS,
)
