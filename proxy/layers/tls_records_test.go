package layers

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	mathrand "math/rand/v2"
	"testing"

	"sluice/proxy/layer"
)

func TestRecordsCount(t *testing.T) {
	var stream []byte
	var ends []int
	for _, n := range []int{0, 1, 4, 5, 6, 0, 255, 256, 1 << 14, 3} {
		stream = append(stream, 23, 3, 3, byte(n>>8), byte(n))
		stream = append(stream, make([]byte, n)...)
		ends = append(ends, len(stream))
	}
	for _, step := range []int{1, 2, 3, 4, 5, 6, 7, 300, len(stream)} {
		var r records
		want := uint64(0)
		for at := 0; at < len(stream); at += step {
			to := min(at+step, len(stream))
			r.walk(stream[at:to])
			for int(want) < len(ends) && ends[want] <= to {
				want++
			}
			if r.whole != want {
				t.Fatalf("in steps of %d: %d records in the first %d bytes, want %d", step, r.whole, to, want)
			}
		}
	}
}

// TestTLSEveryRecordIsRead sends records of every kind and size, many at a time and
// in pieces, behind the tickets of TLS 1.3. After each step all of it must have come through.
func TestTLSEveryRecordIsRead(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, chunk := range []int{0, 1, 7, 4095, 20_000} {
			server := serverConfig()
			server.MaxVersion = version
			r := newRig(t, clientConfig(), server)
			r.chunk = chunk
			r.start()
			if !r.server.open || !r.client.open {
				t.Fatalf("no handshake: %v, %v", r.client.err, r.server.err)
			}
			rnd := mathrand.New(mathrand.NewPCG(1, uint64(chunk)))
			var sent []byte
			for step := range 40 {
				for range rnd.IntN(4) {
					p := make([]byte, rnd.IntN([]int{2, 100, 5000, 40_000}[rnd.IntN(4)]))
					rand.Read(p)
					r.server.tls.Write(p)
					sent = append(sent, p...)
				}
				r.settle()
				if !bytes.Equal(r.client.got, sent) {
					t.Fatalf("TLS %x in pieces of %d, step %d: %d bytes came of %d", version, chunk, step, len(r.client.got), len(sent))
				}
			}
			r.server.tls.CloseWrite()
			r.settle()
			if r.client.err == nil {
				t.Error("the client is not told that the server has closed TLS")
			}
		}
	}
}

// TestTLSReadsOnce says that what is read is not asked for again.
func TestTLSReadsOnce(t *testing.T) {
	r := newRig(t, clientConfig(), serverConfig())
	r.start()
	r.server.tls.Write([]byte("hello"))
	r.settle()
	x := &r.root.(*ServerTLS).session
	if !x.drained() {
		t.Fatalf("%d records of %d are known to be read", x.read, x.given.whole)
	}
	r.server.tls.Write([]byte("again"))
	for _, b := range r.server.out {
		r.post(&layer.DataReceived{Conn: x.conn, Data: []byte{b}})
	}
	r.server.out = nil
	r.settle()
	if string(r.client.got) != "helloagain" || !x.drained() {
		t.Errorf("the client got %q, drained %v", r.client.got, x.drained())
	}
}
