"""Keeps a failing call from ending an xDS server's process: every call is answered with its headers first.

C-core (seen with 1.85.3) aborts the whole process where a server made with ``xds=True`` ends a call with a status
before it has sent headers (``pipe.h: Check failed: has_value()``): a method that is not there, an unknown health
service, a message that cannot be read. Nobody who knocks at a port by mistake may end the app behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc


class HeadersFirst(grpc.ServerInterceptor):
    """Sends the initial metadata before anything else of a call is done, also for a method that is not there.

    It knows methods that take one message, the only ones that the demo's apps serve over xDS.
    """

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """The handler of the call, wrapped; one that says UNIMPLEMENTED where there is none."""
        handler = continuation(handler_call_details)
        if handler is None:
            return grpc.stream_stream_rpc_method_handler(_unimplemented)
        read, write = handler.request_deserializer, handler.response_serializer
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(_after_headers(handler.unary_stream, read), None, write)
        return grpc.unary_unary_rpc_method_handler(_after_headers(handler.unary_unary, read), None, write)


def _unimplemented(_requests: Any, context: Any) -> Any:
    context.send_initial_metadata(())
    context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")


def _after_headers(behavior: Callable[..., Any], read: Callable[[bytes], Any]) -> Callable[..., Any]:
    """What handles a call, with the headers sent before, and before the request is read."""

    def handle(request: bytes, context: Any, *more: Any) -> Any:
        context.send_initial_metadata(())
        try:
            message = read(request)
        except Exception:  # whatever a message does to its parser
            context.abort(grpc.StatusCode.INTERNAL, "Exception deserializing request!")
        return behavior(message, context, *more)

    return handle
