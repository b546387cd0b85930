// Package dns reads and writes DNS messages (RFC 1035 §4). Names, and the names
// inside records, are read and written by github.com/miekg/dns; nothing else of a record is touched,
// so that a message which is only looked at stays what it is. The package is pure.
package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/miekg/dns"

	"sluice/proxy/flow"
)

const (
	headerSize = 12
	// maxMessage is the size of the largest message, in bytes.
	maxMessage = 0xffff
	// maxExpanded bounds a message whose compressed names have been written out.
	maxExpanded = 1 << 20
)

// The bits of a header's flags (RFC 1035 §4.1.1).
const (
	bitResponse           = 1 << 15
	bitAuthoritative      = 1 << 10
	bitTruncated          = 1 << 9
	bitRecursionDesired   = 1 << 8
	bitRecursionAvailable = 1 << 7
)

var errShort = errors.New("the message ends too early")

// ParseFrame finds the message at the front of a TCP stream (RFC 1035 §4.2.2),
// which is lent from b. n is what it used with its length; n == 0 asks for more.
func ParseFrame(b []byte) (msg []byte, n int, err error) {
	if len(b) < 2 {
		return nil, 0, nil
	}
	size := int(binary.BigEndian.Uint16(b))
	switch {
	case size == 0:
		return nil, 0, errors.New("a message of no length")
	case len(b) < 2+size:
		return nil, 0, nil
	}
	return b[2 : 2+size], 2 + size, nil
}

// AppendFrame appends a message as TCP carries it.
func AppendFrame(b, msg []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(msg))), msg...)
}

// Decode reads a message that is all of b. What it returns does not share memory with b.
func Decode(b []byte) (*flow.DNSMessage, error) {
	if len(b) < headerSize {
		return nil, errShort
	}
	flags := binary.BigEndian.Uint16(b[2:])
	m := &flow.DNSMessage{
		ID: binary.BigEndian.Uint16(b), Query: flags&bitResponse == 0, OpCode: uint8(flags >> 11 & 15),
		AuthoritativeAnswer: flags&bitAuthoritative != 0, Truncation: flags&bitTruncated != 0,
		RecursionDesired: flags&bitRecursionDesired != 0, RecursionAvailable: flags&bitRecursionAvailable != 0,
		Reserved: uint8(flags >> 4 & 7), ResponseCode: uint8(flags & 15),
	}
	d := decoder{b: b, off: headerSize}
	for range binary.BigEndian.Uint16(b[4:]) {
		q, err := d.question()
		if err != nil {
			return nil, fmt.Errorf("read question: %w", err)
		}
		m.Questions = append(m.Questions, q)
	}
	for i, to := range []*[]flow.DNSRecord{&m.Answers, &m.Authorities, &m.Additionals} {
		for range binary.BigEndian.Uint16(b[6+2*i:]) {
			r, err := d.record()
			if err != nil {
				return nil, fmt.Errorf("read record: %w", err)
			}
			*to = append(*to, r)
		}
	}
	if d.off != len(b) {
		return nil, fmt.Errorf("%d bytes follow the message", len(b)-d.off)
	}
	return m, nil
}

// A decoder reads the parts of a message one after the other.
type decoder struct {
	b    []byte
	off  int
	size int // of what has been read, written out
}

func (d *decoder) name() (string, error) {
	name, off, err := dns.UnpackDomainName(d.b, d.off)
	if err != nil {
		return "", err
	}
	if d.size += len(name); d.size > maxExpanded {
		return "", errors.New("the names of the message are too much")
	}
	d.off = off
	return strings.TrimSuffix(name, "."), nil
}

func (d *decoder) question() (q flow.DNSQuestion, err error) {
	if q.Name, err = d.name(); err != nil {
		return q, err
	}
	if len(d.b)-d.off < 4 {
		return q, errShort
	}
	q.Type, q.Class = binary.BigEndian.Uint16(d.b[d.off:]), binary.BigEndian.Uint16(d.b[d.off+2:])
	d.off += 4
	return q, nil
}

func (d *decoder) record() (r flow.DNSRecord, err error) {
	q, err := d.question()
	if err != nil {
		return r, err
	}
	if len(d.b)-d.off < 6 {
		return r, errShort
	}
	r = flow.DNSRecord{Name: q.Name, Type: q.Type, Class: q.Class, TTL: binary.BigEndian.Uint32(d.b[d.off:])}
	start := d.off + 6
	end := start + int(binary.BigEndian.Uint16(d.b[d.off+4:]))
	if end > len(d.b) {
		return r, errShort
	}
	d.off = end
	r.Data = d.data(r.Type, start, end)
	if d.size += len(r.Data); d.size > maxExpanded {
		return r, errors.New("the names of the message are too much")
	}
	return r, nil
}

// compressing are the types whose data may hold compressed names (RFC 3597 §4).
var compressing = map[uint16]bool{
	dns.TypeNS: true, dns.TypeMD: true, dns.TypeMF: true, dns.TypeCNAME: true, dns.TypeSOA: true, dns.TypeMB: true, dns.TypeMG: true,
	dns.TypeMR: true, dns.TypePTR: true, dns.TypeMINFO: true, dns.TypeMX: true, dns.TypeRP: true, dns.TypeAFSDB: true, dns.TypeRT: true,
	dns.TypeSIG: true, dns.TypePX: true, dns.TypeNXT: true, dns.TypeNAPTR: true, dns.TypeSRV: true, dns.TypeKX: true, dns.TypeDNAME: true,
}

// data returns a copy of the data of a record, its names written out. Data that cannot be understood stays as it is.
func (d *decoder) data(kind uint16, start, end int) []byte {
	raw := append([]byte{}, d.b[start:end]...)
	if !compressing[kind] {
		return raw
	}
	h := dns.RR_Header{Name: ".", Rrtype: kind, Class: dns.ClassINET, Rdlength: uint16(end - start)}
	rr, n, err := dns.UnpackRRWithHeader(h, d.b[:end], start)
	if err != nil || n != end {
		return raw
	}
	const fixed = 1 + 10 // the root's name, and what stands between name and data
	buf := make([]byte, fixed+dns.Len(rr)+512)
	if n, err = dns.PackRR(rr, buf, 0, nil, false); err != nil || n < fixed {
		return raw
	}
	return buf[fixed:n:n]
}
