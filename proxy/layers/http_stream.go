package layers

import (
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// streamState is how far one direction of a stream is.
type streamState uint8

const (
	awaitHead streamState = iota
	consumeBody
	streamBody
	streamDone
	streamErrored // what still comes is swallowed
)

// An HTTPStream is one exchange: a request and its response, whatever versions
// of HTTP carry them. After a CONNECT or a 101 it leads the bytes that follow to the layer inside.
//
// A body is forwarded in one of three ways, decided at the headers. Held: the
// message goes on when it is whole and its hook has let it go. Streamed (Stream
// is set): as it comes, recorded only if Options.StoreStreamed. Teed, if
// neither Stream nor Hold is set: as it comes, recorded as it passes. The hook of a streamed or teed message comes
// when its body has passed, too late to change it. A response that is whole by the time
// its head could be sent, and a request that announces a small body, are held in any case.
type HTTPStream struct {
	layer.Script
	h      *HTTP
	client clientSide
	server serverSide // nil until the request is sent
	flow   *flow.Flow

	tries              int          // how often the request has been repeated
	onClient, onServer *http2Stream // where the connections are HTTP/2
	protocol           string       // of an extended CONNECT

	clientState, serverState streamState // of the request and of the response
	requestTee, responseTee  bool        // the body that is streamed is recorded
	open                     bool        // the request is streamed unless it turns out to be whole already
	undecided                bool        // the response is streamed unless it turns out to be whole already

	shown   time.Time // when the growing flow was last shown
	late    bool      // it will be shown again by itself, unless there has been
	lateRev uint32    // a snapshot after this one

	hooks struct { // those that most exchanges have
		requestHeaders  layer.RequestHeaders
		request         layer.Request
		responseHeaders layer.ResponseHeaders
		response        layer.Response
	}

	charged int64 // bytes of bodies that are recorded and count in the budget
	waiting int64 // bytes that are kept until they can go on, which count in it too
	held    int64 // of those, what is held of bodies

	over    bool
	ctx     *layer.Context // of child
	child   layer.Layer    // what is inside a tunnel
	upgrade bool           // child followed a 101, or an extended CONNECT, not a CONNECT
	stopped bool           // servers inside are not read from, for the client does not take what they send
	rest    []layer.Event  // came before child

	// What is inside does not want to read, of an HTTP/2 stream.
	clientPaused, serverPaused bool
}

// Handle gives the stream an event.
func (st *HTTPStream) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if st.child != nil {
		return st.pass(ev, cmds)
	}
	cmds = st.Script.Handle(ev, cmds)
	if st.child != nil {
		cmds = st.begin(cmds)
	}
	return cmds
}

func (st *HTTPStream) run(s *layer.Script) {
	for !st.over && st.child == nil {
		switch ev := s.Next().(type) {
		case *httpEvent:
			st.on(*ev)
		case *layer.Kill:
			st.killed(true)
		}
	}
	st.rest = append(st.rest, s.Rest()...)
}

func (st *HTTPStream) on(ev httpEvent) {
	switch ev.kind {
	case requestHead:
		st.onRequestHead(ev)
	case requestBad:
		st.flow = flow.New(flow.HTTP, st.h.ctx.Client, st.h.ctx.Server, st.h.ctx.Now())
		st.flow.Request = ev.request
		st.refuse(ev.code, ev.text)
	case requestData, requestEnd:
		if st.protocol != "" {
			st.rest = layer.KeepIn(st.rest, &ev) // for the tunnel that may come
			st.held += int64(len(ev.data))
			st.waits(int64(len(ev.data)))
			return
		}
		st.onRequestBody(ev)
	case responseHead:
		st.onResponseHead(ev)
		if ev.data != nil && !st.over {
			st.onResponseBody(httpEvent{kind: responseData, data: ev.data, owned: true, end: true})
		}
	case responseInfo:
		if st.serverState == awaitHead {
			st.client.sendInfo(st, ev.response)
		}
	case responseData, responseEnd:
		st.onResponseBody(ev)
	case requestTee:
		if st.clientState == consumeBody {
			st.streamRequest()
		}
	case responseTee:
		if st.serverState == consumeBody {
			st.streamResponse()
		}
	case requestError, responseError:
		if !ev.again || !st.repeat() {
			st.fail(ev)
		}
	}
}

// killed ends the stream if its flow has been killed, or the client has gone while
// a hook was running, and reports whether it did. The error hook is issued if there has not been a last hook yet.
func (st *HTTPStream) killed(hook bool) bool {
	f := st.flow
	if !f.Killed() {
		gone := ""
		st.Pending(func(ev layer.Event) bool {
			e, ok := ev.(*httpEvent)
			if ok && e.kind == requestError {
				gone = e.text
			}
			return gone != ""
		})
		if gone == "" {
			return false
		}
		if f.Error == nil {
			st.setError(gone)
		}
	}
	if hook {
		st.hookError()
	}
	st.client.sendError(st, killFlow, flow.KilledMessage)
	st.finish()
	return true
}

// fail ends the stream because of what the client or the server did.
func (st *HTTPStream) fail(ev httpEvent) {
	fromClient := ev.kind == requestError
	silent := st.clientState == streamErrored || st.serverState == streamDone || st.serverState == streamErrored
	if fromClient && st.serverState < streamDone && st.server != nil {
		st.server.release(st)
		st.clientState = streamErrored
	}
	if !silent {
		st.setError(ev.text)
		st.hookError()
		if st.killed(false) {
			return
		}
	}
	if !fromClient && st.clientState != streamErrored {
		st.client.sendError(st, ev.code, ev.text)
	}
	st.finish()
}

// setError notes why the flow failed, unless somebody killed it.
func (st *HTTPStream) setError(text string) {
	if !st.flow.Killed() {
		st.flow.Error = &flow.Error{Message: text, Time: st.h.ctx.Now()}
	}
}

func (st *HTTPStream) hookRequestHeaders() {
	r := st.flow.Request
	_, plain := st.h.via(flow.Addr{Host: r.Host, Port: r.Port}, st.h.ctx.Server.Via)
	st.hooks.requestHeaders.Flow, st.hooks.requestHeaders.ForProxy = st.flow, plain && r.Scheme == "http"
	st.Hook(&st.hooks.requestHeaders)
}

func (st *HTTPStream) hookRequest() {
	st.hooks.request.Flow = st.flow
	st.Hook(&st.hooks.request)
}

func (st *HTTPStream) hookResponseHeaders() {
	st.hooks.responseHeaders.Flow = st.flow
	st.Hook(&st.hooks.responseHeaders)
}

func (st *HTTPStream) hookResponse() {
	st.hooks.response.Flow = st.flow
	st.Hook(&st.hooks.response)
}

func (st *HTTPStream) hookError() { st.Hook(&layer.Error{OfFlow: layer.OfFlow{Flow: st.flow}}) }

// clientSecrets are the names of the request's fields that must not be put into a table of HTTP/2.
func (st *HTTPStream) clientSecrets() []string {
	if st.onClient == nil {
		return nil
	}
	return st.onClient.secret
}

func (st *HTTPStream) serverSecrets() []string {
	if st.onServer == nil {
		return nil
	}
	return st.onServer.secret
}

// finish ends the stream for good.
func (st *HTTPStream) finish() {
	st.flow.Live = false
	st.clientState, st.serverState = streamErrored, streamErrored
	st.over = true
	st.h.drop(st)
}
