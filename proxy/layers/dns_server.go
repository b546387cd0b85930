package layers

import (
	"errors"
	"log/slog"
	"slices"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

const (
	typeIXFR = 251 // RFC 1995
	typeAXFR = 252 // RFC 5936: the answer may have any number of messages
)

// forward sends a question to the server, as soon as there is a connection to it.
func (d *DNS) forward(x *dnsExchange) {
	x.sentID = d.freeID(x)
	if d.server.State == flow.Open && d.opening == nil {
		d.sendQuestion(x)
		return
	}
	d.unsent = append(d.unsent, x)
	if d.opening != nil {
		return
	}
	if !d.server.Start.IsZero() { // it has been connected before (RFC 7766 §6.2.3)
		again := flow.NewServer(d.server.Address)
		again.Transport, again.Via = d.server.Transport, d.server.Via
		d.server = again
		for _, o := range d.unsent {
			o.flow.Server = again
		}
	}
	d.opening = &layer.OpenConnection{Server: d.server}
	d.cmds = append(d.cmds, d.opening)
}

// freeID returns the question's own id, or another one while a server works on a question with that.
func (d *DNS) freeID(x *dnsExchange) uint16 {
	id := x.id
	for slices.ContainsFunc(d.waiting, func(o *dnsExchange) bool { return o != x && o.sent != nil && o.sentID == id }) {
		id++
	}
	return id
}

func (d *DNS) sendQuestion(x *dnsExchange) {
	x.since = d.ctx.Now()
	setID(x.raw, x.sentID)
	d.send(&d.server.Conn, x.raw)
	if !d.timed {
		d.timed = true
		d.cmds = append(d.cmds, &layer.RequestWakeup{After: dnsPatience})
	}
}

// opened sends what has waited for the server.
func (d *DNS) opened(err error) {
	d.opening = nil
	unsent := d.unsent
	d.unsent = nil
	for _, x := range unsent {
		switch {
		case x.Over():
		case err != nil:
			d.deliver(x, &dnsAnswer{err: err})
		default:
			d.sendQuestion(x)
		}
	}
}

// answer finds the question of an answer, which has the same id and asks the same (RFC 5452 §9.1).
func (d *DNS) answer(m *flow.DNSMessage, raw []byte) {
	for _, x := range d.waiting {
		if x.sent == nil || x.sentID != m.ID || !sameQuestions(x.sent.Questions, m.Questions) || slices.Contains(d.unsent, x) {
			continue
		}
		if q := x.sent.Questions; len(q) == 1 && (q[0].Type == typeAXFR || q[0].Type == typeIXFR) {
			d.transfer = x
		}
		d.deliver(x, &dnsAnswer{msg: m, raw: slices.Clone(raw)})
		return
	}
	if x := d.transfer; x != nil && x.sentID == m.ID && x.Over() && d.server.Transport != "udp" {
		more := slices.Clone(raw)
		setID(more, x.id)
		d.send(&d.ctx.Client.Conn, more)
		return
	}
	d.log(slog.LevelDebug, "server sent a DNS answer to no question")
}

// sameQuestions compares names in any case (RFC 1035 §2.3.3). An answer may leave the question out.
func sameQuestions(asked, answered []flow.DNSQuestion) bool {
	if len(answered) == 0 {
		return true
	}
	return slices.EqualFunc(asked, answered, func(a, b flow.DNSQuestion) bool {
		return a.Type == b.Type && a.Class == b.Class && strings.EqualFold(a.Name, b.Name)
	})
}

// expire gives up questions that the server has not answered in time.
func (d *DNS) expire() {
	d.timed = false
	now := d.ctx.Now()
	left := false
	for _, x := range slices.Clone(d.waiting) {
		switch {
		case x.sent == nil || d.server == nil || x.since.IsZero():
		case now.Sub(x.since) >= dnsPatience:
			d.deliver(x, &dnsAnswer{err: errors.New("no answer from " + d.server.Address.String() + " in " + dnsPatience.String())})
		default:
			left = true
		}
	}
	if left {
		d.timed = true
		d.cmds = append(d.cmds, &layer.RequestWakeup{After: dnsPatience})
	}
}

// closed goes on without the client, or without the server.
func (d *DNS) closed(conn *flow.Conn) {
	switch {
	case conn == &d.ctx.Client.Conn:
		d.closing = true
		if conn.Transport == "udp" { // it has been silent for long
			d.waiting = nil
		}
	case d.server != nil && conn == &d.server.Conn:
		delete(d.in, conn)
		if conn.State != flow.Closed {
			d.cmds = append(d.cmds, &layer.CloseConnection{Conn: conn})
		}
		for _, x := range slices.Clone(d.waiting) {
			if x.sent != nil && !slices.Contains(d.unsent, x) {
				d.deliver(x, &dnsAnswer{err: errors.New("server closed the connection without an answer")})
			}
		}
	}
}

// kill ends a question, which gets no answer.
func (d *DNS) kill(id flow.ID) {
	for _, x := range d.waiting {
		if x.flow.ID == id && x.flow.Killable() {
			x.flow.Kill(d.ctx.Now())
			if x.sent != nil && d.server != nil {
				d.deliver(x, &layer.Kill{Flow: id})
			}
			return
		}
	}
}
