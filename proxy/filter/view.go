package filter

import (
	"errors"
	"strings"
	"sync"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

const (
	maxDecoded = 16 << 20 // bytes of a decoded body that are searched
	maxKept    = 64 << 10 // bytes of a buffer that goes back to the pool
)

// A view is a flow while it is matched: what several operators read is made
// once, in buffers that are used again. It belongs to one goroutine.
type view struct {
	f        *flow.Flow
	url      buffer
	reqHead  buffer
	respHead buffer
	other    []byte
	reqBody  body
	respBody body
}

// A buffer is text that has been made for the present flow, or not yet.
type buffer struct {
	b    []byte
	made bool
}

// A body is a decoded body that has been made for the present flow, or not yet.
type body struct {
	b       []byte
	present bool
	made    bool
}

var views = sync.Pool{New: func() any { return new(view) }}

func newView(f *flow.Flow) *view {
	v := views.Get().(*view)
	v.f = f
	return v
}

func (v *view) release() {
	v.f = nil
	v.url.reset()
	v.reqHead.reset()
	v.respHead.reset()
	if cap(v.other) > maxKept {
		v.other = nil
	}
	v.reqBody, v.respBody = body{}, body{}
	views.Put(v)
}

func (b *buffer) reset() {
	b.made = false
	if cap(b.b) > maxKept {
		b.b = nil
	}
}

// request returns the request of an HTTP flow, or nil.
func (v *view) request() *flow.Request {
	if v.f.Kind != flow.HTTP {
		return nil
	}
	return v.f.Request
}

// response returns the response of an HTTP flow, or nil.
func (v *view) response() *flow.Response {
	if v.f.Kind != flow.HTTP {
		return nil
	}
	return v.f.Response
}

// prettyURL returns the URL of a flow with a request.
func (v *view) prettyURL() []byte {
	if !v.url.made {
		v.url = buffer{v.f.Request.AppendPrettyURL(v.url.b[:0]), true}
	}
	return v.url.b
}

// requestHead returns the header block of a flow with a request.
func (v *view) requestHead() []byte {
	if !v.reqHead.made {
		v.reqHead = buffer{v.f.Request.Headers.AppendTo(v.reqHead.b[:0]), true}
	}
	return v.reqHead.b
}

// responseHead returns the header block of a flow with a response.
func (v *view) responseHead() []byte {
	if !v.respHead.made {
		v.respHead = buffer{v.f.Response.Headers.AppendTo(v.respHead.b[:0]), true}
	}
	return v.respHead.b
}

// requestBody returns the decoded body of a flow with a request, and false where its bytes are not here.
func (v *view) requestBody() ([]byte, bool) {
	return v.reqBody.of(&v.f.Request.HTTPMessage)
}

// responseBody is requestBody for a flow with a response.
func (v *view) responseBody() ([]byte, bool) {
	return v.respBody.of(&v.f.Response.HTTPMessage)
}

func (b *body) of(m *flow.HTTPMessage) ([]byte, bool) {
	if !b.made {
		*b = body{made: true, present: m.Body.Gap() == flow.Whole || m.Body.Gap() == flow.Cut}
		if b.present {
			b.b = decoded(m)
		}
	}
	return b.b, b.present
}

// decoded returns a body without its content coding. One that is damaged or in an unknown coding is as it
// was sent; of one that is too large, the front.
func decoded(m *flow.HTTPMessage) []byte {
	raw := m.Body.Front()
	encoding, ok := m.Headers.Lookup("Content-Encoding")
	if !ok || len(raw) == 0 {
		return raw
	}
	if all := m.Headers.Values("Content-Encoding"); len(all) > 1 {
		encoding = strings.Join(all, ", ")
	}
	out, err := coding.Decode(encoding, raw, maxDecoded)
	if err == nil || errors.Is(err, coding.ErrTooLarge) && len(out) > 0 {
		return out
	}
	return raw
}
