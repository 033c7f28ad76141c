// Echo, bound to the host at the address that is its argument.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
	logs := bind.NewLogs(200)
	logger := slog.New(logs)
	slog.SetDefault(logger)
	server := grpc.NewServer(grpc.ForceServerCodec(echo.Codec{}), grpc.MaxRecvMsgSize(math.MaxInt32),
		grpc.StreamInterceptor(func(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			if md, _ := metadata.FromIncomingContext(stream.Context()); len(md.Get("x-log")) > 0 {
				logger.WarnContext(stream.Context(), md.Get("x-log")[0], "answer", 42)
				logger.InfoContext(stream.Context(), md.Get("x-log")[0]+" in detail")
			}
			err := handler(server, stream)
			if stream.Context().Err() != nil {
				logger.InfoContext(stream.Context(), "call was cancelled")
			}
			return err
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
	plugin := bind.Plugin{
		Name: "echo-go", Version: "1.2.3", Instance: os.Getenv("INSTANCE"), Token: os.Getenv("TOKEN"), Logs: logs,
	}
	if file := os.Getenv("CA_FILE"); file != "" {
		plugin.Credentials = credentials.NewTLS(settings(file))
	}
	err := plugin.Run(ctx, server, os.Args[1])
	var rejected *bind.Rejected
	if errors.As(err, &rejected) {
		fmt.Fprintf(os.Stderr, "%s: %s %s\n", rejected.Code, rejected.Reason, rejected.Field)
		os.Exit(1)
	}
}

// settings trust the certificates in the file; a certificate and its key in CERT_FILE are shown to the host.
func settings(file string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(must(os.ReadFile(file)))
	config := &tls.Config{RootCAs: roots}
	if own := os.Getenv("CERT_FILE"); own != "" {
		config.Certificates = []tls.Certificate{must(tls.LoadX509KeyPair(own, own))}
	}
	return config
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
