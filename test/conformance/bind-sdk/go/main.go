// Echo, bound to the host at the address that is its argument.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"tenon.example/bind"
	"tenon.example/conformance/echo"
)

func main() {
	logs := bind.NewLogs(1 << 20)
	logger := slog.New(logs.Handler())
	server := grpc.NewServer(grpc.ForceServerCodec(echo.Codec{}), grpc.MaxRecvMsgSize(math.MaxInt32),
		grpc.StreamInterceptor(func(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if md, _ := metadata.FromIncomingContext(stream.Context()); len(md.Get("x-log")) > 0 {
				logger.WarnContext(stream.Context(), md.Get("x-log")[0], "answer", 42)
				logger.InfoContext(stream.Context(), md.Get("x-log")[0]+" in detail")
			}
			return handler(server, stream)
		}))
	description := grpc.ServiceDesc{ServiceName: "tenon.test.v1.Echo"}
	for _, name := range []string{"Unary", "ServerStream", "ClientStream", "Bidi"} {
		description.Streams = append(description.Streams, grpc.StreamDesc{
			StreamName: name, Handler: echo.Handler(slog.New(slog.DiscardHandler)), ServerStreams: true, ClientStreams: true,
		})
	}
	server.RegisterService(&description, nil)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	options := bind.Options{Name: "echo-go", Version: "1.2.3", Token: os.Getenv("TOKEN"), Logs: logs, Logger: logger}
	if file := os.Getenv("CA_FILE"); file != "" {
		secure, err := credentials.NewClientTLSFromFile(file, "")
		if err != nil {
			panic(err)
		}
		options.Credentials = secure
	}
	err := bind.Run(ctx, server, os.Args[1], options)
	var rejected *bind.Rejected
	if errors.As(err, &rejected) {
		fmt.Fprintf(os.Stderr, "%s: %s %s\n", rejected.Code, rejected.Reason, rejected.Field)
		os.Exit(1)
	}
}
