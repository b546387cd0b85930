package layers

import (
	"bytes"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// FuzzTLS plays a dialogue in which any byte can be wrong and any side can leave at any time.
func FuzzTLS(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 0, 0}, uint8(0), uint8(0))
	f.Add([]byte{1, 0, 9, 3, 2, 0, 4}, uint8(40), uint8(7))
	f.Add([]byte{0, 0, 2, 0, 3}, uint8(200), uint8(255))
	f.Add([]byte{5, 5, 5, 5}, uint8(1), uint8(22))
	f.Fuzz(func(t *testing.T, steps []byte, at, flip uint8) {
		if len(steps) > 64 {
			return
		}
		r := newRig(t, clientConfig(), serverConfig())
		r.quiet = true
		r.post(layer.Start{})
		r.client.feed(nil)
		for _, s := range steps {
			r.step(s, at, flip)
		}
		r.ctx.Stop()
	})
}

// step moves what is under way in one direction, damaged or in two halves, or closes a side.
func (r *rig) step(s, at, flip uint8) {
	client, server := &r.ctx.Client.Conn, &r.ctx.Server.Conn
	take := func(b *[]byte) []byte {
		out := bytes.Clone(*b)
		*b = nil
		if len(out) > 0 && s >= 128 {
			out[int(at)%len(out)] ^= flip
		}
		return out
	}
	data := func(c *flow.Conn, b []byte) {
		half := len(b) / 2
		for _, part := range [][]byte{b[:half], b[half:]} {
			if len(part) > 0 && c.State&flow.CanRead != 0 {
				r.post(&layer.DataReceived{Conn: c, Data: part})
			}
		}
	}
	switch s % 6 {
	case 0, 1:
		data(client, take(&r.client.out))
		data(server, take(&r.server.out))
	case 2:
		r.server.feed(take(&r.toS))
		r.client.feed(take(&r.toC))
	case 3, 4:
		c := client
		if s%6 == 4 {
			c = server
		}
		if c.State&flow.CanRead != 0 {
			c.State &^= flow.CanRead
			r.post(&layer.ConnectionClosed{Conn: c})
		}
	case 5:
		data(client, bytes.Repeat([]byte{at}, int(flip)))
	}
}

// FuzzFragmentedHello cuts the client's hello into records of any sizes. The handshake succeeds nevertheless.
func FuzzFragmentedHello(f *testing.F) {
	f.Add([]byte{0}, uint8(0))
	f.Add([]byte{3, 200, 0, 0}, uint8(1))
	f.Add([]byte{255}, uint8(5))
	f.Fuzz(func(t *testing.T, sizes []byte, chunk uint8) {
		if len(sizes) == 0 {
			return
		}
		r := newRig(t, clientConfig(), serverConfig())
		r.chunk = int(chunk)
		r.post(layer.Start{})
		r.client.feed(nil)
		msg := r.client.out[recordHeader:]
		r.client.out = nil
		for i := 0; len(msg) > 0; i++ {
			n := min(len(msg), 1+int(sizes[i%len(sizes)]))
			r.client.out = append(append(r.client.out, 0x16, 3, 1, byte(n>>8), byte(n)), msg[:n]...)
			msg = msg[n:]
		}
		r.settle()
		if !r.client.open || r.ctx.Client.TLSSetup.IsZero() {
			t.Fatalf("no handshake: %v\n%v", r.client.err, r.log)
		}
		echo(t, r)
		r.ctx.Stop()
	})
}
