package main

import (
	"errors"
	"io"

	"google.golang.org/grpc"
)

const hostService = "/tenon.testkit.v1.SpecimenHost/"

// ask makes one call to the host, within the handler's own call.
func (s *served) ask(stream grpc.ServerStream, method string, in, out message) error {
	host, err := s.host()
	if err != nil {
		return err
	}
	return host.Invoke(stream.Context(), hostService+method, in.Message, out.Message)
}

func (s *served) askHost(stream grpc.ServerStream) error {
	task, err := s.receive(stream, "Task")
	if err != nil {
		return err
	}
	piece := s.types.make("Piece")
	if err := s.ask(stream, "Answer", task, piece); err != nil {
		return err
	}
	return stream.SendMsg(piece.Message)
}

func (s *served) relay(stream grpc.ServerStream) error {
	hops, err := s.receive(stream, "Hops")
	if err != nil {
		return err
	}
	if hops.number("left") == 0 {
		return stream.SendMsg(hops.Message)
	}
	next := s.types.make("Hops").set("left", uint32(hops.number("left")-1)).set("done", uint32(hops.number("done")+1))
	back := s.types.make("Hops")
	if err := s.ask(stream, "Relay", next, back); err != nil {
		return err
	}
	return stream.SendMsg(back.Message)
}

func (s *served) askHostForStream(stream grpc.ServerStream) error {
	task, err := s.receive(stream, "Task")
	if err != nil {
		return err
	}
	host, err := s.host()
	if err != nil {
		return err
	}
	description := &grpc.StreamDesc{ServerStreams: true}
	answers, err := host.NewStream(stream.Context(), description, hostService+"AnswerStream")
	if err != nil {
		return err
	}
	if err := errors.Join(answers.SendMsg(task.Message), answers.CloseSend()); err != nil {
		return err
	}
	for {
		piece := s.types.make("Piece")
		err := answers.RecvMsg(piece.Message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(piece.Message); err != nil {
			return err
		}
	}
}
