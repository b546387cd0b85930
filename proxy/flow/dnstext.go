package flow

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// DNSTypeName returns the name of a record type: A, AAAA, TYPE(65400).
func DNSTypeName(t uint16) string { return named(dns.TypeToString, t, "TYPE") }

// DNSClassName returns the name of a class: IN, CH, CLASS(7).
func DNSClassName(c uint16) string { return named(dns.ClassToString, c, "CLASS") }

// DNSOpCodeName returns the name of an operation: QUERY, NOTIFY, OPCODE(9).
func DNSOpCodeName(c uint8) string { return named(dns.OpcodeToString, int(c), "OPCODE") }

// DNSCodeName returns the name of a response code: NOERROR, NXDOMAIN, RCODE(12).
func DNSCodeName(c uint8) string { return named(dns.RcodeToString, int(c), "RCODE") }

func named[K comparable](names map[K]string, k K, kind string) string {
	if s, ok := names[k]; ok {
		return s
	}
	return fmt.Sprintf("%s(%v)", kind, k)
}

// DNSStatus returns the status of HTTP that means about the same as a response code.
func DNSStatus(c uint8) int {
	statuses := [...]int{200, 400, 500, 404, 501, 403, 409, 409, 410, 401, 404, 501}
	if int(c) < len(statuses) {
		return statuses[c]
	}
	return 500
}

// Text returns the data as zone files write it, and as hexadecimal digits where they have no form for it.
func (r *DNSRecord) Text() string {
	raw := "0x" + hex.EncodeToString(r.Data)
	if _, known := dns.TypeToRR[r.Type]; !known || r.Type == dns.TypeOPT {
		return raw
	}
	h := dns.RR_Header{Name: ".", Rrtype: r.Type, Class: r.Class, Ttl: r.TTL, Rdlength: uint16(min(len(r.Data), 0xffff))}
	rr, n, err := dns.UnpackRRWithHeader(h, r.Data, 0)
	if err != nil || n != len(r.Data) || len(r.Data) == 0 {
		return raw + " (invalid " + DNSTypeName(r.Type) + " data)"
	}
	switch rr := rr.(type) {
	case *dns.TXT:
		return strings.Join(rr.Txt, " ")
	case *dns.CNAME:
		return bare(rr.Target)
	case *dns.NS:
		return bare(rr.Ns)
	case *dns.PTR:
		return bare(rr.Ptr)
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

func bare(name string) string { return strings.TrimSuffix(name, ".") }
