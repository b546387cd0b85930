package layers

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/dns"
)

const (
	// maxQuestions bounds the questions of one client that wait for an answer.
	maxQuestions = 256
	// dnsPatience is how long a server may take to answer.
	dnsPatience = 10 * time.Second
	// dnsQuiet is how long a client that sends datagrams is kept after its last answer. It may ask again from the same port,
	// and a datagram that came just when it is closed would be lost.
	dnsQuiet = time.Second
)

// DNS answers the questions of one client (RFC 1035): from the context's server if its address is known, and else from
// the driver's name servers. Each question is a flow, and many may wait at a time; the answers keep no order.
//
// A message that nobody changes is passed on byte for byte, but for its id: while a server works
// on a question, no other one to it has the same id, whatever ids the client uses.
type DNS struct {
	ctx     *layer.Context
	server  *flow.Server // nil: the driver resolves
	in      map[*flow.Conn][]byte
	waiting []*dnsExchange
	sources sources

	opening  *layer.OpenConnection
	unsent   []*dnsExchange       // until the server is there
	transfer *dnsExchange         // whose answer may have more messages
	timed    bool                 // a wakeup will come
	quiet    *layer.RequestWakeup // at which the client is closed; nil: it is not done
	began    bool                 // there has been a question
	closing  bool                 // the client sends no more
	crowded  bool                 // questions have been refused, and some of those before them still wait
	over     bool
	cmds     []layer.Command
}

// NewDNS returns a layer that answers DNS questions.
func NewDNS(ctx *layer.Context) *DNS {
	d := &DNS{ctx: ctx, in: map[*flow.Conn][]byte{}}
	if !ctx.Server.Address.IsZero() {
		d.server = ctx.Server
	}
	ctx.Push(d)
	return d
}

// Handle leads an event to the question it concerns.
func (d *DNS) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	if d.over {
		return cmds
	}
	d.cmds = cmds
	switch ev := ev.(type) {
	case *layer.DataReceived:
		d.receive(ev)
	case *layer.ConnectionClosed:
		d.closed(ev.Conn)
	case *layer.OpenCompleted:
		if d.opening == ev.Cmd {
			d.opened(ev.Err)
		}
	case *layer.Wakeup:
		if ev.Cmd == d.quiet {
			d.closing = true
		} else {
			d.expire()
		}
	case *layer.Kill:
		d.kill(ev.Flow)
	case layer.Completion:
		if x, ok := d.sources.take(ev.Of()).(*dnsExchange); ok {
			d.deliver(x, ev)
		}
	}
	d.settle()
	cmds, d.cmds = d.cmds, nil
	return cmds
}

// receive takes apart what a connection brings. A datagram is one message.
func (d *DNS) receive(ev *layer.DataReceived) {
	if ev.Conn.Transport == "udp" {
		d.message(ev.Conn, ev.Data)
		return
	}
	in := append(d.in[ev.Conn], ev.Data...)
	for !d.over {
		msg, n, err := dns.ParseFrame(in)
		if err != nil {
			d.garbled(ev.Conn, err)
			return
		}
		if n == 0 {
			break
		}
		if !d.message(ev.Conn, msg) {
			delete(d.in, ev.Conn)
			return
		}
		in = in[n:]
	}
	if d.in[ev.Conn] = in; len(in) == 0 {
		delete(d.in, ev.Conn)
	}
}

// message handles a message, and reports whether it is one.
func (d *DNS) message(conn *flow.Conn, raw []byte) bool {
	m, err := dns.Decode(raw)
	client := conn == &d.ctx.Client.Conn
	if err == nil && m.Query != client {
		err = fmt.Errorf("it is no %s", map[bool]string{true: "question", false: "answer"}[client])
	}
	switch {
	case err != nil:
		d.garbled(conn, err)
	case client:
		m.Time = d.ctx.Now()
		d.ask(m, raw)
	case d.server != nil && conn == &d.server.Conn:
		m.Time = d.ctx.Now()
		d.answer(m, raw)
	}
	return err == nil
}

// garbled ends a connection that does not bring DNS. A datagram that seems to come from the server may be from anybody.
func (d *DNS) garbled(conn *flow.Conn, err error) {
	who := "client"
	if conn != &d.ctx.Client.Conn {
		who = "server"
	}
	d.log(slog.LevelInfo, who+" sent an invalid DNS message: "+err.Error())
	if who == "server" && conn.Transport == "udp" {
		return
	}
	d.cmds = append(d.cmds, &layer.CloseConnection{Conn: conn})
	if who == "client" {
		d.over = true
	}
}

func (d *DNS) log(level slog.Level, text string) {
	d.cmds = append(d.cmds, &layer.Log{Level: level, Text: text})
}

// ask begins with a question.
func (d *DNS) ask(m *flow.DNSMessage, raw []byte) {
	d.began = true
	if d.quiet != nil {
		d.cmds = append(d.cmds, &layer.CancelWakeup{Wakeup: d.quiet})
		d.quiet = nil
	}
	if len(d.waiting) >= maxQuestions {
		if !d.crowded {
			d.crowded = true
			d.log(slog.LevelWarn, "DNS questions are refused: too many wait for an answer")
		}
		if b, err := dns.Encode(m.Fail(flow.DNSServerFailure, d.ctx.Now())); err == nil {
			d.send(&d.ctx.Client.Conn, b)
		}
		return
	}
	server := d.server
	if server == nil {
		server = d.ctx.Server
	}
	x := newDNSExchange(d, m, server, raw)
	d.waiting = append(d.waiting, x)
	d.deliver(x, layer.Start{})
}

// deliver gives a question an event.
func (d *DNS) deliver(x *dnsExchange, ev layer.Event) {
	for _, c := range x.Handle(ev, nil) {
		switch c := c.(type) {
		case *dnsForward:
			d.forward(x)
			continue
		case layer.Hook, *layer.Resolve:
			d.sources.put(c, x)
		}
		d.cmds = append(d.cmds, c)
	}
	if x.Over() {
		d.waiting = slices.DeleteFunc(d.waiting, func(o *dnsExchange) bool { return o == x })
		d.crowded = d.crowded && len(d.waiting) > 0
	}
}

// send sends a message as the transport of a connection carries it.
func (d *DNS) send(to *flow.Conn, msg []byte) {
	if to.Transport != "udp" {
		msg = dns.AppendFrame(make([]byte, 0, len(msg)+2), msg)
	}
	d.cmds = append(d.cmds, &layer.SendData{Conn: to, Data: msg})
}

// settle closes what is of no more use: to the server, a client's next datagram gets a port of its own (RFC 5452 §9.2).
func (d *DNS) settle() {
	rests := d.began && d.ctx.Client.Transport == "udp" && d.quiet == nil
	if d.over || len(d.waiting) > 0 || !d.closing && !rests {
		return
	}
	if d.server != nil && d.server.State != flow.Closed {
		d.cmds = append(d.cmds, &layer.CloseConnection{Conn: &d.server.Conn})
	}
	if d.closing {
		d.over = true
		d.cmds = append(d.cmds, &layer.CloseConnection{Conn: &d.ctx.Client.Conn})
		return
	}
	d.quiet = &layer.RequestWakeup{After: dnsQuiet}
	d.cmds = append(d.cmds, d.quiet)
}

func setID(raw []byte, id uint16) { binary.BigEndian.PutUint16(raw, id) }
