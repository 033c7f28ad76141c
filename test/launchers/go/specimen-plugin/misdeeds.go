package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func protoName(name string) protoreflect.Name { return protoreflect.Name(name) }

// misbehave does what Go can do of the misdeeds.
func (s *served) misbehave(stream grpc.ServerStream) error {
	misdeed, err := s.receive(stream, "Misdeed")
	if err != nil {
		return err
	}
	if method, _ := grpc.MethodFromServerStream(stream); strings.HasSuffix(method, "InStream") {
		if err := stream.SendMsg(s.types.make("Piece").set("number", uint64(1)).Message); err != nil {
			return err
		}
	}
	deed := misdeed.WhichOneof(misdeed.Descriptor().Oneofs().ByName("deed"))
	switch {
	case deed == nil:
	case deed.Name() == "blocks":
		for {
		}
	case deed.Name() == "exits":
		os.Exit(int(misdeed.get("exits").Int()))
	case deed.Name() == "prints":
		line := strings.Repeat("flood ", 100)[:99]
		for range misdeed.number("prints") {
			fmt.Println(line)
		}
	case deed.Name() == "throws_later", deed.Name() == "rejects_later":
		time.AfterFunc(10*time.Millisecond, func() { panic("a panic of the specimen, outside of any call") })
	default:
		return fmt.Errorf("Go does not do %s", deed.Name())
	}
	return stream.SendMsg(s.types.make("Piece").Message)
}
