"""How a gRPC app comes to serve CSDS and channelz (gRFC A38), by language."""

from __future__ import annotations

from typing import Final

REGISTER: Final = (
    ("Go", ('import "google.golang.org/grpc/admin"', "cleanup, err := admin.Register(server); defer cleanup()")),
    ("C++", ("#include <grpcpp/ext/admin_services.h>", "grpc::AddAdminServices(&builder);")),
    (
        "Java",
        ("// io.grpc:grpc-services, io.grpc:grpc-xds", "builder.addServices(AdminInterface.getStandardServices());"),
    ),
    ("Python", ("import grpc_admin  # pip install grpcio-admin", "grpc_admin.add_admin_servicers(server)")),
)
"""A language, and its lines: what has to be there, then what registers them."""
