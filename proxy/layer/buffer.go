package layer

import (
	"slices"
	"sync"

	"sluice/proxy/flow"
)

const (
	smallBuffer = 4 << 10
	// maxPooled is the largest buffer that is kept for the next user.
	maxPooled = 8 << 20
	// maxLent is how many buffers are remembered between two calls of Release; more are left to the collector.
	maxLent = 16
)

// bufferSizes are the sizes of pooled buffers: for a small message, for a large read and what encryption adds to
// it, and for what goes out at once when a peer opens its window.
var bufferSizes = [...]int{smallBuffer, 72 << 10, 512 << 10, 4 << 20}

var (
	pools [len(bufferSizes)]sync.Pool
	kits  sync.Pool
)

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

// Buffer returns an empty buffer with room for n bytes, if n is at most 4 MiB. It belongs to
// the layer until the commands of the current event have been carried out, and to nobody after that.
func (c *Context) Buffer(n int) *Buffer {
	if n <= smallBuffer {
		if b := c.shared.small(); b != nil {
			return b
		}
	}
	class := 0
	for class < len(bufferSizes)-1 && n > bufferSizes[class] {
		class++
	}
	b, _ := pools[class].Get().(*Buffer)
	if b == nil {
		b = &Buffer{make([]byte, 0, bufferSizes[class])}
	}
	if len(c.shared.lent) < maxLent {
		c.shared.lent = append(c.shared.lent, b)
	}
	return b
}

// Room returns a buffer that holds what b does and has room for n bytes more: b itself, or a larger one that
// belongs to the layer for as long.
func (c *Context) Room(b *Buffer, n int) *Buffer {
	if cap(b.B)-len(b.B) >= n {
		return b
	}
	more := max(n, len(b.B))
	if len(b.B)+more > bufferSizes[len(bufferSizes)-1] {
		b.B = slices.Grow(b.B, more)
		return b
	}
	larger := c.Buffer(len(b.B) + more)
	larger.B = append(larger.B[:0], b.B...)
	return larger
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
		takeBack(b)
	}
	c.shared.lent = c.shared.lent[:0]
}

// takeBack keeps a buffer for the next one who needs as much.
func takeBack(b *Buffer) {
	n := cap(b.B)
	b.B = b.B[:0]
	for class := len(bufferSizes) - 1; class >= 0 && n <= maxPooled; class-- {
		if n >= bufferSizes[class] {
			pools[class].Put(b)
			return
		}
	}
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
