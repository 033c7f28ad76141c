// Command peer-plugin is a plugin on pie, with its JSON codec, that does as it is told. With an argument it is a consumer, which says to
// the host's service "Host" what the arguments say; without, it is a provider.
package main

import (
	"errors"
	"fmt"
	"log"
	"math"
	"net/rpc/jsonrpc"
	"os"
	"strings"
	"time"

	"github.com/natefinch/pie"
)

// Values has no tags: names are matched as encoding/json does it by itself, so those with underscores must come without them.
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

type Facts struct {
	Pid         int
	Environment []string
}

type Nothing struct{}

type Peer struct{}

func (Peer) Echo(in Values, out *Values) error {
	*out = in
	return nil
}

func (Peer) Fail(text string, _ *string) error {
	return errors.New(text)
}

func (Peer) Sleep(ms uint32, out *uint32) error {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	*out = ms
	return nil
}

func (Peer) Nothing(Nothing, *Nothing) error {
	return nil
}

func (Peer) Unspeakable(_ Nothing, out *float64) error {
	*out = math.NaN()
	return nil
}

func (Peer) Print(text string, _ *Nothing) error {
	fmt.Println(text)
	return nil
}

func (Peer) Exit(code int, _ *Nothing) error {
	fmt.Fprintln(os.Stderr, "last words")
	os.Exit(code)
	return nil
}

func (Peer) Look(_ Nothing, out *Facts) error {
	out.Pid = os.Getpid()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		out.Environment = append(out.Environment, name)
	}
	return nil
}

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 {
		consume(os.Args[1:])
		return
	}
	provider := pie.NewProvider()
	if err := provider.Register(Peer{}); err != nil {
		log.Fatal(err)
	}
	provider.ServeCodec(jsonrpc.NewServerCodec)
	log.Print("served to the end")
}

func consume(names []string) {
	client := pie.NewConsumerCodec(jsonrpc.NewClientCodec)
	for _, name := range names {
		var reply string
		if err := client.Call("Host.SayHi", name, &reply); err != nil {
			log.Printf("error: %s", err)
		} else {
			log.Printf("reply: %s", reply)
		}
	}
	var reply string
	log.Printf("unknown: %v", client.Call("Nobody.SayHi", "x", &reply))
	if names[len(names)-1] == "stay" {
		time.Sleep(time.Hour)
	}
}
