package flowstore

import (
	"bytes"
	"slices"

	"sluice/proxy/flow"
)

// A patch is a person's edit with the parts that it was made against. Applying it changes only the
// fields in which the two differ, so that a message may go on growing under an edit of its
// headers. A nil part is not edited.
type patch struct {
	baseRequest, request   *flow.Request
	baseResponse, response *flow.Response
	baseMessages, messages []flow.Message
	question, answer       dnsPatch
}

// diff returns what makes base into mine. A part that mine lacks counts as unchanged.
func diff(base, mine *flow.Flow) (p patch) {
	if r := mine.Request; r != nil {
		r = adoptRequest(base.Request, r)
		if !sameRequest(base.Request, r) {
			p.baseRequest, p.request = base.Request, r
		}
	}
	if r := mine.Response; r != nil {
		r = adoptResponse(base.Response, r)
		if !sameResponse(base.Response, r) {
			p.baseResponse, p.response = base.Response, r
		}
	}
	if b, m := base.AllMessages(), mine.AllMessages(); !slices.EqualFunc(b, m, sameMessage) {
		p.baseMessages, p.messages = b, m
		if m == nil {
			p.messages = []flow.Message{}
		}
	}
	p.question, p.answer = diffDNS(base.DNSRequest, mine.DNSRequest), diffDNS(base.DNSResponse, mine.DNSResponse)
	return p
}

func (p *patch) empty() bool {
	return p.request == nil && p.response == nil && p.messages == nil && p.question.empty() && p.answer.empty()
}

// apply puts the patch into f, a copy whose own fields may be written but nothing behind them.
func (p *patch) apply(f *flow.Flow) {
	f.Request = mergeRequest(p.baseRequest, p.request, f.Request)
	f.Response = mergeResponse(p.baseResponse, p.response, f.Response)
	f.DNSRequest, f.DNSResponse = p.question.merge(f.DNSRequest), p.answer.merge(f.DNSResponse)
	if p.messages == nil {
		return
	}
	merged := mergeMessages(p.baseMessages, p.messages, f.AllMessages())
	if f.WebSocket == nil {
		f.Messages = merged
		return
	}
	w := *f.WebSocket
	w.Messages = merged
	f.WebSocket = &w
}

// edit returns what turns the engine's snapshot into the patched one, or nil.
func (p *patch) edit(engine *flow.Flow) *flow.Edit {
	if p.empty() {
		return nil
	}
	c := *engine
	p.apply(&c)
	var e flow.Edit
	if p.request != nil {
		e.Request = c.Request
	}
	if p.response != nil {
		e.Response = c.Response
	}
	if p.messages != nil {
		e.Messages = slices.Clip(c.AllMessages())
	}
	if !p.question.empty() {
		e.DNSRequest = c.DNSRequest
	}
	if !p.answer.empty() {
		e.DNSResponse = c.DNSResponse
	}
	return &e
}

// absorb drops the parts that fresh contains, and if it was given the flow, those that it changed
// against old. It reports whether there were any.
func (p *patch) absorb(old, fresh *flow.Flow, given bool) bool {
	took := false
	if p.request != nil {
		merged := mergeRequest(p.baseRequest, p.request, fresh.Request)
		if sameRequest(merged, fresh.Request) || given && !sameRequest(old.Request, fresh.Request) {
			p.baseRequest, p.request, took = nil, nil, true
		}
	}
	if p.response != nil {
		merged := mergeResponse(p.baseResponse, p.response, fresh.Response)
		if sameResponse(merged, fresh.Response) || given && !sameResponse(old.Response, fresh.Response) {
			p.baseResponse, p.response, took = nil, nil, true
		}
	}
	if p.messages != nil && given && !hasPrefix(fresh.AllMessages(), old.AllMessages()) {
		p.baseMessages, p.messages, took = nil, nil, true
	}
	question := p.question.absorb(old.DNSRequest, fresh.DNSRequest, given)
	answer := p.answer.absorb(old.DNSResponse, fresh.DNSResponse, given)
	return took || question || answer
}

func (p *patch) dropBodies() {
	p.baseRequest, p.request = requestWithoutBody(p.baseRequest), requestWithoutBody(p.request)
	p.baseResponse, p.response = responseWithoutBody(p.baseResponse), responseWithoutBody(p.response)
	p.baseMessages, p.messages = withoutContent(p.baseMessages), withoutContent(p.messages)
}

// mergeRequest returns theirs with the fields in which mine differs from base. Where there was no
// base, a message that has come since wins.
func mergeRequest(base, mine, theirs *flow.Request) *flow.Request {
	if mine == nil || theirs != nil && base == nil {
		return theirs
	}
	if theirs == nil || base == nil {
		return mine
	}
	m := *theirs
	mergeMessage(&m.HTTPMessage, &base.HTTPMessage, &mine.HTTPMessage)
	merge(&m.Method, base.Method, mine.Method)
	merge(&m.Scheme, base.Scheme, mine.Scheme)
	merge(&m.Authority, base.Authority, mine.Authority)
	merge(&m.Path, base.Path, mine.Path)
	merge(&m.Host, base.Host, mine.Host)
	merge(&m.Port, base.Port, mine.Port)
	return &m
}

// mergeResponse is like mergeRequest, but a response that the engine took away stays away: the flow is replayed.
func mergeResponse(base, mine, theirs *flow.Response) *flow.Response {
	if mine == nil || (theirs == nil) != (base == nil) {
		return theirs
	}
	if theirs == nil {
		return mine
	}
	m := *theirs
	mergeMessage(&m.HTTPMessage, &base.HTTPMessage, &mine.HTTPMessage)
	merge(&m.Status, base.Status, mine.Status)
	merge(&m.Reason, base.Reason, mine.Reason)
	return &m
}

func merge[T comparable](dst *T, base, mine T) {
	if mine != base {
		*dst = mine
	}
}

func mergeMessage(dst, base, mine *flow.HTTPMessage) {
	merge(&dst.Version, base.Version, mine.Version)
	if !slices.Equal(base.Headers, mine.Headers) {
		dst.Headers = mine.Headers
	}
	if !slices.Equal(base.Trailers, mine.Trailers) {
		dst.Trailers = mine.Trailers
	}
	if !identical(&base.Body, &mine.Body) {
		dst.Body = mine.Body
	}
}

// mergeMessages returns theirs with the messages in which mine differs from base. If there are more or
// fewer in mine, it is mine with what has come since.
func mergeMessages(base, mine, theirs []flow.Message) []flow.Message {
	if len(mine) != len(base) {
		return append(slices.Clip(mine), theirs[min(len(base), len(theirs)):]...)
	}
	out := slices.Clone(theirs)
	for i := range min(len(mine), len(out)) {
		if !sameMessage(base[i], mine[i]) {
			out[i] = mine[i]
		}
	}
	return out
}

// adoptRequest returns mine with the body of base if the two are equal, so that identical finds them so.
func adoptRequest(base, mine *flow.Request) *flow.Request {
	c := *mine
	if base != nil && base.Body.Equal(&c.Body) {
		c.Body = base.Body
	}
	return &c
}

func adoptResponse(base, mine *flow.Response) *flow.Response {
	c := *mine
	if base != nil && base.Body.Equal(&c.Body) {
		c.Body = base.Body
	}
	return &c
}

// sameRequest reports whether two requests say the same, whenever they came.
func sameRequest(a, b *flow.Request) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameHTTP(&a.HTTPMessage, &b.HTTPMessage) && a.Method == b.Method && a.Scheme == b.Scheme &&
		a.Authority == b.Authority && a.Path == b.Path && a.Host == b.Host && a.Port == b.Port
}

func sameResponse(a, b *flow.Response) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameHTTP(&a.HTTPMessage, &b.HTTPMessage) && a.Status == b.Status && a.Reason == b.Reason
}

func sameHTTP(a, b *flow.HTTPMessage) bool {
	return a.Version == b.Version && slices.Equal(a.Headers, b.Headers) &&
		slices.Equal(a.Trailers, b.Trailers) && identical(&a.Body, &b.Body)
}

// hasPrefix reports whether ms begins with the messages of old.
func hasPrefix(ms, old []flow.Message) bool {
	return len(ms) >= len(old) && slices.EqualFunc(ms[:len(old)], old, sameMessage)
}

func sameMessage(a, b flow.Message) bool {
	return a.FromClient == b.FromClient && a.Text == b.Text && a.Dropped == b.Dropped &&
		a.Lost == b.Lost && bytes.Equal(a.Content, b.Content)
}

// identical reports whether two bodies are the same bytes in memory, without reading them.
func identical(a, b *flow.Body) bool {
	return a.Len() == b.Len() && a.Gap() == b.Gap() && front(a) == front(b)
}

// front returns where the first byte of a body is, or nil.
func front(b *flow.Body) *byte {
	for c := range b.Chunks {
		if len(c) > 0 {
			return &c[0]
		}
	}
	return nil
}
