// Package flow says what a flow is: the messages that passed between a client
// and a server, the connections they passed on, and what went wrong.
//
// A *Flow is either live, owned by the layer that runs it and changed only
// inside its hooks, or a snapshot. Snapshots are immutable: nothing reachable
// from one is ever written again, so they may be read from any goroutine.
//
// The package is a leaf: it does no I/O and knows no clock.
package flow

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"
)

// ID names a flow or a connection for good. Its text form is a version 4 UUID (RFC 9562 §5.4).
type ID [16]byte

// NewID returns a fresh random ID.
func NewID() ID {
	var id ID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// IsZero reports whether id has never been set.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the form 8-4-4-4-12 in lower-case hex.
func (id ID) String() string {
	b, _ := id.AppendText(nil)
	return string(b)
}

// AppendText appends what String returns. There is no error.
func (id ID) AppendText(b []byte) ([]byte, error) {
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b, nil
}

// ParseID reads what String wrote.
func ParseID(s string) (ID, error) {
	var id ID
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != len(id) {
		return id, fmt.Errorf("parse flow id %q: want 32 hex digits", s)
	}
	copy(id[:], raw)
	return id, nil
}

// Kind is the protocol family of a flow.
type Kind uint8

// The kinds of flow.
const (
	HTTP Kind = iota
	TCP
	UDP
	DNS
)

// String returns the name used in flow files: http, tcp, udp or dns.
func (k Kind) String() string { return [...]string{"http", "tcp", "udp", "dns"}[k&3] }

// Replay says which side of a flow we made ourselves.
type Replay uint8

// The values of Replay.
const (
	NotReplayed Replay = iota
	ReplayedRequest
	ReplayedResponse
)

// KilledMessage is the error of a flow that somebody killed.
const KilledMessage = "Connection killed."

// Error says why a flow did not end as it should.
type Error struct {
	Message string
	Time    time.Time
}

// A Flow is one exchange: an HTTP request with its response, or the messages of
// one TCP or UDP connection, or a DNS question with its answer.
type Flow struct {
	ID   ID
	Kind Kind
	// Rev grows with every snapshot of one flow; of two snapshots the greater is the newer.
	Rev     uint32
	Created time.Time

	Client *Client // never nil
	Server *Server // never nil; its Address is zero until known

	Error       *Error // immutable once set
	Intercepted bool   // held at a hook, waiting for a person
	Live        bool   // still owned by a connection
	Replay      Replay
	Marked      string // "" or a marker's name; owned by the store
	Comment     string // owned by the store
	Metadata    map[string]string
	Extra       any // what a flow file said that has no other place here; only flowstore/dump looks at it

	Request   *Request   // HTTP
	Response  *Response  // HTTP; nil until its head has come
	WebSocket *WebSocket // HTTP; nil unless the connection was upgraded

	Messages []Message // TCP and UDP

	DNSRequest  *DNSMessage // DNS
	DNSResponse *DNSMessage // DNS; nil until it has come
}

// A Message is one piece of a TCP, UDP or WebSocket conversation. It is immutable once appended.
type Message struct {
	FromClient bool
	Content    []byte
	Time       time.Time
	Text       bool // WebSocket: a text message, not a binary one
	Dropped    bool // recorded but not forwarded
	Injected   bool
	Lost       int // bytes of content that the store let go to bound its memory; Content is nil then
}

// WebSocket is what an upgraded HTTP flow goes on with.
type WebSocket struct {
	Messages       []Message
	ClosedByClient bool
	CloseCode      int // 0 while open
	CloseReason    string
	End            time.Time
}

// New returns a live flow of a kind between two connections.
func New(kind Kind, client *Client, server *Server, now time.Time) *Flow {
	return &Flow{ID: NewID(), Kind: kind, Created: now, Client: client, Server: server, Live: true}
}

// Distinct gives flows with the id of one before them an id of their own, as where a file is read twice. Nobody else may have them yet.
func Distinct(flows []*Flow) {
	seen := make(map[ID]bool, len(flows))
	for _, f := range flows {
		if seen[f.ID] {
			f.ID = NewID()
		}
		seen[f.ID] = true
	}
}

// Killed reports whether somebody killed the flow.
func (f *Flow) Killed() bool { return f.Error != nil && f.Error.Message == KilledMessage }

// OpensTunnel reports whether the flow is a CONNECT that went well (RFC 9110 §9.3.6). What passes through the tunnel has flows of its own.
func (f *Flow) OpensTunnel() bool {
	return f.Request != nil && f.Request.Method == "CONNECT" && f.Error == nil && f.Response != nil && f.Response.Status/100 == 2
}

// AllMessages returns the messages of a TCP, UDP or WebSocket flow.
func (f *Flow) AllMessages() []Message {
	if f.WebSocket != nil {
		return f.WebSocket.Messages
	}
	return f.Messages
}

// BodiesKept returns how many bytes of its bodies are in memory.
func (f *Flow) BodiesKept() (n int64) {
	if f.Request != nil {
		n += f.Request.Body.Kept()
	}
	if f.Response != nil {
		n += f.Response.Body.Kept()
	}
	return n
}

// Killable reports whether killing the flow would still change anything.
func (f *Flow) Killable() bool { return f.Live && !f.Killed() }

// Kill marks a live flow as killed. Its layer acts on it after the hook.
func (f *Flow) Kill(now time.Time) { f.Error = &Error{KilledMessage, now} }

// Snapshot returns an immutable copy of a live flow with the next revision.
// Header lists, bodies and messages are shared, never copied: they are only ever appended to or replaced.
// The copy and its messages are one allocation.
func (f *Flow) Snapshot() *Flow {
	f.Rev++
	var c *Flow
	switch {
	case f.Request == nil:
		c = &Flow{}
	case f.Response == nil:
		s := &struct {
			Flow
			request Request
		}{}
		c, s.Request = &s.Flow, &s.request
	default:
		s := &struct {
			Flow
			request  Request
			response Response
		}{}
		c, s.Request, s.Response = &s.Flow, &s.request, &s.response
	}
	request, response := c.Request, c.Response
	*c = *f
	if c.Client, c.Server = f.Client.Snapshot(), f.Server.Snapshot(); f.Request != nil {
		*request = *f.Request
		c.Request = request
	}
	if f.Response != nil {
		if response == nil {
			response = new(Response)
		}
		*response = *f.Response
		c.Response = response
	}
	if f.WebSocket != nil {
		w := *f.WebSocket
		c.WebSocket = &w
	}
	c.Metadata = maps.Clone(f.Metadata)
	return c
}

// Seal makes a flow that has ended an immutable snapshot of itself, with the
// next revision. Its owner must never write to it again.
func (f *Flow) Seal() *Flow {
	f.Rev++
	f.Client, f.Server = f.Client.Snapshot(), f.Server.Snapshot()
	return f
}

// Copy returns a flow with a new ID that lives on no connection, as a duplicate does. Messages are shared.
func (f *Flow) Copy() *Flow {
	c := *f
	c.ID, c.Rev, c.Live, c.Intercepted = NewID(), 0, false, false
	return &c
}
