package detail

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"sluice/proxy/content"
	"sluice/proxy/content/grpc"
	"sluice/proxy/content/sse"
	"sluice/proxy/flow"
	"sluice/tui/human"
	"sluice/tui/text"
)

// An entry is one event or message in a body.
type entry struct {
	signs content.Line
	size  int
	meta  content.Meta
	data  []byte
	note  string // what is to be said instead of data, or behind it
}

// A part is a body that is a list of entries.
type part struct {
	msg        *flow.HTTPMessage
	fromClient bool
	grpc       bool
}

// partsOf returns the bodies of a flow that are lists: an event stream, or the messages of gRPC.
func partsOf(f *flow.Flow) (parts []part) {
	if f.Kind != flow.HTTP || f.WebSocket != nil {
		return nil
	}
	add := func(m *flow.HTTPMessage, fromClient bool) {
		if kind := m.Entries(); kind != flow.NoEntries {
			parts = append(parts, part{m, fromClient, kind == flow.GRPCMessages})
		}
	}
	if f.Request != nil {
		add(&f.Request.HTTPMessage, true)
	}
	if f.Response != nil {
		add(&f.Response.HTTPMessage, false)
	}
	return parts
}

// entriesLabel is the title of the tab for such bodies.
func entriesLabel(parts []part) string {
	if parts[0].grpc {
		return "gRPC Messages"
	}
	return "Events"
}

// A splitter finds the entries of a part.
type splitter struct {
	part part
	sse  *sse.Parser
	grpc *grpc.Parser
	err  error
}

func (p part) splitter() *splitter {
	return &splitter{part: p, sse: &sse.Parser{}, grpc: &grpc.Parser{}}
}

func (s *splitter) clone(p part) *splitter { return &splitter{p, s.sse.Clone(), s.grpc.Clone(), s.err} }

// split calls yield for every entry that b completes, and returns false when that does.
func (s *splitter) split(b []byte, yield func(entry) bool) bool {
	for len(b) > 0 && s.err == nil {
		var e entry
		var n int
		var ok bool
		if s.part.grpc {
			var m grpc.Message
			m, n, ok, s.err = s.grpc.Next(b)
			e = s.message(m)
		} else {
			var ev sse.Event
			ev, n, ok = s.sse.Next(b)
			e = event(ev)
		}
		if b = b[n:]; ok && !yield(e) {
			return false
		}
	}
	return true
}

// end calls yield for what a body that is over has left.
func (s *splitter) end(yield func(entry) bool) bool {
	switch {
	case s.err != nil:
		return yield(entry{note: s.err.Error() + ": see the body"})
	case s.part.grpc:
		if n := s.grpc.Pending(); n > 0 {
			return yield(entry{size: n, note: errUnfinished})
		}
	default:
		if ev, ok := s.sse.Rest(); ok {
			e := event(ev)
			e.note = errUnfinished
			return yield(e)
		}
	}
	return true
}

const errUnfinished = "the body ends here, this is unfinished"

func event(ev sse.Event) entry {
	e := entry{size: len(ev.Data) + ev.Cut, data: ev.Data}
	if ev.Type != "" {
		e.signs = append(e.signs, content.Span{Text: ev.Type + " ", Role: content.Key})
	}
	if ev.ID != "" {
		e.signs = append(e.signs, content.Span{Text: "[id " + ev.ID + "] ", Role: content.Comment})
	}
	if ev.Cut > 0 {
		e.note = human.Size(int64(ev.Cut)) + " more are in the body"
	}
	return e
}

func (s *splitter) message(m grpc.Message) entry {
	h := s.part.msg.Headers
	e := entry{size: m.Size, meta: content.Meta{ContentType: "application/x-protobuf", Request: s.part.fromClient}}
	if kind := h.Get("Content-Type"); strings.Contains(kind, "+json") {
		e.meta.ContentType = "application/json"
	}
	sign := func(text string) { e.signs = append(e.signs, content.Span{Text: text, Role: content.Comment}) }
	if m.Trailers {
		e.meta.ContentType = "text/plain"
		sign("[trailers] ")
	}
	if m.Compressed {
		sign("[" + h.Get("Grpc-Encoding") + "] ")
	}
	plain, err := m.Plain(h.Get("Grpc-Encoding"))
	switch {
	case err != nil:
		e.note, e.data = err.Error(), m.Data
	case m.Cut():
		e.note = human.Size(int64(m.Size-len(m.Data))) + " more are in the body"
		fallthrough
	default:
		e.data = plain
	}
	return e
}

// A memo remembers how far a body that grows has been read, so that it is not read from the front each time.
type memo struct {
	mu   sync.Mutex
	body flow.Body
	at   *splitter // behind body; nil: nothing is remembered
}

func (m *memo) get(p part) *splitter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at == nil || !m.body.Same(&p.msg.Body) {
		return nil
	}
	return m.at.clone(p)
}

func (m *memo) set(p part, s *splitter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.body, m.at = p.msg.Body, s.clone(p)
}

// entryLines returns the lines of all entries of a flow.
func (l look) entryLines() iter.Seq[content.Line] {
	parts := partsOf(l.flow)
	if len(parts) == 0 {
		return func(func(content.Line) bool) {}
	}
	seqs := []iter.Seq[content.Line]{text.Of([]content.Line{l.bar(entriesLabel(parts))})}
	for _, p := range parts {
		seqs = append(seqs, l.partLines(p, nil))
	}
	all := text.Join(seqs...)
	if l.only == nil {
		return all
	}
	return func(yield func(content.Line) bool) {
		n := 0
		for line := range all {
			if n++; !yield(line) {
				return
			}
		}
		if n == 1 {
			yield(nonePicked())
		}
	}
}

// newEntries returns what the text of l has behind that of the older flow.
func newEntries(old *flow.Flow, l look) iter.Seq[content.Line] {
	had, has := partsOf(old), partsOf(l.flow)
	return l.partLines(has[len(has)-1], &had[len(had)-1])
}

// partLines returns the lines of a part, those behind an older state of it if there is one.
func (l look) partLines(p part, old *part) iter.Seq[content.Line] {
	switch gap := p.msg.Body.Gap(); gap {
	case flow.Whole:
		return l.recordedLines(p, old)
	case flow.Cut:
		say := content.Line{{Text: cut(&p.msg.Body) + "; raise " + p.msg.Body.CutBy() + " to keep more of the next", Role: text.Remark}}
		return text.Join(l.recordedLines(p, nil), text.Of([]content.Line{say}))
	default:
		return missing(p.msg.Body.Len(), gap)
	}
}

// recordedLines is partLines of what is here of a body.
func (l look) recordedLines(p part, old *part) iter.Seq[content.Line] {
	return func(yield func(content.Line) bool) {
		s, skip := p.splitter(), int64(0)
		if old != nil {
			skip = old.msg.Body.Len()
			if at := l.memo.get(*old); at != nil {
				s = at
			} else {
				s.eat(&p.msg.Body, 0, skip, func(entry) bool { return true })
			}
			s.part = p
		}
		probe := NewProbe(l.only, l.flow)
		write := func(e entry) bool { return !probe.Match(e.item(p).Message) || l.writeEntry(p, e, yield) }
		if !s.eat(&p.msg.Body, skip, p.msg.Body.Len(), write) {
			return
		}
		if !p.msg.End.IsZero() || !l.flow.Live {
			s.end(write)
		} else if !p.coded() && p.msg.Body.Gap() == flow.Whole {
			l.memo.set(p, s)
		}
	}
}

// coded reports whether the body has a content coding, so that it is read as a whole.
func (p part) coded() bool { return p.msg.Headers.Has("Content-Encoding") }

// eat splits the bytes of a body between two offsets.
func (s *splitter) eat(b *flow.Body, from, to int64, yield func(entry) bool) bool {
	if s.part.coded() {
		plain, _ := content.Decode(s.part.msg.Headers, b.Front())
		return s.split(plain, yield)
	}
	at := int64(0)
	for chunk := range b.Chunks {
		end := at + int64(len(chunk))
		lo, hi := max(from, at), min(to, end)
		if lo < hi && !s.split(chunk[lo-at:hi-at], yield) {
			return false
		}
		at = end
	}
	return true
}

// writeEntry writes an entry as a message is written.
func (l look) writeEntry(p part, e entry, yield func(content.Line) bool) bool {
	lead := content.Line{arrow(p.fromClient), {Text: fmt.Sprintf("%5s  ", human.Size(int64(e.size))), Role: content.Comment}}
	lines := func(func(content.Line) bool) {}
	if len(e.data) > 0 {
		e.meta.Path, e.meta.Protos = l.flow.Request.Path, l.protos
		lines = content.Format(l.mode, e.meta, e.data).Lines
	}
	if e.note != "" {
		lines = text.Join(lines, text.Of([]content.Line{{{Text: e.note, Role: text.Remark}}}))
	}
	return writeLed(append(lead, e.signs...), lines, false, yield)
}

// sameEntries reports whether two flows have the same entries.
func sameEntries(a, b *flow.Flow) bool {
	return a.Live == b.Live && slices.EqualFunc(partsOf(a), partsOf(b), func(x, y part) bool { return sameMessage(x.msg, y.msg) })
}

// grownEntries reports whether the entries of a flow are those of an older snapshot with more behind them.
func grownEntries(old, f *flow.Flow) bool {
	x, y := partsOf(old), partsOf(f)
	n := len(x)
	if n == 0 || n != len(y) || !old.Live || n == 2 && !(sameMessage(x[0].msg, y[0].msg) && !x[0].msg.End.IsZero()) {
		return false
	}
	a, b := x[n-1], y[n-1]
	return a.msg.End.IsZero() && !a.coded() && slices.Equal(a.msg.Headers, b.msg.Headers) && begins(&a.msg.Body, &b.msg.Body)
}

// begins reports whether a body is the front of another one. Pieces that both share are not looked at.
func begins(a, b *flow.Body) bool {
	if a.Gap() != flow.Whole || b.Gap() != flow.Whole || a.Len() > b.Len() {
		return false
	}
	next, stop := iter.Pull(iter.Seq[[]byte](a.Chunks))
	defer stop()
	for long := range b.Chunks {
		short, ok := next()
		if !ok {
			return true
		}
		if len(short) > len(long) || &short[0] != &long[0] && !bytes.Equal(short, long[:len(short)]) {
			return false
		}
		if len(short) < len(long) {
			_, more := next()
			return !more
		}
	}
	_, more := next()
	return !more
}
