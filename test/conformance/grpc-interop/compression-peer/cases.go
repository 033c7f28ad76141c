package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

var cases = map[string]func(context.Context, *grpc.ClientConn) error{
	"client_compressed_unary":     clientCompressedUnary,
	"server_compressed_unary":     serverCompressedUnary,
	"client_compressed_streaming": clientCompressedStreaming,
	"server_compressed_streaming": serverCompressedStreaming,
}

var compressor = grpc.UseCompressor(gzip.Name)

func payload(size int) *testpb.Payload { return &testpb.Payload{Body: make([]byte, size)} }

func boolean(value bool) *testpb.BoolValue { return &testpb.BoolValue{Value: value} }

func wantInvalidArgument(err error) error {
	if status.Code(err) == codes.InvalidArgument {
		return nil
	}
	return fmt.Errorf("a message that is not compressed as announced: got %v, want INVALID_ARGUMENT", err)
}

// unary makes the large unary call and returns how the answer came.
func unary(ctx context.Context, conn *grpc.ClientConn, in *testpb.SimpleRequest, opts ...grpc.CallOption) (bool, error) {
	ctx, record := withRecord(ctx)
	in.Payload, in.ResponseSize = payload(271828), 314159
	out, err := testpb.NewTestServiceClient(conn).UnaryCall(ctx, in, opts...)
	if err != nil {
		return false, err
	}
	if size := len(out.GetPayload().GetBody()); size != 314159 {
		return false, fmt.Errorf("the answer has %d bytes", size)
	}
	return record.last(), nil
}

func clientCompressedUnary(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := unary(ctx, conn, &testpb.SimpleRequest{ExpectCompressed: boolean(true)})
	if err := wantInvalidArgument(err); err != nil {
		return err
	}
	if _, err := unary(ctx, conn, &testpb.SimpleRequest{ExpectCompressed: boolean(true)}, compressor); err != nil {
		return err
	}
	_, err = unary(ctx, conn, &testpb.SimpleRequest{ExpectCompressed: boolean(false)})
	return err
}

func serverCompressedUnary(ctx context.Context, conn *grpc.ClientConn) error {
	for _, want := range []bool{true, false} {
		got, err := unary(ctx, conn, &testpb.SimpleRequest{ResponseCompressed: boolean(want)})
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("the answer came with compressed: %t, want %t", got, want)
		}
	}
	return nil
}

// input sends payloads, all of which are announced as compressed.
func input(ctx context.Context, conn *grpc.ClientConn, sizes []int, opts ...grpc.CallOption) error {
	stream, err := testpb.NewTestServiceClient(conn).StreamingInputCall(ctx, opts...)
	if err != nil {
		return err
	}
	want := 0
	for _, size := range sizes {
		want += size
		in := &testpb.StreamingInputCallRequest{Payload: payload(size), ExpectCompressed: boolean(true)}
		if err := stream.Send(in); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	out, err := stream.CloseAndRecv()
	if err != nil {
		return err
	}
	if got := int(out.GetAggregatedPayloadSize()); got != want {
		return fmt.Errorf("the sum is %d, want %d", got, want)
	}
	return nil
}

func clientCompressedStreaming(ctx context.Context, conn *grpc.ClientConn) error {
	if err := wantInvalidArgument(input(ctx, conn, []int{27182})); err != nil {
		return err
	}
	return input(ctx, conn, []int{27182, 45904}, compressor)
}

func serverCompressedStreaming(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, record := withRecord(ctx)
	sizes, want := []int{31415, 92653}, []bool{true, false}
	in := &testpb.StreamingOutputCallRequest{}
	for i, size := range sizes {
		parameters := &testpb.ResponseParameters{Size: int32(size), Compressed: boolean(want[i])}
		in.ResponseParameters = append(in.ResponseParameters, parameters)
	}
	stream, err := testpb.NewTestServiceClient(conn).StreamingOutputCall(ctx, in)
	if err != nil {
		return err
	}
	for _, size := range sizes {
		out, err := stream.Recv()
		if err != nil {
			return err
		}
		if got := len(out.GetPayload().GetBody()); got != size {
			return fmt.Errorf("a payload has %d bytes, want %d", got, size)
		}
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the stream goes on: %v", err)
	}
	if got := record.all(); !slices.Equal(got, want) {
		return fmt.Errorf("the answers came with compressed: %v, want %v", got, want)
	}
	return nil
}
