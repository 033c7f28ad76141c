package main

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// served is the plugin of one version.
type served struct {
	plugin.NetRPCUnsupportedPlugin
	types   *types
	version uint32
	ledger  *ledger
	host    func() (*grpc.ClientConn, error)
}

// GRPCServer adds the service: every method as a stream, which is the same on the wire.
func (s *served) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	s.ledger = newLedger()
	// Broker id 0 is where a Tenon host offers its services. It is announced once, so the connection is kept.
	s.host = sync.OnceValues(func() (*grpc.ClientConn, error) { return broker.Dial(0) })
	methods := map[string]func(*served, grpc.ServerStream) error{
		"Unary": (*served).unary, "ServerStream": (*served).serverStream, "ClientStream": (*served).clientStream,
		"Bidi": (*served).bidi, "Echo": (*served).echo, "Look": (*served).look,
		"Misbehave": (*served).misbehave, "MisbehaveInStream": (*served).misbehave,
		"AskHost": (*served).askHost, "AskHostForStream": (*served).askHostForStream, "Relay": (*served).relay,
	}
	description := grpc.ServiceDesc{ServiceName: "tenon.testkit.v1.Specimen", HandlerType: (*any)(nil)}
	for name, method := range methods {
		handler := func(_ any, stream grpc.ServerStream) error { return method(s, stream) }
		description.Streams = append(description.Streams, grpc.StreamDesc{
			StreamName: name, Handler: handler, ServerStreams: true, ClientStreams: true,
		})
	}
	server.RegisterService(&description, s)
	return nil
}

// GRPCClient is for hosts in Go, of which there are none.
func (*served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

func (s *served) receive(stream grpc.ServerStream, name string) (message, error) {
	in := s.types.make(protoName(name))
	return in, stream.RecvMsg(in.Message)
}

func echoMetadata(stream grpc.ServerStream) {
	asked, _ := metadata.FromIncomingContext(stream.Context())
	header, trailer := metadata.MD{}, metadata.MD{}
	for _, name := range []string{"x-specimen", "x-specimen-bin"} {
		if values := asked.Get(name); len(values) > 0 {
			header[name] = values
			trailer[strings.Replace(name, "specimen", "specimen-trailer", 1)] = values
		}
	}
	_ = stream.SetHeader(header)
	stream.SetTrailer(trailer)
}

// perform does what a task asks for, in the order of its fields.
func (s *served) perform(stream grpc.ServerStream, task message) error {
	ctx := stream.Context()
	if task.flag("hold") {
		if err := s.ledger.hold(ctx, task.text("tag")); err != nil {
			return err
		}
	}
	if delay := task.number("delay_ms"); delay > 0 {
		select {
		case <-time.After(time.Duration(delay) * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if task.flag("hang") {
		<-ctx.Done()
		return ctx.Err()
	}
	if code := task.number("status"); code != 0 {
		stream.SetTrailer(metadata.Pairs("x-failed", "yes", "x-failed-bin", "\x00\x01\x02\xff"))
		detail := s.types.make("Task").set("data", task.get("data").Bytes())
		failure, err := status.New(codes.Code(code), task.text("message")).WithDetails(protoadapt.MessageV1Of(detail.Message))
		if err != nil {
			return err
		}
		return failure.Err()
	}
	return nil
}

// counted performs a task under its tag.
func (s *served) counted(stream grpc.ServerStream, task message) error {
	if tag := task.text("tag"); tag != "" {
		defer s.ledger.begin(stream.Context(), tag)()
	}
	return s.perform(stream, task)
}

func (s *served) pieceOf(stream grpc.ServerStream, task message) message {
	piece := s.types.make("Piece").set("number", task.number("number")).set("data", task.get("data").Bytes())
	if deadline, has := stream.Context().Deadline(); has {
		piece.set("timeout_ms", float64(time.Until(deadline))/float64(time.Millisecond))
	}
	return piece
}

func (s *served) unary(stream grpc.ServerStream) error {
	task, err := s.receive(stream, "Task")
	if err != nil {
		return err
	}
	echoMetadata(stream)
	if err := s.counted(stream, task); err != nil {
		return err
	}
	return stream.SendMsg(s.pieceOf(stream, task).Message)
}

func (s *served) serverStream(stream grpc.ServerStream) error {
	task, err := s.receive(stream, "Task")
	if err != nil {
		return err
	}
	echoMetadata(stream)
	tag := task.text("tag")
	defer s.ledger.begin(stream.Context(), tag)()
	if task.flag("hold") {
		if err := s.ledger.hold(stream.Context(), tag); err != nil {
			return err
		}
	}
	for i := range task.number("count") {
		if delay := task.number("delay_ms"); delay > 0 {
			time.Sleep(time.Duration(delay) * time.Millisecond)
		}
		s.ledger.with(tag, func(a *account) { a.produced++ })
		piece := s.types.make("Piece").set("number", i).set("data", task.get("data").Bytes())
		if err := stream.SendMsg(piece.Message); err != nil {
			return err
		}
	}
	return s.perform(stream, task.set("hold", false).set("delay_ms", uint32(0)))
}

func (s *served) clientStream(stream grpc.ServerStream) error {
	echoMetadata(stream)
	var count uint64
	for {
		task, err := s.receive(stream, "Task")
		if errors.Is(err, io.EOF) {
			return stream.SendMsg(s.types.make("Piece").set("number", count).Message)
		}
		if err != nil {
			return err
		}
		count++
		if err := s.counted(stream, task); err != nil {
			return err
		}
		s.ledger.with(task.text("tag"), func(a *account) { a.consumed++ })
	}
}

func (s *served) bidi(stream grpc.ServerStream) error {
	echoMetadata(stream)
	for {
		task, err := s.receive(stream, "Task")
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.counted(stream, task); err != nil {
			return err
		}
		if err := stream.SendMsg(s.pieceOf(stream, task).Message); err != nil {
			return err
		}
	}
}

func (s *served) echo(stream grpc.ServerStream) error {
	values, err := s.receive(stream, "Values")
	if err != nil {
		return err
	}
	return stream.SendMsg(values.Message)
}

func (s *served) look(stream grpc.ServerStream) error {
	asked, err := s.receive(stream, "LookRequest")
	if err != nil {
		return err
	}
	if asked.flag("release") {
		s.ledger.release(asked.text("tag"))
	}
	if asked.flag("collect") {
		runtime.GC()
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	facts := s.types.make("Facts")
	s.ledger.with(asked.text("tag"), func(a *account) {
		facts.set("begun", a.begun).set("running", a.running).set("aborted", a.aborted).set("most", a.most)
		facts.set("produced", a.produced).set("consumed", a.consumed)
	})
	facts.set("version", s.version).set("heap_bytes", memory.HeapAlloc).set("pid", uint32(os.Getpid()))
	return stream.SendMsg(facts.Message)
}
