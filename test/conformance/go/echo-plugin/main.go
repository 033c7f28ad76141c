// The Echo service of test/proto on go-plugin.
package main

import (
	"math"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"tenon.example/conformance/echo"
)

var logger = hclog.New(&hclog.LoggerOptions{Name: "go-echo", Level: hclog.Trace, Output: os.Stderr, JSONFormat: true})

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  echo.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{1: {"echo": echo.Plugin{}}},
		Logger:           logger,
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options,
				grpc.ForceServerCodec(echo.Codec{}),
				grpc.UnknownServiceHandler(echo.Handler(logger)),
				grpc.MaxRecvMsgSize(math.MaxInt32),
			)...)
		},
	})
}
