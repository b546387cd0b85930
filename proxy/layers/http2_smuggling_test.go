package layers_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"sluice/proxy/layer"
	"sluice/proxy/wire/h2"
)

// A strange is a request that somebody could take for two, as a client of each version says it.
type strange struct {
	name   string
	lines  []string // of HTTP/1, behind the Host field
	fields []string // of HTTP/2, behind or instead of the four pseudo-header fields
	body   string
}

const second = "GET /second HTTP/1.1\r\nHost: example.com\r\n\r\n"

var stranges = []strange{
	{"plain", nil, nil, "hello"},
	{"length", []string{"Content-Length: 5"}, []string{"content-length", "5"}, "hello"},
	{"length too short", []string{"Content-Length: 5"}, []string{"content-length", "5"}, "hello" + second},
	{"length too long", []string{"Content-Length: 500"}, []string{"content-length", "500"}, "hello"},
	{"no length", []string{"Content-Length: 0"}, []string{"content-length", "0"}, second},
	{"two lengths", []string{"Content-Length: 5", "Content-Length: 49"}, []string{"content-length", "5", "content-length", "49"}, "hello" + second},
	{"odd length", []string{"Content-Length: +5"}, []string{"content-length", "+5"}, "hello" + second},
	{"both", []string{"Content-Length: 5", "Transfer-Encoding: chunked"}, []string{"content-length", "5", "transfer-encoding", "chunked"}, "0\r\n\r\n" + second},
	{"coding", []string{"Transfer-Encoding: chunked"}, []string{"transfer-encoding", "chunked"}, "0\r\n\r\n" + second},
	{"odd coding", []string{"Transfer-Encoding : chunked"}, []string{"transfer-encoding ", "chunked"}, "0\r\n\r\n" + second},
	{"folded coding", []string{"X: y\r\n Transfer-Encoding: chunked"}, []string{"x", "y\r\n transfer-encoding: chunked"}, "0\r\n\r\n" + second},
	{"hidden coding", []string{"X: y\nTransfer-Encoding: chunked"}, []string{"x", "y\r\ntransfer-encoding: chunked"}, "0\r\n\r\n" + second},
	{"coding in a name", []string{"X\r: y"}, []string{"x: y\r\ntransfer-encoding", "chunked"}, "0\r\n\r\n" + second},
	{"request in a value", nil, []string{"x", "y\r\n\r\n" + second}, ""},
	{"request in the path", nil, []string{":path", "/ HTTP/1.1\r\nHost: example.com\r\n\r\n" + second}, ""},
	{"request in the method", nil, []string{":method", second + "POST"}, ""},
	{"request in the authority", nil, []string{":authority", "example.com\r\n\r\n" + second}, ""},
	{"blank in the path", nil, []string{":path", "/second HTTP/1.1"}, ""},
	{"absolute path", nil, []string{":path", "http://other.test/"}, ""},
	{"other host", []string{"Host: other.test"}, []string{"host", "other.test"}, ""},
	{"upgrade", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"}, []string{"upgrade", "h2c"}, ""},
	{"hop-by-hop host", []string{"Connection: Host"}, []string{"connection", "host"}, ""},
	{"status", nil, []string{":status", "200"}, ""},
	{"expect", []string{"Expect: 100-continue"}, []string{"expect", "100-continue"}, second},
}

// TestNothingIsSmuggled sends strange requests from clients of both versions to servers of
// both, and reads what they get with other eyes: no request, or the one that was sent.
func TestNothingIsSmuggled(t *testing.T) {
	for _, lax := range []bool{false, true} {
		for _, client := range []bool{false, true} {
			for _, server := range []bool{false, true} {
				for _, s := range stranges {
					b := h2Play(t, client, server, layer.Options{SkipValidation: lax})
					if client {
						b.Data(b.conn("client"), s.http2())
					} else {
						b.Data(b.conn("client"), s.http1())
					}
					got := b.requests(server)
					name := s.name + map[bool]string{true: " from h2", false: " from h1"}[client] + map[bool]string{true: " to h2", false: " to h1"}[server]
					if len(got) > 1 && client || len(got) > 0 && strings.Contains(got[0], "second") && !strings.Contains(s.body, "second") {
						t.Errorf("%s, lax %v: the server got %q", name, lax, got)
					}
					for _, r := range got {
						if !strings.Contains(r, "example.com") && !lax {
							t.Errorf("%s: to another host: %q", name, r)
						}
					}
				}
			}
		}
	}
}

func (s *strange) http1() []byte {
	return []byte("POST /first HTTP/1.1\r\nHost: example.com\r\n" + strings.Join(append(s.lines, ""), "\r\n") + "\r\n" + s.body)
}

func (s *strange) http2() []byte {
	pseudo := []string{":method", "POST", ":scheme", "https", ":authority", "example.com", ":path", "/first"}
	if len(s.fields) > 0 && s.fields[0][0] == ':' {
		for i := range pseudo {
			if pseudo[i] == s.fields[0] {
				pseudo[i+1] = s.fields[1]
			}
		}
		if s.fields[0] == ":status" {
			pseudo = append(pseudo, s.fields...)
		}
	} else {
		pseudo = append(pseudo, s.fields...)
	}
	b := h2.AppendSettings([]byte(h2.Preface))
	b = h2.AppendHeaders(b, 1, s.body == "", headerBlock(pseudo...), h2.MaxFrame)
	if s.body != "" {
		b = h2.AppendData(b, 1, true, []byte(s.body))
	}
	return b
}

// requests reads what the server was sent. Of HTTP/1 it is read as a connection that carries one request after the other.
func (b *h2Book) requests(http2 bool) (all []string) {
	if http2 {
		body := ""
		for _, l := range b.output() {
			if data, ok := strings.CutPrefix(l, "server data 1 "); ok {
				body += data
			} else if strings.HasPrefix(l, "server headers ") {
				all = append(all, strings.SplitN(l, " ", 4)[3])
			}
		}
		return all
	}
	var sent bytes.Buffer
	for _, l := range b.TakeAll() {
		if quoted, ok := strings.CutPrefix(l, "send server "); ok {
			sent.WriteString(unquote(b.t, quoted))
		}
	}
	r := bufio.NewReader(&sent)
	for {
		q, err := http.ReadRequest(r)
		if err != nil {
			return all
		}
		body, _ := io.ReadAll(q.Body)
		all = append(all, q.Method+" "+q.RequestURI+" "+q.Host+" "+string(body))
	}
}

// FuzzHTTP2 sends bytes to both ends of a proxy that speaks HTTP/2, at once and one by one. It must come to
// the same, and what is sent must be frames.
func FuzzHTTP2(f *testing.F) {
	get := headerBlock(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "example.com")
	ok := headerBlock(":status", "200", "content-length", "5")
	hello := h2.AppendHeaders(h2.AppendSettings(nil), 1, true, get, h2.MaxFrame)
	f.Add(hello, h2.AppendData(h2.AppendHeaders(h2.AppendSettings(nil), 1, false, ok, h2.MaxFrame), 1, true, []byte("hello")))
	f.Add(h2.AppendReset(bytes.Clone(hello), 1, http2.ErrCodeCancel), h2.AppendGoAway(h2.AppendSettings(nil), 0, 0, ""))
	f.Add(h2.AppendData(h2.AppendHeaders(nil, 3, false, get, h2.MaxFrame), 3, true, []byte("x")), h2.AppendSettings(nil, http2.Setting{ID: 3, Val: 0}))
	f.Add(h2.AppendWindowUpdate(h2.AppendSettings(nil, http2.Setting{ID: 4, Val: 1}), 0, 9), []byte("HTTP/1.1 200 OK\r\n\r\n"))
	f.Fuzz(func(t *testing.T, client, server []byte) {
		whole, split := fuzzed(t, client, server, false), fuzzed(t, client, server, true)
		if whole != split {
			t.Errorf("at once\n%s\nbyte by byte\n%s", whole, split)
		}
	})
}

func fuzzed(t *testing.T, client, server []byte, split bool) string {
	b := h2Play(t, true, true, layer.Options{BodyBudget: 1 << 40})
	var log strings.Builder
	b.ctx.Inline = func(h layer.Hook) bool {
		f := h.(layer.FlowHook).Subject()
		log.WriteString(h.Name() + " " + f.Request.Method + f.Request.Path)
		if f.Response != nil {
			log.WriteString(f.Response.Reason)
		}
		log.WriteString("\n")
		return true
	}
	b.peers["server"].in = nil
	say := func(who string, data []byte) {
		conn := b.conn(who)
		for len(data) > 0 && conn.State != 0 {
			n := len(data)
			if split {
				n = 1
			}
			b.Data(conn, data[:n])
			data = data[n:]
			b.output()
		}
	}
	say("client", append([]byte(h2.Preface), client...))
	say("server", server)
	events := log.String()
	for _, who := range []string{"client", "server"} {
		if b.conn(who).State != 0 {
			b.Do(who + " closed")
			b.TakeAll()
		}
	}
	if !b.ctx.HasRoom(1 << 40) {
		t.Error("something still counts in the budget when both have gone")
	}
	return events
}
