// The two ends of go-plugin's reattach. "plugin": serves in test mode until its standard input ends, and prints how to attach, as
// Terraform's providers do. "host": attaches to the plugin that the variable REATTACH describes, calls it, and kills it as go-plugin
// does, with which a plugin in test mode must not end. Prints one line of JSON for each check: {"check": name, "error": text or ""}.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"tenon.example/conformance/echo"
)

// reattach is what stands in TF_REATTACH_PROVIDERS for each provider.
type reattach struct {
	Protocol        string
	ProtocolVersion int
	Pid             int
	Test            bool
	Addr            struct{ Network, String string }
}

func main() {
	if os.Args[1] == "plugin" {
		serve()
	} else {
		attach()
	}
}

func serve() {
	ctx, cancel := context.WithCancel(context.Background())
	configs := make(chan *plugin.ReattachConfig)
	closed := make(chan struct{})
	go plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  echo.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{1: {"echo": echo.Plugin{}}},
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           hclog.NewNullLogger(),
		Test:             &plugin.ServeTestConfig{Context: ctx, ReattachConfigCh: configs, CloseCh: closed},
	})
	config := <-configs
	var told reattach
	told.Protocol, told.ProtocolVersion = string(config.Protocol), config.ProtocolVersion
	told.Pid, told.Test = config.Pid, config.Test
	told.Addr.Network, told.Addr.String = config.Addr.Network(), config.Addr.String()
	line, _ := json.Marshal(map[string]reattach{"echo": told})
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	<-closed
}

func attach() {
	var told map[string]reattach
	if err := json.Unmarshal([]byte(os.Getenv("REATTACH")), &told); err != nil {
		report("parse", err)
		return
	}
	config := told["echo"]
	var addr net.Addr = &net.UnixAddr{Name: config.Addr.String, Net: "unix"}
	if config.Addr.Network == "tcp" {
		addr, _ = net.ResolveTCPAddr("tcp", config.Addr.String)
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  echo.Handshake,
		Plugins:          plugin.PluginSet{"echo": echo.Plugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		Reattach: &plugin.ReattachConfig{
			Protocol:        plugin.Protocol(config.Protocol),
			ProtocolVersion: config.ProtocolVersion,
			Addr:            addr,
			Pid:             config.Pid,
			Test:            config.Test,
		},
	})
	protocol, err := client.Client()
	report("attach", err)
	if err != nil {
		return
	}
	report("ping", protocol.Ping())
	raw, err := protocol.Dispense("echo")
	report("dispense", err)
	sent, got := echo.Message([]byte("hello")), []byte(nil)
	err = raw.(*grpc.ClientConn).Invoke(context.Background(), echo.Service+"Unary", &sent, &got, grpc.ForceCodec(echo.Codec{}))
	if err == nil && string(got) != string(sent) {
		err = fmt.Errorf("got %q", got)
	}
	report("call", err)
	client.Kill()
}

func report(check string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	line, _ := json.Marshal(map[string]string{"check": check, "error": text})
	fmt.Println(string(line))
}
