package bind

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"

	bindv1 "tenon.example/bind/gen"
)

const (
	welcomeTimeout, goodbyeTimeout = 10 * time.Second, 2 * time.Second
	readBytes                      = 32 << 10
)

var attach = grpc.StreamDesc{StreamName: "Attach", ClientStreams: true, ServerStreams: true}

type (
	pluginFrame = bindv1.PluginFrame
	stream      = grpc.GenericClientStream[bindv1.PluginFrame, bindv1.HostFrame]
)

// link is one binding: a call of Attach that carries the bytes of one connection to the server.
type link struct {
	logs    *Logs
	server  *grpc.Server
	drain   time.Duration
	welcome *bindv1.Welcome
	// left is why the plugin leaves, by itself or because the host wants it.
	left atomic.Pointer[string]
	// urgent goes before bytes, and Goodbye is the last of bytes.
	urgent, bytes chan *pluginFrame
}

// run returns when the link has ended, and why.
func (l *link) run(stop context.Context, to string, secure credentials.TransportCredentials, server *bufconn.Listener, hello *bindv1.Hello) (err error) {
	// Not a child of stop: when that is done, what is in flight is to be answered.
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	defer func() { err = cmp.Or(context.Cause(ctx), err) }()
	conn, err := grpc.NewClient(to, grpc.WithTransportCredentials(secure))
	if err != nil {
		return err
	}
	defer conn.Close()
	watchdog := time.AfterFunc(welcomeTimeout, func() { cancel(errors.New("nothing was heard of the host for too long")) })
	defer watchdog.Stop()
	early := context.AfterFunc(stop, func() { cancel(stop.Err()) })
	defer early()

	call, err := conn.NewStream(ctx, &attach, "/tenon.bind.v1.Bind/Attach")
	if err != nil {
		return err
	}
	frames := &stream{ClientStream: call}
	_ = frames.Send(&pluginFrame{Frame: &bindv1.PluginFrame_Hello{Hello: hello}}) // Where it fails, the answer says why.
	first, err := frames.Recv()
	if err != nil {
		return err
	}
	if reject := first.GetReject(); reject != nil {
		return &Rejected{Code: reject.Code, Reason: reject.Reason, Field: reject.Field, Retryable: reject.Retryable}
	}
	if l.welcome = first.GetWelcome(); l.welcome == nil {
		return errors.New("the host began with neither Welcome nor Reject")
	}
	ours, err := server.DialContext(ctx)
	if err != nil {
		return err
	}
	defer ours.Close()
	early()
	defer context.AfterFunc(stop, func() { l.leave("the plugin was asked to end", l.drain) })()
	l.urgent, l.bytes = make(chan *pluginFrame, 16), make(chan *pluginFrame)
	l.logs.resume(l.welcome)
	go l.send(ctx, frames)
	go l.beat(ctx)
	go l.pump(ctx, cancel, ours)
	for {
		watchdog.Reset(time.Duration(l.welcome.DeadAfterMs) * time.Millisecond)
		frame, err := frames.Recv()
		if err != nil {
			return err
		}
		switch f := frame.Frame.(type) {
		case *bindv1.HostFrame_Bytes:
			_, _ = ours.Write(f.Bytes) // The server may have closed it, which pump sees too.
		case *bindv1.HostFrame_Beat:
			l.control(ctx, &pluginFrame{Frame: &bindv1.PluginFrame_BeatAnswer{BeatAnswer: &bindv1.Beat{Id: f.Beat.Id}}})
		case *bindv1.HostFrame_LogsTaken:
			l.logs.taken(f.LogsTaken.Sequence)
		case *bindv1.HostFrame_LogLevel:
			l.logs.setLevel(f.LogLevel.Level)
		case *bindv1.HostFrame_Drain:
			go l.leave(f.Drain.Reason, time.Duration(f.Drain.TimeoutMs)*time.Millisecond)
		case *bindv1.HostFrame_Goodbye:
			return &Rejected{Code: "kicked", Reason: f.Goodbye.Reason, Retryable: f.Goodbye.MayReturn}
		}
	}
}

// leave has the server answer what is in flight and close the connection, whereupon the link says goodbye.
func (l *link) leave(reason string, timeout time.Duration) {
	l.left.Store(&reason)
	defer time.AfterFunc(timeout, l.server.Stop).Stop()
	l.server.GracefulStop()
}

func (l *link) control(ctx context.Context, frame *pluginFrame) {
	select {
	case l.urgent <- frame:
	case <-ctx.Done():
	}
}

func (l *link) beat(ctx context.Context) {
	ticker := time.NewTicker(time.Duration(max(l.welcome.HeartbeatMs, 1)) * time.Millisecond)
	defer ticker.Stop()
	for id := uint64(1); ctx.Err() == nil; id++ {
		l.control(ctx, &pluginFrame{Frame: &bindv1.PluginFrame_Beat{Beat: &bindv1.Beat{Id: id}}})
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// pump takes the bytes of the server, until it closes the connection.
func (l *link) pump(ctx context.Context, cancel context.CancelCauseFunc, ours net.Conn) {
	put := func(frame *pluginFrame) {
		select {
		case l.bytes <- frame:
		case <-ctx.Done():
		}
	}
	buffer := make([]byte, readBytes)
	for n, err := ours.Read(buffer); err == nil; n, err = ours.Read(buffer) {
		put(&pluginFrame{Frame: &bindv1.PluginFrame_Bytes{Bytes: bytes.Clone(buffer[:n])}})
	}
	closed := "the plugin's server closed the connection"
	time.AfterFunc(goodbyeTimeout, func() { cancel(nil) })
	put(&pluginFrame{Frame: &bindv1.PluginFrame_Goodbye{Goodbye: &bindv1.Goodbye{Reason: *cmp.Or(l.left.Load(), &closed)}}})
}

// send writes control before bytes before logs, but what there is of those before the last frame.
func (l *link) send(ctx context.Context, frames *stream) {
	for frame := l.next(ctx); frame != nil; frame = l.next(ctx) {
		isLast := frame.GetGoodbye() != nil
		if isLast {
			for logs := l.logs.next(); logs != nil; logs = l.logs.next() {
				_ = frames.Send(logs)
			}
		}
		if frames.Send(frame) != nil {
			return // The reader learns why.
		}
		if isLast {
			_ = frames.CloseSend()
			return
		}
	}
}

func (l *link) next(ctx context.Context) *pluginFrame {
	for {
		for _, queue := range []chan *pluginFrame{l.urgent, l.bytes} {
			select {
			case frame := <-queue:
				return frame
			default:
			}
		}
		if frame := l.logs.next(); frame != nil {
			return frame
		}
		select {
		case frame := <-l.urgent:
			return frame
		case frame := <-l.bytes:
			return frame
		case <-l.logs.changed:
		case <-ctx.Done():
			return nil
		}
	}
}
