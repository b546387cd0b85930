package cert

import (
	"container/list"
	"crypto/tls"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Clients choose the names, so both the number and the size of what is kept are bounded.
const (
	maxCached      = 4096
	maxCachedBytes = 32 << 20
)

// A cache keeps the leaves used last, and lets each be made only once at a time.
type cache struct {
	mu       sync.Mutex
	entries  map[string]*list.Element // of *cached
	used     list.List                // the most recently used in front
	bytes    int
	max      int
	maxBytes int

	flights singleflight.Group
}

type cached struct {
	key  string
	cert *tls.Certificate
}

func (c *cache) init(max, maxBytes int) {
	c.max, c.maxBytes = max, maxBytes
	c.entries = make(map[string]*list.Element)
}

// get returns a leaf that is good at now, or nil.
func (c *cache) get(key []byte, now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	el := c.entries[string(key)]
	if el == nil {
		return nil
	}
	leaf := el.Value.(*cached).cert
	if now.After(leaf.Leaf.NotAfter) || now.Before(leaf.Leaf.NotBefore) {
		return nil
	}
	c.used.MoveToFront(el)
	return leaf
}

// fill makes a leaf and keeps it. Whoever asks for the same key meanwhile waits for this one.
func (c *cache) fill(key string, now time.Time, sign func() (*tls.Certificate, error)) (*tls.Certificate, error) {
	v, err, _ := c.flights.Do(key, func() (any, error) {
		if leaf := c.get([]byte(key), now); leaf != nil { // a flight has landed since the caller looked
			return leaf, nil
		}
		leaf, err := sign()
		if err == nil {
			c.put(key, leaf)
		}
		return leaf, err
	})
	if err != nil {
		return nil, err
	}
	return v.(*tls.Certificate), nil
}

// put adds or replaces a leaf and drops the ones used longest ago while there are too many.
func (c *cache) put(key string, leaf *tls.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el := c.entries[key]; el != nil {
		c.drop(el)
	}
	e := &cached{key, leaf}
	c.entries[key] = c.used.PushFront(e)
	c.bytes += e.size()
	for c.used.Len() > c.max || c.bytes > c.maxBytes {
		c.drop(c.used.Back())
	}
}

func (c *cache) drop(el *list.Element) {
	e := c.used.Remove(el).(*cached)
	delete(c.entries, e.key)
	c.bytes -= e.size()
}

// size estimates the bytes that an entry holds: its key, its DER and that parsed.
func (e *cached) size() int { return 1024 + len(e.key) + 3*len(e.cert.Leaf.Raw) }
