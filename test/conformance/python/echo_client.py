"""Checks an Echo service with grpcio. Messages stay bytes throughout.

Usage: echo_client.py SOCKET_PATH | echo_client.py PORT CERTIFICATE, the latter with TLS on 127.0.0.1. Prints one line of JSON for each check: {"check": name, "error": text or ""}.
"""

import json
import sys
import threading
import time
from urllib.parse import quote

import grpc

SERVICE = "/tenon.test.v1.Echo/"


def message(chunk):
    head, rest = bytearray(b"\x0a"), len(chunk)
    while rest > 127:
        head.append(rest & 127 | 128)
        rest >>= 7
    head.append(rest)
    return bytes(head) + chunk


HELLO = message(b"hello")


def same(got, want):
    if got != want:
        raise AssertionError(f"{got!r:.200} is not {want!r:.200}")


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error
    return grpc.StatusCode.OK, None


class Checks:
    def __init__(self, channel):
        self.channel = channel
        self.call_unary = channel.unary_unary(SERVICE + "Unary")
        self.call_server_stream = channel.unary_stream(SERVICE + "ServerStream")
        self.call_client_stream = channel.stream_unary(SERVICE + "ClientStream")
        self.call_bidi = channel.stream_stream(SERVICE + "Bidi")

    def unary(self):
        same(self.call_unary(HELLO), HELLO)

    def server_stream(self):
        same(list(self.call_server_stream(HELLO, metadata=[("x-count", "100")])), [HELLO] * 100)

    def client_stream(self):
        same(self.call_client_stream(iter([HELLO] * 100)), HELLO * 100)

    def bidi(self):
        same(list(self.call_bidi(iter([HELLO] * 50))), [HELLO] * 50)

    def metadata(self):
        sent = [("echo-text", "plain text"), ("echo-data-bin", b"\x00\x01\x02\xfe\xff")]
        _, call = self.call_unary.with_call(b"", metadata=sent)
        headers, trailers = dict(call.initial_metadata()), dict(call.trailing_metadata())
        for name, value in sent:
            same(headers.get(name), value)
            same(trailers.get(name.replace("echo", "echo-trailer", 1)), value)

    def status(self):
        text = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
        asked = [("x-status", "5"), ("x-message", quote(text))]
        code, error = code_of(lambda: self.call_unary(b"", metadata=asked))
        same(code, grpc.StatusCode.NOT_FOUND)
        same(error.details(), text)

    def status_after_messages(self):
        asked = [("x-status", "9"), ("x-message", "enough"), ("x-count", "3")]
        call, seen = self.call_server_stream(HELLO, metadata=asked), []
        code, _ = code_of(lambda: seen.extend(call))
        same(code, grpc.StatusCode.FAILED_PRECONDITION)

    def unimplemented(self):
        for path in (SERVICE + "Nonsense", "/no.such.Service/Method"):
            code, _ = code_of(lambda: self.channel.unary_unary(path)(b""))
            same(code, grpc.StatusCode.UNIMPLEMENTED)

    def deadline(self):
        code, _ = code_of(lambda: self.call_unary(HELLO, timeout=0.1, metadata=[("x-delay-ms", "5000")]))
        same(code, grpc.StatusCode.DEADLINE_EXCEEDED)

    def cancel(self):
        release = threading.Event()

        def requests():
            yield HELLO
            release.wait(5)

        call = self.call_bidi(requests())
        same(next(call), HELLO)
        call.cancel()
        code, _ = code_of(lambda: next(call))
        release.set()
        same(code, grpc.StatusCode.CANCELLED)
        self.unary()

    def large_messages(self):
        big = message(b"\x07" * (9 << 20))
        same(len(self.call_unary(big)), len(big))

    def slow_reader(self):
        chunk = message(b"x" * (64 << 10))
        call = self.call_server_stream(chunk, metadata=[("x-count", "512")])
        same(next(call), chunk)
        time.sleep(0.1)
        self.unary()
        same(sum(1 for _ in call), 511)

    def concurrent_calls(self):
        calls = [self.call_unary.future(message(str(i).encode())) for i in range(1000)]
        for i, call in enumerate(calls):
            same(call.result(timeout=30), message(str(i).encode()))

    def status_details(self):
        asked = [("x-status", "9"), ("x-details-bin", b"\x08\x09")]
        code, error = code_of(lambda: self.call_unary(HELLO, metadata=asked))
        same(code, grpc.StatusCode.FAILED_PRECONDITION)
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        # google.rpc.Status begins with its code, and one of its details holds the word.
        same((details[:2], b"detail" in details), (b"\x08\x09", True))

    def gzip(self):
        for size in (0, 10, 1 << 20):
            sent = message(bytes(size))
            same(self.call_unary(sent, metadata=[("x-gzip", "1")], compression=grpc.Compression.Gzip), sent)


def connect(options, place, certificate=None):
    if certificate is None:
        return grpc.insecure_channel("unix:" + place, options=options)
    with open(certificate, "rb") as file:
        credentials = grpc.ssl_channel_credentials(root_certificates=file.read())
    named = ("grpc.ssl_target_name_override", "localhost")
    return grpc.secure_channel("127.0.0.1:" + place, credentials, options=[*options, named])


def main():
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with connect(options, *sys.argv[1:]) as channel:
        checks = Checks(channel)
        for name in [name for name in vars(Checks) if not name.startswith("_")]:
            error = ""
            try:
                getattr(checks, name)()
            except Exception as reason:  # A check may fail in any way; the next one is still worth knowing.
                error = f"{type(reason).__name__}: {reason}"
            print(json.dumps({"check": name.replace("_", " "), "error": error}), flush=True)


main()
