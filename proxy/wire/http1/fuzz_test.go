package http1

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var headSeeds = []string{
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"\r\nPOST http://a:81/b HTTP/1.0\nA:b\n c\n\n",
	"CONNECT [::1]:443 HTTP/1.1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
	"HTTP/1.1 204\r\nTransfer-Encoding: chunked\r\nA : b\r\n\r\n",
}

// fuzzLimits are small, so that the fuzzer finds them.
var fuzzLimits = Limits{Head: 300, Fields: 10}

// FuzzRequest checks that pieces make no difference and that what is read is written so that it reads the same, even strictly.
func FuzzRequest(f *testing.F) {
	for _, s := range headSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkPieces(t, (*Scanner).Request, in, fuzzLimits)
		var scan Scanner
		r, n, err := scan.Request([]byte(in), fuzzLimits)
		if n == 0 || err != nil {
			return
		}
		out := AppendRequest(nil, r)
		again, n, err := parseRequest(out, Limits{Strict: true})
		if err != nil || n != len(out) || !cmp.Equal(r, again, bodies) {
			t.Fatalf("%q became %q: %+v, %v", in, out, again, err)
		}
		_, bad := RequestFraming(r)
		switch invalid := ValidateRequest(r); {
		case invalid == nil && bad != nil:
			t.Fatalf("%q is valid but has no framing: %v", in, bad)
		case invalid != nil && bad == nil && scan.Plain():
			t.Fatalf("%q is plain and has a framing but is not valid: %v", in, invalid)
		}
	})
}

// FuzzResponse is FuzzRequest for responses.
func FuzzResponse(f *testing.F) {
	for _, s := range headSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkPieces(t, (*Scanner).Response, in, fuzzLimits)
		var scan Scanner
		r, n, err := scan.Response([]byte(in), fuzzLimits)
		if n == 0 || err != nil {
			return
		}
		out := AppendResponse(nil, r)
		again, n, err := parseResponse(out, Limits{Strict: true})
		if err != nil || n != len(out) || !cmp.Equal(r, again, bodies) {
			t.Fatalf("%q became %q: %+v, %v", in, out, again, err)
		}
		framing, bad := ResponseFraming(nil, r)
		switch invalid := ValidateResponse(r); {
		case invalid == nil && bad != nil:
			t.Fatalf("%q is valid but has no framing: %v", in, bad)
		case invalid != nil && bad == nil && scan.Plain() && framing.Kind == Length:
			t.Fatalf("%q is plain and has a length but is not valid: %v", in, invalid)
		}
	})
}

// FuzzChunked checks that pieces make no difference and that a body survives being chunked anew.
func FuzzChunked(f *testing.F) {
	f.Add("3\r\nabc\r\n1;a=b\r\nd\r\n0\r\nX: y\r\n\r\n", uint8(1))
	f.Add("0\r\n\r\nGET", uint8(2))
	f.Add("7fffffffffffffff\r\n", uint8(3))
	f.Fuzz(func(t *testing.T, in string, size uint8) {
		r := NewBodyReader(Framing{Kind: Chunked}, 200)
		p := r
		body, used, done, err := readBody(&r, in, len(in)+1)
		body1, used1, done1, err1 := readBody(&p, in, int(size)+1)
		if body != body1 || done != done1 || (err == nil) != (err1 == nil) || err == nil && used != used1 || !cmp.Equal(r.Trailers(), p.Trailers()) {
			t.Fatalf("%q by %d: %q, %v, %v; %q, %v, %v", in, size, body, done, err, body1, done1, err1)
		}
		if !done {
			return
		}
		b := AppendLastChunk(AppendChunk(nil, []byte(body)), r.Trailers())
		q := NewBodyReader(Framing{Kind: Chunked}, 0)
		again, used, done, err := readBody(&q, string(b), len(b))
		if err != nil || !done || used != len(b) || again != body || !cmp.Equal(r.Trailers(), q.Trailers()) {
			t.Fatalf("%q became %q: %q, %v", in, bytes.Clone(b), again, err)
		}
	})
}
