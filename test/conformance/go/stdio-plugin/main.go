// A plugin that opens no socket: gRPC on its standard input and output, by docs/protocol/stdio.md, with grpc-go alone.
// It serves the Echo service of test/proto, whose answer is its request. PRINT_AFTER=1 breaks the one rule that matters.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// stdioConn is the one connection there is. Its end, which is that of standard input, ends the plugin.
type stdioConn struct {
	in, out *os.File
	once    sync.Once
	closed  chan struct{}
}

func (c *stdioConn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *stdioConn) Write(p []byte) (int, error) { return c.out.Write(p) }
func (c *stdioConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return errors.Join(c.out.Close(), c.in.Close())
}
func (c *stdioConn) LocalAddr() net.Addr              { return stdioAddr{} }
func (c *stdioConn) RemoteAddr() net.Addr             { return stdioAddr{} }
func (c *stdioConn) SetDeadline(time.Time) error      { return nil }
func (c *stdioConn) SetReadDeadline(time.Time) error  { return nil }
func (c *stdioConn) SetWriteDeadline(time.Time) error { return nil }

type stdioAddr struct{}

func (stdioAddr) Network() string { return "stdio" }
func (stdioAddr) String() string  { return "-" }

// oneListener gives that connection to the server, and then waits for its own end: a server that stops closes its listeners first.
type oneListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func listenTo(conn net.Conn) *oneListener {
	l := &oneListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conns <- conn
	return l
}

func (l *oneListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, io.EOF
	}
}
func (l *oneListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}
func (l *oneListener) Addr() net.Addr { return stdioAddr{} }

// bytesOrProto passes the messages of Echo on as they are: equal bytes are an equal message.
type bytesOrProto struct{}

func (bytesOrProto) Name() string { return "proto" }
func (bytesOrProto) Marshal(v any) ([]byte, error) {
	if raw, ok := v.(*[]byte); ok {
		return *raw, nil
	}
	return proto.Marshal(v.(proto.Message))
}
func (bytesOrProto) Unmarshal(data []byte, v any) error {
	if raw, ok := v.(*[]byte); ok {
		*raw = append([]byte(nil), data...)
		return nil
	}
	return proto.Unmarshal(data, v.(proto.Message))
}

func main() {
	if os.Getenv("ECHO_PLUGIN") != "tenon-test" || os.Getenv("TENON_TRANSPORT") != "stdio" {
		fmt.Fprintln(os.Stderr, "This program is a plugin; a host starts it with { stdio }.")
		os.Exit(1)
	}
	conn := &stdioConn{in: os.Stdin, out: os.Stdout, closed: make(chan struct{})}
	// What any package prints from now on goes to the log.
	os.Stdout = os.Stderr

	var server *grpc.Server
	handle := func(_ any, stream grpc.ServerStream) error {
		name, _ := grpc.MethodFromServerStream(stream)
		switch name {
		case "/plugin.GRPCController/Shutdown":
			go server.GracefulStop()
		case "/tenon.test.v1.Echo/Unary", "/tenon.test.v1.Echo/Bidi":
		default:
			return status.Errorf(codes.Unimplemented, "no method %s", name)
		}
		for {
			var message []byte
			if err := stream.RecvMsg(&message); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			fmt.Println("a message came")
			if os.Getenv("PRINT_AFTER") == "1" {
				fmt.Fprintln(conn.out, "a print that nothing redirects")
			}
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
	}
	server = grpc.NewServer(grpc.ForceServerCodec(bytesOrProto{}), grpc.UnknownServiceHandler(handle))
	checks := health.NewServer()
	checks.SetServingStatus("plugin", healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(server, checks)

	// No seventh field: the bytes behind this line are HTTP/2, not yamux.
	fmt.Fprintf(conn.out, "1|1|stdio|-|grpc|\n")
	go server.Serve(listenTo(conn))
	<-conn.closed
	server.Stop()
}
