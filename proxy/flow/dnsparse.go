package flow

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// ParseDNSType returns the record type of a name, as DNSTypeName or RFC 3597 §5 writes it: A, TYPE(65400), TYPE65400.
func ParseDNSType(name string) (uint16, error) {
	if t, ok := dns.StringToType[name]; ok { // not all of them are in capitals
		return t, nil
	}
	name = strings.ToUpper(strings.TrimSpace(name))
	if t, ok := dns.StringToType[name]; ok {
		return t, nil
	}
	if digits, ok := strings.CutPrefix(name, "TYPE"); ok {
		t, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(digits, "("), ")"), 10, 16)
		if err == nil {
			return uint16(t), nil
		}
	}
	return 0, fmt.Errorf("unknown type %q: use one like A, AAAA, CNAME or TXT, or TYPE and its number", name)
}

// ValidDNSName reports whether a record can be of a name (RFC 1035 §2.3.4).
func ValidDNSName(name string) bool {
	_, ok := dns.IsDomainName(name)
	return ok
}

// ZoneText returns the data so that ParseDNSData reads the same data: as zone files write it, else as 0x and hexadecimal digits.
func (r *DNSRecord) ZoneText() string {
	raw := "0x" + hex.EncodeToString(r.Data)
	if !writable(r.Type) || len(r.Data) == 0 {
		return raw
	}
	h := dns.RR_Header{Name: ".", Rrtype: r.Type, Class: dns.ClassINET, Rdlength: uint16(min(len(r.Data), 0xffff))}
	rr, n, err := dns.UnpackRRWithHeader(h, r.Data, 0)
	if err != nil || n != len(r.Data) {
		return raw
	}
	text := strings.TrimPrefix(rr.String(), rr.Header().String())
	if again, err := ParseDNSData(r.Type, text); err != nil || string(again) != string(r.Data) {
		return raw
	}
	return text
}

// ParseDNSData reads the data of a record as ZoneText writes it.
func ParseDNSData(kind uint16, text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if digits, ok := strings.CutPrefix(text, "0x"); ok {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, errors.New("after 0x there must be pairs of hexadecimal digits")
		}
		return b, nil
	}
	name := DNSTypeName(kind)
	if !writable(kind) {
		return nil, fmt.Errorf("write the data of %s as 0x and hexadecimal digits", name)
	}
	if text == "" || strings.ContainsAny(text, "\r\n\x00") {
		return nil, fmt.Errorf("the data of %s must be one line and not empty", name)
	}
	rr, err := dns.NewRR(". 0 IN " + name + " " + text)
	if err != nil || rr == nil || rr.Header().Rrtype != kind {
		return nil, fmt.Errorf("%q is no data of %s: write it as a zone file does, or as 0x and hexadecimal digits", text, name)
	}
	const fixed = 1 + 10 // the root's name, and what stands between name and data
	buf := make([]byte, fixed+dns.Len(rr)+512)
	n, err := dns.PackRR(rr, buf, 0, nil, false)
	if err != nil || n < fixed {
		return nil, fmt.Errorf("write the data of %s: %w", name, err)
	}
	return buf[fixed:n:n], nil
}

// writable reports whether zone files can say the data of a type. OPT is none of a zone (RFC 6891 §6.1.1).
func writable(kind uint16) bool {
	_, known := dns.TypeToRR[kind]
	return known && kind != dns.TypeOPT
}
