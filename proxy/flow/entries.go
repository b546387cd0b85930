package flow

import "strings"

// Entries says what a body is a list of.
type Entries uint8

// The kinds of lists.
const (
	NoEntries    Entries = iota
	Events               // of an event stream (HTML Standard §9.2)
	GRPCMessages         // with their lengths before them, of gRPC and gRPC-Web
)

// Entries returns what the body is a list of, by its content type.
func (m *HTTPMessage) Entries() Entries {
	kind, _, _ := strings.Cut(m.Headers.Get("Content-Type"), ";")
	kind = strings.TrimSpace(kind)
	const grpc, web, events = "application/grpc", "application/grpc-web", "text/event-stream"
	is := func(name string) bool { return strings.EqualFold(kind, name) }
	plus := func(name string) bool {
		return len(kind) > len(name) && kind[len(name)] == '+' && strings.EqualFold(kind[:len(name)], name)
	}
	switch {
	case is(events):
		return Events
	case is(grpc), is(web), plus(grpc), plus(web):
		return GRPCMessages
	}
	return NoEntries
}
