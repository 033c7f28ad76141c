package bind

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	pb "tenon.example/bind/gen"
)

const maxFrameBytes, maxRecordBytes = 64 << 10, 32 << 10

// What slog writes in front of the fields of a record that has neither time nor message.
const emptyRecord = `{"level":"INFO","msg":""`

// Logs is a slog.Handler whose records go to the host, with call id and trace id where the context is that of a call.
type Logs struct {
	*spool
	fields slog.Handler // Writes into the line.
}

// spool has the records that the host does not have yet. Those of one frame at a time are on their way.
type spool struct {
	changed           sync.Cond
	line              bytes.Buffer
	level             slog.LevelVar
	sent, waiting     []*pb.LogEntry
	max, room         int
	sequence, dropped uint64
	isKnown           bool // The host has said what it has of this instance.
}

// NewLogs makes one that keeps so many records, of 32 KiB at most, for the host. Then the oldest go, and are counted.
func NewLogs(maxRecords int) *Logs {
	s := &spool{max: maxRecords, changed: sync.Cond{L: new(sync.Mutex)}}
	return &Logs{s, slog.NewJSONHandler(&s.line, nil)}
}

// Enabled is whether the host wants records of the level. Before it has said so, it wants those from Info on.
func (l *Logs) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level.Level() }

// WithAttrs implements slog.Handler.
func (l *Logs) WithAttrs(a []slog.Attr) slog.Handler { return &Logs{l.spool, l.fields.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (l *Logs) WithGroup(name string) slog.Handler { return &Logs{l.spool, l.fields.WithGroup(name)} }

// Handle keeps a record for the host.
func (l *Logs) Handle(ctx context.Context, record slog.Record) error {
	entry := &pb.LogEntry{TimeMs: float64(record.Time.UnixMicro()) / 1000, Message: strings.ToValidUTF8(record.Message, "\uFFFD")}
	entry.Level = pb.Level(min(max((record.Level+12)/4, 1), 5))
	entry.CallId = strings.Join(metadata.ValueFromIncomingContext(ctx, "tenon-call-id"), "")
	if trace := strings.Join(metadata.ValueFromIncomingContext(ctx, "traceparent"), ""); len(trace) >= 35 {
		entry.TraceId = trace[3:35]
	}
	defer l.lock()()
	l.line.Reset()
	record.Time, record.Level, record.Message = time.Time{}, slog.LevelInfo, ""
	if err := l.fields.Handle(ctx, record); err != nil {
		return err
	}
	entry.Fields = "{" + strings.TrimPrefix(strings.TrimPrefix(l.line.String(), emptyRecord), ",")
	if len(entry.Message)+len(entry.Fields) > maxRecordBytes {
		entry.Message, entry.Fields = entry.Message[:min(len(entry.Message), maxRecordBytes)], `{"truncated":true}`
	}
	l.sequence++
	entry.Sequence = l.sequence
	for l.waiting = append(l.waiting, entry); len(l.waiting) > l.max; l.dropped++ {
		l.waiting = l.waiting[1:]
	}
	return nil
}

// lock wakes up whoever waits for a change, which goes on when it is unlocked.
func (s *spool) lock() (unlock func()) {
	s.changed.L.Lock()
	s.changed.Broadcast()
	return s.changed.L.Unlock
}

func (s *spool) setLevel(level pb.Level) { s.level.Set(slog.Level(4*level - 12)) }

// begin is called with the Welcome of a link, after rewind.
func (s *spool) begin(welcome *pb.Welcome) {
	s.setLevel(welcome.LogLevel.GetLevel())
	defer s.taken(welcome.LastLog)
	defer s.lock()()
	s.room = min(int(welcome.LogWindowBytes), maxFrameBytes) / 2 // The record that ends a frame is as large at most.
	if !s.isKnown {
		s.isKnown, s.sequence = true, s.sequence+welcome.LastLog // Behind those of an earlier process.
		for _, entry := range s.waiting {
			entry.Sequence += welcome.LastLog
		}
	}
}

// rewind has everything sent again that the host does not have, and gives the number of the oldest record, or 0.
func (s *spool) rewind() uint64 {
	defer s.lock()()
	s.waiting, s.sent = append(s.sent, s.waiting...), nil
	if len(s.waiting) == 0 {
		return 0
	}
	return s.waiting[0].Sequence
}

func (s *spool) taken(sequence uint64) {
	defer s.lock()()
	isTaken := func(entry *pb.LogEntry) bool { return entry.Sequence <= sequence }
	s.sent, s.waiting = slices.DeleteFunc(s.sent, isTaken), slices.DeleteFunc(s.waiting, isTaken)
}

// next waits for records that may go now, and gives those of one frame. When it is over it gives those that are left, then nil.
func (s *spool) next(over context.Context) *pb.PluginFrame {
	defer context.AfterFunc(over, func() { s.lock()() })()
	defer s.lock()()
	for over.Err() == nil && (len(s.waiting) == 0 || len(s.sent) > 0) {
		s.changed.Wait()
	}
	if len(s.waiting) == 0 {
		return nil
	}
	count := 0
	for size := 0; count < len(s.waiting) && size < s.room; count++ {
		size += proto.Size(s.waiting[count])
	}
	entries := slices.Clone(s.waiting[:count])
	s.sent, s.waiting = append(s.sent, entries...), s.waiting[count:]
	return &pb.PluginFrame{Frame: &pb.PluginFrame_Logs{Logs: &pb.Logs{Entries: entries, Dropped: s.dropped}}}
}
