//go:build !wireguard

package proxy

import "errors"

// errNoWireguard is why the mode wireguard cannot be served by this program; nil: it can.
var errNoWireguard = errors.New("this sluice was built without WireGuard, which would make every start slower: build one that has it with go build -tags wireguard ./cmd/sluice")

func newTunnel(*Engine, *role, packetConn, *tunnelKeys) (tunnel, error) { return nil, errNoWireguard }
