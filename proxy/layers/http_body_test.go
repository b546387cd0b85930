package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// stream asks for messages to be streamed.
func stream(h layer.Hook) {
	switch h := h.(type) {
	case *layer.RequestHeaders:
		h.Flow.Request.Stream = true
	case *layer.ResponseHeaders:
		h.Flow.Response.Stream = true
	}
}

const (
	post     = `POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: 6\r\n\r\n`
	postSent = `POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 6\r\n\r\n`
)

func runPost(t *testing.T, opts layer.Options, onHook func(layer.Hook), transcript string) {
	t.Helper()
	p, _ := play(t, opts)
	p.AutoHooks, p.OnHook = true, onHook
	run(t, p, strings.NewReplacer("$POST", post, "$POSTED", postSent).Replace(transcript))
}

func TestHeldUpload(t *testing.T) {
	runPost(t, layer.Options{}, nil, `
		>> client "$POST"
		<< hook requestheaders
		>> client "foo"
		>> client "bar"
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "`+postSent+`foobar"
	`)
}

func TestStreamedUpload(t *testing.T) {
	var f *flow.Flow
	keep := func(h layer.Hook) { stream(h); f = h.(layer.FlowHook).Subject() }
	const upload = `
		>> client "` + post + `fo"
		<< hook requestheaders
		<< open server example.com:80
		>> opened
		<< send server "` + postSent + `fo"
		>> client "o"
		<< send server "o"
	`
	t.Run("to its end", func(t *testing.T) {
		runPost(t, layer.Options{}, keep, upload+`
			>> client "bar"
			<< send server "bar"
			<< hook request
			>> server "HTTP/1.1 204 No Content\r\n\r\n"
			<< hook responseheaders
			<< hook response
			<< send client "HTTP/1.1 204 No Content\r\n\r\n"
		`)
		if f.Request.Body.Gap() != flow.Unrecorded || f.Request.Body.Len() != 6 {
			t.Error("body", f.Request.Body.Len(), f.Request.Body.Gap())
		}
	})
	t.Run("recorded", func(t *testing.T) {
		runPost(t, layer.Options{StoreStreamed: true}, keep, upload+`
			>> client "bar"
			<< send server "bar"
			<< hook request
		`)
		if string(f.Request.Body.Bytes()) != "foobar" {
			t.Errorf("body %q", f.Request.Body.Bytes())
		}
	})
	t.Run("answered early", func(t *testing.T) {
		runPost(t, layer.Options{}, keep, upload+`
			>> server "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
			<< hook responseheaders
			<< hook response
			<< send client "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
			>> client "ba"
			<< send server "ba"
			>> client "r"
			<< send server "r"
			<< hook request
			>> client "GET http://example.com/ HTTP/1.1\r\n\r\n"
			<< hook requestheaders
			<< hook request
			<< send server "GET / HTTP/1.1\r\n\r\n"
		`)
	})
	t.Run("answered early, then closed", func(t *testing.T) {
		runPost(t, layer.Options{}, keep, upload+`
			>> server "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
			<< hook responseheaders
			<< hook response
			<< send client "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
			>> server closed
			<< close server
			<< close client
		`)
	})
	t.Run("server gone", func(t *testing.T) {
		runPost(t, layer.Options{}, keep, upload+`
			>> server closed
			<< close server
			<< hook error
			<< send client "HTTP/1.1 502 Bad Gateway\r\n…server closed connection…"
			<< close client
		`)
	})
	t.Run("client gone", func(t *testing.T) {
		runPost(t, layer.Options{}, keep, upload+`
			>> client closed
			<< close server
			<< close client
			<< hook error
		`)
		if !strings.Contains(f.Error.Message, "peer closed connection") || f.Live {
			t.Error(f.Error, f.Live)
		}
	})
}

// TestLargeUploadIsTeed: an upload over 1 MiB is sent before it is whole, and recorded.
func TestLargeUploadIsTeed(t *testing.T) {
	var f *flow.Flow
	p := quiet(t, layer.Options{}, func(h layer.Hook) { f = h.(layer.FlowHook).Subject() })
	run(t, p, `
		>> client "POST http://example.com/ HTTP/1.1\r\nContent-Length: 1048577\r\n\r\nfoo"
		<< open server example.com:80
		>> opened
		<< send server "POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\nfoo"
		>> client "bar"
		<< send server "bar"
	`)
	if string(f.Request.Body.Bytes()) != "foobar" || f.Request.Stream {
		t.Errorf("body %q", f.Request.Body.Bytes())
	}
}

// TestChunkedUploadIsTeed: nobody knows how long an upload takes that does not say how large it is, so it passes as it comes.
func TestChunkedUploadIsTeed(t *testing.T) {
	runPost(t, layer.Options{}, nil, `
		>> client "POST http://example.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		<< hook requestheaders
		<< open server example.com:80
		>> opened
		<< send server "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		>> client "3\r\nfoo\r\n"
		<< send server "3\r\nfoo\r\n"
		>> server "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbar\r\n"
		<< hook responseheaders
		<< send client "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbar\r\n"
		>> client "3\r\nbaz\r\n0\r\n\r\n"
		<< send server "3\r\nbaz\r\n"
		<< hook request
		<< send server "0\r\n\r\n"
		>> server "0\r\n\r\n"
		<< hook response
		<< send client "0\r\n\r\n"
	`)
}

// TestWholeChunkedRequestIsHeld: what comes in one piece can still be changed by the addons.
func TestWholeChunkedRequestIsHeld(t *testing.T) {
	runPost(t, layer.Options{}, nil, `
		>> client "POST http://example.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n0\r\n\r\n"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n0\r\n\r\n"
	`)
}

// TestAnsweredUploadIsNotKept: the rest of a large upload that an addon has answered at its head is read, and not kept.
func TestAnsweredUploadIsNotKept(t *testing.T) {
	var f *flow.Flow
	p, ctx := play(t, layer.Options{})
	p.AutoHooks, p.HideHooks, p.OnHook = true, true, func(h layer.Hook) {
		f = h.(layer.FlowHook).Subject()
		if _, ok := h.(*layer.RequestHeaders); ok {
			f.Response = &flow.Response{Status: 204, Reason: "No Content", HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1"}}
		}
	}
	run(t, p, `>> client "POST http://example.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n"`)
	piece := make([]byte, 512<<10)
	for range 4 {
		p.Data(&ctx.Client.Conn, piece)
		p.Expect()
	}
	run(t, p, `
		>> client "\r\n0\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
	`)
	if b := &f.Request.Body; b.Gap() != flow.Unrecorded || b.Len() != 4*int64(len(piece)) {
		t.Error("body", b.Len(), b.Gap())
	}
}

func TestStreamedResponse(t *testing.T) {
	const begun = `
		>> client "$GET"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "$OK12hello"
		<< hook responseheaders
		<< send client "$OK12hello"
	`
	t.Run("server gone", func(t *testing.T) {
		runPost(t, layer.Options{}, stream, begun+`
			>> server closed
			<< close server
			<< hook error
			<< close client
		`)
	})
	t.Run("client gone", func(t *testing.T) {
		runPost(t, layer.Options{}, stream, begun+`
			>> client closed
			<< close server
			<< close client
			<< hook error
		`)
	})
}

func TestServerGone(t *testing.T) {
	for name, data := range map[string]string{"nothing": "", "head": `HTTP/1.1 200`, "body": `$OK12hello`} {
		t.Run(name, func(t *testing.T) {
			p := quiet(t, layer.Options{}, hold)
			run(t, p, `
				>> client "$GET"
				<< open server example.com:80
				>> opened
				<< send server "$SENT"
				>> server "`+data+`"
				>> server closed
				<< close server
				<< send client "HTTP/1.1 502 Bad Gateway\r\nServer: sluice\r\nConnection: close\r\nContent-Type: text/html\r\n…"
				<< close client
			`)
		})
	}
}

func TestStreamLargeBodies(t *testing.T) {
	runPost(t, layer.Options{StreamLargeBodies: 3}, hold, `
		>> client "POST http://example.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n"
		<< hook requestheaders
		>> client "3\r\nbar\r\n"
		<< open server example.com:80
		>> opened
		<< send server "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfoobar\r\n"
		>> client "0\r\n\r\n"
		<< hook request
		<< send server "0\r\n\r\n"
	`)
}

func TestBodySizeLimit(t *testing.T) {
	limit := layer.Options{BodySizeLimit: 3}
	for name, body := range map[string]string{
		"announced": `Content-Length: 6\r\n\r\n`, "chunked": `Transfer-Encoding: chunked\r\n\r\n6\r\nfoobar\r\n`,
	} {
		t.Run("request "+name, func(t *testing.T) {
			runPost(t, limit, nil, `
				>> client "POST http://example.com/ HTTP/1.1\r\n`+body+`"
				<< hook requestheaders
				<< hook error
				<< send client "HTTP/1.1 413 Content Too Large\r\n…Request body exceeds sluice&#39;s body_size_limit.…"
				<< close client
			`)
		})
		t.Run("response "+name, func(t *testing.T) {
			runPost(t, limit, hold, `
				>> client "$GET"
				<< hook requestheaders
				<< hook request
				<< open server example.com:80
				>> opened
				<< send server "$SENT"
				>> server "HTTP/1.1 200 OK\r\n`+body+`"
				<< hook responseheaders
				<< hook error
				<< close server
				<< send client "HTTP/1.1 502 Bad Gateway\r\n…"
				<< close client
			`)
		})
	}
}

func TestTrailers(t *testing.T) {
	const chunked = `Transfer-Encoding: chunked\r\n\r\n3\r\nfoo\r\n0\r\nX-Sum: 1\r\n\r\n`
	for name, onHook := range map[string]func(layer.Hook){"tee": nil, "hold": hold, "stream": stream} {
		t.Run(name, func(t *testing.T) {
			p := quiet(t, layer.Options{}, onHook)
			p.Run(`>> client "POST http://example.com/ HTTP/1.1\r\n` + chunked + `"
				<< open server example.com:80
				>> opened
				<< send server "POST / HTTP/1.1\r\n` + chunked + `"
				>> server "HTTP/1.1 200 OK\r\n` + chunked + `"
				<< send client "HTTP/1.1 200 OK\r\n` + chunked + `"`)
		})
	}
}

func TestInformational(t *testing.T) {
	run(t, quiet(t, layer.Options{}, nil), `
		>> client "$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
		<< send client "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
		>> server "HTTP/1.1 204 No Content\r\n\r\n"
		<< send client "HTTP/1.1 204 No Content\r\n\r\n"
	`)
}

func TestExpectContinue(t *testing.T) {
	runPost(t, layer.Options{}, nil, `
		>> client "PUT http://example.com/ HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n"
		<< hook requestheaders
		<< send client "HTTP/1.1 100 Continue\r\n\r\n"
		>> client "foo"
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nfoo"
	`)
}

func TestHEAD(t *testing.T) {
	run(t, quiet(t, layer.Options{}, nil), `
		>> client "HEAD http://example.com/ HTTP/1.1\r\n\r\n"
		<< open server example.com:80
		>> opened
		<< send server "HEAD / HTTP/1.1\r\n\r\n"
		>> server "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		<< send client "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	`)
}
