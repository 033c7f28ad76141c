// Makes the cases about compression with grpc-go, whose own interop programs leave them out. With --serve it is the
// server of those cases and prints its address, else the client of one of them. grpc-go compresses all messages of a call
// or none, so the streaming cases are less mixed here than their descriptions have them.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	serve := flag.Bool("serve", false, "be the server")
	server := flag.String("server", "", "address of the server to call")
	name := flag.String("test_case", "", "the case to make")
	flag.Parse()
	if *serve {
		serveCases()
		return
	}
	conn, err := grpc.NewClient(*server,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(recorder{}))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	run, ok := cases[*name]
	if !ok {
		log.Fatalf("unknown case %q", *name)
	}
	if err := run(ctx, conn); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", *name, err)
		os.Exit(1)
	}
}
