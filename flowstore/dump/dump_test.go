package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// same compares flows by all that they say.
var same = cmp.Options{
	cmpopts.EquateEmpty(), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmp.Comparer(func(a, b flow.Body) bool { return a.Equal(&b) }),
	cmp.Transformer("dict", func(d *dict) map[string]any {
		m := map[string]any{}
		for _, f := range d.fields {
			m[f.name] = f.value
		}
		return m
	}),
	cmpopts.IgnoreUnexported(flow.Client{}, flow.Server{}, flow.Conn{}),
}

// read returns the flows of a file and the error at its end.
func read(r io.Reader) (list []*flow.Flow, err error) {
	for f, err := range Read(r) {
		if err != nil {
			return list, err
		}
		list = append(list, f)
	}
	return list, nil
}

func write(t rapid.TB, list []*flow.Flow, format Format) (file []byte, ends []int) {
	t.Helper()
	for _, f := range list {
		var err error
		if file, err = Append(file, f, format); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, len(file))
	}
	return file, ends
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow.Draw(t, "flow")
		file, _ := write(t, []*flow.Flow{f}, Newest)
		got, err := read(iotest.OneByteReader(bytes.NewReader(file)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]*flow.Flow{f}, got, same); d != "" {
			t.Fatal(d)
		}
	})
}

// TestOldRoundTrip writes the old format, which cannot say what transport a connection used, and which mode a client had if
// mitmproxy has that too.
func TestOldRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow.Filter(func(f *flow.Flow) bool { return f.Kind != flow.UDP }).Draw(t, "flow")
		file, _ := write(t, []*flow.Flow{f}, Old)
		f.Client.Transport, f.Server.Transport = "tcp", "tcp"
		if closestMode(f.Client.Mode) == f.Client.Mode {
			f.Client.Mode = "regular"
		}
		got, err := read(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]*flow.Flow{f}, got, same); d != "" {
			t.Fatal(d)
		}
	})
}

func TestPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		file, ends := write(t, rapid.SliceOfN(genFlow, 1, 3).Draw(t, "flows"), Newest)
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(file)-1), 30, 30).Draw(t, "cuts")
		for _, end := range ends {
			cuts = append(cuts, end-1, end, min(end+1, len(file)))
		}
		for _, n := range cuts {
			whole := 0
			for whole < len(ends) && ends[whole] <= n {
				whole++
			}
			got, err := read(bytes.NewReader(file[:n]))
			if len(got) != whole {
				t.Fatalf("%d of %d bytes: %d flows, want %d", n, len(file), len(got), whole)
			}
			var bad *Error
			if atEnd := n == 0 || whole > 0 && n == ends[whole-1]; atEnd != (err == nil) || !atEnd && (!errors.As(err, &bad) || bad.Byte != int64(n)) {
				t.Fatalf("%d of %d bytes: %v", n, len(file), err)
			}
		}
	})
}

// TestUnknownSurvives puts fields that nobody knows into every dictionary of a flow.
func TestUnknownSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := encode(genFlow.Draw(t, "flow"))
		n := 0
		var spread func(d *dict)
		spread = func(d *dict) {
			for _, f := range d.fields {
				if sub, ok := f.value.(*dict); ok {
					spread(sub)
				}
			}
			n++
			d.add("x-unknown", []any{n, nil, 1.5, bigInt("123456789012345678901234567890"), []byte("raw"), &dict{[]field{{"deep", true}}}})
		}
		spread(state)
		state.add("backup", &dict{[]field{{"version", 21}}})
		file := appendValue(nil, state)
		got, err := read(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		first, err := parse(file, 0)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := write(t, got, Newest)
		v, err := parse(again, 0)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(first, v, same); d != "" {
			t.Fatal(d)
		}
	})
}

func TestDamage(t *testing.T) {
	f := genFlow.Example(1)
	one, _ := write(t, []*flow.Flow{f}, Newest)
	bad := bytes.Replace(one, []byte("7:version;2:21#"), []byte("7:version;2:2x#"), 1)
	newer := bytes.Replace(one, []byte("7:version;2:21#"), []byte("7:version;2:22#"), 1)
	at := int64(len(one) + bytes.Index(bad, []byte("2x#")))
	for name, c := range map[string]struct {
		file  []byte
		flows int
		at    int64
		text  string
	}{
		"a flow that makes no sense": {bytes.Join([][]byte{one, bad, one}, nil), 2, at, `"2x" is no whole number`},
		"a newer version":            {bytes.Join([][]byte{one, newer, one}, nil), 2, int64(len(one)), "flows of version 22 cannot be read, only up to version 21: please update sluice"},
		"no flow file":               {[]byte("hello"), 0, 0, `want the length of a flow, not 'h'`},
		"rubbish behind a flow":      {append(one[:len(one):len(one)], '\n'), 1, int64(len(one)), `want the length of a flow, not '\n'`},
		"too long a length":          {[]byte("1234567890123:"), 0, 12, "the length of a flow has more than 12 digits"},
		"JSON":                       {[]byte("{}"), 0, 0, "this looks like JSON, not like a flow file"},
		"an endless flow":            {[]byte("999999999999:"), 0, 0, "a flow of 999999999999 bytes is more than the 2147483648 that one may have"},
		"no dictionary":              {[]byte("0:~"), 0, 0, "want a dictionary here, one for each flow"},
		"many values":                {crowd(), 0, int64(9 + 3*(maxValues-1)), "a flow has more than 16777216 values"},
		"deep":                       {deep(100), 0, 0, "values lie deeper in each other than 64"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(bytes.NewReader(c.file))
			var bad *Error
			if !errors.As(err, &bad) || bad.Err.Error() != c.text || name != "deep" && bad.Byte != c.at {
				t.Errorf("error %v, want %s at %d", err, c.text, c.at)
			}
			if len(got) != c.flows {
				t.Errorf("%d flows, want %d", len(got), c.flows)
			}
		})
	}
}

// crowd is a list of many values.
func crowd() []byte {
	return fmt.Appendf(nil, "%d:%s]", 3*maxValues, strings.Repeat("0:~", maxValues))
}

func deep(n int) []byte {
	var v any
	for range n {
		v = []any{v}
	}
	return appendValue(nil, v)
}

// TestFiles reads files that versions of mitmproxy have written.
func TestFiles(t *testing.T) {
	for name, want := range map[string][]string{
		"dumpfile-018.mitm":   {"127.0.0.1:52774 GET https://www.example.com/ 200"},
		"dumpfile-7.mitm":     {"127.0.0.1:64276 GET http://example.com/ 200", "127.0.0.1:64278 GET https://example.com/ 200"},
		"successful_log.mitm": {"127.0.0.1:51407 GET https://example.com/ 200", "127.0.0.1:51727 POST https://httpbin.org/post 200"},
		"websocket.mitm": {
			"127.0.0.1:58246 GET https://demo.piesocket.com/v3/channel_123?api_key=VCXCEuvhGcBDP7XhiJJUDvR1e1D3eiVjgZ9VRiaV&notify_self 101 [{\"error\":\"Unknown api key\"}]",
			"127.0.0.1:58290 GET https://demo.piesocket.com/v3/channel_123 101 [{\"error\":\"Missing apiKey\"}]",
			"127.0.0.1:58386 GET https://demo.piesocket.com/v3/channel_123?api_key=VCXCEuvhGcBDP7XhiJJUDvR1e1D3eiVjgZ9VRiaV&notify_self 101 [{\"error\":\"Unknown api key\"} foo bar]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			got, err := read(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, f := range got {
				lines = append(lines, summary(f))
				if f.Extra != nil {
					t.Errorf("a real file has things that are not known: %v", f.Extra)
				}
			}
			if d := cmp.Diff(want, lines); d != "" {
				t.Error(d)
			}
			for _, format := range []Format{Newest, Old} {
				again, _ := write(t, got, format)
				back, err := read(bytes.NewReader(again))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(got, back, same); d != "" {
					t.Fatal(d)
				}
			}
		})
	}
}

func summary(f *flow.Flow) string {
	line := fmt.Sprint(f.Client.Peer, " ", f.Request.Method, " ", f.Request.PrettyURL(), " ", f.Response.Status)
	if f.WebSocket != nil {
		var texts []string
		for _, m := range f.WebSocket.Messages {
			texts = append(texts, string(m.Content))
		}
		line += fmt.Sprint(" ", texts)
	}
	return line
}

// FuzzRead reads anything. What it gives can be written and read again.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.mitm")
	if err != nil || len(files) == 0 {
		f.Fatal("no files to begin with", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for i := range 8 {
		one, _ := write(f, []*flow.Flow{genFlow.Example(i)}, Newest)
		f.Add(one)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := read(bytes.NewReader(data))
		slow, slowErr := read(iotest.OneByteReader(bytes.NewReader(data)))
		if len(got) != len(slow) || (err == nil) != (slowErr == nil) || err != nil && err.Error() != slowErr.Error() {
			t.Fatalf("%d flows and %v at once, %d and %v byte by byte", len(got), err, len(slow), slowErr)
		}
		file, _ := write(t, got, Newest)
		again, err := read(bytes.NewReader(file))
		if err != nil || len(again) != len(got) {
			t.Fatalf("%d flows became %d: %v", len(got), len(again), err)
		}
	})
}

// parse reads the value that b, which lies at base in the file, begins with.
func parse(b []byte, base int64) (any, error) {
	left := maxValues
	p := parser{b: b, base: base, left: &left}
	v, _, err := p.value(0, 0)
	return v, err
}
