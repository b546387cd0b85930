package proxy

import (
	"net"
	"testing"

	"sluice/proxy/flow"
)

// waitUDP returns the only UDP flow once it is as it should be.
func (r *rig) waitUDP(ok func(*flow.Flow) bool) *flow.Flow {
	r.t.Helper()
	for {
		var found *flow.Flow
		r.store.Each(func(f *flow.Flow) bool {
			if f.Kind == flow.UDP && ok(f) {
				found = f
			}
			return true
		})
		if found != nil {
			return found
		}
		<-r.store.Changes()
	}
}

// heldAt accepts a flow that is held for its n-th message.
func heldAt(n int) func(*flow.Flow) bool {
	return func(f *flow.Flow) bool { return f.Intercepted && len(f.Messages) == n }
}

// hear returns the next datagram.
func hear(t *testing.T, c net.PacketConn) (string, net.Addr) {
	t.Helper()
	b := make([]byte, 100)
	n, from, err := c.ReadFrom(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n]), from
}

// TestUDPHeldEditedAndInjected: a person edits the datagrams of both sides, drops one, and puts some of their own in between.
func TestUDPHeldEditedAndInjected(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	spec := "reverse:udp://" + server.LocalAddr().String()
	r := newRig(t, "mode="+spec, "intercept=~udp")
	client, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	proxy, err := net.ResolveUDPAddr("udp", r.at(spec))
	if err != nil {
		t.Fatal(err)
	}
	send := func(c net.PacketConn, to net.Addr, s string) {
		if _, err := c.WriteTo([]byte(s), to); err != nil {
			t.Fatal(err)
		}
	}
	resume := func(n int, change func(m *flow.Message)) flow.ID {
		f := r.waitUDP(heldAt(n))
		err := r.store.Edit(f.ID, func(f *flow.Flow) error { change(&f.Messages[n-1]); return nil })
		if err != nil || !r.Resume(f.ID, r.store.PendingEdit(f.ID)) {
			t.Fatal("not resumed:", err)
		}
		return f.ID
	}
	as := func(s string) func(*flow.Message) { return func(m *flow.Message) { m.Content = []byte(s) } }

	send(client, proxy, "question")
	id := resume(1, as("another question"))
	got, us := hear(t, server)
	if got != "another question" {
		t.Errorf("the server heard %q", got)
	}
	send(server, us, "answer")
	resume(2, as("")) // a datagram may be empty
	if got, _ := hear(t, client); got != "" {
		t.Errorf("the client heard %q", got)
	}
	send(client, proxy, "secret")
	resume(3, func(m *flow.Message) { m.Dropped = true })

	for n, fromClient := range []bool{true, false} {
		if err := r.Inject(id, flow.Message{FromClient: fromClient, Text: true, Content: []byte("ours")}); err != nil {
			t.Fatal(err)
		}
		resume(4+n, as("ours, edited"))
		to := map[bool]net.PacketConn{true: server, false: client}[fromClient]
		if got, _ := hear(t, to); got != "ours, edited" { // and not the one that was dropped
			t.Errorf("injected, from the client %v: heard %q", fromClient, got)
		}
	}
	f := r.waitUDP(func(f *flow.Flow) bool { return !f.Intercepted && len(f.Messages) == 5 })
	if m := f.Messages; !m[2].Dropped || !m[3].Injected || m[3].Text || !m[4].Injected || m[0].Injected {
		t.Errorf("%+v", m)
	}
}
