"""Findings about the certificate providers of a bootstrap."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.bootstrap import REFUSES
from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

NO_TLS: Final = "Clusters and listeners that use this provider cannot do TLS: their connections fail."
"""What follows when a provider has nothing to give."""

PROVIDER_UNDEFINED: Final = Kind(
    code="bootstrap-provider-undefined",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The config asks for the certificate provider {instance!r}, which the bootstrap does not define",
    why=(
        "gRPC refuses (NACKs) a cluster or listener that names an unknown provider instance, and the old config "
        "stays in force; with none before, requests fail."
    ),
    fix=(
        "define {instance!r} in certificate_providers, or turn mTLS off for these (DestinationRule, PeerAuthentication)"
    ),
    page=(
        "The accepted config asks for a certificate provider instance that the bootstrap does not define. gRPC "
        "refuses (NACKs) such clusters and listeners."
    ),
    seen="who asks for it, and the instances defined.",
    page_fix="define the instance (Istio's is `default`), or turn mTLS off for these.",
)

PROVIDER_PLUGIN_UNKNOWN: Final = Kind(
    code="bootstrap-provider-plugin-unknown",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="Certificate provider {provider!r} {has_another_plugin}",
    why=(
        "file_watcher is the one plugin every gRPC has. C++ and the languages on it refuse the whole bootstrap "
        "for another one; Go and Java only fail when the provider is used."
    ),
    fix='use "plugin_name": "file_watcher" with the files the agent writes',
    seen="the plugin and its line.",
)

PROVIDER_INCOMPLETE: Final = Kind(
    code="bootstrap-provider-incomplete",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="Certificate provider {provider!r} lacks {field}",
    why=(
        "certificate_file and private_key_file belong together, and one of certificate and CA is needed (gRFC "
        "A29). " + REFUSES
    ),
    fix="add {field}",
    seen="the config and its line.",
    page_fix="add the missing field.",
)

PROVIDER_NO_ROOTS: Final = Kind(
    code="bootstrap-provider-no-roots",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="Certificate provider {provider!r} names no CA file",
    why=(
        "It can prove who this workload is, but not check peers: gRPC refuses config that takes its roots from "
        "this instance, as Istio's does."
    ),
    fix="add ca_certificate_file (root-cert.pem)",
    seen="the config and its line.",
)

PROVIDER_ROOTS_IN_MAP: Final = Kind(
    code="bootstrap-provider-roots-in-map",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    title="Certificate provider {provider!r} has its roots in a trust bundle map alone",
    why=(
        "gRPC reads it (gRFC A87) where the environment variable GRPC_EXPERIMENTAL_XDS_MTLS_SPIFFE is true, and "
        "then takes no ca_certificate_file. An older gRPC, or one without the variable, finds no roots."
    ),
    fix="set the variable in every app, or name a ca_certificate_file beside the map for those that do not read it",
    seen="the config and its line.",
)

REFRESH_INTERVAL_INVALID: Final = Kind(
    code="bootstrap-refresh-interval-invalid",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    graded="a warning for 0s, which gRPC C++ takes",
    title="refresh_interval {written!r} is no usable duration",
    why="{what_is_wrong}",
    fix='write "refresh_interval": "900s"',
    page=(
        "`refresh_interval` must be seconds with an `s`, above zero: `900s`. For anything but `0s` gRPC refuses "
        "the whole bootstrap: every `xds:` channel fails and an xDS server does not start."
    ),
    seen="the value and its line.",
)

REFRESH_INTERVAL_LONG: Final = Kind(
    code="bootstrap-refresh-interval-long",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="gRPC may re-read the certificate only after the old one has ended",
    why=(
        "It re-reads every {interval}, but a certificate rotated at half life has only {left} left. Until the "
        "next re-reading the app shows an expired one, and peers refuse it."
    ),
    fix="set refresh_interval well below {left}, or let certificates live longer",
    page=(
        "gRPC re-reads its files less often than a rotated certificate lives on. After a rotation at half life "
        "the app may show the old one until after it has ended."
    ),
    seen="the interval, and the certificate's life.",
    page_fix="set the interval well below half the certificate's life.",
)

PROVIDER_FILE_MISSING: Final = Kind(
    code="bootstrap-provider-file-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    graded="a warning in a bootstrap of Google's generator, until the accepted config asks for the provider",
    title="{path} is not there",
    why="Provider {provider!r} reads its {content} from it. " + NO_TLS,
    fix=(
        "see that the agent got its certificate (its log, /healthz/ready) and that OUTPUT_CERTS and this "
        "container's mount are the same directory"
    ),
    page="A file the provider names does not exist, as seen from here. TLS with this provider fails.",
    seen="the path, its field and the system's reason.",
)

PROVIDER_FILE_UNREADABLE: Final = Kind(
    code="bootstrap-provider-file-unreadable",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{path} cannot be read",
    why="{reason}. Provider {provider!r} reads its {content} from it. " + NO_TLS,
    fix="let the app's user read it (fsGroup 1337 is what Istio uses)",
    page="A file the provider names cannot be read, or is none.",
    seen="the path, its field and the reason.",
)

PROVIDER_FILE_EMPTY: Final = Kind(
    code="bootstrap-provider-file-empty",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{path} is empty",
    why="Provider {provider!r} reads its {content} from it. " + NO_TLS,
    fix="see that the volume is not full, and restart the agent",
    page="A file the provider names has no content.",
    seen="the path.",
)

PROVIDER_FILES_MISMATCH: Final = Kind(
    code="bootstrap-provider-files-mismatch",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="Certificate and key of provider {provider!r} do not belong together",
    why=(
        "The key is not the one the certificate was made for, so every handshake fails. It passes by itself when "
        "the two files were looked at in the middle of a rotation (each is replaced alone)."
    ),
    fix="if it stays, see which files are meant, and restart the agent so that it writes both again",
    page=(
        "Certificate and key of one provider do not belong together, so every handshake fails. For a moment this "
        "is normal during a rotation, since each file is replaced alone; meshtui looks twice."
    ),
    seen="both paths.",
    covered_by=("certificate-first-not-own",),
)
