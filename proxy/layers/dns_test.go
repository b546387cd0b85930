package layers

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/wire/dns"
)

// question returns one for the A record of a name; answer is one to it, with an address that ends with last.
func question(id uint16, name string) string {
	return encoded(&flow.DNSMessage{ID: id, Query: true, RecursionDesired: true, Questions: []flow.DNSQuestion{{Name: name, Type: 1, Class: 1}}})
}

func answer(id uint16, name string, last byte) string {
	return encoded(&flow.DNSMessage{ID: id, RecursionDesired: true, RecursionAvailable: true, Questions: []flow.DNSQuestion{{Name: name, Type: 1, Class: 1}},
		Answers: []flow.DNSRecord{{Name: name, Type: 1, Class: 1, TTL: 60, Data: []byte{192, 0, 2, last}}}})
}

func failure(id uint16, name string) string {
	return encoded((&flow.DNSMessage{ID: id, RecursionDesired: true, Questions: []flow.DNSQuestion{{Name: name, Type: 1, Class: 1}}}).
		Fail(flow.DNSServerFailure, time.Time{}))
}

func encoded(m *flow.DNSMessage) string {
	b, err := dns.Encode(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func framed(s string) string { return string(dns.AppendFrame(nil, []byte(s))) }

// dnsRig is a DNS layer with what it asks the driver to resolve.
type dnsRig struct {
	*layertest.Playbook
	d        *DNS
	flows    []*flow.Flow
	resolves []*layer.Resolve
}

func newDNSRig(t *testing.T, transport string, server bool) *dnsRig {
	ctx := layertest.Context(layer.Options{})
	ctx.Client.Transport = transport
	if server {
		ctx.Server.Address, ctx.Server.Transport = flow.Addr{Host: "192.0.2.53", Port: 53}, transport
	}
	r := &dnsRig{d: NewDNS(ctx)}
	r.Playbook = layertest.New(t, ctx, resolving{r})
	r.HideUpdates = true
	r.OnHook = func(h layer.Hook) {
		if _, ok := h.(*layer.DNSRequest); ok {
			r.flows = append(r.flows, h.(layer.FlowHook).Subject())
		}
	}
	return r
}

// resolving takes the Resolve commands out, which a transcript does not know.
type resolving struct{ r *dnsRig }

func (x resolving) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	for _, c := range x.r.d.Handle(ev, nil) {
		if q, ok := c.(*layer.Resolve); ok {
			x.r.resolves = append(x.r.resolves, q)
		} else {
			cmds = append(cmds, c)
		}
	}
	return cmds
}

func (r *dnsRig) resolved(i int, answer string, err error) {
	r.Event(&layer.Resolved{Cmd: r.resolves[i], Raw: []byte(answer), Err: err})
}

// play runs a transcript with messages in the place of its verbs.
func (r *dnsRig) play(transcript string, messages ...string) {
	args := make([]any, len(messages))
	for i, m := range messages {
		args[i] = strconv.Quote(m)
	}
	r.Run(fmt.Sprintf(transcript, args...))
}

func TestDNSResolves(t *testing.T) {
	r := newDNSRig(t, "udp", false)
	r.play(">> client %s\n<< hook dns_request\n>> answer", question(7, "a.test"))
	if q := r.resolves[0]; string(q.Raw) != question(7, "a.test") || q.Large {
		t.Errorf("%+v", q)
	}
	r.resolved(0, answer(7, "a.test", 1), nil)
	r.play("<< hook dns_response\n>> answer\n<< send client %s\n<< wakeup 1s", answer(7, "a.test", 1))
	if f := r.flows[0]; f.Live || f.Kind != flow.DNS || f.DNSResponse.Answers[0].Text() != "192.0.2.1" || f.DNSRequest.Questions[0].Name != "a.test" {
		t.Errorf("%+v", f)
	}
}

func TestDNSFails(t *testing.T) {
	for name, end := range map[string]func(r *dnsRig){
		"no answer": func(r *dnsRig) { r.resolved(0, "", errors.New("no route")) },
		"no DNS":    func(r *dnsRig) { r.resolved(0, "hello", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newDNSRig(t, "udp", false)
			r.AutoHooks = true
			r.play(">> client %s\n<< hook dns_request", question(7, "a.test"))
			end(r)
			r.play("<< hook dns_error\n<< send client %s\n<< wakeup 1s", failure(7, "a.test"))
			if f := r.flows[0]; f.Live || f.Error == nil {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestDNSEdited(t *testing.T) {
	r := newDNSRig(t, "udp", false)
	r.AutoHooks, r.HideHooks = true, true
	r.OnHook = func(h layer.Hook) {
		switch h := h.(type) {
		case *layer.DNSRequest:
			m := *h.Flow.DNSRequest
			m.Questions = []flow.DNSQuestion{{Name: "b.test", Type: 1, Class: 1}}
			h.Flow.DNSRequest = &m
		case *layer.DNSResponse:
			m := *h.Flow.DNSResponse
			m.Answers = []flow.DNSRecord{{Name: "a.test", Type: 1, Class: 1, TTL: 60, Data: []byte{192, 0, 2, 9}}}
			m.Questions = []flow.DNSQuestion{{Name: "a.test", Type: 1, Class: 1}}
			h.Flow.DNSResponse = &m
		}
	}
	r.play(">> client %s", question(7, "a.test"))
	if string(r.resolves[0].Raw) != question(7, "b.test") {
		t.Errorf("%q is asked", r.resolves[0].Raw)
	}
	r.resolved(0, answer(7, "b.test", 1), nil)
	r.play("<< send client %s\n<< wakeup 1s", answer(7, "a.test", 9))
}

// An addon can answer by itself, or kill the question.
func TestDNSAnsweredByAddon(t *testing.T) {
	r := newDNSRig(t, "udp", false)
	r.AutoHooks, r.HideHooks = true, true
	r.OnHook = func(h layer.Hook) {
		if q, ok := h.(*layer.DNSRequest); ok {
			q.Flow.DNSResponse = q.Flow.DNSRequest.Fail(flow.DNSServerFailure, layertest.Epoch)
		}
	}
	r.play(">> client %s\n<< send client %s\n<< wakeup 1s", question(7, "a.test"), failure(7, "a.test"))

	r = newDNSRig(t, "udp", false)
	r.AutoHooks = true
	r.OnHook = func(h layer.Hook) {
		if q, ok := h.(*layer.DNSRequest); ok {
			q.Flow.Kill(layertest.Epoch)
		}
	}
	r.play(">> client %s\n<< hook dns_request\n<< hook dns_error\n<< wakeup 1s", question(7, "a.test"))
}

// The ids that a client uses at a time, or again, do not matter: each question gets its own answer.
func TestDNSReusedID(t *testing.T) {
	r := newDNSRig(t, "tcp", true)
	r.AutoHooks, r.HideHooks = true, true
	r.play(`
		>> client %s
		<< open server 192.0.2.53:53
		>> client %s
		>> opened
		<< send server %s
		<< wakeup 10s
		<< send server %s
		>> server %s
		<< send client %s
		>> server %s
		<< send client %s
		# the id is free again, and an old answer to it is not taken for the new one
		>> client %s
		<< send server %s
		>> server %s
		>> server %s
		<< send client %s
	`,
		framed(question(7, "a.test")), framed(question(7, "b.test")), framed(question(7, "a.test")), framed(question(8, "b.test")),
		framed(answer(8, "b.test", 2)), framed(answer(7, "b.test", 2)),
		framed(answer(7, "a.test", 1)), framed(answer(7, "a.test", 1)),
		framed(question(7, "c.test")), framed(question(7, "c.test")),
		framed(answer(7, "a.test", 1)), framed(answer(7, "c.test", 3)), framed(answer(7, "c.test", 3)))
	if len(r.flows) != 3 {
		t.Errorf("%d flows", len(r.flows))
	}
	for i, want := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		if got := r.flows[i].DNSResponse.Answers[0].Text(); got != want {
			t.Errorf("question %d: %s", i, got)
		}
	}
}

// A client that sends datagrams may ask again from its port, and does so from another port of ours.
func TestDNSNextQuestion(t *testing.T) {
	r := newDNSRig(t, "udp", true)
	r.AutoHooks, r.HideHooks = true, true
	r.play(`
		>> client %s
		<< open server 192.0.2.53:53
		>> opened
		<< send server %s
		<< wakeup 10s
		>> server %s
		<< send client %s
		<< close server
		<< wakeup 1s
		>> server closed
		>> client %s
		<< cancel wakeup 1s
		<< open server2 192.0.2.53:53
		>> opened
		<< send server2 %s
		>> server2 %s
		<< send client %s
		<< close server2
		<< wakeup 1s
		# that of the first question, which has been answered
		>> wakeup
		>> wakeup
		<< close client
	`,
		question(7, "a.test"), question(7, "a.test"), answer(7, "a.test", 1), answer(7, "a.test", 1),
		question(7, "b.test"), question(7, "b.test"), answer(7, "b.test", 2), answer(7, "b.test", 2))
}

func TestDNSOneByteAtATime(t *testing.T) {
	r := newDNSRig(t, "tcp", true)
	r.AutoHooks, r.HideHooks = true, true
	for _, b := range layertest.Split(framed(question(7, "a.test")) + framed(question(8, "b.test"))) {
		r.Data(r.Client(), b)
	}
	r.play("<< open server …\n>> opened\n<< send server %s\n<< wakeup 10s\n<< send server %s", framed(question(7, "a.test")), framed(question(8, "b.test")))
	for _, b := range layertest.Split(framed(answer(8, "b.test", 2)) + framed(answer(7, "a.test", 1))) {
		r.Data(&r.Server(1).Conn, b)
	}
	r.play("<< send client %s", framed(answer(8, "b.test", 2))+framed(answer(7, "a.test", 1)))
	if len(r.flows) != 2 || len(r.d.in) != 0 {
		t.Error(len(r.flows), r.d.in)
	}
}

// A server that closes an idle connection is connected to again (RFC 7766 §6.2.3).
func TestDNSServerCloses(t *testing.T) {
	r := newDNSRig(t, "tcp", true)
	r.AutoHooks, r.HideHooks = true, true
	r.play(`
		>> client %s
		<< open server 192.0.2.53:53
		>> opened
		<< send server …
		<< wakeup 10s
		>> server closed
		<< close server
		<< send client %s
		>> client %s
		<< open server2 192.0.2.53:53
		>> opened
		<< send server2 %s
		>> client closed
		>> server2 %s
		<< send client %s
		<< close server2
		<< close client
	`, framed(question(7, "a.test")), framed(failure(7, "a.test")), framed(question(8, "b.test")), framed(question(8, "b.test")),
		framed(answer(8, "b.test", 2)), framed(answer(8, "b.test", 2)))
	if r.flows[0].Error == nil || r.flows[1].Error != nil || r.flows[1].Server != r.Server(2) {
		t.Error("the flows do not say so")
	}
}

func TestDNSUnreachable(t *testing.T) {
	r := newDNSRig(t, "udp", true)
	r.AutoHooks, r.HideHooks = true, true
	r.play(">> client %s\n<< open server …\n>> refused `no route`\n<< send client %s\n<< wakeup 1s", question(7, "a.test"), failure(7, "a.test"))
}

func TestDNSNoAnswerInTime(t *testing.T) {
	r := newDNSRig(t, "udp", true)
	r.AutoHooks, r.HideHooks = true, true
	now := layertest.Epoch
	r.d.ctx.Now = func() time.Time { return now }
	r.play(">> client %s\n<< open server …\n>> opened\n<< send server …\n<< wakeup 10s", question(7, "a.test"))
	now = now.Add(4 * time.Second)
	r.play(">> client %s\n<< send server …", question(8, "b.test"))
	now = now.Add(6 * time.Second)
	r.play(">> wakeup\n<< wakeup 10s\n<< send client %s", failure(7, "a.test"))
	now = now.Add(10 * time.Second)
	r.play(">> wakeup\n<< send client %s\n<< close server\n<< wakeup 1s", failure(8, "b.test"))
}

func TestDNSGarbled(t *testing.T) {
	for _, in := range []string{`\x00\x00`, `\x00\x03abc`, strconv.Quote(framed(answer(1, "a.test", 1)))} {
		r := newDNSRig(t, "tcp", false)
		r.ShowLogs = true
		if in[0] != '"' {
			in = `"` + in + `"`
		}
		r.Run(">> client " + in + "\n<< log info \"client sent an invalid DNS message: …\"\n<< close client\n>> client `more`")
	}
	r := newDNSRig(t, "udp", true) // the server's datagrams may be from anybody
	r.AutoHooks, r.HideHooks = true, true
	r.play(">> client %s\n<< open server …\n>> opened\n<< send server …\n<< wakeup 10s\n>> server `x`\n>> server %s\n>> server %s\n<< send client %s\n<< close server\n<< wakeup 1s",
		question(7, "a.test"), question(7, "a.test"), answer(7, "a.test", 1), answer(7, "a.test", 1))
}

func TestDNSKillEvent(t *testing.T) {
	r := newDNSRig(t, "tcp", true)
	r.AutoHooks = true
	r.play(">> client %s\n<< hook dns_request\n<< open server …\n>> opened\n<< send server …\n<< wakeup 10s", framed(question(7, "a.test")))
	r.Event(&layer.Kill{Flow: r.flows[0].ID})
	r.Run("<< hook dns_error")
	if !r.flows[0].Killed() || r.flows[0].Live {
		t.Error("not killed")
	}
}

func TestDNSQuestionsAreBounded(t *testing.T) {
	r := newDNSRig(t, "tcp", false)
	for i := range maxQuestions {
		r.Data(r.Client(), []byte(framed(question(uint16(i), "a.test"))))
	}
	r.TakeAll()
	r.play(">> client %s\n<< log warn …\n<< send client %s", framed(question(999, "a.test")), framed(failure(999, "a.test")))
	if len(r.d.waiting) != maxQuestions {
		t.Error(len(r.d.waiting))
	}
}

// The answer to AXFR may have many messages, which all pass (RFC 5936 §2.2).
func TestDNSTransfer(t *testing.T) {
	r := newDNSRig(t, "tcp", true)
	r.AutoHooks, r.HideHooks = true, true
	ask := func(id uint16, query bool) string {
		return framed(encoded(&flow.DNSMessage{ID: id, Query: query, Questions: []flow.DNSQuestion{{Name: "test", Type: typeAXFR, Class: 1}}}))
	}
	r.play(">> client %s\n<< open server …\n>> opened\n<< send server …\n<< wakeup 10s\n>> server %s\n<< send client %s\n>> server %s\n<< send client %s",
		ask(7, true), ask(7, false), ask(7, false), ask(7, false), ask(7, false))
}

// TestDNSByteByByte reads a large message in pieces of a byte, without copying it for each of them.
func TestDNSByteByByte(t *testing.T) {
	r := newDNSRig(t, "tcp", false)
	r.HideHooks, r.AutoHooks = true, true
	m := &flow.DNSMessage{ID: 1, Query: true}
	for i := range 600 {
		m.Questions = append(m.Questions, flow.DNSQuestion{Name: strconv.Itoa(i) + strings.Repeat("a", 60), Type: 1, Class: 1})
	}
	frame := dns.AppendFrame(nil, []byte(encoded(m)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range frame[:len(frame)-1] {
		r.Data(r.Client(), frame[i:i+1])
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1000*uint64(len(frame)) {
		t.Errorf("%d KiB were allocated for a message of %d bytes", n>>10, len(frame))
	}
	r.Data(r.Client(), frame[len(frame)-1:])
	if len(r.resolves) != 1 {
		t.Errorf("%d questions", len(r.resolves))
	}
	r.TakeAll()
}
