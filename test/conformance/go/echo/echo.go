// Package echo holds what both programs share: the handshake and a codec that leaves messages as bytes.
package echo

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Service is the prefix of the method names.
const Service = "/tenon.test.v1.Echo/"

// Handshake is that of test/fixtures/contracts.ts.
var Handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "ECHO_PLUGIN", MagicCookieValue: "tenon-test"}

// Codec passes *[]byte through and treats all else as protobuf, so that go-plugin's own services go on working.
type Codec struct{}

// Name is the one that gRPC puts behind "application/grpc+".
func (Codec) Name() string { return "proto" }

// Marshal encodes a message, or takes the bytes as they are.
func (Codec) Marshal(v any) ([]byte, error) {
	switch m := v.(type) {
	case *[]byte:
		return *m, nil
	case proto.Message:
		return proto.Marshal(m)
	}
	return nil, fmt.Errorf("cannot encode %T", v)
}

// Unmarshal decodes a message, or copies the bytes as they are.
func (Codec) Unmarshal(data []byte, v any) error {
	switch m := v.(type) {
	case *[]byte:
		*m = append([]byte(nil), data...)
		return nil
	case proto.Message:
		return proto.Unmarshal(data, m)
	}
	return fmt.Errorf("cannot decode into %T", v)
}

// Message encodes an EchoMessage with one chunk.
func Message(chunk []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), chunk)
}

// Plugin registers nothing: the server answers unknown services itself, and the client wants the bare connection.
type Plugin struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements plugin.GRPCPlugin.
func (Plugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error { return nil }

// GRPCClient implements plugin.GRPCPlugin.
func (Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}
