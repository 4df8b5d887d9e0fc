"""Which cluster, as whom: kubeconfig files found, read and merged as kubectl does, or a pod's own service account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from meshtui.model.errors import BadInput, UsageError
from meshtui.model.kubernetes.kubeconfig import Cluster, Context, Kubeconfig, User, merged
from meshtui.model.kubernetes.kubeconfig_check import check_cluster, check_user
from meshtui.model.kubernetes.kubeconfig_parse import kubeconfig_of
from meshtui.model.kubernetes.reference import ClusterOptions, checked_namespace
from meshtui.model.phrases import one_line, plural
from meshtui.sources.reading import read_limited

LARGEST: Final = 16 << 20
"""Bytes of one kubeconfig; hundreds of clusters with their certificates are some 3 MiB."""

SERVICE_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where a pod has its token, its namespace and the CA of its cluster."""

IN_CLUSTER: Final = "in-cluster"
"""The name of the context of a program that runs in a pod and has no kubeconfig."""

NAMES_SHOWN: Final = 8
"""Contexts named as examples when one is not found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be dialled: the context's ``name``, its cluster and user, and the namespace that is meant.

    ``user_name`` is the user's name in the kubeconfig, ``source`` the file or files it was read from;
    ``from_file`` is false for a pod's own service account.
    """

    name: str
    cluster_name: str
    cluster: Cluster
    user_name: str
    user: User
    namespace: str
    source: str
    from_file: bool = True


def kubeconfig_paths(options: ClusterOptions, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The files in their order: ``--kubeconfig`` alone, else ``$KUBECONFIG``'s list, else ``~/.kube/config``."""
    if options.kubeconfig is not None:
        return (_absolute(options.kubeconfig, environ),)
    listed = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    if listed:
        return tuple(dict.fromkeys(os.path.abspath(path) for path in listed))
    home = environ.get("HOME") or os.path.expanduser("~")
    return (os.path.join(home, ".kube", "config"),)


def is_known(options: ClusterOptions, environ: Mapping[str, str]) -> bool:
    """Whether any of the files is there, or this runs in a pod. Opens none of them."""
    token = os.path.join(SERVICE_ACCOUNT, "token")
    return any(map(os.path.exists, (*kubeconfig_paths(options, environ), token)))


def _absolute(path: str, environ: Mapping[str, str]) -> str:
    if path == "~" or path.startswith("~/"):
        path = (environ.get("HOME") or os.path.expanduser("~")) + path[1:]
    return os.path.abspath(path)


def read_kubeconfig(options: ClusterOptions, environ: Mapping[str, str]) -> Kubeconfig:
    """All files merged. One that is not there is left out, except that which ``--kubeconfig`` names. Blocks.

    Raises ``BadInput`` for a file that cannot be read or is no kubeconfig.
    """
    read = (_read(path, must_exist=options.kubeconfig is not None) for path in kubeconfig_paths(options, environ))
    return merged(config for config in read if config is not None)


def _read(path: str, *, must_exist: bool) -> Kubeconfig | None:
    try:
        data = read_limited(path, LARGEST)
    except FileNotFoundError:
        if must_exist:
            raise BadInput(f"There is no kubeconfig {path}.", "Give the path of one to --kubeconfig.") from None
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise BadInput(f"The kubeconfig {path} cannot be read: {reason}.", "Give another to --kubeconfig.") from None
    return kubeconfig_of(_document(data, path), path)


def _document(data: bytes, path: str) -> object:
    import yaml  # only a Kubernetes target needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # The first document of several, as kubectl reads it.
        return next(iter(yaml.load_all(data, Loader=loader)), None)
    except yaml.YAMLError as error:
        raise BadInput(f"The kubeconfig {path} is no YAML: {_where(error)}.", "Mend it, or give another.") from None
    except (ValueError, RecursionError):
        raise BadInput(f"The kubeconfig {path} is no YAML that can be read.", "Mend it, or give another.") from None


def _where(error: Exception) -> str:
    """Line and problem of a YAML error, without the text it stands in, which may be a secret."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    said = one_line(str(problem or getattr(error, "reason", "") or "it cannot be read"), 120)
    return f"line {mark.line + 1}: {said}" if mark is not None else said


def chosen_by(options: ClusterOptions, environ: Mapping[str, str]) -> Chosen:
    """The files read, and what is chosen of them. Blocks. Raises as :func:`read_kubeconfig` and :func:`choose`."""
    return choose(read_kubeconfig(options, environ), options, environ)


def choose(
    config: Kubeconfig, options: ClusterOptions, environ: Mapping[str, str], service_account: str = SERVICE_ACCOUNT
) -> Chosen:
    """As :func:`chosen_context`; raises ``UsageError`` for a namespace that is no name, too."""
    chosen = chosen_context(config, options, environ, service_account)
    if chosen.from_file:
        checked_namespace(chosen.namespace)
    return chosen


def chosen_context(
    config: Kubeconfig, options: ClusterOptions, environ: Mapping[str, str], service_account: str = SERVICE_ACCOUNT
) -> Chosen:
    """The context that was asked for or is current, with its cluster and user. Blocks (in a pod it reads files).

    Without any kubeconfig it is the pod's own service account, if this runs in a pod. Raises ``UsageError`` for names
    that lead nowhere, with those there are. The namespace may be no name of one: a context that is good leads to
    others.
    """
    if options.context is None and config.empty:
        return _in_cluster(options, environ, service_account)
    name = options.context or config.current_context
    source = ", ".join(config.sources)
    if not name:
        raise UsageError(
            f"No context is chosen: {source} has no current-context.", f"Give --context. {_names(config.contexts)}"
        )
    context = config.contexts.get(name)
    if context is None:
        raise UsageError(
            f"There is no context {name!r} in {source or 'any kubeconfig'}."
            if options.context
            else f"There is no context {name!r}, which {source} names as its current-context.",
            f"{_names(config.contexts)} Give --context.",
        )
    return Chosen(
        name=name,
        cluster_name=context.cluster,
        cluster=_cluster(config, name, context),
        user_name=context.user,
        user=_user(config, name, context),
        namespace=options.namespace or context.namespace or "default",
        source=source,
    )


def _cluster(config: Kubeconfig, name: str, context: Context) -> Cluster:
    cluster = config.clusters.get(context.cluster)
    if not context.cluster:
        raise BadInput(f"The context {name!r} names no cluster.", "kubectl config set-context has --cluster for it.")
    if cluster is None:
        raise BadInput(
            f"The context {name!r} is of the cluster {context.cluster!r}, which no kubeconfig has.",
            _names(config.clusters, "cluster"),
        )
    check_cluster(context.cluster, cluster)
    return cluster


def _user(config: Kubeconfig, name: str, context: Context) -> User:
    """A context may name no user: then nobody is logged in."""
    if not context.user:
        return User()
    user = config.users.get(context.user)
    if user is None:
        raise BadInput(
            f"The context {name!r} is of the user {context.user!r}, whom no kubeconfig has.",
            _names(config.users, "user"),
        )
    check_user(context.user, user)
    return user


def _names(found: Mapping[str, object], noun: str = "context") -> str:
    if not found:
        return f"There is no {noun} at all."
    shown = ", ".join(list(found)[:NAMES_SHOWN])
    more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
    return f"There {'is' if len(found) == 1 else 'are'} {plural(len(found), noun)}: {shown}{more}."


def _in_cluster(options: ClusterOptions, environ: Mapping[str, str], folder: str) -> Chosen:
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "")
    token = os.path.join(folder, "token")
    in_pod = bool(host and port)
    if not in_pod or not os.path.exists(token):
        paths = ", ".join(kubeconfig_paths(options, environ))
        no_pod = f"this pod has no token of a service account ({token})" if in_pod else "meshtui runs in no pod"
        raise UsageError(
            f"No cluster is known: there is no kubeconfig, or an empty one ({paths}), and {no_pod}.",
            "Give --kubeconfig, set KUBECONFIG, or log in as your cluster's provider says.",
        )
    return Chosen(
        name=IN_CLUSTER,
        cluster_name=IN_CLUSTER,
        cluster=Cluster(
            server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
            certificate_authority=os.path.join(folder, "ca.crt"),
        ),
        user_name="the pod's service account",
        user=User(token_file=token),
        namespace=options.namespace or environ.get("POD_NAMESPACE") or _own_namespace(folder),
        source=folder,
        from_file=False,
    )


def _own_namespace(folder: str) -> str:
    try:
        return read_limited(os.path.join(folder, "namespace"), 4096).decode().strip() or "default"
    except (OSError, ValueError):
        return "default"
