package addon

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"

	"sluice/proxy/content"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// maxLines is how many bytes of lines are written at once.
const maxLines = 64 << 10

// DumperConfig says where a Dumper prints.
type DumperConfig struct {
	Out   io.Writer
	Color bool
	// Width returns the cells of a line, to which URLs are cut short at flow_detail 1. Nil, or 0: they are not.
	Width func() int
}

// A Dumper prints flows as they end and the messages of conversations as they
// pass, as the options flow_detail and dumper_filter say. It is no part of the
// addon chain: it is shown published snapshots, by one goroutine. It writes
// whole lines, and waits as long as writing them takes.
type Dumper struct {
	out      io.Writer
	printed  bytes.Buffer // and not yet written
	brush    brush
	width    func() int
	settings atomic.Pointer[dumpSettings]
	protos   atomic.Pointer[content.Protos] // nil: none
	shown    map[flow.ID]shown              // conversations under way
}

// dumpSettings is what the options say. A value is never written once it is shared.
type dumpSettings struct {
	detail   int
	filter   *filter.Filter
	view     string
	cutoff   int // lines of a body at detail 3
	showHost bool
}

// shown is how much of a conversation has been printed.
type shown struct {
	head     bool
	messages int
}

// NewDumper returns a dumper that follows its options from now on. An invalid dumper_filter is an error, of type *filter.SyntaxError.
func NewDumper(opts *option.Options, cfg DumperConfig) (*Dumper, error) {
	d := &Dumper{out: cfg.Out, brush: brush(cfg.Color), width: cfg.Width, shown: map[flow.ID]shown{}}
	if d.width == nil {
		d.width = func() int { return 0 }
	}
	apply := func() error {
		s := &dumpSettings{
			detail: opts.Int("flow_detail"), view: opts.Str("dumper_default_contentview"),
			cutoff: opts.Int("content_view_lines_cutoff"), showHost: opts.Bool("showhost"),
		}
		if expr := opts.Str("dumper_filter"); expr != "" {
			var err error
			if s.filter, err = filter.Parse(expr); err != nil {
				return err
			}
		}
		d.settings.Store(s)
		return nil
	}
	protos := func() error {
		path := opts.Str("protobuf_definitions")
		if path == "" {
			d.protos.Store(nil)
			return nil
		}
		defs, err := content.LoadProtos(option.ExpandHome(path))
		if err != nil {
			return fmt.Errorf("protobuf_definitions: %w", err)
		}
		d.protos.Store(defs)
		return nil
	}
	if err := opts.Follow(protos, "protobuf_definitions"); err != nil {
		return nil, err
	}
	return d, opts.Follow(apply, "flow_detail", "dumper_filter", "dumper_default_contentview", "content_view_lines_cutoff", "showhost")
}

// Put takes a snapshot and prints what is new and final in it, at Flush at the latest.
func (d *Dumper) Put(f *flow.Flow) {
	s := d.settings.Load()
	if s.detail == 0 && len(d.shown) == 0 {
		return
	}
	switch {
	case f.Intercepted: // a person may still change it
	case f.Kind == flow.DNS:
		if !f.Live && s.wants(f) {
			d.dns(s, f)
		}
	case f.Kind == flow.HTTP && f.WebSocket == nil:
		if !f.Live && s.wants(f) && worthPrinting(f) {
			d.exchange(s, f)
		}
	default:
		d.conversation(s, f)
	}
}

// Flush writes out what has been printed, whole lines all of it.
func (d *Dumper) Flush() {
	if d.printed.Len() > 0 {
		_, _ = d.out.Write(d.printed.Bytes()) // who owns the output learns of its errors
		d.printed.Reset()
	}
}

func (s *dumpSettings) wants(f *flow.Flow) bool { return s.detail > 0 && s.filter.Match(f) }

// worthPrinting is false for a CONNECT that went well: what passes through the tunnel is printed.
func worthPrinting(f *flow.Flow) bool {
	return f.Request == nil || f.Request.Method != "CONNECT" || f.Error != nil || f.Response != nil && f.Response.Status/100 != 2
}

// conversation prints what a WebSocket, TCP or UDP flow has gained.
func (d *Dumper) conversation(s *dumpSettings, f *flow.Flow) {
	seen := d.shown[f.ID]
	messages := f.AllMessages()
	if s.wants(f) {
		if f.WebSocket != nil && !seen.head {
			d.exchange(s, f)
		}
		for i := min(seen.messages, len(messages)); i < len(messages); i++ {
			d.message(s, f, &messages[i])
		}
		if !f.Live {
			d.ending(s, f)
		}
	}
	if f.Live {
		d.shown[f.ID] = shown{true, len(messages)}
	} else {
		delete(d.shown, f.ID)
	}
}

// printf prints to the buffer, and that to the output when it is large, at the end of a line.
func (d *Dumper) printf(format string, args ...any) {
	fmt.Fprintf(&d.printed, format, args...)
	if n := d.printed.Len(); n > maxLines && d.printed.Bytes()[n-1] == '\n' {
		d.Flush()
	}
}
