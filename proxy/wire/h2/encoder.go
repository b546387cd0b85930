package h2

import "golang.org/x/net/http2/hpack"

// An Encoder compresses the field sections of one connection. Its zero value is ready.
type Encoder struct {
	// KeepCase writes the names of messages that are HTTP/2 already as they are, though they should be in lower case (RFC 9113 §8.2).
	KeepCase bool
	// Lowered are the names of such a message that the last section has in lower case, as they were. It is lent.
	Lowered []string

	enc *hpack.Encoder
	buf []byte

	at      int    // how many fields of the section there are
	changes uint32 // how often the table has changed
	said    []said // the fields of the last sections, by their place
}

// said is a field that was written as a number of the table's, as it is written until the table changes. Sections of one
// connection are much alike, and to look a field up in the table costs more than all else.
type said struct {
	name, value string
	changes     uint32
	n           int
	bytes       [4]byte
}

// maxSaid is how many fields of a section are remembered.
const maxSaid = 32

// Write takes what the compression makes.
func (e *Encoder) Write(p []byte) (int, error) {
	e.buf = append(e.buf, p...)
	return len(p), nil
}

// SetTableSize is told what the peer allows. We use no more than the default.
func (e *Encoder) SetTableSize(n uint32) {
	e.init()
	e.enc.SetMaxDynamicTableSize(min(n, TableSize))
	e.changes++
	e.said = nil // the next field says the size, whatever it is
}

func (e *Encoder) init() {
	if e.enc == nil {
		e.enc = hpack.NewEncoder(e)
	}
}

func (e *Encoder) begin() {
	e.init()
	e.buf, e.at, e.Lowered = e.buf[:0], 0, e.Lowered[:0]
}

// largeSection is the size in bytes of a compressed section whose memory is not kept.
const largeSection = 4 << 10

// Rest gives up the memory that a large section took. What was returned last is lent no longer.
func (e *Encoder) Rest() {
	if cap(e.buf) > largeSection {
		e.buf = nil
	}
}

func (e *Encoder) field(name, value string, secret bool) {
	at := e.at
	e.at++
	if at < len(e.said) {
		if s := &e.said[at]; s.changes == e.changes && s.name == name && s.value == value && !secret {
			e.buf = append(e.buf, s.bytes[:s.n]...)
			return
		}
	}
	from := len(e.buf)
	e.enc.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: secret}) // its error is that of our Write
	e.note(at, name, value, e.buf[from:])
}

// note remembers how a field was written (RFC 7541 §6).
func (e *Encoder) note(at int, name, value string, b []byte) {
	switch {
	case b[0]&0x80 == 0:
		if b[0]&0xf0 > 0x10 { // put into the table, or behind a new size of it
			e.changes++
		}
		return
	case at > len(e.said) || at >= maxSaid || len(b) > len(said{}.bytes):
		return
	case at == len(e.said):
		e.said = append(e.said, said{})
	}
	s := &e.said[at]
	s.name, s.value, s.changes, s.n = name, value, e.changes, copy(s.bytes[:], b)
}
