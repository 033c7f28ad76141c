// The key-value plugin in Go. go-plugin prints the handshake line, serves health and Shutdown, and does AutoMTLS.
package main

import (
	"io"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var logger = hclog.New(&hclog.LoggerOptions{Output: os.Stderr, JSONFormat: true})

type store struct{ values sync.Map }

func (s *store) Get(key string) ([]byte, error) {
	value, found := s.values.Load(key)
	if !found {
		return nil, status.Errorf(codes.NotFound, "no value for %s", key)
	}
	return value.([]byte), nil
}

func (s *store) Put(key string, value []byte) error {
	logger.Info("put "+key, "bytes", len(value))
	s.values.Store(key, value)
	return nil
}

func main() {
	if os.Getenv("TENON_LIFELINE") == "stdin" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: shared.Handshake,
		Plugins:         plugin.PluginSet{"kv": &shared.KVGRPCPlugin{Impl: &store{}}},
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          logger,
	})
}
