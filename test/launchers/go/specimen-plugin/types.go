package main

import (
	"os"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// types makes messages of the suite's file.
type types struct{ file protoreflect.FileDescriptor }

func loadTypes(path string) (*types, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var described descriptorpb.FileDescriptorProto
	if err := proto.Unmarshal(bytes, &described); err != nil {
		return nil, err
	}
	file, err := protodesc.NewFile(&described, nil)
	return &types{file}, err
}

// message is a dynamic message with fields by name.
type message struct{ *dynamicpb.Message }

func (t *types) make(name protoreflect.Name) message {
	return message{dynamicpb.NewMessage(t.file.Messages().ByName(name))}
}

func (m message) field(name protoreflect.Name) protoreflect.FieldDescriptor {
	return m.Descriptor().Fields().ByName(name)
}

func (m message) get(name protoreflect.Name) protoreflect.Value { return m.Get(m.field(name)) }

func (m message) text(name protoreflect.Name) string { return m.get(name).String() }

func (m message) number(name protoreflect.Name) uint64 { return m.get(name).Uint() }

func (m message) flag(name protoreflect.Name) bool { return m.get(name).Bool() }

func (m message) set(name protoreflect.Name, value any) message {
	m.Set(m.field(name), protoreflect.ValueOf(value))
	return m
}
