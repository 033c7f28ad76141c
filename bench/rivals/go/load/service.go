// Package load is the service of ../../../proto/load.proto in Go: its description for grpc-go, its server, and the
// go-plugin plugin around it. All messages are well-known ones, so nothing is generated.
package load

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Value is the message that nearly all methods take and give.
type Value = wrapperspb.BytesValue

// Handshake is that of the contract in tenon/contract.ts.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "TENON_BENCH_LOAD",
	MagicCookieValue: "load",
}

// Paths of the methods.
const (
	EchoPath   = "/tenon.bench.Load/Echo"
	RepeatPath = "/tenon.bench.Load/Repeat"
	HoldPath   = "/tenon.bench.Load/Hold"
	MemoryPath = "/tenon.bench.Load/Memory"
)

// Description is what protoc-gen-go-grpc would write.
var Description = grpc.ServiceDesc{
	ServiceName: "tenon.bench.Load",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Echo", Handler: unary(func(in *Value) (*Value, error) { return in, nil })},
		{MethodName: "Memory", Handler: unary(func(*emptypb.Empty) (*wrapperspb.StringValue, error) {
			text, err := json.Marshal(ReadMemory())
			return wrapperspb.String(string(text)), err
		})},
	},
	Streams: []grpc.StreamDesc{
		{StreamName: "Repeat", Handler: streamed(repeat), ServerStreams: true},
		{StreamName: "Hold", Handler: streamed(hold), ServerStreams: true},
	},
	Metadata: "load.proto",
}

func unary[In, Out any](method func(*In) (*Out, error)) grpc.MethodHandler {
	return func(_ any, ctx context.Context, decode func(any) error, between grpc.UnaryServerInterceptor) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		call := func(_ context.Context, in any) (any, error) { return method(in.(*In)) }
		if between == nil {
			return call(ctx, in)
		}
		return between(ctx, in, &grpc.UnaryServerInfo{}, call)
	}
}

func streamed(method func(*Value, grpc.ServerStream) error) grpc.StreamHandler {
	return func(_ any, stream grpc.ServerStream) error {
		in := new(Value)
		if err := stream.RecvMsg(in); err != nil {
			return err
		}
		return method(in, stream)
	}
}

func repeat(in *Value, stream grpc.ServerStream) error {
	headers, _ := metadata.FromIncomingContext(stream.Context())
	values := headers.Get("count")
	if len(values) != 1 {
		return status.Error(codes.InvalidArgument, "the header count is missing")
	}
	count, err := strconv.Atoi(values[0])
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	for range count {
		if err := stream.SendMsg(&Value{Value: in.Value}); err != nil {
			return err
		}
	}
	return nil
}

func hold(in *Value, stream grpc.ServerStream) error {
	if err := stream.SendMsg(in); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// Plugin serves the description, and dispenses the connection itself.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
}

// GRPCServer implements plugin.GRPCPlugin.
func (Plugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	server.RegisterService(&Description, struct{}{})
	return nil
}

// GRPCClient implements plugin.GRPCPlugin.
func (Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return connection, nil
}
