package http1

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

type parse[M any] func(s *Scanner, b []byte, lim Limits) (M, int, error)

// byByte gives a Scanner one byte more at a time, spoiling what it was lent.
func byByte[M any](p parse[M], in string, lim Limits) (m M, n int, err error) {
	var s Scanner
	for i := range len(in) {
		b := []byte(in[:i+1])
		m, n, err = p(&s, b, lim)
		clear(b)
		if n > 0 || err != nil {
			return m, n, err
		}
	}
	return m, n, err
}

func checkPieces[M any](t interface{ Fatalf(string, ...any) }, p parse[M], in string, lim Limits) {
	m, n, err := p(new(Scanner), []byte(in), lim)
	m1, n1, err1 := byByte(p, in, lim)
	if n != n1 || !reflect.DeepEqual(err, err1) || !cmp.Equal(m, m1, bodies) {
		t.Fatalf("%q\n all at once: %+v, %d, %v\nbyte by byte: %+v, %d, %v", in, m, n, err, m1, n1, err1)
	}
}

var pieces = rapid.SampledFrom([]string{
	"GET / HTTP/1.1", "HTTP/1.1 200 OK", "GET http://a/ HTTP/1.1", "\r\n", "\r\n", "\n", "\r", "a: b", "a", ":", " ", "\x00", "\xff",
})

func TestPiecesOfHeads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOf(pieces).Draw(t, "in"), "")
		lim := Limits{Head: rapid.IntRange(0, 60).Draw(t, "head"), Fields: rapid.IntRange(0, 3).Draw(t, "fields"), Strict: rapid.Bool().Draw(t, "strict")}
		checkPieces(t, (*Scanner).Request, in, lim)
		checkPieces(t, (*Scanner).Response, in, lim)
	})
}

func drawFields(t *rapid.T) flow.Headers {
	name := rapid.StringMatching("[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,20}")
	value := rapid.StringMatching(`([!-~é]([!-~é \t]{0,20}[!-~é])?)?`)
	var h flow.Headers
	for range rapid.IntRange(0, 8).Draw(t, "fields") {
		h = append(h, flow.Header{Name: name.Draw(t, "name"), Value: value.Draw(t, "value")})
	}
	return h
}

func TestRequestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := request("", "", "", "", "", 0, drawFields(t))
		r.Method = rapid.StringMatching("[A-Z]{1,8}").Filter(func(s string) bool { return s != "CONNECT" && s != "OPTIONS" }).Draw(t, "method")
		r.Path = rapid.StringMatching("/[!-~é]{0,20}").Draw(t, "path")
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			r.Scheme, r.Host, r.Port = "https", rapid.StringMatching("[a-z]{1,9}").Draw(t, "host"), rapid.IntRange(1, 65535).Draw(t, "port")
			r.Authority = fmt.Sprintf("%s:%d", r.Host, r.Port)
		case 1:
			r.Method, r.Path, r.Authority, r.Host, r.Port = "CONNECT", "", "[::1]:8080", "::1", 8080
		}
		b := AppendRequest(nil, r)
		got, n, err := parseRequest(b, Limits{Strict: true})
		if err != nil || n != len(b) || !cmp.Equal(r, got, bodies) {
			t.Fatalf("%q: %+v, %d, %v", b, got, n, err)
		}
	})
}

func TestResponseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &flow.Response{HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.0", Headers: drawFields(t)}}
		r.Status = rapid.IntRange(100, 999).Draw(t, "status")
		r.Reason = rapid.SampledFrom([]string{"", "OK", "Not Found"}).Draw(t, "reason")
		b := AppendResponse(nil, r)
		got, n, err := parseResponse(b, Limits{Strict: true})
		if err != nil || n != len(b) || !cmp.Equal(r, got, bodies) {
			t.Fatalf("%q: %+v, %d, %v", b, got, n, err)
		}
	})
}

func TestChunkedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trailers := drawFields(t)
		for i := range trailers {
			trailers[i].Name = "X-" + trailers[i].Name
		}
		var want string
		var b []byte
		for _, c := range rapid.SliceOf(rapid.StringN(0, 40, -1)).Draw(t, "chunks") {
			want += c
			b = AppendChunk(b, []byte(c))
		}
		b = AppendLastChunk(b, trailers)
		r := NewBodyReader(Framing{Kind: Chunked}, 0)
		body, used, done, err := readBody(&r, string(b)+"x", rapid.IntRange(1, 50).Draw(t, "size"))
		if err != nil || !done || used != len(b) || body != want || !cmp.Equal(trailers, r.Trailers()) {
			t.Fatalf("%q: %q, %v, %d, %v, %v", b, body, r.Trailers(), used, done, err)
		}
	})
}

func TestAppendTarget(t *testing.T) {
	for _, c := range []struct {
		r    *flow.Request
		want string
	}{
		{request("GET", "http", "", "", "a", 80, nil), "GET / HTTP/1.1\r\n\r\n"},
		{request("GET", "http", "b:81", "/x", "a", 80, nil), "GET http://b:81/x HTTP/1.1\r\n\r\n"},
		{request("OPTIONS", "http", "a", "*", "a", 80, nil), "OPTIONS http://a HTTP/1.1\r\n\r\n"},
		{request("OPTIONS", "http", "", "*", "a", 80, nil), "OPTIONS * HTTP/1.1\r\n\r\n"},
		{request("CONNECT", "", "", "", "::1", 80, nil), "CONNECT [::1]:80 HTTP/1.1\r\n\r\n"},
	} {
		if got := string(AppendRequest(nil, c.r)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
