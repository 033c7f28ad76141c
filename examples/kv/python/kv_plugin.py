"""The key-value plugin in Python. Standard output carries the handshake line and nothing else."""

import base64
import datetime
import logging
import os
import signal
import sys
import tempfile
import threading
from concurrent import futures

import grpc
import kv_pb2
import kv_pb2_grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from plugin import controller_pb2, controller_pb2_grpc

logging.basicConfig(format="[%(levelname)s] %(message)s", level=logging.INFO)  # To standard error.
ended = threading.Event()


class Store(kv_pb2_grpc.KVServicer):
    def __init__(self):
        self.values = {}

    def Get(self, request, context):
        if request.key not in self.values:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no value for {request.key}")
        return kv_pb2.GetResponse(value=self.values[request.key])

    def Put(self, request, context):
        logging.info("put %s: %d bytes", request.key, len(request.value))
        self.values[request.key] = request.value
        return kv_pb2.Empty()


class Controller(controller_pb2_grpc.GRPCControllerServicer):
    def Shutdown(self, request, context):
        ended.set()
        return controller_pb2.Empty()


def make_certificate():
    """A key and a certificate for this one start, the key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=localhost")
    now, day = datetime.datetime.now(datetime.timezone.utc), datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + 10000 * day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *private), certificate


def listen(server, address):
    """Listens with TLS where the host has sent a certificate. Returns the last field of the handshake line."""
    host_certificate = os.environ.get("PLUGIN_CLIENT_CERT")
    if not host_certificate:
        server.add_insecure_port(address)
        return ""
    key, certificate = make_certificate()
    own = key, certificate.public_bytes(serialization.Encoding.PEM)
    server.add_secure_port(address, grpc.ssl_server_credentials([own], host_certificate.encode(), True))
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")


def main():
    if os.environ.get("BASIC_PLUGIN") != "hello":
        sys.exit("This is a plugin. The program that it belongs to starts it.")
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches plugins too, and is the host's business.
    if os.environ.get("TENON_LIFELINE") == "stdin":
        # Past sys.stdin, whose lock a waiting thread would hold when the interpreter ends.
        threading.Thread(target=lambda: (os.read(0, 1), ended.set()), daemon=True).start()

    server = grpc.server(futures.ThreadPoolExecutor())
    kv_pb2_grpc.add_KVServicer_to_server(Store(), server)
    controller_pb2_grpc.add_GRPCControllerServicer_to_server(Controller(), server)
    servicer = health.HealthServicer()
    servicer.set("plugin", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)

    directory = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.gettempdir()
    path = os.path.join(directory, f"kv-{os.getpid()}")
    certificate = listen(server, f"unix:{path}")
    server.start()
    print(f"1|1|unix|{path}|grpc|{certificate}", flush=True)
    ended.wait()
    server.stop(grace=1).wait()


main()
