"""Echo, bound to the host at the address that is its argument."""

import logging
import os
import sys
from concurrent import futures

import grpc
from echo_service import add_echo_to_server
from tenon_bind import Plugin, Rejected


class Logging(grpc.ServerInterceptor):
    """Logs the metadata x-log of each call."""

    def intercept_service(self, continuation, details):
        metadata = dict(details.invocation_metadata)
        if "x-log" in metadata:
            trace_id = (metadata.get("traceparent", "").split("-") + [""])[1]
            extra = {"fields": {"answer": 42}, "call_id": metadata.get("tenon-call-id", ""), "trace_id": trace_id}
            logging.warning("%s", metadata["x-log"], extra=extra)
            logging.info("%s in detail", metadata["x-log"])
        return continuation(details)


def main():
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    workers = futures.ThreadPoolExecutor(max_workers=16)
    plugin = Plugin(grpc.server(workers, interceptors=[Logging()], options=options), "echo-python", version="1.2.3")
    add_echo_to_server(plugin)
    logging.basicConfig(level=logging.DEBUG, handlers=[plugin.log_handler])
    credentials = None
    if "CA_FILE" in os.environ:
        with open(os.environ["CA_FILE"], "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
    try:
        plugin.run(sys.argv[1], token=os.environ.get("TOKEN", ""), credentials=credentials)
    except Rejected as error:
        sys.exit(f"{error.code}: {error.reason} {error.field}")


main()
