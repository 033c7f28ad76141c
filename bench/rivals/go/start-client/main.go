// A Go host that starts the plugins it is told to with go-plugin, and times each until its first answer.
package main

import (
	"bytes"
	"io"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"

	"tenon.example/bench/measure"
)

type order struct {
	Command  []string `json:"command"`
	AutoMTLS bool     `json:"autoMtls"`
}

type answer struct {
	Milliseconds float64 `json:"milliseconds"`
}

func start(asked order) (any, error) {
	startedAt := time.Now()
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  shared.Handshake,
		Plugins:          map[string]plugin.Plugin{"kv": &shared.KVGRPCPlugin{}},
		Cmd:              exec.Command(asked.Command[0], asked.Command[1:]...),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         asked.AutoMTLS,
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	dispensed, err := protocol.Dispense("kv")
	if err != nil {
		return nil, err
	}
	if err := dispensed.(shared.KV).Put("key", bytes.Repeat([]byte{7}, 64)); err != nil {
		return nil, err
	}
	return answer{Milliseconds: float64(time.Since(startedAt).Microseconds()) / 1000}, nil
}

func run(orders io.Reader, _ []string) error {
	return measure.Serve(orders, map[string]bool{"ready": true}, start)
}

func main() {
	measure.Main("start-client", run)
}
