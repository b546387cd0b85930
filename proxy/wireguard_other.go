//go:build !wireguard

package proxy

import "errors"

// ErrNoWireguard is why the mode wireguard cannot be served by this program; nil: it can. The IP stack that it takes makes
// every start slower, so it is in a program of its own.
var ErrNoWireguard = errors.New("WireGuard is in the program sluice-wireguard, which takes over if it is beside sluice: " +
	"make it with go build -tags wireguard -o bin/sluice-wireguard ./cmd/sluice, then start sluice with --mode wireguard")

func newTunnel(*Engine, *role, packetConn, *tunnelKeys) (tunnel, error) { return nil, ErrNoWireguard }
