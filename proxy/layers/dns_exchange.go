package layers

import (
	"bytes"
	"errors"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/dns"
)

// A dnsExchange is one question and its answer.
type dnsExchange struct {
	layer.Script
	d      *DNS
	flow   *flow.Flow
	id     uint16 // of the client's question
	asked  *flow.DNSMessage
	raw    []byte // of asked
	sent   *flow.DNSMessage
	sentID uint16    // to the server, while it works on it; valid if sent
	since  time.Time // of that
}

// dnsForward has the layer send the question to the server. Nobody waits for it: a dnsAnswer follows.
type dnsForward struct{}

func (*dnsForward) Command() {}

// dnsAnswer is what came of a question.
type dnsAnswer struct {
	msg *flow.DNSMessage
	raw []byte // owned
	err error
}

func (*dnsAnswer) Event() {}

func newDNSExchange(d *DNS, m *flow.DNSMessage, server *flow.Server, raw []byte) *dnsExchange {
	x := &dnsExchange{d: d, id: m.ID, asked: m, raw: bytes.Clone(raw)}
	x.flow = flow.New(flow.DNS, d.ctx.Client, server, d.ctx.Now())
	x.flow.DNSRequest = m
	x.Begin(d.ctx, x.run)
	return x
}

func (x *dnsExchange) of() layer.OfFlow { return layer.OfFlow{Flow: x.flow} }

func (x *dnsExchange) run(s *layer.Script) {
	s.Next() // Start
	f := x.flow
	s.Hook(&layer.DNSRequest{OfFlow: x.of()})
	var got dnsAnswer
	if f.DNSResponse == nil && f.Error == nil {
		got = x.ask(s)
		if got.err != nil && f.Error == nil {
			f.Error = &flow.Error{Message: got.err.Error(), Time: x.d.ctx.Now()}
		}
		f.DNSResponse = got.msg
	}
	if f.Error != nil {
		x.fail(s)
		return
	}
	s.Hook(&layer.DNSResponse{OfFlow: x.of()})
	f.Live = false
	s.Do(&layer.Update{Flow: f})
	if f.Killed() {
		return
	}
	raw := got.raw
	if f.DNSResponse != got.msg || raw == nil {
		b, err := dns.Encode(f.DNSResponse)
		if err != nil {
			f.Error = &flow.Error{Message: err.Error(), Time: x.d.ctx.Now()}
			x.fail(s)
			return
		}
		raw = b
	}
	x.reply(s, raw)
}

// ask gets an answer to the question, as it is after the hook.
func (x *dnsExchange) ask(s *layer.Script) dnsAnswer {
	if x.flow.DNSRequest != x.asked {
		b, err := dns.Encode(x.flow.DNSRequest)
		if err != nil {
			return dnsAnswer{err: err}
		}
		x.raw = b
	}
	x.sent = x.flow.DNSRequest
	if x.d.server == nil {
		return x.resolve(s)
	}
	s.Do(&dnsForward{})
	for {
		switch ev := s.Next().(type) {
		case *dnsAnswer:
			x.sent = nil
			return *ev
		case *layer.Kill:
			return dnsAnswer{err: errors.New("killed")}
		}
	}
}

func (x *dnsExchange) resolve(s *layer.Script) dnsAnswer {
	r := s.Await(&layer.Resolve{Question: x.sent, Raw: x.raw, Large: x.d.ctx.Client.Transport != "udp"}).(*layer.Resolved)
	if r.Err != nil {
		return dnsAnswer{err: r.Err}
	}
	m, err := dns.Decode(r.Raw)
	if err != nil {
		return dnsAnswer{err: errors.New("the name server sent an invalid answer: " + err.Error())}
	}
	m.Time = x.d.ctx.Now()
	return dnsAnswer{msg: m, raw: r.Raw}
}

// fail tells the client that there is no answer, unless somebody killed the flow.
func (x *dnsExchange) fail(s *layer.Script) {
	x.flow.Live = false
	s.Hook(&layer.DNSError{OfFlow: x.of()})
	if x.flow.Killed() {
		return
	}
	if b, err := dns.Encode(x.asked.Fail(flow.DNSServerFailure, x.d.ctx.Now())); err == nil {
		x.reply(s, b)
	}
}

// reply sends an answer under the id that the client asked with.
func (x *dnsExchange) reply(s *layer.Script, raw []byte) {
	setID(raw, x.id)
	to := &x.d.ctx.Client.Conn
	if to.Transport != "udp" {
		raw = dns.AppendFrame(make([]byte, 0, len(raw)+2), raw)
	}
	s.Do(&layer.SendData{Conn: to, Data: raw})
}
