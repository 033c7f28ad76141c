// The Echo service of test/proto on go-plugin, as its .proto describes it. Besides, x-log writes a log record,
// x-print prints on standard output and x-panic brings the process down.
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"tenon.example/conformance/echo"
)

var logger = hclog.New(&hclog.LoggerOptions{Name: "go-echo", Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})

func first(md metadata.MD, name string) string {
	if values := md.Get(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

func number(md metadata.MD, name string) int {
	n, _ := strconv.Atoi(first(md, name))
	return n
}

func begin(stream grpc.ServerStream, md metadata.MD) error {
	header, trailer := metadata.MD{}, metadata.MD{}
	for name, values := range md {
		if strings.HasPrefix(name, "echo-") {
			header[name] = values
			trailer[strings.Replace(name, "echo", "echo-trailer", 1)] = values
		}
	}
	if details := md.Get("x-details-bin"); len(details) > 0 {
		trailer["grpc-status-details-bin"] = details
	}
	stream.SetTrailer(trailer)
	if text := first(md, "x-log"); text != "" {
		logger.Warn(text, "answer", 42)
	}
	if text := first(md, "x-print"); text != "" {
		fmt.Println(text)
	}
	if text := first(md, "x-panic"); text != "" {
		go func() { panic(text) }()
		time.Sleep(time.Minute)
	}
	select {
	case <-time.After(time.Duration(number(md, "x-delay-ms")) * time.Millisecond):
		return stream.SetHeader(header)
	case <-stream.Context().Done():
		logger.Info("call was cancelled")
		return stream.Context().Err()
	}
}

func fail(md metadata.MD) error {
	text, _ := url.PathUnescape(first(md, "x-message"))
	return status.Error(codes.Code(number(md, "x-status")), text)
}

func serve(_ any, stream grpc.ServerStream) error {
	name, _ := grpc.MethodFromServerStream(stream)
	method, known := strings.CutPrefix(name, echo.Service)
	md, _ := metadata.FromIncomingContext(stream.Context())
	if !known {
		return status.Errorf(codes.Unimplemented, "no method %s", name)
	}
	if err := begin(stream, md); err != nil {
		return err
	}
	var all []byte
	for {
		var message []byte
		err := stream.RecvMsg(&message)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		all = append(all, message...)
		if method == "Bidi" {
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
	}
	answers := 0
	switch method {
	case "Unary", "ClientStream":
		if number(md, "x-status") == 0 {
			answers = 1
		}
	case "ServerStream":
		answers = max(1, number(md, "x-count"))
	case "Bidi":
	default:
		return status.Errorf(codes.Unimplemented, "no method %s", name)
	}
	if fill := first(md, "x-fill"); fill != "" {
		all = echo.Message(make([]byte, number(md, "x-fill")))
	}
	for range answers {
		if err := stream.SendMsg(&all); err != nil {
			return err
		}
	}
	return fail(md)
}

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  echo.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{1: {"echo": echo.Plugin{}}},
		Logger:           logger,
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options,
				grpc.ForceServerCodec(echo.Codec{}),
				grpc.UnknownServiceHandler(serve),
				grpc.MaxRecvMsgSize(math.MaxInt32),
			)...)
		},
	})
}
