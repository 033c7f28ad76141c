package main

import (
	"context"
	"sync"
)

// account is what was seen of the calls under one tag.
type account struct {
	begun, produced, consumed uint64
	running, aborted, most    uint32
	released                  chan struct{}
	isReleased                bool
}

// ledger holds the accounts by tag.
type ledger struct {
	mutex    sync.Mutex
	accounts map[string]*account
}

func newLedger() *ledger { return &ledger{accounts: map[string]*account{}} }

// with runs a function on an account while nobody else does.
func (l *ledger) with(tag string, use func(*account)) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	found := l.accounts[tag]
	if found == nil {
		found = &account{released: make(chan struct{})}
		l.accounts[tag] = found
	}
	use(found)
}

// begin counts a call under its tag until what it returns is called.
func (l *ledger) begin(ctx context.Context, tag string) func() {
	l.with(tag, func(a *account) {
		a.begun++
		a.running++
		a.most = max(a.most, a.running)
	})
	ended := make(chan struct{})
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		select {
		case <-ctx.Done():
			l.with(tag, func(a *account) { a.aborted++ })
		case <-ended:
		}
	}()
	return func() {
		// The context ends with the handler too; a call that was aborted was so before.
		if ctx.Err() == nil {
			close(ended)
		}
		<-counted
		l.with(tag, func(a *account) { a.running-- })
	}
}

// hold waits until the tag is released or the call is over.
func (l *ledger) hold(ctx context.Context, tag string) error {
	var released chan struct{}
	l.with(tag, func(a *account) { released = a.released })
	select {
	case <-released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *ledger) release(tag string) {
	l.with(tag, func(a *account) {
		if !a.isReleased {
			a.isReleased = true
			close(a.released)
		}
	})
}
