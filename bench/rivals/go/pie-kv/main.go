// A provider of natefinch/pie whose store lives in memory, with the codec of net/rpc/jsonrpc.
package main

import (
	"fmt"
	"net/rpc/jsonrpc"
	"sync"

	"github.com/natefinch/pie"
)

// Entry is a request of either method, and the answer of Get. JSON carries the bytes in base64.
type Entry struct {
	Key   string `json:"key,omitempty"`
	Value []byte `json:"value,omitempty"`
}

// Nothing is the answer of Put.
type Nothing struct{}

// KV holds values by key.
type KV struct{ values sync.Map }

// Put stores a value.
func (kv *KV) Put(entry Entry, _ *Nothing) error {
	kv.values.Store(entry.Key, entry.Value)
	return nil
}

// Get finds a value.
func (kv *KV) Get(entry Entry, answer *Entry) error {
	value, found := kv.values.Load(entry.Key)
	if !found {
		return fmt.Errorf("not_found: no value for %q", entry.Key)
	}
	answer.Value = value.([]byte)
	return nil
}

func main() {
	provider := pie.NewProvider()
	if err := provider.RegisterName("KV", &KV{}); err != nil {
		panic(err)
	}
	provider.ServeCodec(jsonrpc.NewServerCodec)
}
