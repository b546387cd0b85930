package proxy

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// mitmproxyKeys is a file as mitmproxy writes it.
const mitmproxyKeys = `{
    "server_key": "EG47ZWjYjr+Y97TQ1A7sVl7Xn3mMWDnvjU/VxU769ls=",
    "client_key": "qG8b7LI/s+ezngWpXqj5A7Nj988hbGL+eQ8ePki0iHk="
}`

func TestMitmproxyKeysAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), wireguardFile)
	if err := os.WriteFile(path, []byte(mitmproxyKeys), 0o644); err != nil {
		t.Fatal(err)
	}
	k, err := loadTunnelKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[Interface]
PrivateKey = qG8b7LI/s+ezngWpXqj5A7Nj988hbGL+eQ8ePki0iHk=
Address = 10.0.0.1/32
DNS = 10.0.0.53

[Peer]
PublicKey = mitmV5Wo7pRJrHNAKhZEI0nzqqeO8u4fXG+zUbZEXA0=
AllowedIPs = 0.0.0.0/0
Endpoint = 192.0.2.1:51820`
	if got := k.clientConfig(netip.MustParseAddrPort("192.0.2.1:51820")); got != want {
		t.Errorf("%s", got)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != mitmproxyKeys {
		t.Error("the file was changed")
	}
}

func TestKeysAreMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", wireguardFile)
	var wg sync.WaitGroup
	got := make([]*tunnelKeys, 8)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = loadTunnelKeys(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range got {
		if k == nil || !k.server.Equal(got[0].server) || !k.client.Equal(got[0].client) {
			t.Fatal("not the same keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Error(left)
	}
}

func TestBadKeyFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":   "not a JSON object",
		"[]": "not a JSON object",
		"{}": "server_key is missing",
		`{"server_key": "EG47ZWjYjr+Y97TQ1A7sVl7Xn3mMWDnvjU/VxU769ls="}`:                                                                  "client_key is missing",
		strings.Replace(mitmproxyKeys, "EG47", "", 1):                                                                                     "server_key is not a WireGuard key",
		strings.Replace(mitmproxyKeys, "qG8b", "!!!!", 1):                                                                                 "client_key is not a WireGuard key",
		strings.Replace(mitmproxyKeys, "qG8b7LI/s+ezngWpXqj5A7Nj988hbGL+eQ8ePki0iHk=", "EG47ZWjYjr+Y97TQ1A7sVl7Xn3mMWDnvjU/VxU769ls=", 1): "are the same",
	} {
		path := filepath.Join(t.TempDir(), wireguardFile)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := loadTunnelKeys(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := loadTunnelKeys(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make the file readable") {
		t.Error(err)
	}
}
