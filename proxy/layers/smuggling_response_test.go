package layers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

const (
	okay   = "HTTP/1.1 200 OK\r\n"
	forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
)

// An oddAnswer is a response that somebody could take for another, or for two.
type oddAnswer struct {
	name   string
	method string // of the request, GET if empty
	says   string // HTTP/1: all that the server sends. HTTP/2: frames
	// sees is what the client must see, the second response apart: status and body; "" if it must see that something is wrong.
	sees string
}

var oddAnswers1 = []oddAnswer{
	{"length", "", okay + "Content-Length: 5\r\n\r\nhello", `200 "hello"`},
	{"chunks", "", okay + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n", `200 "hello"`},
	{"early hints", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + okay + "Content-Length: 5\r\n\r\nhello", `200 "hello"`},
	{"HEAD", "HEAD", okay + "Content-Length: 5\r\n\r\n", `200 ""`},
	{"HEAD in chunks", "HEAD", okay + "Transfer-Encoding: chunked\r\n\r\n", `200 ""`},
	{"304 with a length", "", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", `304 ""`},
	{"lines that end in LF", "", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", `200 "hello"`},

	{"two answers", "", okay + "Content-Length: 5\r\n\r\nhello" + forged, `200 "hello"`},
	{"body of a HEAD", "HEAD", okay + "Content-Length: 51\r\n\r\n" + forged, `200 ""`},
	{"body of a 204", "", "HTTP/1.1 204 No Content\r\nContent-Length: 51\r\n\r\n" + forged, `204 ""`},
	{"body of a 304", "", "HTTP/1.1 304 Not Modified\r\nContent-Length: 51\r\n\r\n" + forged, `304 ""`},
	{"length of 0", "", okay + "Content-Length: 0\r\n\r\n" + forged, `200 ""`},
	{"behind the last chunk", "", okay + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + forged, `200 ""`},

	{"chunks of a 204", "", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"body of a 100", "", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + forged, ""},
	{"101 that nobody wanted", "", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + forged, ""},
	{"many interim responses", "", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 200), ""},
	{"length and coding", "", okay + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"two lengths", "", okay + "Content-Length: 5\r\nContent-Length: 56\r\n\r\nhello" + forged, ""},
	{"two lengths that agree", "", okay + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"list of lengths", "", okay + "Content-Length: 5, 5\r\n\r\nhello", ""},
	{"length with a sign", "", okay + "Content-Length: +5\r\n\r\nhello", ""},
	{"length with a zero in front", "", okay + "Content-Length: 05\r\n\r\nhello", ""},
	{"xchunked", "", okay + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"coding with VT", "", okay + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"folded coding", "", okay + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"two codings", "", okay + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"coding in HTTP/1.0", "", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + forged, ""},
	{"HTTP/2.0", "", "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"status of two digits", "", "HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"status with a sign", "", "HTTP/1.1 +20 OK\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"blank before the colon", "", okay + "Content-Length : 5\r\n\r\nhello", ""},
	{"CR in a value", "", okay + "X: y\rContent-Length: 0\r\n\r\n" + forged, ""},
	{"NUL in a value", "", okay + "X: \x00\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"name that is no token", "", okay + "X Y: z\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"LF in an extension", "", okay + "Transfer-Encoding: chunked\r\n\r\n5;a\nhello\r\n0\r\n\r\n", ""},
	{"chunks that end in LF", "", okay + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", ""},
	{"length among trailers", "", okay + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nContent-Length: 0\r\n\r\n", ""},
	{"ends early", "", okay + "Content-Length: 10\r\n\r\nhello", ""},
	{"ends in a chunk", "", okay + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ""},
	{"HTTP/0.9", "", "<html>hello</html>", ""},
}

var oddAnswers2 = []oddAnswer{
	{"body", "", answer("hello"), `200 "hello"`},
	{"length", "", answer("hello", "content-length", "5"), `200 "hello"`},
	{"early hints", "", answerHead(false, "=:status", "103") + answer("hello"), `200 "hello"`},
	{"HEAD", "HEAD", answerHead(true, "content-length", "5"), `200 ""`},
	{"304 with a length", "", answerHead(true, "=:status", "304", "content-length", "5"), `304 ""`},
	{"trailers", "", answerTrailers("x", "y"), `200 "hello"`},
	{"body that is a response", "", answer(forged), `200 "` + strings.ReplaceAll(forged, "\r\n", `\r\n`) + `"`},

	{"body of a HEAD", "HEAD", answer(forged), ""},
	{"body of a 204", "", answer(forged, "=:status", "204"), ""},
	{"body of a 304", "", answer(forged, "=:status", "304"), ""},
	{"body of a 304 with a length", "", answer(forged, "=:status", "304", "content-length", "51"), ""},
	{"length too short", "", answer("hello"+forged, "content-length", "5"), ""},
	{"length too long", "", answer("hello", "content-length", "500"), ""},
	{"length of 0", "", answer(forged, "content-length", "0"), ""},
	{"length without a body", "", answerHead(true, "content-length", "5"), ""},
	{"two lengths", "", answer("hello", "content-length", "5", "content-length", "5"), ""},
	{"list of lengths", "", answer("hello", "content-length", "5, 5"), ""},
	{"length with a sign", "", answer("hello", "content-length", "+5"), ""},
	{"coding", "", answer("0\r\n\r\n"+forged, "transfer-encoding", "chunked"), ""},
	{"connection", "", answer("hello", "connection", "close"), ""},
	{"upgrade", "", answer("hello", "upgrade", "h2c"), ""},
	{"name in capitals", "", answer("hello", "X", "y"), ""},
	{"name with a colon", "", answer("hello", "x: y\r\ncontent-length", "0"), ""},
	{"value with CR LF", "", answer("hello", "x", "y\r\ncontent-length: 0\r\n\r\n"+forged), ""},
	{"value with LF", "", answer("hello", "x", "y\ncontent-length: 0"), ""},
	{"value with NUL", "", answer("hello", "x", "\x00"), ""},
	{"no status", "", answer("hello", "-:status", ""), ""},
	{"status twice", "", answer("hello", ":status", "200"), ""},
	{"status of two digits", "", answer("hello", "=:status", "20"), ""},
	{"status with a request", "", answer("hello", "=:status", "200 OK\r\n\r\n"+forged), ""},
	{"status 101", "", answer("hello", "=:status", "101"), ""},
	{"path", "", answer("hello", ":path", "/"), ""},
	{"status behind", "", answer("hello", "x", "y", ":status", "200"), ""},
	{"interim response that ends the stream", "", answerHead(true, "=:status", "103"), ""},
	{"many interim responses", "", strings.Repeat(answerHead(false, "=:status", "103"), 200), ""},
	{"body before the head", "", string(h2.AppendData(nil, 1, true, []byte(forged))), ""},
	{"length among trailers", "", answerTrailers("content-length", "0"), ""},
	{"status among trailers", "", answerTrailers(":status", "200"), ""},
	{"two heads", "", answerHead(false) + answer(forged), ""},
	{"pushed", "", string(append(h2.AppendFrameHeader(nil, 4, http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, 1), 0, 0, 0, 2)), ""},
}

func answer(body string, pairs ...string) string {
	return answerHead(false, pairs...) + string(h2.AppendData(nil, 1, true, []byte(body)))
}

func answerHead(end bool, pairs ...string) string {
	fields := changeFields([]string{":status", "200"}, pairs)
	return string(h2.AppendHeaders(nil, 1, end, headerBlock(fields...), h2.MaxFrame))
}

func answerTrailers(pairs ...string) string {
	b := h2.AppendData([]byte(answerHead(false)), 1, false, []byte("hello"))
	return string(h2.AppendHeaders(b, 1, true, headerBlock(pairs...), h2.MaxFrame))
}

// TestOddAnswers answers requests of clients of both versions in odd ways, from servers of both. The client must see the one
// response that everybody agrees on, or that there is none, and never take what the server said for the answer to its next request.
func TestOddAnswers(t *testing.T) {
	for version, all := range map[string][]oddAnswer{"h1": oddAnswers1, "h2": oddAnswers2} {
		for _, client := range []string{"h1", "h2"} {
			for _, o := range all {
				t.Run(version+" to "+client+"/"+o.name, func(t *testing.T) {
					b := h2Play(t, client == "h2", version == "h2", layer.Options{})
					b.ctx.Server.TLS = false // so that it can be connected to again
					got := b.answered(&o)
					got, second := strings.TrimSuffix(got, ` | 200 "second"`), strings.HasSuffix(got, ` | 200 "second"`)
					refused := strings.HasPrefix(got, "502 ") || strings.HasPrefix(got, "broken") || got == ""
					if o.sees != "" && got != o.sees || o.sees == "" && !refused || strings.Contains(got, " | ") {
						t.Errorf("the client sees\n\t%s\nand not\n\t%s", got, o.sees)
					}
					if o.sees != "" && !second {
						t.Error("the next request has got no answer")
					}
				})
			}
		}
	}
}

// TestEarlyAnswers answers a request before it is whole, and then has the client say the rest, which looks like a request. It is none.
func TestEarlyAnswers(t *testing.T) {
	for _, client := range []string{"h1", "h2"} {
		for _, server := range []string{"h1", "h2"} {
			t.Run(client+" to "+server, func(t *testing.T) {
				b := h2Play(t, client == "h2", server == "h2", layer.Options{})
				b.ctx.Server.TLS, b.OnHook = false, stream
				head, rest := []byte(oddHost+"Content-Length: 49\r\n\r\nhello"), []byte(second)
				if client == "h2" {
					head = h2.AppendData(append(h2.AppendSettings([]byte(h2.Preface)), saysHead(1, false, "=:scheme", "http")...), 1, false, []byte("hello"))
					rest = h2.AppendData(nil, 1, true, rest)
				}
				b.Data(b.conn("client"), head)
				sent := b.TakeAll()
				early := []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				if server == "h2" {
					early = append(h2.AppendSettings(nil), answerHead(true)...)
				}
				b.Data(b.conn("server"), early)
				sent = append(sent, b.TakeAll()...)
				if b.conn("client").State != 0 {
					b.Data(b.conn("client"), rest)
					sent = append(sent, b.TakeAll()...)
				}
				for who, got := range b.gotRequests(sent) {
					if strings.Contains(got, "| ") || strings.HasPrefix(got, "GET") {
						t.Errorf("%s sees %s", who, got)
					}
				}
			})
		}
	}
}

// gotRequests returns what readers see in what was sent to the server.
func (b *h2Book) gotRequests(lines []string) map[string]string {
	var sent strings.Builder
	var streams []*seenStream
	for _, l := range lines {
		if strings.HasPrefix(l, "open ") {
			return map[string]string{"somebody": "another request | " + l}
		}
		quoted, ok := strings.CutPrefix(l, "send server ")
		if !ok {
			continue
		}
		sent.WriteString(unquote(b.t, quoted))
	}
	if p := b.peers["server"]; p != nil {
		for _, f := range p.frames(b.t, []byte(sent.String()), false) {
			streams = seeFrame(streams, f)
		}
		if len(streams) > 1 {
			return map[string]string{"a server": "one | two"}
		}
		return nil
	}
	seen := map[string]string{}
	for name, r := range readers {
		seen[name] = strings.Join(r.requests(sent.String()), " | ")
	}
	return seen
}

// TestNoBodyWhereNoneBelongs: an addon changes a response so that it has no body any more, and the client is sent none.
func TestNoBodyWhereNoneBelongs(t *testing.T) {
	b := h2Play(t, false, false, layer.Options{})
	b.OnHook = func(h layer.Hook) {
		if r, ok := h.(*layer.Response); ok {
			r.Flow.Response.Status = 204
		}
	}
	b.play(`
		>> client "$ONE\r\n"
		<< send server "$ONE\r\n"
		>> server "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
		<< send client "HTTP/1.1 204 OK\r\nContent-Length: 5\r\n\r\n"
		>> client "$ONE\r\n"
		<< send server "$ONE\r\n"
	`)
}

// answered has a client ask twice, and returns what it sees.
func (b *h2Book) answered(o *oddAnswer) string {
	method := o.method
	if method == "" {
		method = "GET"
	}
	b.ask(1, method, "/first")
	b.TakeAll()
	server := b.conn("server")
	says := []byte(o.says)
	if b.peers["server"] != nil {
		says = append(h2.AppendSettings(nil), says...)
	}
	b.Data(server, says)
	if server.State != 0 && strings.HasPrefix(o.name, "ends ") {
		b.Closed(server)
	}
	all := b.TakeAll()
	if b.conn("client").State != 0 {
		b.ask(3, "GET", "/second")
		all = append(all, b.serveSecond()...)
	}
	if b.peers["client"] != nil {
		return b.seenHTTP2(all)
	}
	var got strings.Builder
	for _, l := range all {
		if quoted, ok := strings.CutPrefix(l, "send client "); ok {
			got.WriteString(unquote(b.t, quoted))
		}
	}
	return seenHTTP1(got.String(), method)
}

func (b *h2Book) ask(id uint32, method, path string) {
	if b.peers["client"] == nil {
		b.Data(b.conn("client"), fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: example.com\r\n\r\n", method, path))
		return
	}
	var out []byte
	if id == 1 {
		out = h2.AppendSettings([]byte(h2.Preface))
	}
	block := headerBlock(":method", method, ":scheme", "http", ":authority", "example.com", ":path", path)
	b.Data(b.conn("client"), h2.AppendHeaders(out, id, true, block, h2.MaxFrame))
}

// serveSecond answers the second request properly, on the connection that it has come to.
func (b *h2Book) serveSecond() (all []string) {
	all = b.TakeAll()
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond"
	reply := h2.AppendHeaders(nil, 3, false, headerBlock(":status", "200"), h2.MaxFrame)
	reply = h2.AppendData(reply, 3, true, []byte("second"))
	for _, l := range all {
		switch {
		case strings.HasPrefix(l, "open "):
			b.Opened(nil)
			all = append(all, b.TakeAll()...)
			b.Data(&b.Server(2).Conn, []byte(answer))
		case strings.HasPrefix(l, "send server ") && b.peers["server"] == nil && strings.Contains(l, "/second"):
			b.Data(b.conn("server"), []byte(answer))
		case strings.HasPrefix(l, "send server ") && b.peers["server"] != nil && b.conn("server").State != 0:
			b.Data(b.conn("server"), reply)
		}
	}
	return append(all, b.TakeAll()...)
}

func seenHTTP1(s, method string) string {
	in := bufio.NewReader(strings.NewReader(s))
	var seen []string
	for {
		if _, err := in.Peek(1); err != nil {
			return strings.Join(seen, " | ")
		}
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return strings.Join(append(seen, "broken "+err.Error()), " | ")
		}
		if resp.StatusCode/100 == 1 {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return strings.Join(append(seen, "broken "+err.Error()), " | ")
		}
		seen, method = append(seen, fmt.Sprintf("%d %q", resp.StatusCode, body)), "GET"
	}
}

func (b *h2Book) seenHTTP2(lines []string) string {
	p := b.peers["client"]
	var all []*seenStream
	for _, l := range lines {
		quoted, ok := strings.CutPrefix(l, "send client ")
		if !ok {
			continue
		}
		for _, f := range p.frames(b.t, bytes.Clone([]byte(unquote(b.t, quoted))), false) {
			if !strings.Contains(f, ":status=1") {
				all = seeFrame(all, f)
			}
		}
	}
	var seen []string
	for _, s := range all {
		switch {
		case s.reset || !s.end:
			seen = append(seen, "broken")
		default:
			seen = append(seen, fmt.Sprintf("%s %q", strings.TrimPrefix(s.fields[0], ":status="), s.body))
		}
	}
	return strings.Join(seen, " | ")
}
