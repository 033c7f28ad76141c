// The load client calls the Echo service on a unix socket with grpc-go, unary and in streams, until its standard input
// ends. It then prints how many calls succeeded, how many failed, and the first failure.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"tenon.example/conformance/echo"
)

var codec = grpc.ForceCodec(echo.Codec{})

func unary(ctx context.Context, conn *grpc.ClientConn, message []byte) error {
	var answer []byte
	if err := conn.Invoke(ctx, echo.Service+"Unary", &message, &answer, codec); err != nil {
		return err
	}
	if !bytes.Equal(answer, message) {
		return fmt.Errorf("%d bytes came back for %d", len(answer), len(message))
	}
	return nil
}

func bidi(ctx context.Context, conn *grpc.ClientConn, message []byte) error {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, echo.Service+"Bidi", codec)
	if err != nil {
		return err
	}
	for i := 0; i < 3; i++ {
		if err := stream.SendMsg(&message); err != nil && err != io.EOF {
			return err
		}
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	var answer []byte
	if err := stream.RecvMsg(&answer); err != io.EOF {
		return fmt.Errorf("the stream did not end: %w", err)
	}
	return nil
}

func main() {
	callers, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	conn, err := grpc.NewClient("unix:"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	var succeeded, failed atomic.Int64
	var first atomic.Value
	ctx := context.Background()
	ended := make(chan struct{})
	var all sync.WaitGroup
	for i := range callers {
		call := unary
		if i%4 == 0 {
			call = bidi
		}
		all.Add(1)
		go func() {
			defer all.Done()
			message := echo.Message(bytes.Repeat([]byte{byte(i)}, 100*i))
			for {
				select {
				case <-ended:
					return
				default:
				}
				if err := call(ctx, conn, message); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, err.Error())
				} else {
					succeeded.Add(1)
				}
			}
		}()
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	close(ended)
	all.Wait()
	_ = conn.Close()
	fmt.Println(succeeded.Load(), failed.Load(), first.Load())
}
