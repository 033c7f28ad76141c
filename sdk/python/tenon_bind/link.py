"""One binding: a call of Attach that carries the bytes of one connection to the plugin's own gRPC server."""

import collections
import contextlib
import socket
import threading
import time

from tenon.bind.v1 import bind_pb2 as pb

READ_BYTES, QUEUE_BYTES = 32 * 1024, 256 * 1024
WELCOME_SECONDS, GOODBYE_SECONDS = 10, 2


class Rejected(Exception):
    """The host does not take the plugin. `code` is of the list in docs/protocol/bind.md, `field` is one of Hello or empty."""

    def __init__(self, code, reason, retryable=False, field=""):
        super().__init__(f"the host does not take the plugin: {reason} ({code})")
        self.code, self.reason, self.retryable, self.field = code, reason, retryable, field


class Link:
    """Lasts from Hello to the end of the call. Iterating gives the frames to the host: control before bytes before logs."""

    def __init__(self, hello, logs, path, on_drain):
        self._changed, self._ended = threading.Condition(), threading.Event()
        self._urgent, self._last = collections.deque([pb.PluginFrame(hello=hello)]), None
        self._bytes, self._queued = collections.deque(), 0
        self._logs, self._path, self._on_drain = logs, path, on_drain
        self._socket = self._call = self.welcome = None
        self._seen, self._reason = time.monotonic(), "the plugin's server closed the connection"

    def __iter__(self):
        return self

    def __next__(self):
        with self._changed:
            while not self._ended.is_set():
                if self._urgent:
                    return self._urgent.popleft()
                if self._bytes:
                    self._queued -= len(self._bytes[0])
                    self._changed.notify_all()
                    return pb.PluginFrame(bytes=self._bytes.popleft())
                frame = self.welcome and self._logs.next_frame(self._last)
                if frame:
                    return frame
                if self._last:
                    self._ended.set()
                    return self._last
                self._changed.wait()
        raise StopIteration

    def run(self, attach):
        """Returns when the link has ended in order; raises `Rejected`, or `grpc.RpcError` when it broke."""
        self._call = attach(self)
        overdue = self._cancel_after(WELCOME_SECONDS)
        try:
            first = next(self._call, pb.HostFrame())
            overdue.cancel()
            if first.WhichOneof("frame") == "reject":
                reject = first.reject
                raise Rejected(reject.code, reject.reason, reject.retryable, reject.field)
            if first.WhichOneof("frame") != "welcome":
                raise OSError("the host began with neither Welcome nor Reject")
            self._begin(first.welcome)
            for frame in self._call:
                self._seen = time.monotonic()
                if self._take(frame) == "goodbye":
                    break
        finally:
            overdue.cancel()
            self._ended.set()
            self._wake()
            self._call.cancel()
            if self._socket:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def leave(self, reason, seconds):
        """Says what the plugin says last, once its server has closed the connection, for which it has so long."""
        self._reason = reason
        if self._call:
            self._cancel_after(seconds + GOODBYE_SECONDS if self.welcome else 0)

    def _begin(self, welcome):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(self._path)
        self._logs.begin(welcome, self._wake)
        self.welcome = welcome
        for work in (self._pump, self._beat):
            threading.Thread(target=work, daemon=True).start()

    def _take(self, frame):
        kind = frame.WhichOneof("frame")
        if kind == "bytes":
            with contextlib.suppress(OSError):  # The server may have closed it, which the pump sees too.
                self._socket.sendall(frame.bytes)
                if not frame.bytes:  # The host has no more: the server waits for that when it ends.
                    self._socket.shutdown(socket.SHUT_WR)
        elif kind == "beat":
            self._send(beat_answer=pb.Beat(id=frame.beat.id))
        elif kind == "logs_taken":
            self._logs.taken(frame.logs_taken.sequence)
        elif kind == "log_level":
            self._logs.level = frame.log_level.level
        elif kind == "drain":
            self._on_drain(frame.drain.reason, frame.drain.timeout_ms / 1000)
        elif kind == "goodbye" and not frame.goodbye.may_return:
            raise Rejected("kicked", frame.goodbye.reason)
        return kind

    def _pump(self):
        """Bytes of the server to the host, until the server closes the connection."""
        with self._socket, contextlib.suppress(OSError):
            while data := self._socket.recv(READ_BYTES):
                with self._changed:
                    self._changed.wait_for(lambda: self._ended.is_set() or self._queued < QUEUE_BYTES)
                    self._bytes.append(data)
                    self._queued += len(data)
                    self._changed.notify_all()
        self._last = pb.PluginFrame(goodbye=pb.Goodbye(reason=self._reason))
        self._wake()
        self._cancel_after(GOODBYE_SECONDS)

    def _beat(self):
        number, dead_after = 0, self.welcome.dead_after_ms / 1000
        while not self._ended.wait(self.welcome.heartbeat_ms / 1000):
            number += 1
            self._send(beat=pb.Beat(id=number))
            if time.monotonic() - self._seen > dead_after:
                self._call.cancel()

    def _send(self, **frame):
        self._urgent.append(pb.PluginFrame(**frame))
        self._wake()

    def _wake(self):
        with self._changed:
            self._changed.notify_all()

    def _cancel_after(self, seconds):
        timer = threading.Timer(seconds, self._call.cancel)
        timer.daemon = True
        timer.start()
        return timer
