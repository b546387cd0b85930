package layers

import (
	"bytes"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A Replay sends a recorded request again. It is the outermost layer of a client that has no connection.
type Replay struct {
	http *HTTP
	flow *flow.Flow
}

// NewReplay returns a layer that sends the request of f, which is live and belongs to ctx.Client, on Start.
// The hooks are those of any request; the response goes nowhere but into f.
func NewReplay(ctx *layer.Context, f *flow.Flow) *Replay {
	r, mode := f.Request, HTTPTransparent
	if ctx.Upstream != nil {
		mode = HTTPUpstream
	}
	ctx.Server.Address = flow.Addr{Host: r.Host, Port: r.Port}
	if route := ctx.Options().Route; route != nil && ctx.Upstream == nil {
		ctx.Server.Via, _ = route(ctx.Server.Address)
	}
	ctx.Server.TLS = r.Scheme == "https"
	ctx.Server.SNI = r.PrettyHost()
	f.Server = ctx.Server
	h := NewHTTP(ctx, mode).(*HTTP)
	h.client = nowhere{}
	return &Replay{h, f}
}

// Handle starts the request or goes on with it.
func (r *Replay) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	cmds = r.http.Handle(ev, cmds)
	if _, start := ev.(layer.Start); !start {
		return cmds
	}
	return r.http.drive(cmds, func() {
		now := r.http.ctx.Now()
		q := r.flow.Request
		body, trailers := q.Body.Bytes(), q.Trailers
		q.Body, q.Start, q.End = flow.Body{}, now, now
		st := r.http.newStream(nowhere{})
		end := len(body) == 0 && trailers == nil
		r.http.deliver(st, &httpEvent{kind: requestHead, request: q, replay: r.flow, end: end})
		if end {
			return
		}
		r.http.deliver(st, &httpEvent{kind: requestData, data: bytes.Clone(body), owned: true})
		r.http.deliver(st, &httpEvent{kind: requestEnd, trailers: trailers})
	})
}

// nowhere is the client of a replay.
type nowhere struct{}

func (nowhere) sendInfo(*HTTPStream, *flow.Response)       {}
func (nowhere) sendHead(*HTTPStream, *flow.Response, bool) {}
func (nowhere) sendEnd(*HTTPStream, flow.Headers)          {}
func (nowhere) sendError(*HTTPStream, errorCode, string)   {}
func (nowhere) pipe(*HTTPStream)                           {}
func (nowhere) release(*HTTPStream)                        {}
func (nowhere) consumed(*HTTPStream, int)                  {}
func (nowhere) handle(layer.Event)                         {}
func (nowhere) sendData(st *HTTPStream, p []byte) {
	if st.server != nil {
		st.server.consumed(st, len(p))
	}
}
func (nowhere) pump() bool { return false }

func (nowhere) flush(cmds []layer.Command) []layer.Command { return cmds }
