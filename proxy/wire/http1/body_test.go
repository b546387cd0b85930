package http1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/proxy/flow"
)

// readBody feeds in to r in pieces of at most size bytes, and spoils each after it was lent.
// It returns the data and how many bytes of in were used.
func readBody(r *BodyReader, in string, size int) (body string, used int, done bool, err error) {
	var out strings.Builder
	fed := 0
	for {
		buf := []byte(in[used:fed])
		data, n, done, err := r.Next(buf)
		out.Write(data)
		clear(buf)
		used += n
		if done || err != nil {
			return out.String(), used, done, err
		}
		if n > 0 {
			continue
		}
		if fed == len(in) {
			return out.String(), used, false, nil
		}
		fed = min(len(in), fed+size)
	}
}

func TestBody(t *testing.T) {
	for _, c := range []struct {
		name     string
		framing  Framing
		in, body string
		rest     string
		open     bool // not done at the end of in
		trailers flow.Headers
	}{
		{name: "none", rest: "GET"},
		{name: "length", framing: Framing{Length, 3}, in: "abc", body: "abc", rest: "GET"},
		{name: "length, cut", framing: Framing{Length, 4}, in: "abc", body: "abc", open: true},
		{name: "until EOF", framing: Framing{Kind: UntilEOF}, in: "abc", body: "abc", open: true},
		{name: "chunks", framing: Framing{Kind: Chunked}, in: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", body: "abcde", rest: "GET"},
		{name: "empty", framing: Framing{Kind: Chunked}, in: "000\r\n\r\n", rest: "\r\nGET"},
		{name: "hex", framing: Framing{Kind: Chunked}, in: "000000000000000A\r\n0123456789\r\n0\r\n\r\n", body: "0123456789"},
		{name: "extensions", framing: Framing{Kind: Chunked}, in: "1 \t\r\na\r\n1 ;b=\"c\"\r\nd\r\n0;;\t\xe9\r\n\r\n", body: "ad"},
		{
			name: "trailers", framing: Framing{Kind: Chunked}, in: "1\r\na\r\n0\r\nX: y \r\nx:z\r\n\r\n", body: "a", rest: "GET",
			trailers: fields("X: y", "x: z"),
		},
		{name: "chunks, cut", framing: Framing{Kind: Chunked}, in: "3\r\nabc\r\n0\r\n\r", body: "abc", open: true},
	} {
		for _, size := range []int{1, 3, 1 << 10} {
			r := NewBodyReader(c.framing, 0)
			body, used, done, err := readBody(&r, c.in+c.rest, size)
			if err != nil || body != c.body || done == c.open || done && used != len(c.in) {
				t.Errorf("%s by %d: %q, used %d, done %v, %v", c.name, size, body, used, done, err)
			}
			if d := cmp.Diff(c.trailers, r.Trailers()); d != "" {
				t.Errorf("%s by %d: %s", c.name, size, d)
			}
		}
	}
}

func TestBodyErrors(t *testing.T) {
	long := strings.Repeat("x", maxExtension)
	for _, c := range []struct{ in, want string }{
		{"\r\n", "illegal chunk header"},
		{"g\r\n", "illegal chunk header"},
		{"-1\r\n", "illegal chunk header"},
		{"+1\r\n", "illegal chunk header"},
		{" 1\r\n", "illegal chunk header"},
		{"0x1\r\n", "illegal chunk header"},
		{"1_0\r\n", "illegal chunk header"},
		{"1 1\r\n", "illegal chunk header"},
		{"1\n", "illegal chunk header"},
		{"1;a\n", "illegal chunk header"},
		{"1\r1", "illegal chunk header"},
		{"1;a\x00\r\n", "illegal chunk header"},
		{"8000000000000000\r\n", "illegal chunk header: size is too large"},
		{"ffffffffffffffff\r\n", "illegal chunk header: size is too large"},
		{"00000000000000001\r\n", "illegal chunk header: size is too large"},
		{"1;" + long, "illegal chunk header: extension is larger"},
		{"1" + strings.Repeat(" ", maxExtension+1), "illegal chunk header: extension is larger"},
		{"1\r\nab", "malformed chunk footer"},
		{"1\r\na\n", "malformed chunk footer"},
		{"1\r\na\rb", "malformed chunk footer"},
		{"0\r\n\n", "trailers begin with a bare LF"},
		{"0\r\na: b\n\r\n", "bare LF"},
		{"0\r\na: b\r\n\n", "bare LF"},
		{"0\r\na b\r\n\r\n", "Invalid header line"},
		{"0\r\n a: b\r\n\r\n", "Invalid header line"},
		{"0\r\nContent-length: 1\r\n\r\n", "invalid trailer: Content-length"},
		{"0\r\ntransfer-encoding: chunked\r\n\r\n", "invalid trailer: transfer-encoding"},
		{"0\r\nHost: a\r\n\r\n", "invalid trailer: Host"},
		{"0\r\na: " + long + "\r\n\r\n", "trailers are larger than 1000 bytes"},
		{"0\r\n" + long, "trailers are larger than 1000 bytes"},
	} {
		for _, size := range []int{1, 1 << 20} {
			r := NewBodyReader(Framing{Kind: Chunked}, 1000)
			if _, _, done, err := readBody(&r, c.in, size); done || !fails(err, c.want) {
				t.Errorf("%.40q by %d: done %v, err %v, want %s", c.in, size, done, err, c.want)
			}
		}
	}
	many := NewBodyReader(Framing{Kind: Chunked}, 0)
	if _, _, _, err := readBody(&many, "0\r\n"+strings.Repeat("a:b\r\n", 1001)+"\r\n", 1<<20); !fails(err, "more than 1000 trailers") {
		t.Error(err)
	}
}

func TestBodyEOF(t *testing.T) {
	for _, c := range []struct {
		framing  Framing
		in, want string
	}{
		{Framing{}, "", ""},
		{Framing{Kind: UntilEOF}, "abc", ""},
		{Framing{Length, 3}, "abc", ""},
		{Framing{Length, 4}, "abc", "(received 3 bytes, expected 4)"},
		{Framing{Kind: Chunked}, "0\r\n\r\n", ""},
		{Framing{Kind: Chunked}, "0\r\n", "(incomplete chunked read)"},
	} {
		r := NewBodyReader(c.framing, 0)
		if _, _, _, err := readBody(&r, c.in, 2); err != nil {
			t.Errorf("%+v: %v", c.framing, err)
		}
		if err := r.EOF(); !fails(err, c.want) {
			t.Errorf("%+v %q: %v", c.framing, c.in, err)
		}
	}
	r := NewBodyReader(Framing{Kind: UntilEOF}, 0)
	if err := r.EOF(); err != nil {
		t.Fatal(err)
	}
	if _, _, done, _ := r.Next(nil); !done {
		t.Error("not done after the end")
	}
}
