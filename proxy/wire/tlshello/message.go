package tlshello

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"sluice/proxy/flow"
)

// The extensions that are looked into.
const (
	extServerName        = 0  // RFC 6066 §3
	extSupportedGroups   = 10 // RFC 8446 §4.2.7
	extALPN              = 16 // RFC 7301 §3.1
	extSupportedVersions = 43 // RFC 8446 §4.2.1
)

var errMalformed = errors.New("malformed client hello")

// parseMessage reads a whole handshake message, which it takes over.
func parseMessage(raw []byte) (*Hello, error) {
	h := &Hello{Raw: raw}
	s := cryptobyte.String(raw[messageHeader:])
	var version uint16
	var session, suites, compression cryptobyte.String
	if !s.ReadUint16(&version) || !s.Skip(32) || !s.ReadUint8LengthPrefixed(&session) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&compression) {
		return nil, errMalformed
	}
	var ok bool
	if h.CipherSuites, ok = readUint16s(suites); !ok {
		return nil, errMalformed
	}
	if !s.Empty() {
		if err := h.readExtensions(s); err != nil {
			return nil, err
		}
	}
	if h.Versions == nil {
		h.Versions = []uint16{version}
	}
	return h, nil
}

func (h *Hello) readExtensions(s cryptobyte.String) error {
	var all cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&all) || !s.Empty() {
		return errMalformed
	}
	var sni, alpn, groups, versions bool
	for !all.Empty() {
		var typ uint16
		var data cryptobyte.String
		if !all.ReadUint16(&typ) || !all.ReadUint16LengthPrefixed(&data) {
			return errMalformed
		}
		h.Extensions = append(h.Extensions, typ)
		seen, ok := false, true
		switch typ {
		case extServerName:
			seen, sni = sni, true
			ok = h.readServerName(data)
		case extALPN:
			seen, alpn = alpn, true
			ok = h.readALPN(data)
		case extSupportedGroups:
			seen, groups = groups, true
			ok = h.readGroups(data)
		case extSupportedVersions:
			seen, versions = versions, true
			ok = h.readVersions(data)
		}
		if seen {
			return fmt.Errorf("malformed client hello: extension %d comes twice", typ) // RFC 8446 §4.2
		}
		if !ok {
			return fmt.Errorf("malformed client hello: extension %d cannot be read", typ)
		}
	}
	return nil
}

// readServerName takes the name if there is exactly one, of type host_name, that could be a host.
func (h *Hello) readServerName(data cryptobyte.String) bool {
	var list, name cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) || !data.Empty() {
		return false
	}
	names, host := 0, ""
	for ; !list.Empty(); names++ {
		var typ uint8
		if !list.ReadUint8(&typ) || !list.ReadUint16LengthPrefixed(&name) {
			return false
		}
		if typ == 0 {
			host = string(name)
		}
	}
	if names == 1 && flow.ValidHost(host) {
		h.SNI = host
	}
	return true
}

func (h *Hello) readALPN(data cryptobyte.String) bool {
	var list, proto cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) || !data.Empty() {
		return false
	}
	for !list.Empty() {
		if !list.ReadUint8LengthPrefixed(&proto) || proto.Empty() {
			return false
		}
		h.ALPN = append(h.ALPN, string(proto))
	}
	return true
}

func (h *Hello) readGroups(data cryptobyte.String) (ok bool) {
	var list cryptobyte.String
	if !data.ReadUint16LengthPrefixed(&list) || !data.Empty() {
		return false
	}
	h.Groups, ok = readUint16s(list)
	return ok
}

func (h *Hello) readVersions(data cryptobyte.String) (ok bool) {
	var list cryptobyte.String
	if !data.ReadUint8LengthPrefixed(&list) || !data.Empty() || list.Empty() {
		return false
	}
	h.Versions, ok = readUint16s(list)
	return ok
}

func readUint16s(s cryptobyte.String) ([]uint16, bool) {
	vs := make([]uint16, len(s)/2)
	for i := range vs {
		if !s.ReadUint16(&vs[i]) {
			return nil, false
		}
	}
	return vs, s.Empty()
}
