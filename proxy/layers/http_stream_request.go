package layers

import (
	"log/slog"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// maxHeldUpload is how much of a request is held, in bytes, before it is teed
// so that an upload does not have to be here as a whole before its server sees any of it.
const maxHeldUpload = 1 << 20

func (st *HTTPStream) onRequestHead(ev httpEvent) {
	ctx := st.h.ctx
	f := ev.replay
	if f == nil {
		f = flow.New(flow.HTTP, ctx.Client, ctx.Server, ctx.Now())
		f.Request = ev.request
	}
	st.flow = f
	st.keepsHead(f.Request.Headers)
	if code, problem := st.checkRequest(ev.valid); problem != "" {
		st.refuse(code, problem)
		return
	}
	if f.Request.Method == "CONNECT" && st.protocol == "" {
		st.connect()
		return
	}
	if !ev.end && st.tooLarge(&f.Request.HTTPMessage, true, announced(f.Request.Headers)) {
		return
	}
	st.hookRequestHeaders()
	if st.killed(true) {
		return
	}
	st.expect()
	st.serverState = awaitHead
	if ev.end {
		st.requestWhole()
		return
	}
	st.clientState = consumeBody
	r := f.Request
	switch {
	case r.Stream || !r.Hold && announced(r.Headers) > maxHeldUpload:
		st.streamRequest()
	case !r.Hold && !r.Headers.Has("Content-Length"):
		// Nobody knows how long it takes: its end may depend on the response, as that of a call in gRPC does.
		st.open = true
		st.h.undecided = append(st.h.undecided, st)
	}
}

// expect answers 100-continue itself, for the server will be sent the body without being asked (RFC 9110 §10.1.1).
func (st *HTTPStream) expect() {
	r := st.flow.Request
	if v, ok := r.Headers.Lookup("Expect"); ok && strings.EqualFold(v, "100-continue") {
		st.client.sendInfo(st, &flow.Response{Status: 100, Reason: "Continue",
			HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1"}})
		r.Headers = r.Headers.Del("Expect")
	}
}

// refuse shows a request that will not be served and ends the stream.
func (st *HTTPStream) refuse(code errorCode, text string) {
	st.setError(text)
	st.client.sendError(st, code, text)
	st.hookRequestHeaders()
	st.setError(text)
	st.hookError()
	st.finish()
}

// streamRequest sends the head, and what there is of the body, before the rest has come.
// A request that an addon has answered already is not sent, so it goes on being held.
func (st *HTTPStream) streamRequest() {
	f := st.flow
	if f.Response != nil || !st.reach() {
		return
	}
	st.requestTee = !f.Request.Stream
	if !st.requestTee {
		st.Do(&layer.Log{Level: slog.LevelInfo, Text: "Streaming request to " + f.Request.Host + "."})
	}
	st.server.sendHead(st, f.Request, false)
	st.clientState = streamBody
	if f.Request.Body.Len() > 0 {
		for p := range f.Request.Body.Chunks {
			st.server.sendData(st, p)
		}
		if !st.requestTee && !st.h.ctx.Options().StoreStreamed {
			f.Request.Body.Skip(0)
		}
		f.Request.Body.CutTo(st.h.ctx.Options().BodyRecordLimit)
	}
}

func (st *HTTPStream) onRequestBody(ev httpEvent) {
	switch st.clientState {
	case consumeBody:
		st.consumeRequest(ev)
	case streamBody:
		if len(ev.data) > 0 {
			p := st.record(&st.flow.Request.Body, ev, st.requestTee)
			if st.requestTee && !st.keepTee(&st.flow.Request.HTTPMessage, true, &st.requestTee) {
				return
			}
			st.server.sendData(st, p)
		}
	default:
		st.client.consumed(st, len(ev.data))
		return
	}
	if !ev.ends() || st.over {
		return
	}
	r := st.flow.Request
	if ev.trailers != nil {
		r.Trailers = ev.trailers
	}
	if st.clientState == consumeBody {
		st.requestWhole()
	} else {
		st.requestStreamed()
	}
}

// consumeRequest keeps a piece of a held body, or begins to stream a body that has become too large to hold.
func (st *HTTPStream) consumeRequest(ev httpEvent) {
	if len(ev.data) == 0 {
		return
	}
	r := st.flow.Request
	appendBody(&r.Body, ev)
	st.tally()
	st.client.consumed(st, len(ev.data))
	if st.tooLarge(&r.HTTPMessage, true, r.Body.Len()) {
		return
	}
	st.boundHeld(&r.HTTPMessage)
	switch large := r.Body.Len() > maxHeldUpload && (!r.Hold || r.Stream); {
	case st.flow.Response != nil && large:
		r.Body.Skip(0) // it is answered already and sent nowhere
	case r.Stream || large:
		st.streamRequest()
	}
}

// requestWhole goes on with a request that is held and complete.
func (st *HTTPStream) requestWhole() {
	f := st.flow
	f.Request.End = st.h.ctx.Now()
	st.clientState = streamDone
	st.hookRequest()
	if st.killed(true) {
		return
	}
	if f.Response != nil {
		st.answer()
		return
	}
	if missing(&f.Request.Body) {
		st.fail(httpEvent{kind: responseError, code: genericServerError,
			text: "the body of the request was not kept and cannot be sent: edit it, or repeat the request"})
		return
	}
	st.forward()
}

// forward sends a request that is whole.
func (st *HTTPStream) forward() {
	if !st.reach() {
		return
	}
	r := st.flow.Request
	if st.protocol != "" {
		st.connectExtended()
		return
	}
	st.server.sendHead(st, r, r.Body.Len() == 0 && len(r.Trailers) == 0)
	for p := range r.Body.Chunks {
		st.server.sendData(st, p)
	}
	st.server.sendEnd(st, r.Trailers)
	st.tally()
}

// repeat sends the request on another connection, because the server says that it has done nothing with it (RFC 9113 §8.7).
func (st *HTTPStream) repeat() bool {
	if st.clientState != streamDone || st.serverState != awaitHead || st.flow.Request.Body.Gap() != flow.Whole || st.tries == maxTries {
		return false
	}
	st.tries++
	st.server.release(st)
	st.server, st.onServer = nil, nil
	st.forward()
	return true
}

// requestStreamed shows a request whose body has passed, and ends it.
func (st *HTTPStream) requestStreamed() {
	f := st.flow
	f.Request.End = st.h.ctx.Now()
	st.hookRequest()
	if st.killed(st.serverState != streamDone) {
		return
	}
	st.clientState = streamDone
	st.server.sendEnd(st, f.Request.Trailers)
	if st.serverState == streamDone {
		st.flowDone()
	}
}

// reach gets the connection that the request is sent on. If there is none, the stream is over and reach false.
func (st *HTTPStream) reach() bool {
	f := st.flow
	key := connKey{addr: flow.Addr{Host: f.Request.Host, Port: f.Request.Port}, tls: f.Request.Scheme == "https"}
	via, plain := st.h.via(key.addr, f.Server.Via)
	if via != nil {
		key.via, key.plain = *via, plain && !key.tls
	}
	if st.hooks.requestHeaders.ForProxy && !key.plain {
		st.withdraw()
	}
	c := st.h.idleConn(key)
	if c == nil {
		got := st.Await(&getConn{key: key, stream: st}).(*gotConn)
		if got.conn == nil {
			if f.Killed() {
				return !st.killed(true)
			}
			st.fail(httpEvent{kind: responseError, code: connectFailed, text: got.err})
			return false
		}
		c = got.conn
	}
	c.reserve(st)
	st.server, f.Server = c.serverProtocol, c.server
	return true
}

// withdraw takes out of a request what was meant for an upstream proxy, for it has been changed to go elsewhere.
func (st *HTTPStream) withdraw() {
	r := st.flow.Request
	r.Headers = r.Headers.Del("Proxy-Authorization")
	if !strings.HasPrefix(r.Version, "HTTP/2") {
		r.Authority = ""
	}
}
