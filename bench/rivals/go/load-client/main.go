// The Go end of the groups streams and wire that calls: starts the plugin given as arguments with go-plugin, then does
// what it is told (the orders of lib/load-orders.ts).
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"tenon.example/bench/load"
	"tenon.example/bench/measure"
)

type order struct {
	measure.Order
	Task        string `json:"task"`
	ValueBytes  int    `json:"valueBytes"`
	Count       int    `json:"count"`
	Headers     int    `json:"headers"`
	BesideBulk  bool   `json:"besideBulk"`
	Streams     int    `json:"streams"`
	Connections int    `json:"connections"`
}

func run(orders io.Reader, command []string) error {
	if len(command) == 0 {
		return errors.New("usage: load-client COMMAND [ARGUMENT…]")
	}
	child := exec.Command(command[0], command[1:]...)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  load.Handshake,
		Plugins:          map[string]plugin.Plugin{"load": load.Plugin{}},
		Cmd:              child,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	protocol, err := client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense("load")
	if err != nil {
		return err
	}
	connection := dispensed.(*grpc.ClientConn)
	dial := func() (*grpc.ClientConn, error) {
		target := "unix:" + client.ReattachConfig().Addr.String()
		return grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	}
	ready := map[string]int{"pid": os.Getpid(), "serverPid": child.Process.Pid}
	return measure.Serve(orders, ready, func(o order) (any, error) {
		switch o.Task {
		case "stream":
			return readStream(connection, o)
		case "calls":
			return makeCalls(connection, o)
		case "hold":
			return struct{}{}, holdStreams(connection, o.Streams)
		case "connect":
			return struct{}{}, holdConnections(dial, o.Connections)
		case "memory":
			return readMemory(connection)
		default:
			return nil, fmt.Errorf("unknown task %q", o.Task)
		}
	})
}

func main() {
	measure.Main("load-client", run)
}
