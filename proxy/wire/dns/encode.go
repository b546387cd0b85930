package dns

import (
	"encoding/binary"
	"fmt"

	"github.com/miekg/dns"

	"sluice/proxy/flow"
)

// Encode writes a message. An error says which part of it cannot be written.
func Encode(m *flow.DNSMessage) ([]byte, error) {
	size := headerSize + 260*len(m.Questions)
	sections := [][]flow.DNSRecord{m.Answers, m.Authorities, m.Additionals}
	for _, s := range sections {
		for i := range s {
			size += 266 + len(s[i].Data)
		}
	}
	e := encoder{b: make([]byte, size), names: map[string]int{}}
	e.uint16(m.ID)
	e.uint16(flagsOf(m))
	for _, n := range []int{len(m.Questions), len(m.Answers), len(m.Authorities), len(m.Additionals)} {
		if n > 0xffff {
			return nil, fmt.Errorf("a section of %d records is too large", n)
		}
		e.uint16(uint16(n))
	}
	for _, q := range m.Questions {
		if err := e.question(q.Name, q.Type, q.Class); err != nil {
			return nil, err
		}
	}
	for _, s := range sections {
		for i := range s {
			if err := e.record(&s[i]); err != nil {
				return nil, err
			}
		}
	}
	if e.n > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes is too large: it may have %d", e.n, maxMessage)
	}
	return e.b[:e.n:e.n], nil
}

func flagsOf(m *flow.DNSMessage) uint16 {
	f := uint16(m.OpCode&15)<<11 | uint16(m.Reserved&7)<<4 | uint16(m.ResponseCode&15)
	for bit, on := range map[uint16]bool{
		bitResponse: !m.Query, bitAuthoritative: m.AuthoritativeAnswer, bitTruncated: m.Truncation,
		bitRecursionDesired: m.RecursionDesired, bitRecursionAvailable: m.RecursionAvailable,
	} {
		if on {
			f |= bit
		}
	}
	return f
}

// An encoder writes into b, which is large enough.
type encoder struct {
	b     []byte
	n     int
	names map[string]int // for compression (RFC 1035 §4.1.4)
}

func (e *encoder) uint16(v uint16) {
	binary.BigEndian.PutUint16(e.b[e.n:], v)
	e.n += 2
}

func (e *encoder) question(name string, kind, class uint16) error {
	n, err := dns.PackDomainName(dns.Fqdn(name), e.b, e.n, e.names, true)
	if err != nil {
		return fmt.Errorf("write name %q: %w", name, err)
	}
	e.n = n
	e.uint16(kind)
	e.uint16(class)
	return nil
}

func (e *encoder) record(r *flow.DNSRecord) error {
	if len(r.Data) > maxMessage {
		return fmt.Errorf("the data of %s has %d bytes: it may have %d", r.Name, len(r.Data), maxMessage)
	}
	if err := e.question(r.Name, r.Type, r.Class); err != nil {
		return err
	}
	binary.BigEndian.PutUint32(e.b[e.n:], r.TTL)
	e.n += 4
	e.uint16(uint16(len(r.Data)))
	e.n += copy(e.b[e.n:], r.Data)
	return nil
}
