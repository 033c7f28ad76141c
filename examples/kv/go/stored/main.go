// A key-value plugin that keeps nothing itself: its host keeps the values, and serves them to it.
package main

import (
	"context"
	"strconv"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/proto"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// hostServices is the connection to the services of the host.
type hostServices struct {
	ready chan struct{}
	conn  *grpc.ClientConn
}

// dialHost begins to connect. The host has its services under the broker id 0 as soon as it has connected itself, and go-plugin
// forgets within 5 s what nobody dials: so the dial begins with the plugin, and again until the host is there.
func dialHost(broker *plugin.GRPCBroker) *hostServices {
	host := &hostServices{ready: make(chan struct{})}
	go func() {
		for host.conn == nil {
			if conn, err := broker.Dial(0); err == nil {
				host.conn = conn
			}
		}
		close(host.ready)
	}()
	return host
}

// store is a client of the host's store, once the host is there.
func (h *hostServices) store(ctx context.Context) (proto.KVClient, error) {
	select {
	case <-h.ready:
		return proto.NewKVClient(h.conn), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// within makes calls to the host part of the call that is handled. ctx has its deadline and its end; the metadata has the rest.
func within(ctx context.Context) context.Context {
	incoming, _ := metadata.FromIncomingContext(ctx)
	depth := 1
	if said := incoming.Get("tenon-call-depth"); len(said) > 0 {
		depth, _ = strconv.Atoi(said[0])
	}
	outgoing := metadata.Pairs("tenon-call-depth", strconv.Itoa(depth+1))
	for _, key := range []string{"tenon-call-id", "tenon-call-chain", "traceparent", "tracestate"} {
		outgoing.Append(key, incoming.Get(key)...)
	}
	return metadata.NewOutgoingContext(ctx, outgoing)
}

type kv struct{ host *hostServices }

func (k *kv) Get(ctx context.Context, request *proto.GetRequest) (*proto.GetResponse, error) {
	store, err := k.host.store(ctx)
	if err != nil {
		return nil, err
	}
	return store.Get(within(ctx), request)
}

func (k *kv) Put(ctx context.Context, request *proto.PutRequest) (*proto.Empty, error) {
	store, err := k.host.store(ctx)
	if err != nil {
		return nil, err
	}
	return store.Put(within(ctx), request)
}

type kvPlugin struct{ plugin.NetRPCUnsupportedPlugin }

func (kvPlugin) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	proto.RegisterKVServer(server, &kv{host: dialHost(broker)})
	return nil
}

func (kvPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: shared.Handshake,
		Plugins:         plugin.PluginSet{"kv": kvPlugin{}},
		GRPCServer:      plugin.DefaultGRPCServer,
	})
}
