package flowstore

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sluice/proxy/flow"
)

// Order is what the flows of a view are ordered by. Equal ones are in the order of arrival.
type Order uint8

// The orders.
const (
	ByTime   Order = iota // Flow.Created
	ByMethod              // HTTP method, or the name of the protocol
	ByURL                 // the destination's URL, or the server's address
	BySize                // bytes of bodies or messages
)

var orderNames = []string{"time", "method", "url", "size"}

// orders lists the names of the orders in alphabetical order.
func orders() []string { return slices.Sorted(slices.Values(orderNames)) }

// String returns the order's name.
func (o Order) String() string { return orderNames[o&3] }

// ParseOrder reads a name.
func ParseOrder(name string) (Order, error) {
	i := slices.Index(orderNames, name)
	if i < 0 {
		return 0, fmt.Errorf("unknown order %q: take one of %s", name, strings.Join(orders(), ", "))
	}
	return Order(i), nil
}

// A key is what an order compares: the number, then the text.
type key struct {
	n int64
	s string
}

func (o Order) key(s *state) key {
	f := s.flow
	switch o {
	case ByMethod:
		if f.Request != nil {
			return key{s: f.Request.Method}
		}
		return key{s: strings.ToUpper(f.Kind.String())}
	case ByURL:
		return key{s: address(f)}
	case BySize:
		return key{n: s.size()}
	}
	return key{n: f.Created.UnixNano()}
}

func address(f *flow.Flow) string {
	switch {
	case f.Request != nil:
		return f.Request.URL()
	case f.Server != nil && !f.Server.Address.IsZero():
		return f.Server.Address.String()
	}
	return ""
}

// An item is a flow that a view shows.
type item struct {
	state
	key key
}

// compare orders items; no two are equal.
func (a *item) compare(b *item) int {
	if a.key.n != b.key.n {
		return cmp.Compare(a.key.n, b.key.n)
	}
	if c := strings.Compare(a.key.s, b.key.s); c != 0 {
		return c
	}
	return cmp.Compare(a.seq, b.seq)
}
