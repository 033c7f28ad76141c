// The Go end of the groups streams and wire that answers: a go-plugin plugin.
package main

import (
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"tenon.example/bench/load"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: load.Handshake,
		Plugins:         map[string]plugin.Plugin{"load": load.Plugin{}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.NewNullLogger(),
	})
}
