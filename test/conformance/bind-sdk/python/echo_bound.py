"""Echo, bound to the host at the address that is its argument."""

import logging
import os
import sys
from concurrent import futures

import echo_service
import grpc
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


def begin(context, begin_echo=echo_service.begin):
    """Logs where the call has ended before its answer."""
    try:
        return begin_echo(context)
    finally:
        if not context.is_active():
            logging.info("call was cancelled")


def read(name):
    """The bytes of the file that a variable of the environment names, or None."""
    if name not in os.environ:
        return None
    with open(os.environ[name], "rb") as file:
        return file.read()


def main():
    echo_service.begin = begin
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    workers = futures.ThreadPoolExecutor(max_workers=16)
    server = grpc.server(workers, interceptors=[Logging()], options=options)
    plugin = Plugin(server, "echo-python", version="1.2.3", instance=os.environ.get("INSTANCE", ""))
    echo_service.add_echo_to_server(plugin)
    logging.basicConfig(level=logging.DEBUG, handlers=[plugin.log_handler])
    own = read("CERT_FILE")
    secure = "CA_FILE" in os.environ
    credentials = grpc.ssl_channel_credentials(read("CA_FILE"), own, own) if secure else None
    try:
        plugin.run(sys.argv[1], token=os.environ.get("TOKEN", ""), credentials=credentials)
    except Rejected as error:
        sys.exit(f"{error.code}: {error.reason} {error.field}")


main()
