package layers_test

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// An odd request is one that is ambiguous, broken or unusual, as a client of one version of HTTP says it.
type odd struct {
	name string
	says string // HTTP/1: all that the client sends. HTTP/2: frames
	// sees is what a server must see, as seen writes it; "" if the request must not get there.
	sees string
}

const (
	oddHost = "POST /first HTTP/1.1\r\nHost: example.com\r\n"
	chunked = oddHost + "Transfer-Encoding: chunked\r\n\r\n"
	five    = oddHost + "Content-Length: 5\r\n"
	first   = `POST /first example.com "hello"`
	nothing = `POST /first example.com ""`
	follows = ` | GET /second example.com ""`
)

// hidden is a request inside the body of another one, where everybody agrees that it is one.
const hidden = "0\r\n\r\n" + second

// oddHTTP1 are requests over HTTP/1. What follows them is in the same breath, as it is in the attacks that are known.
var oddHTTP1 = []odd{
	{"plain", five + "\r\nhello", first},
	{"pipelined", five + "\r\nhello" + second, first + follows},
	{"chunked", chunked + "5\r\nhello\r\n0\r\n\r\n", first},
	{"chunked, pipelined", chunked + "5\r\nhello\r\n" + hidden, first + follows},
	{"request in a body", oddHost + "Content-Length: 44\r\n\r\n" + second + "x", `POST /first example.com "GET /second HTTP/1.1\r\nHost: example.com\r\n\r\nx"`},

	{"length and coding", five + "Transfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"coding and length", oddHost + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + hidden, ""},
	{"two lengths", five + "Content-Length: 48\r\n\r\nhello" + second, ""},
	{"two lengths that agree", five + "Content-Length: 5\r\n\r\nhello", ""},
	{"list of lengths", oddHost + "Content-Length: 5, 5\r\n\r\nhello", ""},
	{"list of other lengths", oddHost + "Content-Length: 5, 48\r\n\r\nhello" + second, ""},
	{"length with a sign", oddHost + "Content-Length: +5\r\n\r\nhello", ""},
	{"negative length", oddHost + "Content-Length: -5\r\n\r\nhello", ""},
	{"length in hexadecimal", oddHost + "Content-Length: 0x5\r\n\r\nhello", ""},
	{"length with a zero in front", oddHost + "Content-Length: 05\r\n\r\nhello", ""},
	{"length with a blank inside", oddHost + "Content-Length: 5 3\r\n\r\nhello", ""},
	{"length with blanks around", oddHost + "Content-Length: \t 5 \t\r\n\r\nhello", first},
	{"length with VT", oddHost + "Content-Length: \v5\r\n\r\nhello", ""},
	{"length with a point", oddHost + "Content-Length: 5.0\r\n\r\nhello", ""},
	{"length in other digits", oddHost + "Content-Length: \u0665\r\n\r\nhello", ""},
	{"length of 2^64+5", oddHost + "Content-Length: 18446744073709551621\r\n\r\nhello", ""},
	{"empty length", oddHost + "Content-Length:\r\n\r\nhello", ""},
	{"length too short", oddHost + "Content-Length: 0\r\n\r\n" + second, nothing + follows},
	{"no length", oddHost + "\r\n" + second, nothing + follows},
	{"underscores", five + "Transfer_Encoding: chunked\r\n\r\nhello", first},
	{"blank before the colon", five + "Transfer-Encoding : chunked\r\n\r\nhello", ""},
	{"blank before the colon of the length", oddHost + "Content-Length : 5\r\n\r\nhello", ""},

	{"folded coding", oddHost + "Transfer-Encoding:\r\n chunked\r\n\r\n" + hidden, ""},
	{"coding folded into another field", five + "X: y\r\n Transfer-Encoding: chunked\r\n\r\nhello", ""},
	{"fold in front", "POST /first HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: example.com\r\n\r\n" + hidden, ""},
	{"fold with a tab", five + "X: y\r\n\tTransfer-Encoding: chunked\r\n\r\nhello", ""},
	{"coding with blanks around", oddHost + "Transfer-Encoding: \t chunked \t\r\n\r\n5\r\nhello\r\n0\r\n\r\n", first},
	{"coding in capitals", oddHost + "TRANSFER-ENCODING: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n", first},
	{"coding with VT", oddHost + "Transfer-Encoding: \vchunked\r\n\r\n" + hidden, ""},
	{"coding with a no-break space", oddHost + "Transfer-Encoding: \u00a0chunked\r\n\r\n" + hidden, ""},
	{"coding with NUL", oddHost + "Transfer-Encoding: chunked\x00\r\n\r\n" + hidden, ""},
	{"coding in quotes", oddHost + "Transfer-Encoding: \"chunked\"\r\n\r\n" + hidden, ""},
	{"coding with a parameter", oddHost + "Transfer-Encoding: chunked;q=1\r\n\r\n" + hidden, ""},
	{"xchunked", oddHost + "Transfer-Encoding: xchunked\r\n\r\n" + hidden, ""},
	{"identity", oddHost + "Transfer-Encoding: identity\r\n\r\n" + second, ""},
	{"identity, chunked", oddHost + "Transfer-Encoding: identity, chunked\r\n\r\n" + hidden, ""},
	{"chunked, identity", oddHost + "Transfer-Encoding: chunked, identity\r\n\r\n" + hidden, ""},
	{"chunked twice", oddHost + "Transfer-Encoding: chunked, chunked\r\n\r\n" + hidden, ""},
	{"empty element", oddHost + "Transfer-Encoding: , chunked\r\n\r\n" + hidden, ""},
	{"empty coding", oddHost + "Transfer-Encoding:\r\n\r\n" + second, ""},
	{"two codings", oddHost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"two codings, one unknown", oddHost + "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"coding in HTTP/1.0", "POST /first HTTP/1.0\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"coding in HTTP/2.0", "POST /first HTTP/2.0\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"coding in HTTP/1.2", "POST /first HTTP/1.2\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},

	{"chunk extension", chunked + "5;a=b;c\r\nhello\r\n0;d\r\n\r\n", first},
	{"chunk extension with LF", chunked + "5;a\nhello\r\n" + hidden, ""},
	{"chunk extension with a quoted line end", chunked + "5;a=\"\r\nhello\r\n\"\r\n" + hidden, ""},
	{"chunk extension with CR", chunked + "5;a\rb\r\nhello\r\n" + hidden, ""},
	{"chunk size with blanks", chunked + "5 \r\nhello\r\n0\t\r\n\r\n", first},
	{"chunk size behind a blank", chunked + " 5\r\nhello\r\n0\r\n\r\n", ""},
	{"chunk size with zeros in front", chunked + "0005\r\nhello\r\n000\r\n\r\n", first},
	{"chunk size in capitals", chunked + "A\r\nhellohello\r\n0\r\n\r\n", `POST /first example.com "hellohello"`},
	{"chunk size with 0x", chunked + "0x5\r\nhello\r\n0\r\n\r\n", ""},
	{"chunk size with a sign", chunked + "+5\r\nhello\r\n0\r\n\r\n", ""},
	{"chunk size of 2^64", chunked + "10000000000000000\r\nhello\r\n0\r\n\r\n", ""},
	{"chunk size of 2^64+5", chunked + "10000000000000005\r\nhello\r\n0\r\n\r\n", ""},
	{"chunk size with an underscore", chunked + "0_5\r\nhello\r\n0\r\n\r\n", ""},
	{"no chunk size", chunked + "\r\nhello\r\n0\r\n\r\n", ""},
	{"chunks that end in LF", chunked + "5\nhello\n0\n\n", ""},
	{"chunk that ends in LF", chunked + "5\r\nhello\n0\r\n\r\n", ""},
	{"chunk that ends in CR", chunked + "5\r\nhello\r0\r\n\r\n", ""},
	{"chunk that is too long", chunked + "5\r\nhelloXX\r\n0\r\n\r\n", ""},
	{"chunk that is too short", chunked + "7\r\nhello\r\n0\r\n\r\n", ""},
	{"no last chunk", chunked + "5\r\nhello\r\n", ""},
	{"trailers", chunked + "5\r\nhello\r\n0\r\nX: y\r\n\r\n", first + " X: y"},
	{"length among trailers", chunked + "5\r\nhello\r\n0\r\nContent-Length: 43\r\n\r\n" + second, ""},
	{"coding among trailers", chunked + "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"host among trailers", chunked + "5\r\nhello\r\n0\r\nHost: other.test\r\n\r\n", ""},
	{"folded trailer", chunked + "5\r\nhello\r\n0\r\nX: y\r\n Content-Length: 43\r\n\r\n" + second, ""},
	{"trailers that end in LF", chunked + "5\r\nhello\r\n0\r\nX: y\n\n" + second, ""},

	{"lines that end in LF", "POST /first HTTP/1.1\nHost: example.com\nContent-Length: 5\n\nhello", first},
	{"head that ends in LF", five + "\nhello", first},
	{"line that ends in CR", five + "X: y\rTransfer-Encoding: chunked\r\n\r\nhello", ""},
	{"head that ends in CR", five + "\r\rhello", ""},
	{"CR CR LF", five + "X: y\r\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"CR in a name", five + "X\rTransfer-Encoding: chunked\r\n\r\n" + hidden, ""},
	{"NUL in a value", five + "X: a\x00b\r\n\r\nhello", ""},
	{"NUL in a name", five + "X\x00: y\r\n\r\nhello", ""},
	{"name in 8 bits", five + "X\xe9: y\r\n\r\nhello", ""},
	{"value in 8 bits", five + "X: \xe9\r\n\r\nhello", first},
	{"name with a blank", five + "X Y: z\r\n\r\nhello", ""},
	{"name that is no token", five + "(X): y\r\n\r\nhello", ""},
	{"no name", five + ": y\r\n\r\nhello", ""},
	{"no colon", five + "X\r\n\r\nhello", ""},
	{"pseudo-header field", five + ":path: /second\r\n\r\nhello", ""},

	{"two hosts", five + "Host: other.test\r\n\r\nhello", ""},
	{"two hosts that agree", five + "Host: example.com\r\n\r\nhello", ""},
	{"URL with a login", "POST http://example.com@other.test/first HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"blank in the target", "POST /first HTTP/1.1\r\nX: HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", first},
	{"blank in the path", "POST /first /second HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"CR in the path", "POST /first\rX HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"many blanks", "POST  /first\tHTTP/1.1 \r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", first},
	{"lines in front", "\r\n\r\n" + five + "\r\nhello", first},
	{"no version", "POST /first\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"HTTP/2.0", "POST /first HTTP/2.0\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"HTTP/0.9", "POST /first HTTP/0.9\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"HTTP/1.0", "POST /first HTTP/1.0\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", first},
	{"method that is no token", "PO(ST /first HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", ""},

	{"expect", five + "Expect: 100-continue\r\n\r\nhello", first},
	{"GET with a body", "GET /first HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", `GET /first example.com "hello"`},
	{"HEAD with a body", "HEAD /first HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello", `HEAD /first example.com "hello"`},
	{"GET in chunks", "GET /first HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", `GET /first example.com "hello"`},
	{"CONNECT with a body", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\nContent-Length: 43\r\n\r\n" + second, ""},
	{"upgrade to h2c", five + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\nhello", first},
	{"hop-by-hop length", five + "Connection: Content-Length\r\n\r\nhello", first},
	{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\n" + second, ""},
}

// oddHTTP2 are requests over HTTP/2.
var oddHTTP2 = []odd{
	{"plain", say("hello"), first},
	{"length", say("hello", "content-length", "5"), first},
	{"request in a body", say(hidden + "x"), `POST /first example.com "0\r\n\r\nGET /second HTTP/1.1\r\nHost: example.com\r\n\r\nx"`},
	{"request in a body of a length", say(hidden+"x", "content-length", "49"), `POST /first example.com "0\r\n\r\nGET /second HTTP/1.1\r\nHost: example.com\r\n\r\nx"`},
	{"length too short", say("hello"+second, "content-length", "5"), ""},
	{"length too long", say("hello", "content-length", "500"), ""},
	{"length of 0", say("hello", "content-length", "0"), ""},
	{"length without a body", say("", "content-length", "5"), ""},
	{"two lengths", say("hello", "content-length", "5", "content-length", "500"), ""},
	{"two lengths that agree", say("hello", "content-length", "5", "content-length", "5"), ""},
	{"list of lengths", say("hello", "content-length", "5, 5"), ""},
	{"length with a sign", say("hello", "content-length", "+5"), ""},
	{"length with a zero in front", say("hello", "content-length", "05"), ""},
	{"length with a blank", say("hello", "content-length", "5 "), ""},
	{"length of 2^64+5", say("hello", "content-length", "18446744073709551621"), ""},
	{"empty length", say("hello", "content-length", ""), ""},

	{"coding", say(hidden, "transfer-encoding", "chunked"), ""},
	{"coding and length", say(hidden, "content-length", "48", "transfer-encoding", "chunked"), ""},
	{"connection", say("hello", "connection", "close"), ""},
	{"keep-alive", say("hello", "keep-alive", "5"), ""},
	{"proxy-connection", say("hello", "proxy-connection", "close"), ""},
	{"upgrade", say("hello", "upgrade", "h2c"), ""},
	{"te", say("hello", "te", "trailers"), first},
	{"te of another kind", say("hello", "te", "gzip"), ""},

	{"name in capitals", say("hello", "X", "y"), ""},
	{"length in capitals", say("hello", "Content-Length", "500"), ""},
	{"no name", say("hello", "", "y"), ""},
	{"name with a blank", say("hello", "x ", "y"), ""},
	{"name with a colon", say(hidden, "transfer-encoding: chunked\r\nx", "y"), ""},
	{"name with a colon alone", say(hidden, "transfer-encoding:chunked", ""), ""},
	{"name with NUL", say("hello", "x\x00", "y"), ""},
	{"name in 8 bits", say("hello", "x\xe9", "y"), ""},
	{"value with CR LF", say(hidden, "x", "y\r\ntransfer-encoding: chunked"), ""},
	{"value with LF", say(hidden, "x", "y\ntransfer-encoding: chunked"), ""},
	{"value with CR", say(hidden, "x", "y\rtransfer-encoding: chunked"), ""},
	{"value with NUL", say("hello", "x", "y\x00"), ""},
	{"value with a blank in front", say("hello", "x", " y"), ""},
	{"value with a tab behind", say("hello", "x", "y\t"), ""},
	{"value in 8 bits", say("hello", "x", "\xe9"), first},
	{"request in a value", say("", "x", "y\r\n\r\n"+second), ""},

	{"pseudo-header field behind", say("hello", "x", "y", ":path", "/second"), ""},
	{"pseudo-header field twice", say("hello", ":path", "/second"), ""},
	{"pseudo-header field that is unknown", say("hello", ":other", "x"), ""},
	{"status", say("hello", ":status", "200"), ""},
	{"no path", say("hello", "-:path", ""), ""},
	{"no method", say("hello", "-:method", ""), ""},
	{"no scheme", say("hello", "-:scheme", ""), ""},
	{"no authority", say("hello", "-:authority", ""), ""},
	{"host alone", say("hello", "-:authority", "", "host", "example.com"), first},
	{"host that agrees", say("hello", "host", "example.com"), first},
	{"other host", say("hello", "host", "other.test"), ""},
	{"two hosts", say("hello", "host", "example.com", "host", "example.com"), ""},
	{"empty path", say("hello", "=:path", ""), ""},
	{"path with a blank", say("hello", "=:path", "/second HTTP/1.1"), ""},
	{"path with a tab", say("hello", "=:path", "/second\tHTTP/1.1"), ""},
	{"path with CR LF", say("hello", "=:path", "/ HTTP/1.1\r\nHost: example.com\r\n\r\n"+second), ""},
	{"path with NUL", say("hello", "=:path", "/first\x00"), ""},
	{"path without a slash", say("hello", "=:path", "first"), ""},
	{"path that is a URL", say("hello", "=:path", "http://other.test/"), ""},
	{"asterisk", say("hello", "=:path", "*"), ""},
	{"method with a blank", say("hello", "=:method", "GET /second"), ""},
	{"method with a request", say("hello", "=:method", second+"POST"), ""},
	{"empty method", say("hello", "=:method", ""), ""},
	{"scheme with a request", say("hello", "=:scheme", "https://example.com/ HTTP/1.1\r\n\r\n"+second), ""},
	{"other scheme", say("hello", "=:scheme", "ftp"), ""},
	{"authority with a login", say("hello", "=:authority", "other.test@example.com"), ""},
	{"authority with CR LF", say("hello", "=:authority", "example.com\r\n\r\n"+second), ""},
	{"authority with a blank", say("hello", "=:authority", "example.com other.test"), ""},
	{"authority with a path", say("hello", "=:authority", "example.com/second"), ""},
	{"authority with a port out of range", say("hello", "=:authority", "example.com:70000"), ""},

	{"CONNECT", say("", "=:method", "CONNECT", "-:scheme", "", "-:path", "", "=:authority", "example.com:443"), ""},
	{"CONNECT with a path", say("", "=:method", "CONNECT"), ""},
	{"protocol without CONNECT", say("hello", ":protocol", "websocket"), ""},
	{"expect", say("hello", "expect", "100-continue"), first},
	{"GET with a body", say("hello", "=:method", "GET"), `GET /first example.com "hello"`},
	{"HEAD with a body", say("hello", "=:method", "HEAD"), `HEAD /first example.com "hello"`},
	{"trailers", saysTrailers("x", "y"), first + " x: y"},
	{"length among trailers", saysTrailers("content-length", "500"), ""},
	{"coding among trailers", saysTrailers("transfer-encoding", "chunked"), ""},
	{"host among trailers", saysTrailers("host", "other.test"), ""},
	{"pseudo-header field among trailers", saysTrailers(":path", "/second"), ""},
	{"request in trailers", saysTrailers("x", "y\r\n\r\n"+second), ""},
	{"trailers that do not end the stream", saysHead(1, false) + string(h2.AppendHeaders(nil, 1, false, headerBlock("x", "y"), h2.MaxFrame)), ""},
	{"body behind the end", say("hello") + string(h2.AppendData(nil, 1, true, []byte(second))), ""},
	{"body of no stream", string(h2.AppendData(nil, 1, true, []byte(second))), ""},
	{"stream with an even number", saysHead(2, true), ""},
}

// say returns the frames of a request. A pair whose name begins with = changes a pseudo-header field, one with - leaves it out.
func say(body string, pairs ...string) string {
	s := saysHead(1, body == "", pairs...)
	if body != "" {
		s += string(h2.AppendData(nil, 1, true, []byte(body)))
	}
	return s
}

func saysHead(id uint32, end bool, pairs ...string) string {
	fields := changeFields([]string{":method", "POST", ":scheme", "https", ":authority", "example.com", ":path", "/first"}, pairs)
	return string(h2.AppendHeaders(nil, id, end, headerBlock(fields...), h2.MaxFrame))
}

func changeFields(fields, pairs []string) []string {
	for i := 0; i < len(pairs); i += 2 {
		how, name := pairs[i], ""
		if how != "" {
			name = how[1:]
		}
		at := 0
		for at < len(fields) && fields[at] != name {
			at += 2
		}
		switch {
		case strings.HasPrefix(how, "="):
			fields[at+1] = pairs[i+1]
		case strings.HasPrefix(how, "-"):
			fields = append(fields[:at:at], fields[at+2:]...)
		default:
			fields = append(fields, pairs[i:i+2]...)
		}
	}
	return fields
}

func saysTrailers(pairs ...string) string {
	b := h2.AppendData([]byte(saysHead(1, false)), 1, false, []byte("hello"))
	return string(h2.AppendHeaders(b, 1, true, headerBlock(pairs...), h2.MaxFrame))
}

// TestOddRequests sends odd requests from clients of both versions to servers of both. What a server gets is read by several
// readers that know less or more than they should: all of them must see the one request that everybody agrees on, or none.
func TestOddRequests(t *testing.T) {
	for version, all := range map[string][]odd{"h1": oddHTTP1, "h2": oddHTTP2} {
		for _, server := range []string{"h1", "h2"} {
			for _, o := range all {
				t.Run(version+" to "+server+"/"+o.name, func(t *testing.T) {
					b := h2Play(t, version == "h2", server == "h2", layer.Options{})
					for who, got := range b.exchange([]byte(o.says)) {
						if got = strings.ReplaceAll(got, " X: y", " x: y"); got != strings.ReplaceAll(o.sees, " X: y", " x: y") {
							t.Errorf("%s sees\n\t%s\nand not\n\t%s", who, got, o.sees)
						}
					}
				})
			}
		}
	}
}

// exchange says what a client says, lets the server answer each whole request, and returns what readers see in all that the server got.
func (b *h2Book) exchange(says []byte) map[string]string {
	client, server := b.conn("client"), b.conn("server")
	if b.peers["client"] != nil {
		says = append(h2.AppendSettings([]byte(h2.Preface)), says...)
	}
	b.Data(client, says)
	if b.peers["server"] != nil {
		return map[string]string{"a server": b.exchangeHTTP2()}
	}
	var sent strings.Builder
	for answered := 0; ; answered++ {
		for _, l := range b.TakeAll() {
			if quoted, ok := strings.CutPrefix(l, "send server "); ok {
				sent.WriteString(unquote(b.t, quoted))
			}
		}
		if server.State == 0 || answered >= len(strictReader.requests(sent.String())) {
			break
		}
		b.Data(server, []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	}
	seen := map[string]string{}
	for name, r := range readers {
		seen[name] = strings.Join(r.requests(sent.String()), " | ")
	}
	return seen
}

func (b *h2Book) exchangeHTTP2() string {
	b.Data(b.conn("server"), h2.AppendSettings(nil))
	var all []*seenStream
	for {
		fresh := false
		for _, l := range b.output() {
			if rest, ok := strings.CutPrefix(l, "server "); ok {
				all, fresh = seeFrame(all, rest), true
			}
		}
		for _, s := range all {
			if s.end && !s.answered && b.conn("server").State != 0 {
				s.answered = true
				b.Data(b.conn("server"), h2.AppendHeaders(nil, s.id, true, headerBlock(":status", "200"), h2.MaxFrame))
			}
		}
		if !fresh {
			break
		}
	}
	var seen []string
	for _, s := range all {
		if s.end && !s.reset {
			seen = append(seen, s.String())
		}
	}
	return strings.Join(seen, " | ")
}

var _ = http2.ErrCodeNo
