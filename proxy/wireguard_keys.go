package proxy

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// wireguardFile is the file of keys in confdir.
const wireguardFile = "wireguard.conf"

// tunnelClient is the address of the client inside the tunnel.
var tunnelClient = netip.MustParsePrefix("10.0.0.1/32")

// tunnelDNS is where a client of the tunnel finds the proxy's own DNS server.
var tunnelDNS = netip.MustParseAddrPort("10.0.0.53:53")

// tunnelKeys are the private keys of both ends of a WireGuard tunnel. The client's is here too, for the proxy
// writes its configuration.
type tunnelKeys struct{ server, client *ecdh.PrivateKey }

// keyFile is how the keys are kept: each 32 bytes in base64, as the wg tool writes them.
type keyFile struct {
	Server string `json:"server_key"`
	Client string `json:"client_key"`
}

// loadTunnelKeys reads a file of keys, which is made if it is not there.
func loadTunnelKeys(path string) (*tunnelKeys, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKeyFile(path); err == nil || errors.Is(err, fs.ErrExist) { // another process may have been faster
			data, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("WireGuard keys: %w: make the file readable, or name another one with --mode wireguard:FILE", err)
	}
	k, err := parseKeyFile(data)
	if err != nil {
		return nil, fmt.Errorf("WireGuard keys: %s: %w: repair the file, or move it away to have a new one made", path, err)
	}
	return k, nil
}

func parseKeyFile(data []byte) (*tunnelKeys, error) {
	var f keyFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("not a JSON object with server_key and client_key: %w", err)
	}
	server, err := parseTunnelKey("server_key", f.Server)
	if err != nil {
		return nil, err
	}
	client, err := parseTunnelKey("client_key", f.Client)
	if err != nil {
		return nil, err
	}
	if server.Equal(client) {
		return nil, errors.New("server_key and client_key are the same")
	}
	return &tunnelKeys{server, client}, nil
}

func parseTunnelKey(name, text string) (*ecdh.PrivateKey, error) {
	if text == "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != 32 {
		return nil, fmt.Errorf("%s is not a WireGuard key, which is 32 bytes in base64", name)
	}
	return ecdh.X25519().NewPrivateKey(raw)
}

// createKeyFile makes new keys. If there is a file by now it is left alone and the error is fs.ErrExist.
func createKeyFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	data, err := json.MarshalIndent(keyFile{newTunnelKey(), newTunnelKey()}, "", "    ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Link(f.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Stat(path); err == nil { // the file system knows no links
		return fs.ErrExist
	}
	return os.Rename(f.Name(), path)
}

// newTunnelKey returns a private key as the wg tool writes it: clamped (RFC 7748 §5) and in base64.
func newTunnelKey() string {
	var k [32]byte
	_, _ = rand.Read(k[:]) // never fails
	k[0] &= 248
	k[31] = k[31]&127 | 64
	return base64.StdEncoding.EncodeToString(k[:])
}

// clientConfig returns what a client needs to use the tunnel whose server listens at an address.
func (k *tunnelKeys) clientConfig(at netip.AddrPort) string {
	text := base64.StdEncoding.EncodeToString
	return strings.Join([]string{
		"[Interface]",
		"PrivateKey = " + text(k.client.Bytes()),
		"Address = " + tunnelClient.String(),
		"DNS = " + tunnelDNS.Addr().String(),
		"",
		"[Peer]",
		"PublicKey = " + text(k.server.PublicKey().Bytes()),
		"AllowedIPs = 0.0.0.0/0",
		"Endpoint = " + at.String(),
	}, "\n")
}

// reachable returns where other devices are likely to find a socket of this machine: if it has no address of its own,
// at the one from which the machine itself reaches others.
func reachable(at netip.AddrPort) netip.AddrPort {
	if !at.Addr().IsUnspecified() {
		return at
	}
	ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for _, far := range []string{"192.0.2.1:9", "[2001:db8::1]:9"} { // documentation: nothing is sent there
		if c, err := net.Dial("udp", far); err == nil {
			ip = addrPort(c.LocalAddr()).Addr()
			c.Close()
			break
		}
	}
	return netip.AddrPortFrom(ip, at.Port())
}
