// Command peer-host is a host on pie, with its JSON codec. It starts the plugin that its arguments name, calls it in every way that
// Go has, and prints a line for each check that fails. With "consumer" as first argument it serves instead.
package main

import (
	"errors"
	"fmt"
	"log"
	"math"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/natefinch/pie"
)

type Values struct {
	LargeNumber    int64
	UnsignedNumber uint64
	Text           string
	Data           []byte
	List           []int64
	Table          map[string]int64
	Ratio          float64
	Flag           bool
	Nested         *Values
	Color          int32
}

type Host struct {
	served chan string
}

func (h Host) SayHi(name string, reply *string) error {
	h.served <- name
	if name == "nobody" {
		return errors.New("not_found: no such name")
	}
	*reply = "Hi " + name
	return nil
}

var failed bool

func check(what string, ok bool, seen ...any) {
	if !ok {
		failed = true
		fmt.Println("failed:", what, fmt.Sprint(seen...))
	}
}

func main() {
	log.SetFlags(0)
	if os.Args[1] == "consumer" {
		serve(os.Args[2:])
	} else {
		call(os.Args[1:])
	}
	if failed {
		os.Exit(1)
	}
	fmt.Println("done")
}

func serve(command []string) {
	server, err := pie.StartConsumer(os.Stderr, command[0], command[1:]...)
	if err != nil {
		log.Fatal(err)
	}
	host := Host{make(chan string, 100)}
	if err := server.RegisterName("Host", host); err != nil {
		log.Fatal(err)
	}
	server.ServeCodec(jsonrpc.NewServerCodec)
	close(host.served)
	for name := range host.served {
		fmt.Println("served:", name)
	}
	// The plugin has ended by itself: there is nobody left to be interrupted.
	if err := server.Close(); err != nil && !strings.Contains(err.Error(), "finished") {
		fmt.Println("close:", err)
	}
}

func call(command []string) {
	client, err := pie.StartProviderCodec(jsonrpc.NewClientCodec, os.Stderr, command[0], command[1:]...)
	if err != nil {
		log.Fatal(err)
	}
	values := Values{
		LargeNumber:    math.MinInt64,
		UnsignedNumber: math.MaxUint64,
		Text:           "<a href=\"x\">&\u2028\u00e9\U0001F600\x00\\",
		Data:           []byte{0, 255, 254, 10},
		List:           []int64{math.MaxInt64, -1, 0},
		Table:          map[string]int64{"a": 1 << 53, "<b>": -(1<<53 + 1)},
		Ratio:          0.1,
		Flag:           true,
		Nested:         &Values{LargeNumber: 1<<53 + 1, Text: strings.Repeat("x", 1<<20)},
		Color:          1,
	}
	var got Values
	check("echo", client.Call("Peer.Echo", values, &got) == nil)
	check("values", reflect.DeepEqual(values, got), got)
	got = Values{}
	check("zero", client.Call("Peer.Echo", Values{}, &got) == nil && reflect.DeepEqual(Values{}, got), got)

	var text string
	err = client.Call("Peer.Fail", "no luck", &text)
	check("error", err == rpc.ServerError("no luck"), err)
	err = client.Call("Peer.Missing", "x", &text)
	check("unknown method", err == rpc.ServerError("rpc: can't find method Peer.Missing"), err)
	err = client.Call("Nobody.Fail", "x", &text)
	check("unknown service", err == rpc.ServerError("rpc: can't find service Nobody.Fail"), err)
	err = client.Call("nodot", "x", &text)
	check("no dot", err == rpc.ServerError("rpc: service/method request ill-formed: nodot"), err)
	check("nothing", client.Call("Peer.Nothing", struct{}{}, &struct{}{}) == nil)
	// What Go does not do: an error without a text is none there, and what is printed ends the connection.
	if os.Getenv("PIE_PLAIN") == "" {
		err = client.Call("Peer.Fail", "", &text)
		check("empty error", err != nil && err != rpc.ErrShutdown, err)
		err = client.Call("Peer.Fail", 5, &text)
		check("wrong type", err != nil && strings.HasPrefix(err.Error(), "invalid_argument: "), err)
		err = client.Call("Peer.Watch", struct{}{}, &text)
		check("stream", err != nil && strings.HasPrefix(err.Error(), "unimplemented: "), err)
		check("print", client.Call("Peer.Print", "printed by the plugin", &struct{}{}) == nil)
	}

	var group sync.WaitGroup
	for worker := range 64 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range 50 {
				in := Values{LargeNumber: int64(worker)<<56 + int64(i)}
				var out Values
				err := client.Call("Peer.Echo", in, &out)
				check("one of many", err == nil && reflect.DeepEqual(in, out), err, out)
			}
		}()
	}
	group.Wait()

	// A slow call does not hold up a fast one.
	var slept, napped uint32
	slow := client.Go("Peer.Sleep", uint32(300), &slept, make(chan *rpc.Call, 1))
	check("fast one", client.Call("Peer.Sleep", uint32(1), &napped) == nil && slept == 0, slept)
	<-slow.Done
	check("slow one", slow.Error == nil && slept == 300, slow.Error)

	begun := time.Now()
	err = client.Close()
	check("close", err == nil, err)
	check("close in time", time.Since(begun) < 900*time.Millisecond, time.Since(begun))
}
