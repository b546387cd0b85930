package har

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// What is written is read again: the flows of HTTP, in their order, with everything that an archive has a place for.
//
// It has none for TCP, UDP and DNS flows. Of HTTP flows these are lost: what they and their connections are named and marked by, the
// client's address, all of TLS but how long it took, an upstream proxy, replaying, metadata, and the address of the server where the
// client named another. Times are durations there: to open a connection comes before the request is sent, whenever it was. Bodies
// lose their content coding, unless undoing it would lose more, and why they are not recorded. Versions that are no HTTP are 1.1, and
// headers whose names begin with a colon are taken for those of HTTP/2 that stand for the first line.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var all, web []*flow.Flow
		var bodies [][][]byte
		for range rapid.IntRange(1, 3).Draw(rt, "flows") {
			if rapid.IntRange(0, 3).Draw(rt, "other") == 0 {
				all = append(all, anyOther(rt))
				continue
			}
			f, plain := anyFlow(rt)
			all, web, bodies = append(all, f), append(web, f), append(bodies, plain)
		}
		data := write(t, rapid.Bool().Draw(rt, "compress"), all...)
		flows, errs := readAll(bytes.NewReader(data))
		if len(flows) != len(web) || errs != nil {
			rt.Fatalf("%d flows of %d: %q", len(flows), len(web), errs)
		}
		for i, f := range web {
			sameFlow(rt, f, flows[i], bodies[i])
		}
		slowly, _ := readAll(iotest.OneByteReader(bytes.NewReader(data)))
		if a, b := write(t, false, flows...), write(t, false, slowly...); !bytes.Equal(a, b) {
			rt.Errorf("a byte at a time: %s", cmp.Diff(string(a), string(b)))
		}
	})
}

func sameFlow(t *rapid.T, f, g *flow.Flow, bodies [][]byte) {
	facts := func(f *flow.Flow) string {
		s := fmt.Sprintf("%s %q %q %s %d", f.Request.Method, f.Request.URL(), f.Comment, f.Server.Peer.Addr(), f.Request.Start.UnixMicro())
		if f.Response != nil {
			s += fmt.Sprint(f.Response.Status, f.Response.Reason)
		}
		if f.Error != nil {
			s += " failed: " + strings.ToValidUTF8(f.Error.Message, "?")
		}
		return s
	}
	if want, got := facts(f), facts(g); want != got {
		t.Errorf("%s\nwant %s", got, want)
	}
	sameMessage(t, &f.Request.HTTPMessage, &g.Request.HTTPMessage, bodies[0])
	if f.Response != nil {
		sameMessage(t, &f.Response.HTTPMessage, &g.Response.HTTPMessage, bodies[1])
	}
	if want, got := new(encoder).timings(f), new(encoder).timings(g); want != got {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	if !cmp.Equal(webSocketOf(f), webSocketOf(g)) {
		t.Errorf("%s", cmp.Diff(webSocketOf(f), webSocketOf(g)))
	}
}

// webSocketOf returns the messages of a flow with what an archive has of their times.
func webSocketOf(f *flow.Flow) *flow.WebSocket {
	if f.WebSocket == nil {
		return nil
	}
	w := *f.WebSocket
	w.End = w.End.Round(time.Microsecond).UTC()
	w.Messages = slices.Clone(w.Messages)
	for i := range w.Messages {
		m := &w.Messages[i]
		m.Time = m.Time.Round(time.Microsecond).UTC()
		m.Content = append([]byte{}, m.Content...)
	}
	return &w
}

func sameMessage(t *rapid.T, m, n *flow.HTTPMessage, body []byte) {
	coded := n.Headers.Has("Content-Encoding")
	switch gap := m.Body.Gap(); {
	case gap == flow.Whole && (bytes.Equal(n.Body.Bytes(), body) || coded && n.Body.Equal(&m.Body)):
	case gap == flow.Cut && n.Body.Equal(&m.Body):
	case (gap == flow.Unrecorded || gap == flow.Dropped) && n.Body.Gap() == flow.Unrecorded && n.Body.Len() == m.Body.Len():
	default:
		t.Errorf("the body is %q of %d bytes, want %q of %d", n.Body.Front(), n.Body.Len(), body, m.Body.Len())
	}
	want := m.Headers
	if !coded {
		want = want.Del("Content-Encoding")
	}
	if !slices.Equal(n.Headers, want) || !slices.Equal(n.Trailers, m.Trailers) || n.Version != m.Version {
		t.Errorf("%s %q, want %s %q", n.Version, n.Headers, m.Version, want)
	}
}

// A flow that comes from an archive is written in the same way again, byte for byte.
func TestFixedPoint(t *testing.T) {
	same := func(t reporter, data []byte) {
		flows, _ := readAll(bytes.NewReader(data))
		first := write(t, false, flows...)
		flows, errs := readAll(bytes.NewReader(first))
		if second := write(t, false, flows...); errs != nil || !bytes.Equal(first, second) {
			t.Errorf("%q: %s", errs, cmp.Diff(string(first), string(second)))
		}
	}
	files, err := filepath.Glob("testdata/*.har")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		same(t, data)
	}
	rapid.Check(t, func(rt *rapid.T) {
		f, _ := anyFlow(rt)
		same(rt, write(rt, false, f))
	})
}

// Every prefix of an archive has its whole entries, and an error that says at which byte it ends.
func TestPrefixes(t *testing.T) {
	const entries = 3
	for _, compress := range []bool{false, true} {
		f := testFlow()
		f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "X", Value: "\xff\"\\ \u2028"})
		data := write(t, compress, f, f, f)
		for n := range len(data) {
			flows, errs := 0, []error(nil)
			for _, err := range Read(bytes.NewReader(data[:n])) {
				if err == nil {
					flows++
				} else {
					errs = append(errs, err)
				}
			}
			if flows == entries && errs == nil {
				continue // nothing but the end is missing
			}
			if compress && n == 1 {
				continue // it can't be told what this is
			}
			var bad *Error
			if len(errs) != 1 || !errors.As(errs[0], &bad) || !strings.Contains(errs[0].Error(), "ends too early: save it again") {
				t.Fatalf("%d bytes: %d flows, %v", n, flows, errs)
			}
			if !compress && (bad.Byte != int64(n) || flows != strings.Count(string(data[:n]), "\n            }")) {
				t.Fatalf("%d bytes: %d flows, the end at byte %d", n, flows, bad.Byte)
			}
		}
	}
}

// What is broken is told of at its byte, and an entry that is only broken inside costs no other.
func TestBrokenBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := []byte(archiveOf(entryJSON(), entryJSON(), entryJSON()))
		i := rapid.IntRange(0, len(data)-1).Draw(rt, "where")
		data[i] = rapid.Byte().Draw(rt, "what")
		flows, entryErrors, last := 0, 0, error(nil)
		for _, err := range Read(bytes.NewReader(data)) {
			var entry *EntryError
			switch {
			case err == nil:
				flows++
			case errors.As(err, &entry):
				entryErrors++
			default:
				last = err
			}
		}
		if last == nil && flows+entryErrors != 3 {
			rt.Errorf("%d flows and %d errors of 3 entries in %s", flows, entryErrors, data)
		}
		var bad *Error
		if last != nil && !errors.As(last, &bad) && !strings.Contains(last.Error(), "no HTTP archive") {
			rt.Errorf("%v does not say where", last)
		}
	})
}
