package ws

import "encoding/binary"

// MaxHead is how long the head of a frame can be.
const MaxHead = 14

// A Head is what stands before the payload of a frame (RFC 6455 §5.2).
type Head struct {
	Fin    bool  // the last frame of its message
	RSV    uint8 // RSV1, RSV2, RSV3
	Op     Op
	Masked bool
	Key    [4]byte // of the mask
	Length int64   // of the payload
}

// ParseHead reads a head from the front of b. n is what it used; n == 0 asks for more. Of an op it
// takes all, for only a Reader knows which may come.
func ParseHead(b []byte) (h Head, n int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	h = Head{Fin: b[0]&0x80 != 0, RSV: b[0] >> 4 & 7, Op: Op(b[0] & 0xf), Masked: b[1]&0x80 != 0, Length: int64(b[1] & 0x7f)}
	n = 2
	switch {
	case h.Length == 126 && len(b) >= 4:
		h.Length, n = int64(binary.BigEndian.Uint16(b[2:])), 4
		if h.Length < 126 {
			return h, n, breach("a frame's length is not in its shortest form") // RFC 6455 §5.2
		}
	case h.Length == 127 && len(b) >= 10:
		u := binary.BigEndian.Uint64(b[2:])
		if n = 10; u>>63 != 0 {
			return h, n, breach("a frame's length has its first bit set")
		}
		if h.Length = int64(u); u < 1<<16 {
			return h, n, breach("a frame's length is not in its shortest form")
		}
	case h.Length >= 126:
		return Head{}, 0, nil
	}
	if h.Masked {
		if len(b) < n+4 {
			return Head{}, 0, nil
		}
		n += copy(h.Key[:], b[n:n+4])
	}
	return h, n, nil
}

// Append writes the head to the end of b.
func (h *Head) Append(b []byte) []byte {
	first, second := byte(h.Op)|h.RSV<<4, byte(0)
	if h.Fin {
		first |= 0x80
	}
	if h.Masked {
		second = 0x80
	}
	switch {
	case h.Length < 126:
		b = append(b, first, second|byte(h.Length))
	case h.Length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, first, second|126), uint16(h.Length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, second|127), uint64(h.Length))
	}
	if h.Masked {
		b = append(b, h.Key[:]...)
	}
	return b
}

// AppendFrame appends a frame: the head, with the length of payload, and the payload under the head's mask.
func AppendFrame(b []byte, h Head, payload []byte) []byte {
	h.Length = int64(len(payload))
	return h.AppendPayload(h.Append(b), payload, 0)
}

// AppendPayload appends a part of the payload that begins at pos, masked or unmasked with the head's key if it has one.
func (h *Head) AppendPayload(b, part []byte, pos int64) []byte {
	n := len(b)
	b = append(b, part...)
	if h.Masked {
		mask(b[n:], h.Key, pos)
	}
	return b
}

// mask masks or unmasks p, which begins at pos of its payload (RFC 6455 §5.3).
func mask(p []byte, key [4]byte, pos int64) {
	var k [8]byte
	for i := range k {
		k[i] = key[(pos+int64(i))&3]
	}
	word := binary.LittleEndian.Uint64(k[:])
	for len(p) >= 32 {
		q := p[:32]
		binary.LittleEndian.PutUint64(q, binary.LittleEndian.Uint64(q)^word)
		binary.LittleEndian.PutUint64(q[8:], binary.LittleEndian.Uint64(q[8:])^word)
		binary.LittleEndian.PutUint64(q[16:], binary.LittleEndian.Uint64(q[16:])^word)
		binary.LittleEndian.PutUint64(q[24:], binary.LittleEndian.Uint64(q[24:])^word)
		p = p[32:]
	}
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^word)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= k[i&7]
	}
}
