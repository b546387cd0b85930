package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"sluice/proxy/flow"
)

// heldTCP returns the only TCP flow once it is held for its n-th message.
func (r *rig) heldTCP(n int) *flow.Flow {
	r.t.Helper()
	for {
		if f := r.waitTCP(n); f.Intercepted && len(f.Messages) == n {
			return f
		}
		<-r.store.Changes()
	}
}

// TestTCPHeldEditedAndInjected: a person edits what both sides say through a reverse proxy of a TCP server, with TLS on
// either side or none, drops a message, and puts some of their own in between.
func TestTCPHeldEditedAndInjected(t *testing.T) {
	for _, scheme := range []string{"tcp", "tls"} {
		for _, secure := range []bool{false, true} {
			name := scheme + " from plain"
			if secure {
				name = scheme + " from TLS"
			}
			t.Run(name, func(t *testing.T) { heldEditedAndInjected(t, scheme, secure) })
		}
	}
}

func heldEditedAndInjected(t *testing.T, scheme string, secure bool) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	spec := "reverse:" + scheme + "://" + ln.Addr().String()
	r := newRig(t, "mode="+spec, "intercept=~tcp")
	client, err := net.Dial("tcp", r.at(spec))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if secure {
		client = tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if scheme == "tls" {
		x := tls.Server(server, &tls.Config{Certificates: r.secure.TLS.Certificates})
		go x.Handshake()
		server = x
	}
	hears := func(c net.Conn, want string) {
		t.Helper()
		b := make([]byte, len(want))
		if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
			t.Fatalf("heard %q, %v, want %q", b, err, want)
		}
	}
	resume := func(n int, change func(m *flow.Message)) flow.ID {
		t.Helper()
		f := r.heldTCP(n)
		err := r.store.Edit(f.ID, func(f *flow.Flow) error { change(&f.Messages[n-1]); return nil })
		if err != nil || !r.Resume(f.ID, r.store.PendingEdit(f.ID)) {
			t.Fatal("not resumed:", err)
		}
		return f.ID
	}
	as := func(s string) func(*flow.Message) { return func(m *flow.Message) { m.Content = []byte(s) } }

	go io.WriteString(client, "question") // writes of TLS wait for the handshake
	id := resume(1, as("another question"))
	hears(server, "another question")
	io.WriteString(server, "answer")
	resume(2, as("another answer"))
	hears(client, "another answer")
	io.WriteString(client, "secret")
	resume(3, func(m *flow.Message) { m.Dropped = true })
	for n, to := range []net.Conn{server, client} {
		if err := r.Inject(id, flow.Message{FromClient: n == 0, Content: []byte("ours")}); err != nil {
			t.Fatal(err)
		}
		resume(4+n, as("ours, edited"))
		hears(to, "ours, edited") // and not the one that was dropped
	}
	f := r.waitTCP(5)
	if m := f.Messages; !m[2].Dropped || !m[3].Injected || !m[4].Injected || m[0].Injected {
		t.Errorf("%+v", m)
	}
	if (f.Client.TLSVersion != "") != secure || (f.Server.TLSVersion != "") != (scheme == "tls") {
		t.Errorf("TLS to the client %q, to the server %q", f.Client.TLSVersion, f.Server.TLSVersion)
	}
}
