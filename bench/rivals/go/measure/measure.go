// Package measure is the twin of lib/measure.ts and lib/orders.ts: the loop that all clients share, in Go.
package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// Order says how wide and how long to measure.
type Order struct {
	Callers int     `json:"callers"`
	Seconds float64 `json:"seconds"`
}

// Answer is what one measurement gave.
type Answer struct {
	Calls   int     `json:"calls"`
	Seconds float64 `json:"seconds"`
	P50Us   float64 `json:"p50Us"`
	P99Us   float64 `json:"p99Us"`
}

// Calls lets every caller make one call after the other until the time is over.
func Calls(o Order, call func() error) (Answer, error) {
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
			// One call in any case: on a busy machine a short time is over before it has begun.
			for before := time.Now(); len(own) == 0 || before.Before(end); {
				if err := call(); err != nil {
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
		return Answer{}, fmt.Errorf("calls failed: %w", err)
	}
	slices.Sort(all)
	quantile := func(q float64) float64 {
		return float64(all[int(q*float64(len(all)-1))].Nanoseconds()) / 1e3
	}
	return Answer{Calls: len(all), Seconds: seconds, P50Us: quantile(0.5), P99Us: quantile(0.99)}, nil
}

// Serve says that the client is ready, then answers each order, a line of JSON, with a line of JSON until the end.
func Serve[O any](orders io.Reader, ready any, answer func(O) (any, error)) error {
	in, out := json.NewDecoder(orders), json.NewEncoder(os.Stdout)
	if err := out.Encode(ready); err != nil {
		return err
	}
	for in.More() {
		var order O
		if err := in.Decode(&order); err != nil {
			return err
		}
		answered, err := answer(order)
		if err != nil {
			return err
		}
		if err := out.Encode(answered); err != nil {
			return err
		}
	}
	return nil
}

// Main runs a client with its arguments, for most the command of their plugin, and ends the process when that fails.
func Main(name string, run func(orders io.Reader, command []string) error) {
	// go-plugin lets the plugin share this process's stdin: keep the orders out of its reach.
	orders := os.Stdin
	if null, err := os.Open(os.DevNull); err == nil {
		os.Stdin = null
	}
	if err := run(orders, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}
