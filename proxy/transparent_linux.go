package proxy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// originalDst is SO_ORIGINAL_DST of netfilter, and IP6T_SO_ORIGINAL_DST, which has the same number.
const originalDst = 80

// originalTarget returns where a client was going before netfilter redirected it here.
func originalTarget(nc net.Conn) (to netip.AddrPort, err error) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return to, errors.New("the connection has no socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return to, err
	}
	read := originalIPv4
	if addrPort(nc.LocalAddr()).Addr().Is6() {
		read = originalIPv6
	}
	if ctlErr := raw.Control(func(fd uintptr) { to, err = read(int(fd)) }); ctlErr != nil {
		return to, ctlErr
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOPROTOOPT) {
		return to, errors.New("the client was not redirected but has connected by itself: set it to a proxy in regular mode, or see sluice help transparent")
	}
	if err != nil {
		return to, fmt.Errorf("ask netfilter for the original destination: %w", err)
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if to == addrPort(nc.LocalAddr()) {
		return to, errors.New("the client has connected to the proxy itself: set it to a proxy in regular mode")
	}
	return to, nil
}

// originalIPv4 reads a sockaddr_in.
func originalIPv4(fd int) (netip.AddrPort, error) {
	m, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, originalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	b := m.Multiaddr
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[2:4])), nil
}

// originalIPv6 reads a sockaddr_in6.
func originalIPv6(fd int) (netip.AddrPort, error) {
	m, err := unix.GetsockoptIPv6MTUInfo(fd, unix.SOL_IPV6, originalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	var port [2]byte
	binary.NativeEndian.PutUint16(port[:], m.Addr.Port)
	return netip.AddrPortFrom(netip.AddrFrom16(m.Addr.Addr), binary.BigEndian.Uint16(port[:])), nil
}

// transparentMissing is why the mode transparent cannot be served on this system; nil: it can.
var transparentMissing error
