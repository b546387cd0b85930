package dump

import (
	"math"

	"sluice/proxy/flow"
)

func (r *reader) dns(d *dict) *flow.DNSMessage {
	if d == nil {
		return nil
	}
	m := &flow.DNSMessage{
		ID: uint16(r.below(d, "id", math.MaxUint16)), Query: r.bool(d, "query"), OpCode: uint8(r.below(d, "op_code", math.MaxUint8)),
		AuthoritativeAnswer: r.bool(d, "authoritative_answer"), Truncation: r.bool(d, "truncation"),
		RecursionDesired: r.bool(d, "recursion_desired"), RecursionAvailable: r.bool(d, "recursion_available"),
		Reserved: uint8(r.below(d, "reserved", math.MaxUint8)), ResponseCode: uint8(r.below(d, "response_code", math.MaxUint8)),
		Answers: r.records(d, "answers"), Authorities: r.records(d, "authorities"), Additionals: r.records(d, "additionals"),
		Time: r.time(d, "timestamp"),
	}
	for _, v := range r.list(d, "questions") {
		q, _ := v.(*dict)
		m.Questions = append(m.Questions, flow.DNSQuestion{
			Name: r.text(q, "name"), Type: uint16(r.below(q, "type", math.MaxUint16)), Class: uint16(r.below(q, "class_", math.MaxUint16))})
	}
	return m
}

func (r *reader) records(d *dict, name string) []flow.DNSRecord {
	var list []flow.DNSRecord
	for _, v := range r.list(d, name) {
		q, _ := v.(*dict)
		list = append(list, flow.DNSRecord{
			Name: r.text(q, "name"), Type: uint16(r.below(q, "type", math.MaxUint16)), Class: uint16(r.below(q, "class_", math.MaxUint16)),
			TTL: uint32(r.below(q, "ttl", math.MaxUint32)), Data: r.bytes(q, "data"),
		})
	}
	return list
}

// below reads a whole number from 0 to limit.
func (r *reader) below(d *dict, name string, limit int64) int64 {
	n := int64(r.int(d, name))
	if n < 0 || n > limit {
		r.fail(name, "a number that fits into a DNS message")
		return 0
	}
	return n
}
