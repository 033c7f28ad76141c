"""A server of Echo. Usage: echo_server.py SOCKET_PATH. Prints "ready" once it listens; ends when its standard input ends."""

import sys
from concurrent import futures

import grpc
from echo_service import add_echo_to_server


def main():
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=options)
    add_echo_to_server(server)
    server.add_insecure_port("unix:" + sys.argv[1])
    server.start()
    print("ready", flush=True)
    sys.stdin.read()
    server.stop(0)


main()
