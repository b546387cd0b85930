// Package socks reads and writes the messages of SOCKS version 5 (RFC 1928) with
// user names and passwords (RFC 1929), on both sides. It is pure: bytes in,
// values out. Every parser returns n, what it used of the front of b; n == 0 asks for more, an error is final.
package socks

import (
	"errors"
	"fmt"
	"net/netip"

	"sluice/proxy/flow"
)

// Version is the first byte of all messages but those of RFC 1929.
const Version = 5

// The authentication methods (RFC 1928 §3).
const (
	NoAuth       = 0x00
	UserPassword = 0x02
	NoneOffered  = 0xff
)

// The command that asks for a connection (RFC 1928 §4).
const Connect = 0x01

// The codes of a reply (RFC 1928 §6).
const (
	Succeeded               = 0x00
	HostUnreachable         = 0x04
	CommandNotSupported     = 0x07
	AddressTypeNotSupported = 0x08
)

// The types of an address (RFC 1928 §5).
const (
	typeIPv4 = 0x01
	typeName = 0x03
	typeIPv6 = 0x04
)

// A VersionError is a first byte that is not Version.
type VersionError byte

// Error names the byte.
func (e VersionError) Error() string {
	return fmt.Sprintf("invalid SOCKS version: expected 0x05, got 0x%02x", byte(e))
}

// A RequestError is a request that is refused with Code.
type RequestError struct {
	Code byte
	Text string
}

// Error says what is wrong.
func (e *RequestError) Error() string { return e.Text }

// ParseGreeting reads the methods that a client offers. They are lent from b.
func ParseGreeting(b []byte) (methods []byte, n int, err error) {
	if len(b) > 0 && b[0] != Version {
		return nil, 0, VersionError(b[0])
	}
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return nil, 0, nil
	}
	n = 2 + int(b[1])
	return b[2:n], n, nil
}

// ParseLogin reads a user name and password (RFC 1929 §2).
func ParseLogin(b []byte) (user, password string, n int) {
	if len(b) < 2 {
		return "", "", 0
	}
	at := 2 + int(b[1])
	if len(b) < at+1 || len(b) < at+1+int(b[at]) {
		return "", "", 0
	}
	n = at + 1 + int(b[at])
	return string(b[2:at]), string(b[at+1 : n]), n
}

// ParseRequest reads a request for a connection. What is refused is an error of type *RequestError.
func ParseRequest(b []byte) (to flow.Addr, n int, err error) {
	if len(b) < 5 {
		return flow.Addr{}, 0, nil
	}
	if b[0] != Version || b[1] != Connect || b[2] != 0 {
		return flow.Addr{}, 0, &RequestError{CommandNotSupported, fmt.Sprintf("unsupported SOCKS5 request: % x", b[:min(len(b), 16)])}
	}
	return parseAddr(b)
}

// parseAddr reads the address of a request or a reply, which begins at its fourth byte.
func parseAddr(b []byte) (a flow.Addr, n int, err error) {
	start, size := 4, 0
	switch b[3] {
	case typeIPv4:
		size = 4
	case typeIPv6:
		size = 16
	case typeName:
		start, size = 5, int(b[4])
	default:
		return flow.Addr{}, 0, &RequestError{AddressTypeNotSupported, fmt.Sprintf("unknown address type: 0x%02x", b[3])}
	}
	if n = start + size + 2; len(b) < n {
		return flow.Addr{}, 0, nil
	}
	raw := b[start : start+size]
	a.Port = int(b[n-2])<<8 | int(b[n-1])
	if b[3] != typeName {
		ip, _ := netip.AddrFromSlice(raw)
		a.Host = ip.Unmap().String()
		return a, n, nil
	}
	if a.Host = string(raw); !flow.ValidHost(a.Host) {
		return flow.Addr{}, 0, &RequestError{AddressTypeNotSupported, fmt.Sprintf("invalid host name: %q", a.Host)}
	}
	if ip, err := netip.ParseAddr(a.Host); err == nil { // some clients name an address
		a.Host = ip.Unmap().String()
	}
	return a, n, nil
}

// AppendReply appends a reply without an address, which is all a client needs of one.
func AppendReply(b []byte, code byte) []byte {
	return append(b, Version, code, 0, typeIPv4, 0, 0, 0, 0, 0, 0)
}

// AppendGreeting appends what a client says first: that it can log in, or that it cannot.
func AppendGreeting(b []byte, login bool) []byte {
	if login {
		return append(b, Version, 2, NoAuth, UserPassword)
	}
	return append(b, Version, 1, NoAuth)
}

// ParseMethod reads the method that a server chose.
func ParseMethod(b []byte) (method byte, n int, err error) {
	switch {
	case len(b) > 0 && b[0] != Version:
		return 0, 0, VersionError(b[0])
	case len(b) < 2:
		return 0, 0, nil
	}
	return b[1], 2, nil
}

// AppendLogin appends a user name and password, which have at most 255 bytes each.
func AppendLogin(b []byte, user, password string) ([]byte, error) {
	if len(user) > 255 || len(password) > 255 {
		return b, errors.New("a SOCKS user name and password have at most 255 bytes each")
	}
	b = append(append(b, 1, byte(len(user))), user...)
	return append(append(b, byte(len(password))), password...), nil
}

// ParseLoginReply reads whether a login was accepted.
func ParseLoginReply(b []byte) (ok bool, n int) {
	if len(b) < 2 {
		return false, 0
	}
	return b[1] == 0, 2
}

// AppendRequest appends a request for a connection.
func AppendRequest(b []byte, to flow.Addr) ([]byte, error) {
	b = append(b, Version, Connect, 0)
	switch ip, err := netip.ParseAddr(to.Host); {
	case err == nil && ip.Unmap().Is4():
		raw := ip.Unmap().As4()
		b = append(append(b, typeIPv4), raw[:]...)
	case err == nil:
		raw := ip.As16()
		b = append(append(b, typeIPv6), raw[:]...)
	case len(to.Host) == 0 || len(to.Host) > 255:
		return b, fmt.Errorf("the host name %q does not fit into a SOCKS request", to.Host)
	default:
		b = append(append(b, typeName, byte(len(to.Host))), to.Host...)
	}
	return append(b, byte(to.Port>>8), byte(to.Port)), nil
}

// ParseReply reads the answer to a request. An answer other than Succeeded is an error.
func ParseReply(b []byte) (n int, err error) {
	switch {
	case len(b) > 0 && b[0] != Version:
		return 0, VersionError(b[0])
	case len(b) > 1 && b[1] != Succeeded:
		return 0, errors.New(replyText(b[1]))
	case len(b) < 5:
		return 0, nil
	}
	size := 0
	switch b[3] {
	case typeIPv4:
		size = 4 + 4 + 2
	case typeIPv6:
		size = 4 + 16 + 2
	case typeName:
		size = 5 + int(b[4]) + 2
	default:
		return 0, fmt.Errorf("unknown address type: 0x%02x", b[3])
	}
	if len(b) < size {
		return 0, nil
	}
	return size, nil
}

func replyText(code byte) string {
	texts := []string{"succeeded", "general failure", "connection not allowed", "network unreachable", "host unreachable",
		"connection refused", "time to live expired", "command not supported", "address type not supported"}
	if int(code) < len(texts) {
		return texts[code]
	}
	return fmt.Sprintf("error 0x%02x", code)
}
