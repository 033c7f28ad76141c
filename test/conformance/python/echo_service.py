"""The Echo service of test/proto on grpcio, as its .proto describes it. Messages stay bytes throughout."""

import time
from urllib.parse import unquote

import grpc

SERVICE = "tenon.test.v1.Echo"


def begin(context):
    asked = dict(context.invocation_metadata())
    echoed = [(k, v) for k, v in asked.items() if k.startswith("echo-")]
    trailers = [(k.replace("echo", "echo-trailer", 1), v) for k, v in echoed]
    if "x-details-bin" in asked:
        trailers.append(("grpc-status-details-bin", asked["x-details-bin"]))
    context.set_trailing_metadata(trailers)
    ends_at = time.monotonic() + int(asked.get("x-delay-ms", 0)) / 1000
    while time.monotonic() < ends_at and context.is_active():
        time.sleep(0.005)
    if "x-gzip" in asked:
        context.set_compression(grpc.Compression.Gzip)
    context.send_initial_metadata(echoed)
    return asked


def fail(asked, context):
    if "x-status" in asked:
        code = next(c for c in grpc.StatusCode if c.value[0] == int(asked["x-status"]))
        context.abort(code, unquote(asked.get("x-message", "")))


def filled(size):
    head, rest = bytearray(b"\x0a"), size
    while rest > 127:
        head.append(rest & 127 | 128)
        rest >>= 7
    head.append(rest)
    return bytes(head) + bytes(size)


def unary(request, context):
    asked = begin(context)
    fail(asked, context)
    return filled(int(asked["x-fill"])) if "x-fill" in asked else request


def server_stream(request, context):
    asked = begin(context)
    for _ in range(int(asked.get("x-count", 1))):
        yield request
    fail(asked, context)


def client_stream(requests, context):
    asked = begin(context)
    merged = b"".join(requests)
    fail(asked, context)
    return merged


def bidi(requests, context):
    asked = begin(context)
    yield from requests
    fail(asked, context)


METHODS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "Bidi": grpc.stream_stream_rpc_method_handler(bidi),
}


def add_echo_to_server(server):
    """Does what generated code does."""
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, METHODS),))
    server.add_registered_method_handlers(SERVICE, METHODS)
