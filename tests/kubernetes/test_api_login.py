"""Who asks: each way to log in that a kubeconfig knows, and what happens once the server refuses it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshtui.model.errors import UsageError
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import REVIEWS, Api, open_api
from meshtui.sources.kubernetes.failures import ApiRefused, LoginFailed
from meshtui.sources.kubernetes.kubeconfig import choose, read_kubeconfig
from meshtui.sources.kubernetes.plugin_login import SILENT
from tests.kubernetes.double.running import Double, client_certificate
from tests.waiting import PATIENCE_S, until

PODS = "/api/v1/namespaces/echo-grpc/pods"
FORWARD = f"{PODS}/echo-v1/portforward"
V1 = "client.authentication.k8s.io/v1"
FULL = "system:serviceaccount:users:full"


@asynccontextmanager
async def api_of(path: Path, prompt: LoginPrompt = SILENT) -> AsyncIterator[Api]:
    environ = {"PATH": os.environ["PATH"]}
    options = ClusterOptions(kubeconfig=str(path))
    async with open_api(options, PATIENCE_S, environ=environ, login_prompt=prompt) as api:
        yield api


async def asks(api: Api) -> int:
    """How many pods it gets."""
    return len((await api.get(PODS))["items"])


async def forwards(api: Api) -> None:
    await (await api.websocket(FORWARD, [("ports", "9")], ["v4.channel.k8s.io"])).close()


class Plugin:
    """A login plugin that counts its runs and does as the shell says."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.path = folder / "login"
        self.options = options
        self.gives({"token": "full"})

    def gives(self, status: dict[str, Any]) -> None:
        """Let it answer so."""
        answer = {"apiVersion": V1, "kind": "ExecCredential", "status": status}
        self.does(f"cat <<'END'\n{json.dumps(answer)}\nEND")

    def does(self, shell: str) -> None:
        """Let it do so. What it does next is put there at once: a script that is being read must not change."""
        new = self.folder / "next"
        new.write_text(f"#!/bin/sh\necho run >> {self.folder}/runs\n{shell}\n")
        new.chmod(0o755)
        new.rename(self.path)

    @property
    def runs(self) -> int:
        """How often it ran."""
        runs = self.folder / "runs"
        return len(runs.read_text().splitlines()) if runs.exists() else 0

    @property
    def user(self) -> dict[str, Any]:
        """The kubeconfig's user for it."""
        mode = {"apiVersion": V1, "interactiveMode": "Never"}
        return {"exec": {"command": str(self.path), **mode, **self.options}}


# ways to log in


async def test_a_token_in_a_file_that_is_replaced(double: Double, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("full\n")
    async with api_of(double.kubeconfig(user={"tokenFile": str(tmp_path / "token"), "token": "stale"})) as api:
        assert await asks(api) == 2
        double.cluster.users["newer"] = double.cluster.users.pop("full")
        (tmp_path / "token").write_text("newer\n")
        assert await asks(api) == 2
        await forwards(api)


async def test_a_token_file_that_is_not_there(double: Double, tmp_path: Path) -> None:
    async with api_of(double.kubeconfig(user={"tokenFile": str(tmp_path / "nope")})) as api:
        with pytest.raises(LoginFailed, match="cannot be read: No such file or directory"):
            await api.get(PODS)


async def test_a_client_certificate_as_data_and_as_files(
    double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    issued = client_certificate("full")
    (tmp_path / "a.crt").write_bytes(issued.pem)
    (tmp_path / "a.key").write_bytes(issued.key_pem)
    data = [base64.b64encode(part).decode() for part in (issued.pem, issued.key_pem)]
    for user in (
        {"client-certificate-data": data[0], "client-key-data": data[1]},
        {"client-certificate": str(tmp_path / "a.crt"), "client-key": str(tmp_path / "a.key")},
    ):
        async with api_of(double.kubeconfig(user=user)) as api:
            assert await asks(api) == 2
            await forwards(api)
    assert os.listdir(tmp_path / "tmp") == []  # nothing of a key stays on disk


async def test_nobody_is_said_to_be_not_logged_in(double: Double) -> None:
    async with api_of(double.kubeconfig("")) as api:
        with pytest.raises(ApiRefused, match="You are not logged in") as raised:
            await api.get(PODS)
    assert raised.value.code in (401, 403)
    assert "no credentials" in raised.value.hint


async def test_a_wrong_token_is_said(double: Double) -> None:
    async with api_of(double.kubeconfig("wrong")) as api:
        with pytest.raises(ApiRefused, match="does not accept the login of the user 'tester': Unauthorized") as raised:
            await api.get(PODS)
    assert raised.value.code == 401
    assert "wrong" not in str(raised.value)


async def test_a_missing_right_is_told_with_its_values(double: Double) -> None:
    async with api_of(double.kubeconfig("nothing")) as api:
        with pytest.raises(ApiRefused, match="The cluster forbids it: pods is forbidden") as raised:
            await api.get(PODS)
    refusal = raised.value.refusal
    assert (refusal.code, refusal.reason, refusal.verb, refusal.resource) == (403, "Forbidden", "list", "pods")


async def test_nothing_is_created_but_reviews(double: Double) -> None:
    async with api_of(double.kubeconfig()) as api:
        for path in (PODS, "/api/v1/namespaces", f"{next(iter(REVIEWS))}/x"):
            with pytest.raises(UsageError, match="creates nothing"):
                await api.create(path, {})
    assert not double.cluster.log


# login plugins


async def test_a_plugin_runs_once_for_all_who_wait(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    path = double.kubeconfig(user=plugin.user)
    async with api_of(path) as api, api_of(path) as another:
        assert await asyncio.gather(*(asks(each) for each in (api, another) for _ in range(5))) == [2] * 10
        await forwards(api)
    assert plugin.runs == 1


async def test_a_plugins_certificate_logs_in(double: Double, tmp_path: Path) -> None:
    issued = client_certificate("full")
    plugin = Plugin(tmp_path)
    plugin.gives({"clientCertificateData": issued.pem.decode(), "clientKeyData": issued.key_pem.decode()})
    async with api_of(double.kubeconfig(user=plugin.user)) as api:
        assert await asks(api) == 2
        await forwards(api)
    assert plugin.runs == 1


async def test_an_answer_that_seems_to_be_over_is_used_as_long_as_the_server_takes_it(
    double: Double, tmp_path: Path
) -> None:
    plugin = Plugin(tmp_path)
    plugin.gives({"token": "full", "expirationTimestamp": "2020-01-01T00:00:00Z"})
    async with api_of(double.kubeconfig(user=plugin.user)) as api:
        assert await asks(api) == 2
        assert await asks(api) == 2
        assert plugin.runs == 1
        double.cluster.users["renewed"] = double.cluster.users.pop("full")
        plugin.gives({"token": "renewed", "expirationTimestamp": "2020-01-01T00:00:00Z"})
        assert await asks(api) == 2
    assert plugin.runs == 2


async def test_a_token_that_the_server_no_longer_takes_is_asked_for_anew(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    async with api_of(double.kubeconfig(user=plugin.user)) as api:
        assert await asks(api) == 2
        double.cluster.users["newer"] = double.cluster.users.pop("full")
        plugin.gives({"token": "newer"})
        await asyncio.gather(forwards(api), asks(api), asks(api))
        assert plugin.runs == 2


async def test_a_wrong_token_of_a_plugin_is_asked_for_once_more_and_no_more(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    plugin.gives({"token": "wrong"})
    async with api_of(double.kubeconfig(user=plugin.user)) as api:
        with pytest.raises(ApiRefused, match="does not accept the login"):
            await api.get(PODS)
    assert plugin.runs == 2


async def test_a_plugin_that_fails_is_left_in_peace_for_a_moment(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    plugin.does("echo 'run sso login' >&2; exit 255")
    path = double.kubeconfig(user=plugin.user)
    async with api_of(path) as api:
        for _ in range(3):
            with pytest.raises(LoginFailed, match="failed with exit code 255: run sso login"):
                await api.get(PODS)
        assert plugin.runs <= 2  # a second only on a machine so busy that the moment is over


async def test_what_is_waited_for_is_said(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    plugin.does("sleep 600")
    async with api_of(double.kubeconfig(user=plugin.user)) as api:
        assert api.waits_for == f"an answer of {double.url}"
        asking = asyncio.ensure_future(api.get(PODS))
        await until(lambda: plugin.runs, "the plugin")
        assert api.waits_for == f"the login plugin {plugin.path}"
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert api.waits_for == f"an answer of {double.url}"


class Person:
    """Somebody in front, who lends the terminal or not."""

    def __init__(self, *, lends: bool) -> None:
        self.lends = lends
        self.asked: list[bool] = []
        self.heard: list[str] = []
        self.prompt = LoginPrompt(says=self.heard.append, terminal=self._terminal)

    @asynccontextmanager
    async def _terminal(self, needed: bool) -> AsyncIterator[bool]:
        self.asked.append(needed)
        yield self.lends and needed


INTERACTIVE = 'case "$KUBERNETES_EXEC_INFO" in *\'"interactive": true\'*) ;; *) echo ask me >&2; exit 1;; esac'


@pytest.mark.parametrize(("mode", "asked"), [("Always", [True]), ("IfAvailable", [False, True])])
async def test_a_plugin_that_has_to_ask_is_lent_the_terminal(
    mode: str, asked: list[bool], double: Double, tmp_path: Path
) -> None:
    plugin = Plugin(tmp_path, interactiveMode=mode)
    plugin.does(INTERACTIVE + plugin.path.read_text().partition("runs\n")[2].join(("\n", "\n")))
    person = Person(lends=True)
    async with api_of(double.kubeconfig(user=plugin.user), person.prompt) as api:
        assert await asks(api) == 2
    assert person.asked == asked
    assert person.heard == ([] if mode == "Always" else ["ask me"])


async def test_a_plugin_that_must_ask_and_cannot_is_not_run(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, interactiveMode="Always")
    person = Person(lends=False)
    async with api_of(double.kubeconfig(user=plugin.user), person.prompt) as api:
        with pytest.raises(LoginFailed, match="has to ask something, and there is no terminal"):
            await api.get(PODS)
    assert plugin.runs == 0


# somebody logs in outside


async def test_a_login_outside_is_noticed_once_the_old_one_is_refused(double: Double) -> None:
    path = double.kubeconfig("full", name="config")
    async with api_of(path) as api:
        assert await asks(api) == 2
        double.cluster.users["newer"] = double.cluster.users.pop("full")
        with pytest.raises(ApiRefused) as raised:
            await api.get(PODS)
        assert raised.value.code == 401
        document = yaml.safe_load(path.read_text())
        document["users"][0]["user"] = {"token": "newer"}
        document["contexts"].append({"name": "other", "context": {"cluster": "nowhere"}})
        document["current-context"] = "other"
        path.write_text(yaml.safe_dump(document))
        assert await asyncio.gather(*(asks(api) for _ in range(5))) == [2] * 5
        await forwards(api)


async def test_a_login_outside_counts_where_a_plugin_fails(double: Double, tmp_path: Path) -> None:
    plugin = Plugin(tmp_path)
    path = double.kubeconfig(user=plugin.user, name="config")
    async with api_of(path) as api:
        assert await asks(api) == 2
        double.cluster.users["newer"] = double.cluster.users.pop("full")
        plugin.does("exit 3")
        with pytest.raises(LoginFailed, match="exit code 3"):
            await api.get(PODS)
        double.kubeconfig("newer", name="config")
        assert await asyncio.gather(*(asks(api) for _ in range(3))) == [2] * 3


async def test_another_cluster_of_the_same_name_is_never_taken_silently(double: Double) -> None:
    path = double.kubeconfig("full", name="config")
    async with api_of(path) as api:
        double.cluster.users.pop("full")
        double.kubeconfig("readonly", name="config", cluster={"server": "https://127.0.0.1:1"})
        with pytest.raises(ApiRefused) as raised:
            await api.get(PODS)
    assert raised.value.code == 401


async def test_a_kubeconfig_that_is_gone_leaves_what_was_read(double: Double) -> None:
    path = double.kubeconfig("full", name="config")
    async with api_of(path) as api:
        path.unlink()
        assert await asks(api) == 2
        double.cluster.users.pop("full")
        with pytest.raises(ApiRefused, match="does not accept the login"):
            await api.get(PODS)


async def test_in_a_pod_the_token_is_that_of_its_service_account_also_once_that_is_replaced(
    double: Double, tmp_path: Path
) -> None:
    written = yaml.safe_load(double.kubeconfig().read_text())["clusters"][0]["cluster"]["certificate-authority-data"]
    (tmp_path / "ca.crt").write_bytes(base64.b64decode(written))
    (tmp_path / "token").write_text("full\n")
    (tmp_path / "namespace").write_text("echo-grpc")
    environ = {
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(double.port),
        "HOME": str(tmp_path),
    }
    options = ClusterOptions()
    chosen = choose(read_kubeconfig(options, environ), options, environ, str(tmp_path))
    api = Api(chosen, options, PATIENCE_S, environ)
    assert api.context.namespace == "echo-grpc"
    assert await asks(api) == 2
    double.cluster.users["replaced"] = double.cluster.users.pop("full")
    (tmp_path / "token").write_text("replaced")
    assert await asks(api) == 2
    await forwards(api)
    (tmp_path / "token").write_text("expired")
    double.cluster.users.clear()
    with pytest.raises(ApiRefused, match='does not accept the login of the user "the pod\'s service account"'):
        await asks(api)
    await api.close()
