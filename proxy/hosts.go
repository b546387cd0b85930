package proxy

import (
	"cmp"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"
)

// maxHostsFile bounds what is read of a hosts file, in bytes.
const maxHostsFile = 8 << 20

// A hostsCache is the hosts file as it was when it was last changed.
type hostsCache struct {
	mu    sync.Mutex
	path  string // empty: the system's
	mtime time.Time
	size  int64
	names map[string][]netip.Addr
}

// lookup returns the addresses of a name in lower case; nil if the file does not have it.
func (h *hostsCache) lookup(name string) []netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	path := cmp.Or(h.path, hostsFile)
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxHostsFile {
		return nil
	}
	if h.names == nil || info.ModTime() != h.mtime || info.Size() != h.size {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		h.names, h.mtime, h.size = parseHosts(string(data)), info.ModTime(), info.Size()
	}
	return h.names[name]
}

func parseHosts(text string) map[string][]netip.Addr {
	names := map[string][]netip.Addr{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		ip, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		ip = ip.WithZone("").Unmap()
		for _, n := range fields[1:] {
			n = strings.ToLower(strings.TrimSuffix(n, "."))
			names[n] = append(names[n], ip)
		}
	}
	return names
}
