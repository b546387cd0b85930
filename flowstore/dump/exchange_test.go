package dump

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// shortAndLong holds what is made of a frame the short way against what is made of it the long way, and reports whether there is a short one.
// It spoils the bytes between the two, which neither may have kept.
func shortAndLong(t rapid.TB, m *migration, b []byte) bool {
	t.Helper()
	lent := bytes.Clone(b)
	short := m.exchange(frame{b: lent, lent: true})
	for i := range lent {
		lent[i] = 'x'
	}
	if short == nil {
		return false
	}
	long, err := m.anyFlow(frame{b: b})
	if err != nil {
		t.Fatalf("what makes no sense is read the short way: %v", err)
	}
	if d := cmp.Diff(long, short, same); d != "" {
		t.Fatal(d)
	}
	return true
}

// plainly takes from an HTTP flow what few have.
func plainly(f *flow.Flow) {
	f.Error, f.Replay, f.Metadata, f.WebSocket = nil, flow.NotReplayed, nil, nil
	f.Client.Mode, f.Server.Via = "regular", nil
	for _, m := range []*flow.Body{body(f.Request), body(f.Response)} {
		if m != nil && m.Gap() != flow.Whole {
			*m = flow.BodyGap(0, flow.Unrecorded)
		}
	}
}

// TestAppendExchange writes flows both ways.
func TestAppendExchange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow.Draw(t, "flow")
		if rapid.Bool().Draw(t, "plain") {
			plainly(f)
		}
		f.Intercepted = rapid.Bool().Draw(t, "intercepted")
		var w writer
		for range 2 { // the second time with what is known by then
			b, err := w.append([]byte("before"), f, Newest)
			if err != nil {
				t.Fatal(err)
			}
			d := encode(f)
			d.add("backup", nil)
			if d := cmp.Diff(string(appendValue([]byte("before"), d)), string(b)); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func TestExchange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMigration()
		for _, f := range rapid.SliceOfN(genFlow, 1, 3).Draw(t, "flows") {
			plain := rapid.Bool().Draw(t, "plain")
			if plain {
				plainly(f)
			}
			for _, format := range []Format{Newest, Old} {
				if format == Old && f.Kind == flow.UDP {
					continue
				}
				b, _ := write(t, []*flow.Flow{f}, format)
				if short := shortAndLong(t, m, b); plain && short != (f.Kind == flow.HTTP) {
					t.Fatalf("a plain flow of %v: read the short way is %v", f.Kind, short)
				}
				for range 10 {
					at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
					old := b[at]
					b[at] = rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("0123456789:;,#^!~]}"))).Draw(t, "byte")
					shortAndLong(t, m, b)
					b[at] = old
				}
			}
		}
	})
}

// A response, headers, a body or a time that are said to be nothing and are something.
func TestExchangeNothing(t *testing.T) {
	f := ended("/")
	f.Response.HTTPMessage = message(2, []byte("page"))
	b, _ := write(t, []*flow.Flow{f}, Newest)
	m := newMigration()
	for _, next := range []string{"9:websocket;", "8:trailers;", "7:content;", "8:response;", "13:timestamp_end;"} {
		at := bytes.LastIndex(b, []byte(next)) - 1
		old := b[at]
		b[at] = '~'
		if shortAndLong(t, m, b) {
			t.Errorf("what is before %s is read", next)
		}
		b[at] = old
	}
}

func body[M *flow.Request | *flow.Response](m M) *flow.Body {
	switch m := any(m).(type) {
	case *flow.Request:
		if m != nil {
			return &m.Body
		}
	case *flow.Response:
		if m != nil {
			return &m.Body
		}
	}
	return nil
}

// TestExchangeShares has the connections of the flows of one connection be the same.
func TestExchangeShares(t *testing.T) {
	f := ended("/")
	f.Client.ID, f.Server.ID = flow.NewID(), flow.NewID()
	file, _ := write(t, []*flow.Flow{f, f}, Newest)
	got, err := read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Client != got[1].Client || got[0].Server != got[1].Server {
		t.Error("each flow has connections of its own")
	}
	if c := got[0].Client; c.Snapshot() != c {
		t.Error("a shared connection can be written to")
	}
}

// FuzzExchange changes flows, which may be read the short way only to what they are the long way.
func FuzzExchange(f *testing.F) {
	for _, format := range []Format{Newest, Old} {
		one, _ := write(f, []*flow.Flow{ended("/path")}, format)
		f.Add(one)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMigration()
		shortAndLong(t, m, b)
		shortAndLong(t, m, b)
	})
}
