package bind

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/local"

	pb "tenon.example/bind/gen"
)

const welcomeTimeout, goodbyeTimeout = 10 * time.Second, 2 * time.Second

// What a link sends, in the order in which it is served.
const control, data, logs = 0, 1, 2

// link is a call of Attach.
type link struct {
	grpc.ClientStream
	turn    sync.Cond
	isOver  bool
	waiting [3]atomic.Int32
}

// bind dials in, and returns when the link has ended, and why.
func (p *Plugin) bind(stop context.Context, to string) error {
	// Not a child of stop: when that is done, what is in flight is to be answered.
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	keepTrying := context.AfterFunc(stop, func() { cancel(stop.Err()) })
	defer keepTrying()
	silence := time.AfterFunc(welcomeTimeout, func() { cancel(errors.New("nothing was heard of the host for too long")) })
	defer silence.Stop()
	channel, err := grpc.NewClient(to, grpc.WithTransportCredentials(cmp.Or(p.Credentials, local.NewCredentials())))
	if err != nil {
		return err
	}
	defer channel.Close()
	call, err := channel.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/tenon.bind.v1.Bind/Attach")
	if err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	server, err := p.listener.DialContext(ctx)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })

	l := &link{ClientStream: call, turn: sync.Cond{L: new(sync.Mutex)}}
	p.hello.OldestLog = p.Logs.rewind()
	p.hello.Epoch = max(p.hello.Epoch+1, uint64(time.Now().UnixMilli())) // Above those of earlier processes, too.
	_ = l.send(control, &pb.PluginFrame{Frame: &pb.PluginFrame_Hello{Hello: p.hello}})
	for deadAfter := welcomeTimeout; ; silence.Reset(deadAfter) {
		frame := new(pb.HostFrame)
		if err := call.RecvMsg(frame); err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		switch f := frame.Frame.(type) {
		case *pb.HostFrame_Reject:
			return &Rejected{f.Reject}
		case *pb.HostFrame_Welcome:
			p.delay, deadAfter = minDelay, time.Duration(f.Welcome.DeadAfterMs)*time.Millisecond
			p.hello.Token = cmp.Or(f.Welcome.NextToken, p.hello.Token)
			p.Logs.begin(f.Welcome)
			keepTrying() // To the end of what is in flight.
			defer context.AfterFunc(stop, func() { p.leave("the plugin was asked to end", cmp.Or(p.DrainTimeout, 10*time.Second)) })()
			defer l.carry(ctx, cancel, p, server)()
			go l.beat(time.Duration(f.Welcome.HeartbeatMs) * time.Millisecond)
		case *pb.HostFrame_Bytes:
			if _, err := server.Write(f.Bytes); err != nil || len(f.Bytes) == 0 {
				_ = server.Close() // The host has no more.
			}
		case *pb.HostFrame_Beat:
			go l.send(control, &pb.PluginFrame{Frame: &pb.PluginFrame_BeatAnswer{BeatAnswer: &pb.Beat{Id: f.Beat.Id}}})
		case *pb.HostFrame_LogsTaken:
			p.Logs.taken(f.LogsTaken.Sequence)
		case *pb.HostFrame_LogLevel:
			p.Logs.setLevel(f.LogLevel.Level)
		case *pb.HostFrame_Drain:
			go p.leave(f.Drain.Reason, time.Duration(f.Drain.TimeoutMs)*time.Millisecond)
		case *pb.HostFrame_Goodbye:
			return &Rejected{&pb.Reject{Code: "kicked", Reason: f.Goodbye.Reason, Retryable: f.Goodbye.MayReturn}}
		}
	}
}

// carry sends bytes of the server until it closes its connection, and logs; then Goodbye. What it returns cuts that off.
func (l *link) carry(ctx context.Context, cancel context.CancelCauseFunc, p *Plugin, server io.Reader) (end func()) {
	over, finish := context.WithCancel(ctx)
	go func() { _, _ = io.Copy(l, server); finish() }()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for frame := p.Logs.next(over); frame != nil; frame = p.Logs.next(over) {
			_ = l.send(logs, frame)
		}
		_ = l.send(logs, &pb.PluginFrame{Frame: &pb.PluginFrame_Goodbye{Goodbye: cmp.Or(p.left.Load(), &pb.Goodbye{})}})
		_ = l.CloseSend()
		time.AfterFunc(goodbyeTimeout, func() { cancel(nil) })
	}()
	return func() { cancel(nil); <-sent }
}

// send writes a frame when it is its turn. None is written after Goodbye.
func (l *link) send(kind int, frame *pb.PluginFrame) error {
	l.waiting[kind].Add(1)
	l.turn.L.Lock()
	defer l.turn.L.Unlock()
	for kind > control && l.waiting[control].Load() > 0 || kind > data && l.waiting[data].Load() > 0 {
		l.turn.Wait()
	}
	l.waiting[kind].Add(-1)
	defer l.turn.Broadcast()
	if l.isOver {
		return io.EOF
	}
	l.isOver = frame.GetGoodbye() != nil
	return l.SendMsg(frame)
}

// Write sends bytes of the server.
func (l *link) Write(bytes []byte) (int, error) {
	return len(bytes), l.send(data, &pb.PluginFrame{Frame: &pb.PluginFrame_Bytes{Bytes: bytes}})
}

// beat sends a heartbeat now and after each interval, until the call has ended.
func (l *link) beat(interval time.Duration) {
	if l.send(control, &pb.PluginFrame{Frame: &pb.PluginFrame_Beat{Beat: &pb.Beat{}}}) == nil {
		time.AfterFunc(interval, func() { l.beat(interval) })
	}
}
