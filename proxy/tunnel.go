package proxy

import (
	"net"
	"net/netip"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layers"
)

// dig makes a tunnel of a UDP socket.
func (e *Engine) dig(l *listener, k *tunnelKeys) error {
	t, err := newWireguard(e, l.role, l.udp.pc, k)
	if err != nil {
		l.udp.close()
		return err
	}
	l.tun, l.udp = t, nil
	return nil
}

// closeTunnels ends what closeListeners has left to the clients.
func (e *Engine) closeTunnels() {
	e.mu.Lock()
	lns := e.lns
	e.mu.Unlock()
	for _, l := range lns {
		if l.tun != nil {
			l.tun.close()
		}
	}
}

// loadKeys reads or makes the keys of a mode that needs some.
func (i *Instance) loadKeys() (err error) {
	if i.Mode.Name == "wireguard" {
		i.keys, err = loadTunnelKeys(i.Mode.KeyFile)
	}
	return err
}

// ClientConfig returns what a client of the tunnel has to be told, "" if there is none.
func (i *Instance) ClientConfig() string {
	if i.keys == nil || len(i.socks) == 0 {
		return ""
	}
	return i.keys.clientConfig(reachable(addrPort(i.socks[0].addr)))
}

// setup shows ClientConfig to a person, between lines that say where it begins and ends, and in few of them, for the
// event log has half a screen for an entry.
func (i *Instance) setup() string {
	frame := "\n" + strings.Repeat("-", 60) + "\n"
	return "Set the WireGuard client up with this:" + frame + strings.ReplaceAll(i.ClientConfig(), "\n\n", "\n") + frame[:61]
}

// tunnelTarget returns where a client of a tunnel was going.
func tunnelTarget(nc net.Conn) (netip.AddrPort, error) { return addrPort(nc.LocalAddr()), nil }

// tunnelRoot makes the outermost layer of a client of a tunnel. The tunnel's name server is the proxy itself.
func tunnelRoot(ctx *layer.Context) layer.Layer {
	if ctx.Client.Local == tunnelDNS {
		ctx.Server.Address = flow.Addr{}
		return layers.NewDNS(ctx)
	}
	return layers.NewTransparentProxy(ctx)
}

// resets reports whether closing a connection while its peer sends would reset it.
func resets(nc net.Conn) bool {
	if _, ok := nc.(*net.TCPConn); ok {
		return true
	}
	_, ok := nc.(interface{ tryWrite(b []byte) (int, error) })
	return ok
}
