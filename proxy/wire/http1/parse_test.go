package http1

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/proxy/flow"
)

func request(method, scheme, authority, path, host string, port int, h flow.Headers) *flow.Request {
	return &flow.Request{
		HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Headers: h},
		Method:      method, Scheme: scheme, Authority: authority, Path: path, Host: host, Port: port,
	}
}

var bodies = cmp.Comparer(func(a, b flow.Body) bool { return a.Equal(&b) })

func TestParseRequest(t *testing.T) {
	for _, c := range []struct {
		in   string
		want *flow.Request
	}{
		{"GET /a?b HTTP/1.1\r\n\r\n", request("GET", "", "", "/a?b", "", 0, nil)},
		{"GET /\x80\xff HTTP/1.1\n\n", request("GET", "", "", "/\x80\xff", "", 0, nil)},
		{"\r\n\nGET / HTTP/1.1\r\n\r\n", request("GET", "", "", "/", "", 0, nil)},
		{" GET  \t/ HTTP/1.1 \r\n\r\n", request("GET", "", "", "/", "", 0, nil)},
		{"OPTIONS * HTTP/1.1\r\n\r\n", request("OPTIONS", "", "", "*", "", 0, nil)},
		{"OPTIONS http://a:81 HTTP/1.1\r\n\r\n", request("OPTIONS", "http", "a:81", "*", "a", 81, nil)},
		{"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", request("CONNECT", "", "[::1]:443", "", "::1", 443, nil)},
		{"GET http://a.b HTTP/1.1\r\n\r\n", request("GET", "http", "a.b", "/", "a.b", 80, nil)},
		{"GET HTTPS://a/b//c HTTP/1.1\r\n\r\n", request("GET", "https", "a", "/b//c", "a", 443, nil)},
		{"GET http://a?q HTTP/1.1\r\n\r\n", request("GET", "http", "a", "/?q", "a", 80, nil)},
		{"GET ftp://a:21/b HTTP/1.1\r\n\r\n", request("GET", "ftp", "a:21", "/b", "a", 21, nil)},
		{"GET / HTTP/1.1\nhOst: \t a \t\r\nX:\r\nX: a\tb:\xe9\nhost:b\n\r\n", request("GET", "", "", "/", "", 0, flow.Headers{
			{Name: "hOst", Value: "a"}, {Name: "X"}, {Name: "X", Value: "a\tb:\xe9"}, {Name: "host", Value: "b"},
		})},
	} {
		got, n, err := parseRequest([]byte(c.in+"rest"), Limits{})
		if err != nil || n != len(c.in) {
			t.Errorf("%q: n = %d, err = %v", c.in, n, err)
			continue
		}
		if d := cmp.Diff(c.want, got, bodies); d != "" {
			t.Errorf("%q: %s", c.in, d)
		}
	}
}

func TestParseRequestErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"GET /\r\n\r\n", "Bad HTTP request line"},
		{"GET / b HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"G:T / HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET /\x00 HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET /\r HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET foo HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET foo://a/ HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET http://u@a/ HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET http:///a HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET http://a:0/ HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET http://a:/ HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET http://::1/ HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET http://[a]/ HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"CONNECT a HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"CONNECT /a HTTP/1.1\r\n\r\n", "Bad HTTP request line"},
		{"GET / HTTP/11\r\n\r\n", "Unknown HTTP version"},
		{"GET / http/1.1\r\n\r\n", "Unknown HTTP version"},
		{"\n\n\n\n\n", "too many empty lines"},
	} {
		r, _, err := parseRequest([]byte(c.in), Limits{})
		if e := (*Error)(nil); !errors.As(err, &e) || !strings.HasPrefix(e.Msg, c.want) || e.Head || r != nil {
			t.Errorf("%q: got %v, %#v; want %s", c.in, r, err, c.want)
		}
	}
}

// TestParseFieldErrors checks that bad fields are refused while what is good is there to be shown.
func TestParseFieldErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"foo", "no colon"},
		{": b", "no name"},
		{" b: c", "folded line"},
		{"\tb", "folded line"},
		{"a : b", "blank in the name"},
		{"a\t: b", "blank in the name"},
		{"a b: c", "blank in the name"},
		{"a\x00: b", "control character in the name"},
		{"a\r: b", "control character in the name"},
		{"\r", "control character in the name"},
		{"a: b\rc", "control character in the value"},
		{"a: b\r", "control character in the value"},
		{"a: b\x00", "control character in the value"},
		{"a: 12345678\x7f", "control character in the value"},
		{"a: 1234567\x1f90", "control character in the value"},
	} {
		in := "GET / HTTP/1.1\r\nA: 1\r\n" + c.in + "\r\nB: 2\r\n\r\n"
		r, _, err := parseRequest([]byte(in), Limits{})
		e := (*Error)(nil)
		if !errors.As(err, &e) || !e.Head || !strings.Contains(e.Msg, c.want) || !strings.HasPrefix(e.Msg, "Invalid header line: ") {
			t.Errorf("%q: got %v, want %s", c.in, err, c.want)
			continue
		}
		if d := cmp.Diff(flow.Headers{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}, r.Headers); d != "" {
			t.Errorf("%q: %s", c.in, d)
		}
	}
}

func TestParseResponse(t *testing.T) {
	for _, c := range []struct {
		in     string
		status int
		reason string
	}{
		{"HTTP/1.1 200 OK\r\n\r\n", 200, "OK"},
		{"HTTP/1.1 200 \r\n\r\n", 200, ""},
		{"HTTP/1.1 200\n\n", 200, ""},
		{"HTTP/1.1 999  Not \xe9t\t!\r\n\r\n", 999, "Not \xe9t\t!"},
		{"\r\nHTTP/1.1 101 a b c\r\n\r\n", 101, "a b c"},
	} {
		r, n, err := parseResponse([]byte(c.in), Limits{})
		if err != nil || n != len(c.in) || r.Status != c.status || r.Reason != c.reason || r.Version != "HTTP/1.1" {
			t.Errorf("%q: %+v, %d, %v", c.in, r, n, err)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"HTTP/1.1\r\n\r\n", "Bad HTTP response line"},
		{"HTTP/1.1 2000 OK\r\n\r\n", "Bad HTTP response line"},
		{"HTTP/1.1 +20 OK\r\n\r\n", "Bad HTTP response line"},
		{"HTTP/1.1 020 OK\r\n\r\n", "Bad HTTP response line"},
		{"HTTP/1.1 200 O\rK\r\n\r\n", "Bad HTTP response line"},
		{"ICY 200 OK\r\n\r\n", "Unknown HTTP version"},
	} {
		r, _, err := parseResponse([]byte(c.in), Limits{})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || r != nil {
			t.Errorf("%q: got %v, want %s", c.in, err, c.want)
		}
	}
}

func TestStrict(t *testing.T) {
	good := "\r\nGET / HTTP/1.1\r\na: b\r\n\r\n"
	if _, n, err := parseRequest([]byte(good), Limits{Strict: true}); n != len(good) || err != nil {
		t.Fatalf("n = %d, err = %v", n, err)
	}
	for _, in := range []string{
		"\nGET / HTTP/1.1\r\na: b\r\n\r\n",
		"GET / HTTP/1.1\na: b\r\n\r\n",
		"GET / HTTP/1.1\r\na: b\n\r\n",
		"GET / HTTP/1.1\r\na: b\r\n\n",
		"GET / HTTP/1.1\r\n\n",
		"GET  / HTTP/1.1\r\n\r\n",
		"GET\t/ HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1 \r\n\r\n",
	} {
		if _, _, err := parseRequest([]byte(in), Limits{}); err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if _, _, err := parseRequest([]byte(in), Limits{Strict: true}); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
	if _, _, err := parseResponse([]byte("HTTP/1.1  200 OK\r\n\r\n"), Limits{Strict: true}); err == nil {
		t.Error("two blanks are taken")
	}
}

func TestLimits(t *testing.T) {
	start := "GET / HTTP/1.1\r\n"
	for _, c := range []struct {
		name, in string
		lim      Limits
		fields   int // -1: no request to show
	}{
		{"head", start + "a: b\r\nc: d\r\n\r\n", Limits{Head: 25}, 1},
		{"head without end", start + "a: b\r\nccccc", Limits{Head: 25}, 1},
		{"start line", start, Limits{Head: 10}, -1},
		{"fields", start + "a: b\r\nc: d\r\ne: f\r\n\r\n", Limits{Fields: 2}, 2},
		{"default head", start + strings.Repeat("x", 256<<10), Limits{}, 0},
		{"default fields", start + strings.Repeat("a:b\n", 1001) + "\n", Limits{}, 1000},
	} {
		r, _, err := parseRequest([]byte(c.in), c.lim)
		e := (*Error)(nil)
		if !errors.As(err, &e) || e.Head != (c.fields >= 0) {
			t.Errorf("%s: %v", c.name, err)
		} else if e.Head && len(r.Headers) != c.fields {
			t.Errorf("%s: %d fields, want %d", c.name, len(r.Headers), c.fields)
		}
	}
	if _, n, err := parseRequest([]byte(start+"a: b\r\n\r\n"), Limits{Head: 24, Fields: 1}); n != 24 || err != nil {
		t.Errorf("a head as large as the limit: n = %d, err = %v", n, err)
	}
}

// parseRequest reads a head that is there at once.
func parseRequest(b []byte, lim Limits) (r *flow.Request, n int, err error) {
	return new(Scanner).Request(b, lim)
}

func parseResponse(b []byte, lim Limits) (r *flow.Response, n int, err error) {
	return new(Scanner).Response(b, lim)
}
