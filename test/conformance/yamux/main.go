// Speaks hashicorp's yamux on the unix socket given as second argument, in the role given as first ("client" or
// "server"). What to do with a stream that the other side opens is its first line; see serve.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

// lastError is what the stream of the last "watch" ended with.
var lastError = make(chan string, 1)

func main() {
	conn, err := net.Dial("unix", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	config := yamux.DefaultConfig()
	config.StreamCloseTimeout = 300 * time.Millisecond
	var session *yamux.Session
	if os.Args[1] == "client" {
		session, err = yamux.Client(conn, config)
	} else {
		session, err = yamux.Server(conn, config)
	}
	if err != nil {
		log.Fatal(err)
	}
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			return
		}
		go serve(session, stream)
	}
}

func serve(session *yamux.Session, stream *yamux.Stream) {
	reader := bufio.NewReader(stream)
	line, err := reader.ReadString('\n')
	if err != nil {
		stream.Close()
		return
	}
	words := strings.Fields(line)
	var number int
	if len(words) > 1 {
		fmt.Sscan(words[1], &number)
	}
	switch words[0] {
	case "echo": // sends back what it gets, and ends when the other side has
		io.Copy(stream, reader)
	case "sum": // waits, then reads to the end and says what it got
		time.Sleep(time.Duration(number) * time.Millisecond)
		hash := sha256.New()
		count, err := io.Copy(hash, reader)
		fmt.Fprintf(stream, "%d %x %v", count, hash.Sum(nil), err)
	case "send": // sends so many bytes
		io.Copy(stream, bytes.NewReader(bytes.Repeat([]byte{7}, number)))
	case "ping":
		_, err := session.Ping()
		fmt.Fprint(stream, err)
	case "go-away":
		fmt.Fprint(stream, session.GoAway())
	case "open": // opens so many streams at once, each with 1 MiB that has to come back
		fmt.Fprint(stream, openMany(session, number))
	case "relay": // opens a stream and joins it with this one
		other, err := session.OpenStream()
		if err != nil {
			break
		}
		go func() {
			io.Copy(stream, other)
			stream.Close()
		}()
		io.Copy(other, reader)
		other.Close()
		return
	case "watch": // reads to the end and keeps the error for "error"
		_, err := io.Copy(io.Discard, reader)
		lastError <- fmt.Sprint(err)
	case "error":
		fmt.Fprint(stream, <-lastError)
	case "abandon": // closes without reading: Go resets the stream after its StreamCloseTimeout
	case "streams": // this one included
		fmt.Fprint(stream, session.NumStreams())
	case "quit": // ends the session as Go does, by closing the socket
		session.Close()
		return
	}
	stream.Close()
}

func openMany(session *yamux.Session, count int) error {
	var group sync.WaitGroup
	errs := make(chan error, count)
	for i := range count {
		group.Add(1)
		go func() {
			defer group.Done()
			errs <- roundTrip(session, byte(i))
		}()
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func roundTrip(session *yamux.Session, fill byte) error {
	stream, err := session.OpenStream()
	if err != nil {
		return err
	}
	sent := bytes.Repeat([]byte{fill}, 1<<20)
	go func() {
		stream.Write(sent)
		stream.Close()
	}()
	back, err := io.ReadAll(stream)
	if err != nil {
		return err
	}
	if !bytes.Equal(back, sent) {
		return fmt.Errorf("sent %d bytes, %d others came back", len(sent), len(back))
	}
	return nil
}
