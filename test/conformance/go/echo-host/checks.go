package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"tenon.example/conformance/echo"
)

type check struct {
	name string
	run  func(*grpc.ClientConn) error
}

var checks = []check{
	{"unary", unary},
	{"server stream", serverStream},
	{"client stream", clientStream},
	{"bidi stream", bidi},
	{"metadata", metadataBothWays},
	{"status", statusWithMessage},
	{"unimplemented", unimplemented},
	{"deadline", deadline},
	{"cancel", cancel},
	{"large messages", large},
	{"slow reader", slowReader},
	{"1000 concurrent calls", concurrent},
}

var options = []grpc.CallOption{
	grpc.ForceCodec(echo.Codec{}),
	grpc.MaxCallRecvMsgSize(math.MaxInt32),
	grpc.MaxCallSendMsgSize(math.MaxInt32),
}

func call(ctx context.Context, conn *grpc.ClientConn, method string, in []byte, more ...grpc.CallOption) ([]byte, error) {
	var out []byte
	err := conn.Invoke(ctx, echo.Service+method, &in, &out, append(more, options...)...)
	return out, err
}

func open(ctx context.Context, conn *grpc.ClientConn, method string) (grpc.ClientStream, error) {
	return conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, echo.Service+method, options...)
}

// print calls Chaos/Print.
func print(conn *grpc.ClientConn, target uint64, text, level string) error {
	in := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), target)
	in = protowire.AppendString(protowire.AppendTag(in, 2, protowire.BytesType), text)
	in = protowire.AppendString(protowire.AppendTag(in, 4, protowire.BytesType), level)
	var out []byte
	return conn.Invoke(context.Background(), "/tenon.test.v1.Chaos/Print", &in, &out, options...)
}

func same(got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%d bytes came back for %d", len(got), len(want))
	}
	return nil
}

func is(err error, code codes.Code) error {
	if status.Code(err) != code {
		return fmt.Errorf("got %v instead of %s", err, code)
	}
	return nil
}

func unary(conn *grpc.ClientConn) error {
	in := echo.Message([]byte("hello"))
	out, err := call(context.Background(), conn, "Unary", in)
	return errors.Join(err, same(out, in))
}

func serverStream(conn *grpc.ClientConn) error {
	stream, err := open(metadata.AppendToOutgoingContext(context.Background(), "x-count", "100"), conn, "ServerStream")
	if err != nil {
		return err
	}
	in := echo.Message([]byte("hello"))
	if err := errors.Join(stream.SendMsg(&in), stream.CloseSend()); err != nil {
		return err
	}
	return receive(stream, in, 100)
}

// receive expects count answers and then a good end.
func receive(stream grpc.ClientStream, want []byte, count int) error {
	for seen := 0; ; seen++ {
		var out []byte
		err := stream.RecvMsg(&out)
		if errors.Is(err, io.EOF) && seen == count {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d messages: %w", seen, err)
		}
		if err := same(out, want); err != nil {
			return err
		}
	}
}

func clientStream(conn *grpc.ClientConn) error {
	stream, err := open(context.Background(), conn, "ClientStream")
	if err != nil {
		return err
	}
	var all []byte
	for i := range 100 {
		in := echo.Message([]byte{byte(i)})
		all = append(all, in...)
		if err := stream.SendMsg(&in); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return receive(stream, all, 1)
}

func bidi(conn *grpc.ClientConn) error {
	stream, err := open(context.Background(), conn, "Bidi")
	if err != nil {
		return err
	}
	for i := range 50 {
		in := echo.Message([]byte{byte(i)})
		var out []byte
		if err := errors.Join(stream.SendMsg(&in), stream.RecvMsg(&out), same(out, in)); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return receive(stream, nil, 0)
}

func metadataBothWays(conn *grpc.ClientConn) error {
	binary := string([]byte{0, 1, 2, 254, 255})
	ctx := metadata.AppendToOutgoingContext(context.Background(), "echo-text", "plain text", "echo-data-bin", binary)
	var header, trailer metadata.MD
	_, err := call(ctx, conn, "Unary", nil, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		return err
	}
	for name, want := range map[string]string{"text": "plain text", "data-bin": binary} {
		if got := header.Get("echo-" + name); len(got) != 1 || got[0] != want {
			return fmt.Errorf("header echo-%s is %q", name, got)
		}
		if got := trailer.Get("echo-trailer-" + name); len(got) != 1 || got[0] != want {
			return fmt.Errorf("trailer echo-trailer-%s is %q", name, got)
		}
	}
	return nil
}

func statusWithMessage(conn *grpc.ClientConn) error {
	text := "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-status", "5", "x-message", url.PathEscape(text))
	_, err := call(ctx, conn, "Unary", nil)
	if got := status.Convert(err).Message(); got != text {
		return fmt.Errorf("message is %q", got)
	}
	return is(err, codes.NotFound)
}

func unimplemented(conn *grpc.ClientConn) error {
	_, method := call(context.Background(), conn, "Nonsense", nil)
	var in, out []byte
	service := conn.Invoke(context.Background(), "/no.such.Service/Method", &in, &out, options...)
	return errors.Join(is(method, codes.Unimplemented), is(service, codes.Unimplemented))
}

func deadline(conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := call(metadata.AppendToOutgoingContext(ctx, "x-delay-ms", "5000"), conn, "Unary", nil)
	return is(err, codes.DeadlineExceeded)
}

func cancel(conn *grpc.ClientConn) error {
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := open(ctx, conn, "Bidi")
	if err != nil {
		cancel()
		return err
	}
	in := echo.Message([]byte("one"))
	var out []byte
	err = errors.Join(stream.SendMsg(&in), stream.RecvMsg(&out))
	cancel()
	if err != nil {
		return err
	}
	return errors.Join(is(stream.RecvMsg(&out), codes.Canceled), unary(conn))
}

func large(conn *grpc.ClientConn) error {
	in := echo.Message(bytes.Repeat([]byte{7}, 9<<20))
	out, err := call(context.Background(), conn, "Unary", in)
	return errors.Join(err, same(out, in))
}

// slowReader leaves 32 MiB unread for a while and makes other calls meanwhile.
func slowReader(conn *grpc.ClientConn) error {
	stream, err := open(metadata.AppendToOutgoingContext(context.Background(), "x-count", "512"), conn, "ServerStream")
	if err != nil {
		return err
	}
	in := echo.Message([]byte(strings.Repeat("x", 64<<10)))
	if err := errors.Join(stream.SendMsg(&in), stream.CloseSend()); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	if err := unary(conn); err != nil {
		return err
	}
	return receive(stream, in, 512)
}

func concurrent(conn *grpc.ClientConn) error {
	failures := make([]error, 1000)
	var group sync.WaitGroup
	for i := range failures {
		group.Add(1)
		go func() {
			defer group.Done()
			in := echo.Message(fmt.Append(nil, i))
			out, err := call(context.Background(), conn, "Unary", in)
			failures[i] = errors.Join(err, same(out, in))
		}()
	}
	group.Wait()
	return errors.Join(failures...)
}
