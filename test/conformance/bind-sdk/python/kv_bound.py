import os
import sys
from concurrent import futures

import grpc
import kv_pb2
import kv_pb2_grpc
from tenon_bind import Plugin


class Store(kv_pb2_grpc.KVServicer):
    def Get(self, request, context):
        return kv_pb2.GetResponse(value=b"the value of " + request.key.encode())


plugin = Plugin(grpc.server(futures.ThreadPoolExecutor()), "kv")
kv_pb2_grpc.add_KVServicer_to_server(Store(), plugin)  # As with a server: it passes them on.
plugin.run(sys.argv[1], token=os.environ["TOKEN"])
