package events

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func TestRingKeepsTheLatest(t *testing.T) {
	l := New()
	for range Size + 25 {
		l.Add("info", "x")
	}
	got := l.Since(0)
	if len(got) != Size || got[0].Seq != 26 || got[len(got)-1].Seq != Size+25 {
		t.Errorf("%d entries from %d to %d", len(got), got[0].Seq, got[len(got)-1].Seq)
	}
	if got := l.Since(Size + 24); len(got) != 1 {
		t.Errorf("%d entries after the last but one", len(got))
	}
	l.Clear()
	if got := l.Since(0); len(got) != 0 {
		t.Errorf("%d entries after clearing", len(got))
	}
	l.Add("info", "y")
	if got := l.Since(0); len(got) != 1 || got[0].Text != "y" {
		t.Errorf("after clearing: %v", got)
	}
}

func TestHandler(t *testing.T) {
	l := New()
	log := slog.New(l.Handler()).With("client", "127.0.0.1:1")
	log.WithGroup("tls").Error("handshake failed", "why", "bad record", slog.Group("peer", "n", 3))
	log.Log(t.Context(), LevelAlert, "look")
	log.Debug("quiet")
	got := l.Since(0)
	if want := `[127.0.0.1:1] handshake failed tls.why="bad record" tls.peer.n=3`; got[0].Text != want {
		t.Errorf("got %q, want %q", got[0].Text, want)
	}
	for i, level := range []string{"error", "alert", "debug"} {
		if got[i].Level != level {
			t.Errorf("entry %d has level %s, want %s", i, got[i].Level, level)
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	l := New()
	l.Add("info", strings.Repeat("x", 1<<20))
	if n := len(l.Since(0)[0].Text); n > maxText+10 {
		t.Errorf("an entry of %d bytes", n)
	}
}

func TestChangesAreMerged(t *testing.T) {
	l := New()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				l.Add("info", "x")
				l.Since(0)
			}
		})
	}
	wg.Wait()
	<-l.Changes()
	select {
	case <-l.Changes():
		t.Error("a second change without an entry")
	default:
	}
	if n := len(l.Since(0)); n != 400 {
		t.Errorf("%d entries", n)
	}
}

func TestTheReasonComesLast(t *testing.T) {
	l := New()
	log := slog.New(l.Handler())
	log.Info("cannot connect", "err", errors.New("it is refused"), "server", "a:1")
	log.With("err", "x y").Info("late", "n", 1)
	for i, want := range []string{"cannot connect a:1: it is refused", "late n=1: x y"} {
		if got := l.Since(0)[i].Text; got != want {
			t.Errorf("entry %q, want %q", got, want)
		}
	}
}
