package addon

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync/atomic"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// The record types that say how to reach a service (RFC 9460), and the keys of their parameters.
const (
	typeSVCB  = 64
	typeHTTPS = 65

	keyMandatory     = 0
	keyALPN          = 1
	keyNoDefaultALPN = 2
	keyECH           = 5
)

// StripDNSHTTPS takes out of DNS answers what would lead clients past us: HTTP/3, which we do not speak, and the
// key of Encrypted Client Hello, with which we would not see where a client goes.
type StripDNSHTTPS struct{ ECH atomic.Bool }

// Handle changes an answer before the client gets it.
func (s *StripDNSHTTPS) Handle(h layer.Hook) <-chan layer.Verdict {
	r, ok := h.(*layer.DNSResponse)
	if !ok || r.Flow.DNSResponse == nil {
		return nil
	}
	m := *r.Flow.DNSResponse
	changed := false
	for _, section := range []*[]flow.DNSRecord{&m.Answers, &m.Additionals} {
		list := slices.Clone(*section)
		for i := range list {
			if list[i].Type != typeHTTPS && list[i].Type != typeSVCB {
				continue
			}
			if data, ok := s.strip(list[i].Data); ok {
				list[i].Data, changed = data, true
			}
		}
		*section = list
	}
	if changed {
		r.Flow.DNSResponse = &m
	}
	return nil
}

// A param is one SvcParam.
type param struct {
	key   uint16
	value []byte
}

// strip returns the data of a record without what is to go, and whether that is a change. Data that is not as it should be is left alone.
func (s *StripDNSHTTPS) strip(data []byte) ([]byte, bool) {
	head, params, ok := parseSVCB(data)
	if !ok {
		return nil, false
	}
	gone := map[uint16]bool{keyECH: s.ECH.Load()}
	changed := false
	for i, p := range params {
		if p.key != keyALPN {
			continue
		}
		if ids := withoutHTTP3(p.value); len(ids) < len(p.value) {
			params[i].value, changed = ids, true
			gone[keyALPN], gone[keyNoDefaultALPN] = len(ids) == 0, len(ids) == 0
		}
	}
	out := slices.Clone(head)
	for _, p := range params {
		if p.key == keyMandatory {
			p.value = withoutKeys(p.value, gone)
		}
		if gone[p.key] || p.key == keyMandatory && len(p.value) == 0 {
			changed = true
			continue
		}
		out = binary.BigEndian.AppendUint16(out, p.key)
		out = binary.BigEndian.AppendUint16(out, uint16(len(p.value)))
		out = append(out, p.value...)
	}
	return out, changed
}

// parseSVCB splits the data of a record into priority and target, and parameters (RFC 9460 §2.2).
func parseSVCB(data []byte) (head []byte, params []param, ok bool) {
	at := 2
	for at < len(data) && data[at] != 0 {
		at += 1 + int(data[at])
	}
	if at++; at > len(data) {
		return nil, nil, false
	}
	head = data[:at]
	for rest := data[at:]; len(rest) > 0; {
		if len(rest) < 4 {
			return nil, nil, false
		}
		n := 4 + int(binary.BigEndian.Uint16(rest[2:]))
		if len(rest) < n {
			return nil, nil, false
		}
		params = append(params, param{binary.BigEndian.Uint16(rest), rest[4:n]})
		rest = rest[n:]
	}
	return head, params, true
}

// withoutHTTP3 returns a list of ALPN ids without those of HTTP/3. A list that is not as it should be is left alone.
func withoutHTTP3(list []byte) []byte {
	var kept []byte
	for rest := list; len(rest) > 0; {
		n := 1 + int(rest[0])
		if len(rest) < n {
			return list
		}
		if id := string(rest[1:n]); !isHTTP3(id) {
			kept = append(kept, rest[:n]...)
		}
		rest = rest[n:]
	}
	return kept
}

// isHTTP3 reports whether an ALPN id stands for HTTP/3 or a draft of it.
func isHTTP3(id string) bool { return id == "h3" || strings.HasPrefix(id, "h3-") }

func withoutKeys(list []byte, gone map[uint16]bool) []byte {
	var kept []byte
	for ; len(list) >= 2; list = list[2:] {
		if !gone[binary.BigEndian.Uint16(list)] {
			kept = append(kept, list[:2]...)
		}
	}
	return kept
}
