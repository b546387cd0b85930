package addon

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"sluice/proxy/content"
	"sluice/proxy/option"
)

// LevelAlert is the level of what a person should notice though nothing is wrong.
const LevelAlert = slog.Level(2)

// verbosity is the least level that each value of termlog_verbosity prints.
var verbosity = map[string]slog.Level{
	"error": slog.LevelError, "warn": slog.LevelWarn, "alert": LevelAlert, "info": slog.LevelInfo, "debug": slog.LevelDebug,
}

// TermLog is a slog.Handler that prints lines for people:
//
//	[15:04:05.000][127.0.0.1:50000] message: detail
//
// The attribute client is the second bracket; the others follow the message. No
// control character of a record is printed. It may be used from any goroutine.
type TermLog struct {
	*termLine
	client string
	attrs  string
}

// termLine is what a TermLog and those derived from it share.
type termLine struct {
	brush brush
	least atomic.Int64

	mu  sync.Mutex
	out io.Writer
}

// NewTermLog returns a handler that prints to out what the option termlog_verbosity asks for, from now on.
func NewTermLog(opts *option.Options, out io.Writer, color bool) *TermLog {
	t := &TermLog{termLine: &termLine{brush: brush(color), out: out}}
	_ = opts.Follow(func() error {
		t.least.Store(int64(verbosity[opts.Str("termlog_verbosity")]))
		return nil
	}, "termlog_verbosity")
	return t
}

// Enabled reports whether a level is printed.
func (t *TermLog) Enabled(_ context.Context, l slog.Level) bool { return int64(l) >= t.least.Load() }

// Handle prints a record.
func (t *TermLog) Handle(_ context.Context, r slog.Record) error {
	client, attrs := t.client, t.attrs
	r.Attrs(func(a slog.Attr) bool {
		addAttr(&client, &attrs, a)
		return true
	})
	var b strings.Builder
	b.WriteString(t.brush.paint(inkTime, r.Time.Format("[15:04:05.000]")))
	if client != "" {
		b.WriteString(t.brush.paint(inkClient, "["+content.Clean(client)+"]"))
	}
	i := levelInk(r.Level)
	for n, line := range strings.Split(strings.TrimRight(r.Message+attrs, "\n"), "\n") {
		if n > 0 {
			b.WriteString("\n   ")
		}
		b.WriteString(" " + t.brush.paint(i, content.Clean(strings.ReplaceAll(line, "\t", "  "))))
	}
	b.WriteByte('\n')
	t.mu.Lock()
	defer t.mu.Unlock()
	_, err := io.WriteString(t.out, b.String())
	return err
}

func levelInk(l slog.Level) ink {
	switch {
	case l >= slog.LevelError:
		return inkError
	case l >= slog.LevelWarn:
		return inkWarn
	case l >= LevelAlert:
		return inkAlert
	case l < slog.LevelInfo:
		return inkFaint
	}
	return inkPlain
}

// addAttr writes an attribute behind the message. A server, and what says why something failed, stand without their key.
func addAttr(client, attrs *string, a slog.Attr) {
	v := a.Value.Resolve().String()
	switch a.Key {
	case "":
	case "client":
		*client = v
	case "server":
		*attrs += " " + v
	case "err", "error", "warning":
		*attrs += ": " + v
	case "stack":
		*attrs += "\n" + v
	default:
		*attrs += " " + a.Key + "=" + v
	}
}

// WithAttrs returns a handler that prints attrs with every record.
func (t *TermLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *t
	for _, a := range attrs {
		addAttr(&c.client, &c.attrs, a)
	}
	return &c
}

// WithGroup returns the handler itself: groups are not shown.
func (t *TermLog) WithGroup(string) slog.Handler { return t }
