// The Go end of the benchmark that calls: starts the plugin given as arguments with go-plugin, then measures.
//
// It speaks the same lines as the clients written in TypeScript (see lib/client-loop.ts): one JSON order on stdin,
// one JSON answer on stdout, until stdin ends.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/examples/grpc/shared"
)

type order struct {
	Callers int     `json:"callers"`
	Seconds float64 `json:"seconds"`
}

type answer struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	P50Us   float64 `json:"p50Us"`
	P99Us   float64 `json:"p99Us"`
}

const key = "key"

// measure lets every caller make one call after the other until the time is over.
func measure(kv shared.KV, o order) (answer, error) {
	samples := make([][]time.Duration, o.Callers)
	failures := make([]error, o.Callers)
	start := time.Now()
	end := start.Add(time.Duration(o.Seconds * float64(time.Second)))
	var callers sync.WaitGroup
	for i := range o.Callers {
		callers.Add(1)
		go func() {
			defer callers.Done()
			own := make([]time.Duration, 0, 1<<16)
			for before := time.Now(); before.Before(end); {
				if _, err := kv.Get(key); err != nil {
					failures[i] = err
					return
				}
				after := time.Now()
				own = append(own, after.Sub(before))
				before = after
			}
			samples[i] = own
		}()
	}
	callers.Wait()
	seconds := time.Since(start).Seconds()
	all := slices.Concat(samples...)
	if err := errors.Join(failures...); err != nil || len(all) == 0 {
		return answer{}, fmt.Errorf("calls failed: %w", err)
	}
	slices.Sort(all)
	quantile := func(q float64) float64 {
		return float64(all[int(q*float64(len(all)-1))].Nanoseconds()) / 1e3
	}
	return answer{Calls: len(all), Seconds: seconds, P50Us: quantile(0.5), P99Us: quantile(0.99)}, nil
}

func run(stdin *os.File, command []string) error {
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

	orders, answers := json.NewDecoder(stdin), json.NewEncoder(os.Stdout)
	fmt.Println(`{"ready":true}`)
	for orders.More() {
		var o order
		if err := orders.Decode(&o); err != nil {
			return err
		}
		a, err := measure(kv, o)
		if err != nil {
			return err
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	// go-plugin lets the plugin share this process's stdin: keep the orders out of its reach.
	stdin := os.Stdin
	if null, err := os.Open(os.DevNull); err == nil {
		os.Stdin = null
	}
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: kv-client COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	if err := run(stdin, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kv-client:", err)
		os.Exit(1)
	}
}
