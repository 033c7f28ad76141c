package echo

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Logger is what hclog's and slog's have in common.
type Logger interface {
	Info(message string, fields ...any)
	Warn(message string, fields ...any)
}

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

func begin(stream grpc.ServerStream, md metadata.MD, logger Logger) error {
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

// Handler answers as the .proto describes it. Besides, x-log writes a log record, x-print prints on standard output and x-panic
// brings the process down.
func Handler(logger Logger) grpc.StreamHandler {
	return func(_ any, stream grpc.ServerStream) error { return serve(stream, logger) }
}

func serve(stream grpc.ServerStream, logger Logger) error {
	name, _ := grpc.MethodFromServerStream(stream)
	method, known := strings.CutPrefix(name, Service)
	md, _ := metadata.FromIncomingContext(stream.Context())
	if !known {
		return status.Errorf(codes.Unimplemented, "no method %s", name)
	}
	if err := begin(stream, md, logger); err != nil {
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
		all = Message(make([]byte, number(md, "x-fill")))
	}
	for range answers {
		if err := stream.SendMsg(&all); err != nil {
			return err
		}
	}
	return fail(md)
}
