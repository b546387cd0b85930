package flow

import "time"

// A DNSMessage is a question or its answer (RFC 1035 §4.1). It is immutable:
// who changes one puts another in its place.
type DNSMessage struct {
	ID                  uint16
	Query               bool
	OpCode              uint8
	AuthoritativeAnswer bool
	Truncation          bool
	RecursionDesired    bool
	RecursionAvailable  bool
	Reserved            uint8 // the three bits Z, AD and CD
	ResponseCode        uint8

	Questions   []DNSQuestion
	Answers     []DNSRecord
	Authorities []DNSRecord
	Additionals []DNSRecord

	Time time.Time
}

// A DNSQuestion is what somebody wants to know. The name has no dot at its end, and what is no letter, digit,
// hyphen or underscore in it is escaped as in RFC 1035 §5.1.
type DNSQuestion struct {
	Name  string
	Type  uint16
	Class uint16
}

// A DNSRecord is a resource record. Names in its data are not compressed.
type DNSRecord struct {
	Name  string
	Type  uint16
	Class uint16
	TTL   uint32 // seconds
	Data  []byte
}

// AppendText appends what a person reads of the message, a line for each: the names of its questions and the data of its records.
func (m *DNSMessage) AppendText(b []byte) []byte {
	lines := 0
	add := func(s string) {
		if lines++; lines > 1 {
			b = append(b, "\r\n"...)
		}
		b = append(b, s...)
	}
	for _, q := range m.Questions {
		add(q.Name)
	}
	for _, section := range [][]DNSRecord{m.Answers, m.Authorities, m.Additionals} {
		for i := range section {
			add(section[i].Text())
		}
	}
	return b
}

// Fail returns an answer to m that has nothing in it but a response code.
func (m *DNSMessage) Fail(code uint8, now time.Time) *DNSMessage {
	return &DNSMessage{ID: m.ID, OpCode: m.OpCode, RecursionDesired: m.RecursionDesired, RecursionAvailable: true,
		ResponseCode: code, Questions: m.Questions, Time: now}
}

// The response codes that we use ourselves (RFC 1035 §4.1.1).
const (
	DNSNoError       = 0
	DNSServerFailure = 2
)
