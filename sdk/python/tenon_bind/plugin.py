"""A plugin: a gRPC server, and who it is to a host."""

import ipaddress
import logging
import random
import signal
import tempfile
import threading
import time
import uuid

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from tenon.bind.v1 import bind_pb2 as pb

from .link import Link, Rejected
from .logs import LogBuffer, LogHandler

MIN_DELAY, MAX_DELAY = 0.1, 10.0
logger = logging.getLogger("tenon_bind")


class Plugin:
    """Takes services as a `grpc.Server` does, from `add_XServicer_to_server(servicer, plugin)`, and offers them to a host.

    `contract` is the name of the contract, by default whichever fits, `contract_version` the version of it that is
    served. `instance` is the id of this copy, by default a new one for each process.
    """

    def __init__(self, server, name, *, version="", contract="", contract_version=1, instance="", max_log_bytes=1 << 20):
        self._server, self._served = server, pb.ServedVersion(version=contract_version)
        self._hello = pb.Hello(min_protocol=1, max_protocol=1, plugin=name, version=version, contract=contract)
        self._hello.instance = instance or str(uuid.uuid4())
        self._logs = LogBuffer(max_log_bytes)
        self._link = self._failure = self._next_token = None
        self._stopping, self._ended = threading.Event(), threading.Event()
        self.log_handler = LogHandler(self._logs)

    def add_generic_rpc_handlers(self, handlers):
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service, handlers):
        self._served.services.add(type_name=service, methods=sorted(handlers))
        self._server.add_registered_method_handlers(service, handlers)

    def run(self, to, *, drain_seconds=10, **options):
        """Is bound until SIGTERM or SIGINT, or until the host lets the plugin go. For the main thread; options as `start`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.leave("the plugin was asked to end", drain_seconds))
        self.start(to, **options)
        self.wait()

    def start(self, to, *, token="", token_file=None, credentials=None, insecure=False):
        """Serves, and dials in at `to` for ever: `host:port` or `unix:/path`. `token_file` is read anew each time."""
        if credentials is None and not insecure and not is_local(to):
            raise ValueError(f"{to} is not on this machine: pass credentials, or insecure=True to send all in the clear")
        self._hello.versions.append(self._served)
        servicer = health.HealthServicer()
        servicer.set("plugin", health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, self._server)
        threading.Thread(target=self._work, args=(to, token, token_file, credentials), daemon=True).start()

    def wait(self):
        """Returns when the plugin is not bound any more, for good. Raises `Rejected` where the host has said so."""
        while not self._ended.wait(0.2):
            pass  # Where another thread got a signal, its handler runs when the main thread wakes up.
        if self._failure is not None:
            raise self._failure

    def leave(self, reason, seconds):
        """Answers the calls in flight, for so long at most, says goodbye and ends; see `wait`. Returns at once."""
        threading.Thread(target=self._drain, args=(reason, seconds), daemon=True).start()

    def _drain(self, reason, seconds):
        self._stopping.set()
        if self._link is not None:
            self._link.leave(reason, seconds)
        self._server.stop(seconds)  # Then it closes its connections, whereupon the link says goodbye.

    def _work(self, *options):
        try:
            self._stay_bound(*options)
        except Exception as error:
            self._failure = error
        finally:
            self._ended.set()

    def _stay_bound(self, to, *options):
        failures = 0
        with tempfile.TemporaryDirectory(prefix="tenon-bind-") as folder:
            self._server.add_insecure_port(f"unix:{folder}/plugin")
            self._server.start()
            while not self._stopping.is_set() and self._failure is None:
                try:
                    self._bind(f"{folder}/plugin", to, *options)
                except Rejected as error:
                    logger.warning("%s", error)
                    self._failure = None if error.retryable else error
                except (grpc.RpcError, OSError) as error:
                    logger.warning("no link to %s: %s", to, error.details() if isinstance(error, grpc.Call) else error)
                failures = 0 if self._link and self._link.welcome else failures + 1
                delay = min(MIN_DELAY * 1.6 ** min(failures, 16), MAX_DELAY)
                self._stopping.wait(0 if self._failure else delay * random.uniform(0.5, 1))
            self._server.stop(None).wait()

    def _bind(self, path, to, token, token_file, credentials):
        if self._link and self._link.welcome:
            self._next_token = self._link.welcome.next_token or self._next_token
        self._link, hello = None, self._hello
        if token_file is not None:
            with open(token_file, encoding="utf8") as file:
                token = file.read().strip()
        hello.token, hello.oldest_log = self._next_token or token, self._logs.rewind()
        # It has to grow when a process with the same instance is started anew, too.
        hello.epoch = max(hello.epoch + 1, time.time_ns() // 1_000_000)
        # Otherwise all channels to one address share a connection, and how long to wait when it fails.
        options = [("grpc.use_local_subchannel_pool", 1)]
        secure = (to, credentials, options)
        with grpc.secure_channel(*secure) if credentials else grpc.insecure_channel(to, options) as channel:
            attach = channel.stream_stream(
                "/tenon.bind.v1.Bind/Attach", pb.PluginFrame.SerializeToString, pb.HostFrame.FromString
            )
            self._link = Link(hello, self._logs, path, self.leave)
            self._link.run(attach)


def is_local(target):
    """Whether what is sent to the target stays on this machine."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.rsplit("/", 1)[-1].removeprefix("ipv4:").removeprefix("ipv6:").rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
