package main

import (
	"context"
	"sync"

	"google.golang.org/grpc/stats"
)

// record tells which messages of one call came compressed.
type record struct {
	mutex      sync.Mutex
	compressed []bool
}

func (r *record) add(compressed bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.compressed = append(r.compressed, compressed)
}

func (r *record) all() []bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]bool(nil), r.compressed...)
}

// last is about the message that came last.
func (r *record) last() bool {
	all := r.all()
	return len(all) > 0 && all[len(all)-1]
}

type recordKey struct{}

// withRecord makes the record of a client's call known to its recorder.
func withRecord(ctx context.Context) (context.Context, *record) {
	r := &record{}
	return context.WithValue(ctx, recordKey{}, r), r
}

func recordOf(ctx context.Context) *record {
	r, _ := ctx.Value(recordKey{}).(*record)
	return r
}

// recorder is the stats handler that fills records. The payloads here are zeros, which never keep their length.
type recorder struct{}

func (recorder) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if recordOf(ctx) != nil {
		return ctx
	}
	tagged, _ := withRecord(ctx)
	return tagged
}

func (recorder) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		recordOf(ctx).add(in.CompressedLength != in.Length)
	}
}

func (recorder) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (recorder) HandleConn(context.Context, stats.ConnStats) {}
