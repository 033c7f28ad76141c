package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// server adds to grpc-go's own interop server what requests ask for about compression.
type server struct {
	testpb.TestServiceServer
}

func serveCases() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("listening on %s", listener.Addr())
	s := grpc.NewServer(grpc.StatsHandler(recorder{}))
	testpb.RegisterTestServiceServer(s, server{interop.NewTestServer()})
	log.Fatal(s.Serve(listener))
}

// cameAsExpected fails with INVALID_ARGUMENT, as the cases demand.
func cameAsExpected(ctx context.Context, expected *testpb.BoolValue) error {
	if expected == nil || recordOf(ctx).last() == expected.Value {
		return nil
	}
	return status.Errorf(codes.InvalidArgument, "compressed: %t", !expected.Value)
}

func sendAsAsked(ctx context.Context, compressed *testpb.BoolValue) error {
	if !compressed.GetValue() {
		return grpc.SetSendCompressor(ctx, "identity")
	}
	return grpc.SetSendCompressor(ctx, gzip.Name)
}

func (s server) UnaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := cameAsExpected(ctx, in.ExpectCompressed); err != nil {
		return nil, err
	}
	if err := sendAsAsked(ctx, in.ResponseCompressed); err != nil {
		return nil, err
	}
	return s.TestServiceServer.UnaryCall(ctx, in)
}

func (s server) StreamingInputCall(stream testpb.TestService_StreamingInputCallServer) error {
	size := 0
	for {
		in, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&testpb.StreamingInputCallResponse{AggregatedPayloadSize: int32(size)})
		}
		if err != nil {
			return err
		}
		if err := cameAsExpected(stream.Context(), in.ExpectCompressed); err != nil {
			return err
		}
		size += len(in.GetPayload().GetBody())
	}
}

func (s server) StreamingOutputCall(
	in *testpb.StreamingOutputCallRequest,
	stream testpb.TestService_StreamingOutputCallServer,
) error {
	if len(in.ResponseParameters) > 0 {
		if err := sendAsAsked(stream.Context(), in.ResponseParameters[0].Compressed); err != nil {
			return err
		}
	}
	return s.TestServiceServer.StreamingOutputCall(in, stream)
}
