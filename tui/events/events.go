// Package events keeps the latest log records for the event log of the terminal
// program, which owns the terminal, so that nothing else may write there.
//
// A Log is a slog.Handler and may be written to and read from any goroutine.
package events

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Size is how many records a Log keeps.
const Size = 10_000

// maxText is how long the text of an entry can get, in bytes.
const maxText = 8 << 10

// LevelAlert is the level of what a person should notice though nothing is wrong.
const LevelAlert = slog.Level(2)

// An Entry is one record.
type Entry struct {
	Seq   uint64 // grows by one with every record, from 1
	Time  time.Time
	Level string // error, warn, alert, info or debug
	Text  string // the message and its attributes; may have any character in it
}

// A Log is a ring of the last Size records. Use New.
type Log struct {
	mu      sync.Mutex
	ring    []Entry
	seq     uint64 // of the latest entry
	cleared uint64 // entries up to this one are gone
	changed chan struct{}
}

// New returns an empty log.
func New() *Log { return &Log{changed: make(chan struct{}, 1)} }

// Add writes an entry and returns its number.
func (l *Log) Add(level, text string) uint64 {
	return l.add(Entry{Time: time.Now(), Level: level, Text: text})
}

func (l *Log) add(e Entry) uint64 {
	if len(e.Text) > maxText {
		e.Text = e.Text[:maxText] + "…"
	}
	l.mu.Lock()
	l.seq++
	e.Seq = l.seq
	if len(l.ring) < Size {
		l.ring = append(l.ring, e)
	} else {
		l.ring[(e.Seq-1)%Size] = e
	}
	seq := l.seq
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
	return seq
}

// Changes receives when there is something new since it last received.
func (l *Log) Changes() <-chan struct{} { return l.changed }

// Since returns, oldest first, the entries after number seq that are still kept.
func (l *Log) Since(seq uint64) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := max(seq, l.cleared)
	if l.seq > Size {
		first = max(first, l.seq-Size)
	}
	out := make([]Entry, 0, l.seq-min(first, l.seq))
	for n := first + 1; n <= l.seq; n++ {
		out = append(out, l.ring[(n-1)%Size])
	}
	return out
}

// Clear forgets all entries.
func (l *Log) Clear() {
	l.mu.Lock()
	l.cleared = l.seq
	l.mu.Unlock()
}

// Cleared returns the number of the last entry that was cleared, 0 if none was.
func (l *Log) Cleared() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cleared
}

// Tier orders levels by how much of the log one sees when it is chosen: error 0, warn 1, info and alert 2, debug 3.
func Tier(level string) int {
	switch level {
	case "error":
		return 0
	case "warn":
		return 1
	case "debug":
		return 3
	}
	return 2
}

// LevelName returns the name of a slog level.
func LevelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "error"
	case l >= slog.LevelWarn:
		return "warn"
	case l == LevelAlert:
		return "alert"
	case l >= slog.LevelInfo:
		return "info"
	}
	return "debug"
}

// Handler returns a slog.Handler that writes to the log.
func (l *Log) Handler() slog.Handler { return &handler{log: l} }

type handler struct {
	log    *Log
	prefix string // names of groups, each with its dot
	line   line   // what WithAttrs was given
}

// A line is what attributes make of a message.
type line struct {
	client string // stands in front
	attrs  string // stand behind
	why    string // says why something failed, and stands behind all others
}

func (l *line) text(message string) string {
	if l.client != "" {
		message = "[" + l.client + "] " + message
	}
	return message + l.attrs + l.why
}

// Enabled is always true: what is shown is chosen later.
func (h *handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes the message and its attributes as one entry.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	l := h.line
	r.Attrs(func(a slog.Attr) bool {
		l.add(h.prefix, a)
		return true
	})
	h.log.add(Entry{Time: r.Time, Level: LevelName(r.Level), Text: l.text(r.Message)})
	return nil
}

// WithAttrs returns a handler that writes attrs too.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	l := h.line
	for _, a := range attrs {
		l.add(h.prefix, a)
	}
	return &handler{h.log, h.prefix, l}
}

// WithGroup returns a handler that writes name in front of later attributes.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{h.log, h.prefix + name + ".", h.line}
}

func (l *line) add(prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, sub := range v.Group() {
			l.add(prefix, sub)
		}
		return
	}
	text := v.String()
	switch a.Key {
	case "":
	case "client":
		l.client = text
	case "server":
		l.attrs += " " + text
	case "err", "error", "warning":
		l.why += ": " + text
	default:
		if text == "" || strings.ContainsAny(text, " \"=\n") {
			text = fmt.Sprintf("%q", text)
		}
		l.attrs += fmt.Sprintf(" %s%s=%s", prefix, a.Key, text)
	}
}
