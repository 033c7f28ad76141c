package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	kv "github.com/hashicorp/go-plugin/examples/grpc/proto"
	"google.golang.org/grpc"
	"tenon.example/bind"
)

type store struct{ kv.UnimplementedKVServer }

func (store) Get(_ context.Context, request *kv.GetRequest) (*kv.GetResponse, error) {
	return &kv.GetResponse{Value: []byte("the value of " + request.Key)}, nil
}

func main() {
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	server := grpc.NewServer()
	kv.RegisterKVServer(server, store{})
	plugin := bind.Plugin{Name: "kv", Token: os.Getenv("TOKEN")}
	if err := plugin.Run(ctx, server, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
