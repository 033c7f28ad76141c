package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"tenon.example/bench/load"
	"tenon.example/bench/measure"
)

const (
	bulkValueBytes = 64 << 10
	bulkCount      = 1 << 14
)

// held keeps what stays open until the process ends.
var held []any

func value(size int) *load.Value {
	return &load.Value{Value: bytes.Repeat([]byte{7}, size)}
}

// repeat reads a whole stream of `count` values.
func repeat(ctx context.Context, connection *grpc.ClientConn, in *load.Value, count int) (messages, size int, err error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "count", strconv.Itoa(count))
	stream, err := openStream(ctx, connection, load.RepeatPath, in)
	if err != nil {
		return 0, 0, err
	}
	for {
		out := new(load.Value)
		if err := stream.RecvMsg(out); err == io.EOF {
			return messages, size, nil
		} else if err != nil {
			return messages, size, err
		}
		messages++
		size += len(out.Value)
	}
}

func openStream(ctx context.Context, on *grpc.ClientConn, path string, in *load.Value) (grpc.ClientStream, error) {
	stream, err := on.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path)
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(in); err != nil {
		return nil, err
	}
	return stream, stream.CloseSend()
}

func readStream(connection *grpc.ClientConn, o order) (any, error) {
	start := time.Now()
	messages, size, err := repeat(context.Background(), connection, value(o.ValueBytes), o.Count)
	if err == nil && messages != o.Count {
		err = fmt.Errorf("%d messages came instead of %d", messages, o.Count)
	}
	return map[string]float64{
		"messages": float64(messages),
		"bytes":    float64(size),
		"seconds":  time.Since(start).Seconds(),
	}, err
}

func makeCalls(connection *grpc.ClientConn, o order) (any, error) {
	if o.BesideBulk {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ctx.Err() == nil {
				_, _, _ = repeat(ctx, connection, value(bulkValueBytes), bulkCount)
			}
		}()
		defer func() {
			cancel()
			<-ended
		}()
	}
	in := value(o.ValueBytes)
	var names, values []string
	for i := range o.Headers {
		names = append(names, fmt.Sprintf("x-bench-header-%02d", i))
		values = append(values, strings.Repeat(strconv.Itoa(i%10), 32))
	}
	var made atomic.Int64
	return measure.Calls(o.Order, func() error {
		ctx := context.Background()
		if o.Headers > 0 {
			pairs := []string{names[0], fmt.Sprintf("%032d", made.Add(1))}
			for i := 1; i < o.Headers; i++ {
				pairs = append(pairs, names[i], values[i])
			}
			ctx = metadata.AppendToOutgoingContext(ctx, pairs...)
		}
		return connection.Invoke(ctx, load.EchoPath, in, new(load.Value))
	})
}

func holdStreams(connection *grpc.ClientConn, count int) error {
	for range count {
		stream, err := openStream(context.Background(), connection, load.HoldPath, value(64))
		if err != nil {
			return err
		}
		if err := stream.RecvMsg(new(load.Value)); err != nil {
			return err
		}
		held = append(held, stream)
	}
	return nil
}

func holdConnections(dial func() (*grpc.ClientConn, error), count int) error {
	for range count {
		connection, err := dial()
		if err != nil {
			return err
		}
		if err := connection.Invoke(context.Background(), load.EchoPath, value(64), new(load.Value)); err != nil {
			return err
		}
		held = append(held, connection)
	}
	return nil
}

func readMemory(connection *grpc.ClientConn) (any, error) {
	out := new(wrapperspb.StringValue)
	if err := connection.Invoke(context.Background(), load.MemoryPath, &emptypb.Empty{}, out); err != nil {
		return nil, err
	}
	var server load.Memory
	if err := json.Unmarshal([]byte(out.Value), &server); err != nil {
		return nil, err
	}
	return map[string]load.Memory{"client": load.ReadMemory(), "server": server}, nil
}
