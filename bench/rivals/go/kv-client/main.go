// The Go end of the group calls that calls: starts the plugin given as arguments with go-plugin, then measures.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"

	"tenon.example/bench/measure"
)

const key = "key"

func run(orders io.Reader, command []string) error {
	if len(command) == 0 {
		return errors.New("usage: kv-client COMMAND [ARGUMENT…]")
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  shared.Handshake,
		Plugins:          map[string]plugin.Plugin{"kv": &shared.KVGRPCPlugin{}},
		Cmd:              exec.Command(command[0], command[1:]...),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense("kv")
	if err != nil {
		return err
	}
	kv := dispensed.(shared.KV)
	value := bytes.Repeat([]byte{7}, 64)
	if err := kv.Put(key, value); err != nil {
		return err
	}
	if back, err := kv.Get(key); err != nil || !bytes.Equal(back, value) {
		return fmt.Errorf("the plugin did not give back what was stored: %w", err)
	}
	return measure.Serve(orders, map[string]bool{"ready": true}, func(order measure.Order) (any, error) {
		return measure.Calls(order, func() error {
			_, err := kv.Get(key)
			return err
		})
	})
}

func main() {
	measure.Main("kv-client", run)
}
