package http1

import (
	"strings"
	"testing"
)

const benchRequest = "GET /search?q=sluice&page=2 HTTP/1.1\r\nHost: www.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n" +
	"Cookie: session=0123456789abcdef0123456789abcdef\r\nCache-Control: no-cache\r\nReferer: https://www.example.com/\r\n\r\n"

// maxHeadAllocs is the text of a head, its field list and its message.
const maxHeadAllocs = 3

func TestParseAllocs(t *testing.T) {
	in := []byte(benchRequest)
	got := testing.AllocsPerRun(100, func() {
		if _, _, err := parseRequest(in, Limits{}); err != nil {
			t.Fatal(err)
		}
	})
	if got > maxHeadAllocs {
		t.Errorf("%v allocations", got)
	}
}

func BenchmarkParseRequest(b *testing.B) {
	in := []byte(benchRequest)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := parseRequest(in, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseResponse(b *testing.B) {
	in := []byte("HTTP/1.1 200 OK" + benchRequest[strings.Index(benchRequest, "\r\n"):])
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := parseResponse(in, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheckRequest is what a request costs beside its parsing: validation, framing, reuse and writing.
func BenchmarkCheckRequest(b *testing.B) {
	r, _, err := parseRequest([]byte(benchRequest), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if err := ValidateRequest(r); err != nil {
			b.Fatal(err)
		}
		if _, err := RequestFraming(r); err != nil {
			b.Fatal(err)
		}
		if !KeepAlive(r.Version, r.Headers) {
			b.Fatal("not kept alive")
		}
		out = AppendRequest(out[:0], r)
	}
}

func BenchmarkChunked(b *testing.B) {
	in := AppendLastChunk(AppendChunk(nil, make([]byte, 16<<10)), nil)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewBodyReader(Framing{Kind: Chunked}, 0)
		for rest, done := in, false; !done; {
			_, n, d, err := r.Next(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest, done = rest[n:], d
		}
	}
}
