package proxy

import (
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// TestReverseTLSFails stands before a server whose certificate is not trusted: a client, with TLS or without, is not kept
// waiting, and one row says why.
func TestReverseTLSFails(t *testing.T) {
	for _, strategy := range []string{"eager", "lazy"} {
		for name, speak := range map[string]func(net.Conn) net.Conn{
			"plain": func(c net.Conn) net.Conn { return c },
			"TLS":   func(c net.Conn) net.Conn { return tls.Client(c, &tls.Config{InsecureSkipVerify: true}) },
		} {
			t.Run(name+" "+strategy, func(t *testing.T) {
				origin := newOrigin(t, false, echo)
				spec := "reverse:tls://" + origin.Listener.Addr().String()
				r := newRig(t, "mode="+spec, "connection_strategy="+strategy)
				if err := r.opts.Set("ssl_insecure=false"); err != nil {
					t.Fatal(err)
				}
				raw, err := net.Dial("tcp", r.at(spec))
				if err != nil {
					t.Fatal(err)
				}
				defer raw.Close()
				c := speak(raw)
				io.WriteString(c, "hello")
				if b, _ := io.ReadAll(c); len(b) > 0 {
					t.Errorf("the client got %q", b)
				}
				raw.Close()
				for f := r.waitTCP(0); f.Live; f = r.waitTCP(0) {
					<-r.store.Changes()
				}
				for r.Clients() > 0 { // the test's own deadline ends this
					runtime.Gosched()
				}
				rows := 0
				r.store.Each(func(f *flow.Flow) bool {
					rows++
					if f.Kind != flow.TCP || f.Live || f.Error == nil || !strings.Contains(f.Error.Message, "Certificate verify failed") {
						t.Errorf("%s, %+v, %v", f.Kind, f.Error, f.Metadata)
					}
					return true
				})
				if rows != 1 {
					t.Errorf("%d rows", rows)
				}
			})
		}
	}
}
