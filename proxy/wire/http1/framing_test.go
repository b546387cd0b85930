package http1

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// fields makes a list of "name: value" lines.
func fields(lines ...string) (h flow.Headers) {
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		h = append(h, flow.Header{Name: name, Value: value})
	}
	return h
}

func fails(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}

// A framingCase gives the fields of a request and of a response to it, their framing or parts of
// the errors, and parts of the errors of their validation.
type framingCase struct {
	name               string
	fields             flow.Headers
	req, resp          Framing
	reqErr, respErr    string
	validReq, validRes string
}

var framingCases = []framingCase{
	{name: "none", resp: Framing{Kind: UntilEOF}},
	{name: "length", fields: fields("Content-length: 12"), req: Framing{Length, 12}, resp: Framing{Length, 12}},
	{name: "zero", fields: fields("Content-Length: 0")},
	{name: "largest", fields: fields("content-length: 9223372036854775807"), req: Framing{Length, 1<<63 - 1}, resp: Framing{Length, 1<<63 - 1}},
	{name: "chunked", fields: fields("TRANSFER-ENCODING: Chunked"), req: Framing{Kind: Chunked}, resp: Framing{Kind: Chunked}},
	{name: "gzip, chunked", fields: fields("Transfer-Encoding: gzip ,\tchunked"), req: Framing{Kind: Chunked}, resp: Framing{Kind: Chunked}},
	{
		name: "identity", fields: fields("Transfer-Encoding: identity"), resp: Framing{Kind: UntilEOF},
		reqErr: "for request", validReq: "for request",
	},
	refused("unknown coding", "unknown transfer-encoding header", "Transfer-Encoding: xchunked"),
	refused("chunked twice", "unknown transfer-encoding header", "Transfer-Encoding: chunked, chunked"),
	refused("chunked first", "unknown transfer-encoding header", "Transfer-Encoding: chunked, gzip"),
	refused("empty coding", "unknown transfer-encoding header", "Transfer-Encoding: "),
	refused("coding in Latin-1", "invalid transfer-encoding header", "Transfer-Encoding: chunked\xa0"),
	refused("both", "both a transfer-encoding and a content-length", "Transfer-Encoding: chunked", "Content-Length: 1"),
	refused("two codings", "multiple transfer-encoding headers", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
	refused("equal lengths", "multiple content-length headers", "Content-Length: 1", "Content-Length: 1"),
	refused("lengths in one", "invalid content-length header", "Content-Length: 1, 1"),
	refused("leading zero", "invalid content-length header", "Content-Length: 01"),
	refused("sign", "invalid content-length header", "Content-Length: +1"),
	refused("negative", "invalid content-length header", "Content-Length: -1"),
	refused("hex", "invalid content-length header", "Content-Length: 0x1"),
	refused("empty length", "invalid content-length header", "Content-Length: "),
	refused("overflow", "invalid content-length header", "Content-Length: 9223372036854775808"),
}

func refused(name, why string, lines ...string) framingCase {
	return framingCase{name: name, fields: fields(lines...), reqErr: why, respErr: why, validReq: why, validRes: why}
}

func TestFraming(t *testing.T) {
	for _, c := range framingCases {
		m := flow.HTTPMessage{Version: "HTTP/1.1", Headers: c.fields}
		r, resp := &flow.Request{HTTPMessage: m, Method: "POST"}, &flow.Response{HTTPMessage: m, Status: 200}
		if f, err := RequestFraming(r); !fails(err, c.reqErr) || err == nil && f != c.req {
			t.Errorf("%s: request: %+v, %v", c.name, f, err)
		}
		if f, err := ResponseFraming(r, resp); !fails(err, c.respErr) || err == nil && f != c.resp {
			t.Errorf("%s: response: %+v, %v", c.name, f, err)
		}
		if err := ValidateRequest(r); !fails(err, c.validReq) {
			t.Errorf("%s: validate request: %v", c.name, err)
		}
		if err := ValidateResponse(resp); !fails(err, c.validRes) {
			t.Errorf("%s: validate response: %v", c.name, err)
		}
	}
}

func TestNoBody(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
		none   bool
	}{
		{"HEAD", 200, true}, {"CONNECT", 200, true}, {"CONNECT", 299, true}, {"CONNECT", 407, false},
		{"GET", 101, true}, {"GET", 204, true}, {"GET", 304, true}, {"GET", 200, false}, {"", 404, false},
	} {
		req := &flow.Request{Method: c.method}
		if c.method == "" {
			req = nil
		}
		resp := &flow.Response{HTTPMessage: flow.HTTPMessage{Headers: fields("Content-Length: 5")}, Status: c.status}
		f, err := ResponseFraming(req, resp)
		if err != nil || (f.Kind == None) != c.none {
			t.Errorf("%s %d: %+v, %v", c.method, c.status, f, err)
		}
	}
}

func TestValidate(t *testing.T) {
	chunked := "Transfer-Encoding: chunked"
	for _, c := range []struct {
		version string
		status  int
		line    string
		want    string
	}{
		{"HTTP/1.1", 200, "a-Z09!#$%&'*+.^_`|~: \x80", ""},
		{"HTTP/1.1", 200, "a(b: c", "invalid header name"},
		{"HTTP/2.0", 200, ": c", "invalid header name"},
		{"HTTP/1.1", 200, "\x80: c", "invalid header name"},
		{"HTTP/1.1", 200, "Content-Length : 1", "invalid header name"},
		{"HTTP/2.0", 200, "a: b\nc", "invalid header value"},
		{"HTTP/2.0", 200, "a: \x00", "invalid header value"},
		{"HTTP/1.0", 200, chunked, "unexpected HTTP transfer-encoding \"chunked\" for HTTP/1.0"},
		{"HTTP/2.0", 200, chunked, "unexpected HTTP transfer-encoding \"chunked\" for HTTP/2.0"},
		{"HTTP/1.1", 204, chunked, "for response with status code 204"},
		{"HTTP/1.1", 100, chunked, "for response with status code 100"},
	} {
		m := flow.HTTPMessage{Version: c.version, Headers: fields(c.line)}
		if err := ValidateResponse(&flow.Response{HTTPMessage: m, Status: c.status}); !fails(err, c.want) {
			t.Errorf("%s %d %q: response: %v", c.version, c.status, c.line, err)
		}
		if c.status != 200 {
			continue
		}
		if err := ValidateRequest(&flow.Request{HTTPMessage: m}); !fails(err, c.want) {
			t.Errorf("%s %q: request: %v", c.version, c.line, err)
		}
	}
	old := &flow.Request{HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.0", Headers: fields(chunked)}}
	if _, err := RequestFraming(old); err == nil {
		t.Error("chunked in HTTP/1.0 is framed")
	}
}

func TestKeepAlive(t *testing.T) {
	for _, c := range []struct {
		version string
		fields  flow.Headers
		want    bool
	}{
		{"HTTP/1.1", nil, true}, {"HTTP/1.0", nil, false}, {"HTTP/2.0", nil, true}, {"HTTP/3", nil, true},
		{"HTTP/1.1", fields("connection: Upgrade , CLOSE"), false},
		{"HTTP/1.1", fields("Connection: closed"), true},
		{"HTTP/1.0", fields("Connection: foo,Keep-Alive"), true},
		{"HTTP/1.0", fields("Connection: keep-alive", "Connection: close"), false},
		{"HTTP/1.1", fields("Keep-Alive: close"), true},
	} {
		if got := KeepAlive(c.version, c.fields); got != c.want {
			t.Errorf("%s %v: %v", c.version, c.fields, got)
		}
	}
}
