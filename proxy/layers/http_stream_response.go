package layers

import (
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/ws"
)

func (st *HTTPStream) onResponseHead(ev httpEvent) {
	if st.serverState != awaitHead {
		return
	}
	f := st.flow
	f.Response = ev.response
	st.keepsHead(f.Response.Headers)
	if !ev.end && st.tooLarge(&f.Response.HTTPMessage, false, announced(f.Response.Headers)) {
		return
	}
	if problem := st.checkResponse(ev.valid); problem != "" {
		st.server.discard(st)
		st.fail(httpEvent{kind: responseError, code: responseValidationFailed, text: problem})
		return
	}
	st.hookResponseHeaders()
	if st.killed(true) {
		return
	}
	if ev.end || st.opensTunnel() {
		st.sendResponse(false)
		return
	}
	st.serverState = consumeBody
	switch {
	case f.Response.Stream:
		st.streamResponse()
	case !f.Response.Hold:
		st.undecided = true
		st.h.undecided = append(st.h.undecided, st)
	}
}

// streamResponse sends the head, and what there is of the body, before the rest has come.
func (st *HTTPStream) streamResponse() {
	r := st.flow.Response
	st.responseTee, st.undecided = !r.Stream, false
	if !st.responseTee {
		st.Do(&layer.Log{Level: slog.LevelInfo, Text: "Streaming response from " + st.flow.Request.Host + "."})
	}
	st.serverState = streamBody
	st.client.sendHead(st, r, false)
	if r.Body.Len() > 0 {
		for p := range r.Body.Chunks {
			st.client.sendData(st, p)
		}
		if !st.responseTee && !st.h.ctx.Options().StoreStreamed {
			r.Body.Skip(0)
		}
		r.Body.CutTo(st.h.ctx.Options().BodyRecordLimit)
	}
}

func (st *HTTPStream) onResponseBody(ev httpEvent) {
	r := st.flow.Response
	switch st.serverState {
	case consumeBody:
		if len(ev.data) == 0 {
			break
		}
		appendBody(&r.Body, ev)
		st.tally()
		st.server.consumed(st, len(ev.data))
		if st.tooLarge(&r.HTTPMessage, false, r.Body.Len()) {
			return
		}
		if st.boundHeld(&r.HTTPMessage); r.Stream {
			st.streamResponse()
		}
	case streamBody:
		if len(ev.data) > 0 {
			p := st.record(&r.Body, ev, st.responseTee)
			if st.responseTee && !st.keepTee(&r.HTTPMessage, false, &st.responseTee) {
				return
			}
			st.client.sendData(st, p)
		}
	default:
		return
	}
	if ev.ends() {
		if ev.trailers != nil {
			r.Trailers = ev.trailers
		}
		st.sendResponse(st.serverState == streamBody)
	}
}

// answer sends the response that an addon has set.
func (st *HTTPStream) answer() {
	st.flow.Response.Start = st.h.ctx.Now()
	st.hookResponseHeaders()
	if !st.killed(true) {
		st.sendResponse(false)
	}
}

// sendResponse shows a response that is whole and sends what has not been sent of it.
func (st *HTTPStream) sendResponse(streamed bool) {
	f := st.flow
	f.Response.End = st.h.ctx.Now()
	st.serverState, st.undecided = streamDone, false
	if st.server != nil && st.agreesToWebSocket() {
		f.WebSocket = &flow.WebSocket{}
	}
	st.hookResponse()
	if st.killed(false) {
		st.notUpgraded()
		return
	}
	if !streamed && missing(&f.Response.Body) {
		st.client.sendError(st, genericServerError, "the body of the response was not kept and cannot be sent")
		st.finish()
		return
	}
	if !streamed {
		st.sendWhole()
	}
	if !st.opensTunnel() {
		st.client.sendEnd(st, f.Response.Trailers)
	}
	if st.clientState == streamDone {
		st.flowDone()
	}
}

// sendWhole sends the head and the body of the flow's response.
func (st *HTTPStream) sendWhole() {
	r := st.flow.Response
	st.client.sendHead(st, r, r.Body.Len() == 0 && len(r.Trailers) == 0 && !st.opensTunnel())
	for p := range r.Body.Chunks {
		st.client.sendData(st, p)
	}
}

// flowDone ends a stream both of whose messages are over, or goes on with what a 101 has switched to.
func (st *HTTPStream) flowDone() {
	st.flow.Live = st.flow.WebSocket != nil
	if (st.flow.Response.Status == 101 || st.opensTunnel()) && st.server != nil {
		st.switchProtocols()
		return
	}
	st.notUpgraded()
	st.over = true
	st.h.drop(st)
}

// notUpgraded ends the WebSocket of a flow that somebody has killed, or whose 101 they have changed, in the response's hook.
func (st *HTTPStream) notUpgraded() {
	if w := st.flow.WebSocket; w != nil {
		st.flow.Live = false
		w.CloseCode, w.End = ws.Abnormal, st.h.ctx.Now()
		st.Hook(&layer.WebSocketEnd{OfFlow: layer.OfFlow{Flow: st.flow}})
	}
}
