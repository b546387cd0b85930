package cert

import (
	"crypto/x509"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/proxy/flow"
)

const (
	maxCommonName    = 63  // bytes: longer ones stay out of the subject
	maxOrganization  = 64  // characters (RFC 5280 appendix A.1)
	maxHostName      = 253 // bytes in text form
	maxUpstreamNames = 256 // what a server can make us sign and keep
	maxCRL           = 1024
)

// A LeafRequest says what a leaf certificate is for.
type LeafRequest struct {
	// CommonName goes into the subject if it has at most 63 bytes. "" means the first of Names.
	CommonName string
	// Names are host names, wildcards and IP literals. What is none of them is
	// dropped; international names are converted. Order and repetition do not matter.
	Names []string
	// Organization goes into the subject; "" leaves it out.
	Organization string
	// CRL are the revocation list URLs of the server's own certificate. The leaf
	// names the same host with the path of Authority.CRLPath.
	CRL []string
	// RSA gives the leaf an RSA key, for a client that knows no ECDSA.
	RSA bool
}

// FromUpstream says which leaf a client needs. Its names are those of the
// server's certificate, common name first, then sni, then the server's address.
//
// sni is the client's, or without one the local IP of its connection. addr may be
// zero, upstream nil: not known, or not to be copied.
func FromUpstream(sni string, addr flow.Addr, upstream *x509.Certificate) LeafRequest {
	var r LeafRequest
	names := make([]string, 0, 4)
	if upstream != nil {
		names = append(names, upstream.Subject.CommonName)
		names = append(names, upstream.DNSNames...)
		for _, ip := range upstream.IPAddresses {
			names = append(names, ip.String())
		}
		names = names[:min(len(names), maxUpstreamNames)]
		if o := upstream.Subject.Organization; len(o) > 0 {
			r.Organization = o[0]
		}
		if crl := upstream.CRLDistributionPoints; len(crl) > 0 && len(crl[0]) <= maxCRL {
			r.CRL = crl[:1:1]
		}
	}
	r.Names = canonicalNames(append(names, sni, addr.Host))
	if len(r.Names) > 0 {
		r.CommonName = r.Names[0]
	}
	return r
}

// canonicalNames returns the canonical forms of names in their order, each once.
func canonicalNames(names []string) []string {
	out := make([]string, 0, len(names))
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if c, ok := canonical(n); ok && !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

// canonical returns the one form of a host name, wildcard or IP literal that
// stands in certificates and keys, and whether s is any of these. It allocates only
// for a name that is not yet in that form.
func canonical(s string) (string, bool) {
	if isHostName(s) {
		return s, true
	}
	if strings.IndexByte(s, ':') >= 0 {
		ip, err := netip.ParseAddr(strings.Trim(s, "[]"))
		if err != nil {
			return "", false
		}
		return ip.Unmap().WithZone("").String(), true
	}
	if len(s) > 4*maxHostName {
		return "", false
	}
	s = strings.TrimSuffix(s, ".")
	if isASCII(s) {
		s = strings.ToLower(s)
		return s, isHostName(s)
	}
	star := ""
	if rest, ok := strings.CutPrefix(s, "*."); ok {
		star, s = "*.", rest
	}
	s = star + flow.ASCIIHost(s)
	return s, isHostName(s)
}

// isHostName reports whether s is a host name in lower-case ASCII, with an
// optional "*" as its first label (RFC 6125 §6.4.3). IPv4 literals are among them;
// underscores are, since servers with such names exist.
func isHostName(s string) bool {
	if len(s) == 0 || len(s) > maxHostName {
		return false
	}
	label := 0 // where it begins
	if strings.HasPrefix(s, "*.") {
		label = 2
	}
	for i := label; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		case c == '.':
			if i == label || i-label > 63 {
				return false
			}
			label = i + 1
		default:
			return false
		}
	}
	return label < len(s) && len(s)-label <= 63
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// sortedNames appends the canonical names of r to into, sorted, each once. The
// first result is what the subject's common name is taken from: "" if there are no names.
func (r *LeafRequest) sortedNames(into []string) (first string, sorted []string) {
	for _, n := range r.Names {
		if c, ok := canonical(n); ok {
			into = append(into, c)
		}
	}
	if len(into) == 0 {
		return "", nil
	}
	first, ok := canonical(r.CommonName)
	if !ok {
		first = into[0]
	}
	slices.Sort(into)
	return first, slices.Compact(into)
}

// appendKey appends what tells two leaves apart. No name holds a zero byte, so
// keys of different requests differ.
func (r *LeafRequest) appendKey(b []byte, cn string, sorted []string) []byte {
	if r.RSA {
		b = append(b, 0)
	}
	b = append(append(b, cn...), 0)
	for _, n := range sorted {
		b = append(append(b, n...), 0)
	}
	if r.Organization == "" && len(r.CRL) == 0 {
		return b
	}
	b = append(append(b, 0), r.Organization...)
	for _, u := range r.CRL {
		b = append(append(b, 0), u...)
	}
	return b
}
