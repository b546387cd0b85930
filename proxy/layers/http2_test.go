package layers_test

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

func TestHTTP2ToHTTP2(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.play(`
		>> client headers 1 end $GET cookie=a=1 cookie=b=2
		<< server headers 1 end $GET cookie=a=1 cookie=b=2
		>> server headers 1 :status=103 link=x
		<< client headers 1 :status=103 link=x
		>> server headers 1 :status=200 x-a=1
		<< client headers 1 :status=200 x-a=1
		>> server data 1 hello
		<< client data 1 hello
		>> server headers 1 end grpc-status=0
		<< client headers 1 end grpc-status=0
		# numbers of streams need not be the same
		>> client headers 7 $POST content-length=9
		>> client data 7 some
		>> client data 7 end thing
		<< server headers 3 $POST content-length=9
		<< server data 3 end something
		>> server headers 3 end :status=204
		<< client headers 7 end :status=204
		# without a length it goes on as it comes
		>> client headers 9 $POST
		<< server headers 5 $POST
		>> client data 9 some
		<< server data 5 some
		>> client data 9 end thing
		<< server data 5 thing
		<< server data 5 end
		>> server headers 5 end :status=204
		<< client headers 9 end :status=204
		>> client ping
		<< client pong
	`)
}

// TestHTTP2WholeMessagesAreOneWrite: a response that has come whole leaves in as few frames.
func TestHTTP2WholeMessagesAreOneWrite(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.play(`
		>> client headers 1 end $GET
		<< server headers 1 end $GET
		>> server headers 1 :status=200 + data 1 hello + data 1 end !
		<< client headers 1 :status=200
		<< client data 1 end hello!
	`)
}

func TestHTTP2ToHTTP1(t *testing.T) {
	b := h2Play(t, true, false, layer.Options{})
	b.play(`
		>> client headers 1 end $GET cookie=a=1 cookie=b=2
		<< send server "GET / HTTP/1.1\r\nHost: example.com\r\ncookie: a=1; b=2\r\n\r\n"
		>> server "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\nhello"
		<< close server
		<< client headers 1 :status=200 content-length=5 x-end=2
		<< client data 1 end hello
	`)
}

func TestHTTP2UploadToHTTP1(t *testing.T) {
	for name, c := range map[string]struct{ head, sent string }{
		"no length": {"$POST", "Transfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\n0\\r\\n\\r\\n"},
		"length":    {"$POST content-length=5", "content-length: 5\\r\\n\\r\\nhello"},
	} {
		t.Run(name, func(t *testing.T) {
			b := h2Play(t, true, false, layer.Options{})
			b.play(`
				>> client headers 1 ` + c.head + ` + data 1 hel + data 1 end lo
				<< send server "POST / HTTP/1.1\r\nHost: example.com\r\n` + c.sent + `"
				>> server "HTTP/1.1 204 No Content\r\n\r\n"
				<< close server
				<< client headers 1 end :status=204
			`)
		})
	}
}

func TestHTTP1ToHTTP2(t *testing.T) {
	b := h2Play(t, false, true, layer.Options{})
	b.play(`
		>> client "GET /x HTTP/1.1\r\nHost: example.com\r\nConnection: X-Hop\r\nX-Hop: 1\r\nTE: gzip\r\nX-End: 2\r\n\r\n"
		<< server headers 1 end :method=GET :scheme=https :path=/x :authority=example.com x-end=2
		>> server headers 1 :status=200 content-length=5
		<< send client "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
		>> server data 1 end hello
		<< send client "hello"
		# a body without a length goes in chunks, and so its trailers go too
		>> client "POST /y HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n"
		<< server headers 3 :method=POST :scheme=https :path=/y :authority=example.com
		<< server data 3 ab
		<< server headers 3 end x-t=1
		>> server headers 3 :status=404
		<< send client "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"
		>> server data 3 no
		<< send client "2\r\nno\r\n"
		>> server headers 3 end x-sum=2
		<< send client "0\r\nx-sum: 2\r\n\r\n"
		# a client of HTTP/1.0 gets it until the connection closes
		>> client "GET /z HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n"
		<< server headers 5 end :method=GET :scheme=https :path=/z :authority=example.com
		>> server headers 5 :status=200 + data 5 end x
		<< send client "HTTP/1.1 200 OK\r\n\r\nx"
		<< close client
	`)
}

// TestHTTP2ClientGivesUp is dialogue 25.29.
func TestHTTP2ClientGivesUp(t *testing.T) {
	var failed *flow.Flow
	book := func() *h2Book {
		failed = nil
		b := h2Play(t, true, true, layer.Options{})
		b.OnHook = func(h layer.Hook) {
			if e, ok := h.(*layer.Error); ok {
				failed = e.Flow
			}
		}
		return b
	}
	want := func(text string) {
		t.Helper()
		switch {
		case text == "" && failed != nil:
			t.Error("an error hook: ", failed.Error)
		case text != "" && (failed == nil || failed.Error.Message != text):
			t.Errorf("no error hook with %q: %v", text, failed)
		}
	}
	b := book()
	b.play(`
		>> client headers 1 $POST content-length=5
		>> client data 1 x
		>> client reset 1 8
		>> client closed
		<< close client
	`)
	want("stream reset by client (CANCEL)")
	b = book()
	b.play(`
		>> client headers 1 $POST
		<< server headers 1 $POST
		>> client data 1 x
		<< server data 1 x
		>> client reset 1 8
		<< server reset 1 CANCEL
	`)
	want("stream reset by client (CANCEL)")
	b = book()
	b.play(`
		>> client headers 1 end $GET
		<< server headers 1 end $GET
		>> client reset 1 8
		<< server reset 1 CANCEL
	`)
	want("stream reset by client (CANCEL)")
	b = book()
	b.play(`
		>> client headers 1 end $GET
		<< server headers 1 end $GET
		>> server headers 1 :status=200 + data 1 x
		<< client headers 1 :status=200
		<< client data 1 x
		>> client closed
		<< server reset 1 CANCEL
		<< close client
	`)
	want("Client disconnected.")
}

func TestHTTP2ServerGivesUp(t *testing.T) {
	for _, c := range []struct{ name, say, answer, err string }{
		{"HTTP/1.1 required", "server reset 1 13", "client reset 1 HTTP_1_1_REQUIRED", "stream reset by server (HTTP_1_1_REQUIRED)"},
		{"cancel", "server reset 1 8", "client reset 1 CANCEL", "stream reset by server (CANCEL)"},
		{"internal", "server reset 1 2", "client headers 1 :status=502 …", "stream reset by server (INTERNAL_ERROR)"},
		{"malformed", "server headers 1 end :status=200 Upper=1", "server reset 1 PROTOCOL_ERROR", "HTTP/2 protocol error: Invalid HTTP/2 response headers: invalid field name \"Upper\""},
		{"garbage", "server data 9 x", "server goaway 0 PROTOCOL_ERROR DATA on a stream that is not open", "HTTP/2 protocol error: DATA on a stream that is not open"},
		{"gone", "server closed", "close server", "server closed connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := h2Play(t, true, true, layer.Options{})
			text := ""
			b.OnHook = func(h layer.Hook) {
				if e, ok := h.(*layer.Error); ok {
					text += e.Flow.Error.Message
				}
			}
			b.play(`
				>> client headers 1 end $GET
				<< server headers 1 end $GET
			`)
			b.event(c.say)
			got := b.output()
			if len(got) == 0 || !matchFront(got[0], c.answer) || text != c.err {
				t.Errorf("%q, error %q", got, text)
			}
		})
	}
}

// TestHTTP2Limit: streams over the server's limit wait for one that ends.
func TestHTTP2Limit(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.play(`
		>> server settings 3=1
		>> client headers 1 end $GET + headers 3 end $GET a=2 + headers 5 end $GET a=3
		<< server headers 1 end $GET
		>> client reset 5 8
		>> server headers 1 :status=200 + data 1 end x
		<< server headers 3 end $GET a=2
		<< client headers 1 :status=200
		<< client data 1 end x
	`)
}

// TestHTTP2RefusedIsRepeated: what the server says it has not done goes there again.
func TestHTTP2RefusedIsRepeated(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.play(`
		>> client headers 1 $POST + data 1 end hello
		<< server headers 1 $POST
		<< server data 1 end hello
		>> server reset 1 7
		<< server headers 3 $POST
		<< server data 3 end hello
		>> server headers 3 end :status=204
		<< client headers 1 end :status=204
	`)
}

// TestHTTP2GoAway: streams that the server still serves go on, a new one gets a new connection.
func TestHTTP2GoAway(t *testing.T) {
	b := h2Play(t, true, true, layer.Options{})
	b.play(`
		>> client headers 1 end $GET
		<< server headers 1 end $GET
		>> server goaway 1 0
		>> server headers 1 :status=200
		<< client headers 1 :status=200
		>> client headers 3 end $GET
		<< open server2 example.com:443
		>> server data 1 end x
		<< close server
		<< client data 1 x
		<< client data 1 end
	`)
}
