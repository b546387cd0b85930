package flowstore

import (
	"time"

	"sluice/proxy/flow"
)

// A Row is the summary of a flow that a list shows. It is a value: nothing in it changes.
type Row struct {
	ID      flow.ID
	Kind    flow.Kind
	Index   int    // its place in the order of arrival, from 0, never used again
	Version uint64 // of two rows of one flow, the greater shows the newer state
	Created time.Time

	// HTTP. Host, Port and Scheme say where the request goes, PrettyHost what it claims.
	Method      string
	Scheme      string
	Host        string // TCP, UDP: the server's address, as far as it is known
	Port        int
	PrettyHost  string
	Path        string
	HTTPVersion string
	HasResponse bool
	Status      int
	Reason      string
	ContentType string // the response's, as it was sent
	WebSocket   bool

	// DNS. Method is the operation, Status what HTTP would say, Reason the response code's name.
	Question     string // the name
	QuestionType string
	Answer       string // what the answers say, as far as a row has room for

	Size     int64 // request and response bodies, or all messages
	Messages int   // TCP, UDP and WebSocket messages
	Entries  int   // events of an event stream, or messages of gRPC, that are whole in the bodies
	Start    time.Time
	End      time.Time     // the last byte so far; zero: there is none, or an HTTP response is under way
	Wait     time.Duration // from the end of the request to the first byte of the response; 0: not known

	Client, Server string // addresses, host:port; "" if not known
	TLS            bool   // between client and us
	QUIC           bool
	TLSNote        string // what became of TLS on a connection that no other flow tells of; "" for all other flows

	Intercepted bool
	Live        bool
	Replay      flow.Replay
	Modified    bool   // by a person
	Error       string // "" for none
	Killed      bool
	Marked      string // "" or a marker's name
	Comment     string
	BodyDropped bool // bytes were let go to bound memory
}

// Duration returns how long the flow took from Start to End, and false while that is not known.
func (r *Row) Duration() (time.Duration, bool) {
	if r.Start.IsZero() || r.End.IsZero() || r.End.Before(r.Start) {
		return 0, false
	}
	return r.End.Sub(r.Start), true
}

func (s *state) row() Row {
	f := s.flow
	r := Row{
		ID: f.ID, Kind: f.Kind, Index: int(s.seq), Version: s.version, Created: f.Created,
		Start: f.Created, Size: s.size(), Messages: len(f.AllMessages()), Entries: s.entries, WebSocket: f.WebSocket != nil,
		Intercepted: f.Intercepted, Live: f.Live, Replay: f.Replay, Modified: s.modified,
		Marked: f.Marked, Comment: f.Comment, BodyDropped: s.lost,
	}
	if f.Error != nil {
		r.Error, r.Killed = f.Error.Message, f.Killed()
	}
	r.connections(f)
	if f.Request != nil {
		r.http(f)
	} else if f.DNSRequest != nil {
		r.dns(f)
	} else if n := len(f.Messages); n > 0 {
		r.End = f.Messages[n-1].Time
	}
	return r
}

func (r *Row) connections(f *flow.Flow) {
	if c := f.Client; c != nil {
		r.TLS, r.QUIC = c.TLS, c.TLSVersion == "QUICv1"
		if c.Peer.IsValid() {
			r.Client = c.Peer.String()
		}
		if f.Request == nil && !c.Start.IsZero() {
			r.Start = c.Start
		}
	}
	if s := f.Server; s != nil && !s.Address.IsZero() {
		r.Host, r.Port, r.Server = s.Address.Host, s.Address.Port, s.Address.String()
	}
	if r.TLSNote = f.TLSNote(); r.TLSNote != "" && r.Server == "" && f.Client != nil {
		r.Server = f.Client.SNI
	}
}

func (r *Row) http(f *flow.Flow) {
	q := f.Request
	r.Method, r.Scheme, r.Host, r.Port, r.Path = q.Method, q.Scheme, q.Host, q.Port, q.Path
	r.PrettyHost, r.HTTPVersion = q.PrettyHost(), q.Version
	r.BodyDropped = r.BodyDropped || q.Body.Gap() == flow.Dropped
	if !q.Start.IsZero() {
		r.Start = q.Start
	}
	p := f.Response
	if p == nil {
		return
	}
	r.HasResponse, r.Status, r.Reason = true, p.Status, p.Reason
	r.ContentType, r.End = p.Headers.Get("Content-Type"), p.HTTPMessage.End
	if w := f.WebSocket; w != nil {
		r.webSocket(w)
	}
	r.BodyDropped = r.BodyDropped || p.Body.Gap() == flow.Dropped
	if !q.End.IsZero() && p.Start.After(q.End) {
		r.Wait = p.Start.Sub(q.End)
	}
}

// webSocket notes how far a WebSocket connection is.
func (r *Row) webSocket(w *flow.WebSocket) {
	if n := len(w.Messages); n > 0 && w.Messages[n-1].Time.After(r.End) {
		r.End = w.Messages[n-1].Time
	}
	if w.End.After(r.End) {
		r.End = w.End
	}
}

// size returns the bytes of a flow's bodies and messages, wherever they are.
func (s *state) size() int64 {
	n := s.traffic
	if q := s.flow.Request; q != nil {
		n += q.Body.Len()
	}
	if p := s.flow.Response; p != nil {
		n += p.Body.Len()
	}
	return n
}
