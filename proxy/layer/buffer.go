package layer

import (
	"sync"

	"sluice/proxy/flow"
)

// The sizes of pooled buffers: one for a small message, one that holds a large read and what encryption adds to it.
const (
	smallBuffer = 4 << 10
	largeBuffer = 72 << 10
	// maxPooled is the largest buffer that is kept for the next user.
	maxPooled = 1 << 20
	// maxLent is how many buffers are remembered between two calls of Release; more are left to the collector.
	maxLent = 16
)

var smallPool, largePool, kits sync.Pool

// A kit is the small buffers that most events do with, so that one event costs one look into a pool.
type kit struct {
	small [4]Buffer
	used  int
}

// next returns a buffer of the kit, or nil if all are lent.
func (k *kit) next() *Buffer {
	if k.used == len(k.small) {
		return nil
	}
	b := &k.small[k.used]
	k.used++
	if b.B == nil {
		b.B = make([]byte, 0, smallBuffer)
	}
	return b
}

// reset takes all buffers back. One that has been grown is left to the collector.
func (k *kit) reset() {
	for i := range k.small[:k.used] {
		b := &k.small[i]
		if b.B = b.B[:0]; cap(b.B) > smallBuffer {
			b.B = nil
		}
	}
	k.used = 0
}

// A Buffer is memory for bytes that a layer lends with an event or a command. B may be grown and replaced.
type Buffer struct{ B []byte }

// Buffer returns an empty buffer with room for n bytes, if n is at most 72 KiB. It belongs to
// the layer until the commands of the current event have been carried out, and to nobody after that.
func (c *Context) Buffer(n int) *Buffer {
	pool, size := &smallPool, smallBuffer
	if n > smallBuffer {
		pool, size = &largePool, largeBuffer
	} else if b := c.shared.small(); b != nil {
		return b
	}
	b, _ := pool.Get().(*Buffer)
	if b == nil {
		b = &Buffer{make([]byte, 0, size)}
	}
	if len(c.shared.lent) < maxLent {
		c.shared.lent = append(c.shared.lent, b)
	}
	return b
}

func (s *shared) small() *Buffer {
	if s.kit == nil {
		if s.kit, _ = kits.Get().(*kit); s.kit == nil {
			s.kit = new(kit)
		}
	}
	return s.kit.next()
}

// SendData returns a command that belongs to nobody after the next Release, as its data does.
func (c *Context) SendData(conn *flow.Conn, data []byte) *SendData {
	s := c.shared
	if s.sent == len(s.sends) {
		return &SendData{conn, data}
	}
	cmd := &s.sends[s.sent]
	s.sent++
	*cmd = SendData{conn, data}
	return cmd
}

// DataReceived returns an event that belongs to nobody after the next Release. Who keeps it calls Keep, as for its data.
func (c *Context) DataReceived(conn *flow.Conn, data []byte) *DataReceived {
	s := c.shared
	if s.received == len(s.data) {
		return &DataReceived{conn, data}
	}
	ev := &s.data[s.received]
	s.received++
	*ev = DataReceived{conn, data}
	return ev
}

// Release takes back every buffer, command and event that layers lent. The driver calls it when it has
// carried out the commands of an event, and copied or written their bytes. To forget it costs speed only.
func (c *Context) Release() {
	if k := c.shared.kit; k != nil {
		c.shared.kit = nil
		k.reset()
		kits.Put(k)
	}
	clear(c.shared.sends[:c.shared.sent])
	clear(c.shared.data[:c.shared.received])
	c.shared.sent, c.shared.received = 0, 0
	for i, b := range c.shared.lent {
		c.shared.lent[i] = nil
		n := cap(b.B)
		b.B = b.B[:0]
		switch {
		case n >= largeBuffer && n <= maxPooled:
			largePool.Put(b)
		case n >= smallBuffer && n < largeBuffer:
			smallPool.Put(b)
		}
	}
	c.shared.lent = c.shared.lent[:0]
}

// Own gives every SendData in cmds its own copy of the data. Whoever calls Handle of one layer
// twice before its commands are carried out calls it in between.
func Own(cmds []Command) {
	for _, c := range cmds {
		if s, ok := c.(*SendData); ok && len(s.Data) > 0 {
			s.Data = append([]byte(nil), s.Data...)
		}
	}
}
