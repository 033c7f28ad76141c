// The Specimen service of packages/testkit/proto on go-plugin: what the launcher suite calls, as far as Go can do it. The argument names a
// file with the descriptor of the service, so that the messages here are those of the suite.
package main

import (
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

func main() {
	if os.Getenv("TENON_LIFELINE") == "stdin" {
		go func() {
			var one [1]byte
			_, _ = os.Stdin.Read(one[:])
			os.Exit(0)
		}()
	}
	types, err := loadTypes(os.Args[1])
	if err != nil {
		panic(err)
	}
	versioned := map[int]plugin.PluginSet{}
	for _, version := range []uint32{1, 2} {
		versioned[int(version)] = plugin.PluginSet{"specimen": &served{types: types, version: version}}
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "SPECIMEN_PLUGIN", MagicCookieValue: "8d1f6a"},
		VersionedPlugins: versioned,
		Logger:           hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true}),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(1<<30))...)
		},
	})
}
