"""The plugin in Python, which dials in: python kv_remote.py HOST:PORT FOLDER"""

import logging
import sys
from concurrent import futures
from pathlib import Path

import grpc
import kv_pb2
import kv_pb2_grpc
from tenon_bind import Plugin, Rejected


class Store(kv_pb2_grpc.KVServicer):
    def __init__(self):
        self.values = {}

    def Get(self, request, context):
        if request.key not in self.values:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no value for {request.key}")
        return kv_pb2.GetResponse(value=self.values[request.key])

    def Put(self, request, context):
        call_id = dict(context.invocation_metadata()).get("tenon-call-id", "")
        extra = {"fields": {"bytes": len(request.value)}, "call_id": call_id}
        logging.info("stored %s", request.key, extra=extra)
        self.values[request.key] = request.value
        return kv_pb2.Empty()


def main():
    address, folder = sys.argv[1], Path(sys.argv[2])
    server = grpc.server(futures.ThreadPoolExecutor())
    plugin = Plugin(server, "kv-python", version="1.0.0", contract="kv", instance="kv-python-0")
    kv_pb2_grpc.add_KVServicer_to_server(Store(), plugin)
    logging.basicConfig(level=logging.INFO, handlers=[plugin.log_handler])
    files = [(folder / name).read_bytes() for name in ("ca.crt", "tls.key", "tls.crt")]
    try:
        plugin.run(address, token_file=folder / "token", credentials=grpc.ssl_channel_credentials(*files))
    except Rejected as error:
        sys.exit(f"{error.code}: {error.reason}")


main()
