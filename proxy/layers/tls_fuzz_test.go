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
