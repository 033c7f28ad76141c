package bind

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	bindv1 "tenon.example/bind/gen"
)

const (
	logFrameBytes, maxRecordBytes = 16 << 10, 32 << 10
	// What slog writes in front of the fields of a record that has neither time nor message.
	emptyRecord = `{"level":"INFO","msg":""`
)

// Logs are the records that the host does not have yet. Over their size the oldest that were not sent go, and are counted.
type Logs struct {
	mutex           sync.Mutex
	records         []*bindv1.LogEntry
	bytes, max      int
	sent, sentBytes int // Those in front are on their way.
	window          int
	sequence, lost  uint64
	level           bindv1.Level
	changed         chan struct{}
	line            bytes.Buffer
}

// NewLogs keeps records of that many bytes at most.
func NewLogs(maxBytes int) *Logs {
	return &Logs{max: maxBytes, level: bindv1.Level_LEVEL_INFO, changed: make(chan struct{}, 1)}
}

// lock gives what unlocks, and wakes the link up.
func (l *Logs) lock() func() {
	l.mutex.Lock()
	return func() {
		l.mutex.Unlock()
		select {
		case l.changed <- struct{}{}:
		default:
		}
	}
}

func (l *Logs) add(entry *bindv1.LogEntry) {
	l.sequence++
	entry.Sequence = l.sequence
	l.records, l.bytes = append(l.records, entry), l.bytes+proto.Size(entry)
	for l.bytes > l.max && l.sent < len(l.records) {
		l.bytes -= proto.Size(l.records[l.sent])
		copy(l.records[1:], l.records[:l.sent])
		l.records, l.lost = l.records[1:], l.lost+1
	}
}

func (l *Logs) oldest() uint64 {
	defer l.lock()()
	if len(l.records) == 0 {
		return 0
	}
	return l.records[0].Sequence
}

// resume begins a link: what the host lacks is sent, whether or not it was sent before.
func (l *Logs) resume(welcome *bindv1.Welcome) {
	l.taken(welcome.LastLog)
	l.setLevel(welcome.LogLevel.GetLevel())
	defer l.lock()()
	l.sent, l.sentBytes, l.window = 0, 0, int(welcome.LogWindowBytes)
}

func (l *Logs) setLevel(level bindv1.Level) {
	defer l.lock()()
	l.level = level
}

func (l *Logs) taken(sequence uint64) {
	defer l.lock()()
	for len(l.records) > 0 && l.records[0].Sequence <= sequence {
		size := proto.Size(l.records[0])
		l.records, l.bytes = l.records[1:], l.bytes-size
		if l.sent > 0 {
			l.sent, l.sentBytes = l.sent-1, l.sentBytes-size
		}
	}
}

// next gives records to send now, or nil where there are none or the host has to take some first.
func (l *Logs) next() *pluginFrame {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	logs := &bindv1.Logs{Dropped: l.lost}
	for total := 0; l.sent < len(l.records) && total < logFrameBytes; {
		size := proto.Size(l.records[l.sent])
		if l.sent > 0 && l.sentBytes+size > l.window {
			break
		}
		logs.Entries = append(logs.Entries, l.records[l.sent])
		l.sent, l.sentBytes, total = l.sent+1, l.sentBytes+size, total+size
	}
	if len(logs.Entries) == 0 {
		return nil
	}
	return &pluginFrame{Frame: &bindv1.PluginFrame_Logs{Logs: logs}}
}

// Handler sends what is logged to the host, with call id and trace id where the context is that of a call.
func (l *Logs) Handler() slog.Handler {
	return &handler{l, slog.NewJSONHandler(&l.line, nil)}
}

type handler struct {
	logs   *Logs
	fields slog.Handler
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	h.logs.mutex.Lock()
	defer h.logs.mutex.Unlock()
	return levelOf(level) >= h.logs.level
}

func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	entry := &bindv1.LogEntry{TimeMs: float64(record.Time.UnixMicro()) / 1000, Level: levelOf(record.Level)}
	md, _ := metadata.FromIncomingContext(ctx)
	entry.CallId = strings.Join(md.Get("tenon-call-id"), "")
	if parts := strings.Split(strings.Join(md.Get("traceparent"), ""), "-"); len(parts) == 4 {
		entry.TraceId = parts[1]
	}
	attributes := slog.NewRecord(time.Time{}, 0, "", 0)
	record.Attrs(func(attribute slog.Attr) bool {
		attributes.AddAttrs(attribute)
		return true
	})
	defer h.logs.lock()()
	h.logs.line.Reset()
	if err := h.fields.Handle(ctx, attributes); err != nil {
		return err
	}
	fields := strings.TrimPrefix(strings.TrimSpace(h.logs.line.String()), emptyRecord)
	entry.Fields = "{" + strings.TrimPrefix(fields, ",")
	if len(record.Message)+len(fields) > maxRecordBytes {
		record.Message, entry.Fields = record.Message[:min(len(record.Message), maxRecordBytes)], `{"truncated":true}`
	}
	entry.Message = strings.ToValidUTF8(record.Message, "\uFFFD")
	h.logs.add(entry)
	return nil
}

func (h *handler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return &handler{h.logs, h.fields.WithAttrs(attributes)}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.logs, h.fields.WithGroup(name)}
}

func levelOf(level slog.Level) bindv1.Level {
	return bindv1.Level(max(min((int(level)+12)/4, 5), 1))
}
