// Pumps bytes between plain connections and the WebSockets of golang.org/x/net: those that it dials, or those that it is dialled by. It
// prints where it listens, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"golang.org/x/net/websocket"
)

const (
	protocol = "tenon.bind.v1"
	origin   = "http://peer.example"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: bridge dial URL | bridge serve HOST:PORT")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	switch os.Args[1] {
	case "dial":
		go dial(listener, os.Args[2])
	case "serve":
		go serve(listener, os.Args[2])
	default:
		log.Fatal("neither dial nor serve")
	}
	io.Copy(io.Discard, os.Stdin)
}

// dial opens a WebSocket for each connection.
func dial(listener net.Listener, url string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		ws, err := websocket.Dial(url, protocol, origin)
		if err != nil {
			log.Print(err)
			conn.Close()
			continue
		}
		go pump(conn, ws)
	}
}

// serve opens a connection for each WebSocket.
func serve(listener net.Listener, target string) {
	handshake := func(config *websocket.Config, _ *http.Request) error {
		for _, offered := range config.Protocol {
			if offered == protocol {
				config.Protocol = []string{protocol}
				return nil
			}
		}
		return websocket.ErrBadWebSocketProtocol
	}
	handler := func(ws *websocket.Conn) {
		conn, err := net.Dial("tcp", target)
		if err != nil {
			log.Print(err)
			return
		}
		pump(conn, ws)
	}
	log.Fatal(http.Serve(listener, websocket.Server{Handshake: handshake, Handler: handler}))
}

// pump ends both when one direction ends.
func pump(conn net.Conn, ws *websocket.Conn) {
	ws.PayloadType = websocket.BinaryFrame
	ended := make(chan struct{}, 2)
	go func() {
		io.Copy(ws, conn)
		ended <- struct{}{}
	}()
	go func() {
		io.Copy(conn, ws)
		ended <- struct{}{}
	}()
	<-ended
	ws.Close()
	conn.Close()
}
