package har

import (
	"math"
	"strconv"
	"time"

	"sluice/proxy/flow"
)

// The metadata that has what an archive says of the time before a connection was opened, in milliseconds.
const (
	blockedKey = "har_blocked"
	dnsKey     = "har_dns"
)

// timings are milliseconds; less than 0 is not known. They come one after the other, but for ssl, which is a part of connect.
type timings struct {
	blocked, dns, connect, ssl, send, wait, receive float64
}

func (t *timings) sum() (ms float64) {
	for _, part := range []float64{t.blocked, t.dns, t.connect, t.send, t.wait, t.receive} {
		ms += max(part, 0)
	}
	return micro(ms)
}

// timings returns how long the parts of a flow took. To open a connection belongs to the first of its flows.
func (e *encoder) timings(f *flow.Flow) timings {
	q, opening := f.Request, span{}
	t := timings{metadata(f, blockedKey), metadata(f, dnsKey), -1, -1, 0, 0, 0}
	if s := f.Server; s != nil && !s.Start.IsZero() && !s.TCPSetup.IsZero() {
		opening = span{s.Start, s.TCPSetup}
		if s.TLSSetup.After(s.TCPSetup) {
			opening.to = s.TLSSetup
		}
		if e.seen.add(s.ID) {
			t.connect = opening.ms()
			if !s.TLSSetup.IsZero() {
				t.ssl = span{s.TCPSetup, s.TLSSetup}.ms()
			}
		}
	}
	sending, waiting, receiving := span{q.Start, q.End}, span{}, span{}
	if p := f.Response; p != nil {
		waiting, receiving = span{q.End, p.Start}, span{p.Start, p.End}
		if p.End.IsZero() && f.Error != nil {
			receiving.to = f.Error.Time
		}
	} else if f.Error != nil {
		waiting = span{q.End, f.Error.Time}
	}
	before := max(t.blocked, 0) + max(t.dns, 0)
	if t.blocked < 0 && t.dns < 0 && sending.has(opening) && opening.from.After(q.Start) {
		t.blocked = span{q.Start, opening.from}.ms()
		before = t.blocked
	}
	t.send = max(micro(sending.ms()-opening.within(sending).ms()-before), 0)
	t.wait = max(micro(waiting.ms()-opening.within(waiting).ms()), 0)
	t.receive = receiving.ms()
	return t
}

// metadata returns a time that is in the metadata, -1 if there is none or it is of another time that the request was sent.
func metadata(f *flow.Flow, key string) float64 {
	if ms, err := strconv.ParseFloat(f.Metadata[key], 64); err == nil && ms >= 0 && f.Replay != flow.ReplayedRequest {
		return micro(ms)
	}
	return -1
}

// micro rounds milliseconds to whole microseconds.
func micro(ms float64) float64 {
	return float64(time.Duration(ms*float64(time.Millisecond)).Round(time.Microsecond).Microseconds()) / 1000
}

// A span is from one time to another. It is empty unless both are known and in order.
type span struct{ from, to time.Time }

func (s span) empty() bool { return s.from.IsZero() || !s.to.After(s.from) }

func (s span) ms() float64 {
	if s.empty() {
		return 0
	}
	return float64(s.to.Sub(s.from).Round(time.Microsecond).Microseconds()) / 1000
}

// has reports whether all of o is in s.
func (s span) has(o span) bool { return !o.empty() && !s.from.After(o.from) && !o.to.After(s.to) }

// within returns what of s is in o.
func (s span) within(o span) span {
	if s.empty() || o.empty() {
		return span{}
	}
	if s.from.Before(o.from) {
		s.from = o.from
	}
	if s.to.After(o.to) {
		s.to = o.to
	}
	return s
}

func (w *indenter) timings(t *timings) {
	w.key("timings")
	w.open('{')
	w.float("blocked", t.blocked)
	w.float("dns", t.dns)
	w.float("connect", t.connect)
	w.float("ssl", t.ssl)
	w.float("send", t.send)
	w.float("wait", t.wait)
	w.float("receive", t.receive)
	w.close('}')
}

// clock says when the parts of a flow began and ended, and returns when all was over.
func (e *entry) clock(f *flow.Flow, start time.Time) time.Time {
	t := &e.timings
	if t.connect < 0 && t.ssl > 0 {
		t.connect = t.ssl
	}
	if t.blocked < 0 && t.dns < 0 && t.connect < 0 && !(t.send > 0 || t.wait > 0 || t.receive > 0) {
		t.wait = e.time
	}
	now := start
	for _, before := range []struct {
		key string
		ms  float64
	}{{blockedKey, t.blocked}, {dnsKey, t.dns}} {
		if before.ms >= 0 {
			if f.Metadata == nil {
				f.Metadata = map[string]string{}
			}
			now = now.Add(duration(before.ms))
			f.Metadata[before.key] = strconv.FormatFloat(span{start, start.Add(duration(before.ms))}.ms(), 'f', -1, 64)
		}
	}
	if t.connect >= 0 {
		now = t.opened(f.Server, now, e.time)
	}
	f.Request.Start, f.Request.End = start, now.Add(duration(t.send))
	answered := f.Request.End.Add(duration(t.wait))
	end := answered.Add(duration(t.receive))
	if f.Response != nil {
		f.Response.Start, f.Response.End = answered, end
	} else if later := start.Add(duration(e.time)); later.After(end) {
		end = later
	}
	return end
}

// opened says when a connection was opened and returns when it was. In an archive TLS is a part of connect, but Firefox
// and mitmproxy have it beside: then the whole time is what tells.
func (t *timings) opened(s *flow.Server, start time.Time, whole float64) time.Time {
	tcp, ssl := t.connect, max(t.ssl, 0)
	if apart := math.Abs(whole - t.sum() - ssl); ssl <= tcp && !(whole > 0 && apart < math.Abs(whole-t.sum())) {
		tcp -= ssl
	}
	s.Start, s.TCPSetup = start, start.Add(duration(tcp))
	if t.ssl < 0 {
		return s.TCPSetup
	}
	s.TLSSetup = s.TCPSetup.Add(duration(ssl))
	return s.TLSSetup
}

// duration returns milliseconds as a time in whole microseconds that is neither negative nor beyond a year.
func duration(ms float64) time.Duration {
	const year = 365 * 24 * time.Hour
	if !(ms > 0) {
		return 0
	}
	return time.Duration(min(ms*float64(time.Millisecond), float64(year))).Round(time.Microsecond)
}

// maxSeen is how many connections an idSet remembers at least.
const maxSeen = 1 << 16

// An idSet remembers IDs: the last ones for certain, those before them for a while.
type idSet struct{ now, before map[flow.ID]struct{} }

// add reports whether an ID is new.
func (s *idSet) add(id flow.ID) bool {
	_, known := s.now[id]
	if known {
		return false
	}
	_, known = s.before[id]
	if len(s.now) >= maxSeen {
		s.before, s.now = s.now, nil
	}
	if s.now == nil {
		s.now = map[flow.ID]struct{}{}
	}
	s.now[id] = struct{}{}
	return !known
}
