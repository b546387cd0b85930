package layer

import "sluice/proxy/flow"

// The hooks about DNS flows.
type (
	DNSRequest  struct{ OfFlow } // a question has come; DNSResponse may be set, or Error
	DNSResponse struct{ OfFlow }
	DNSError    struct{ OfFlow } // instead of DNSResponse
)

// Name returns the hook's name.
func (*DNSRequest) Name() string { return "dns_request" }

// Name returns the hook's name.
func (*DNSResponse) Name() string { return "dns_response" }

// Name returns the hook's name.
func (*DNSError) Name() string { return "dns_error" }

// Resolve asks the driver's name servers. It is answered by Resolved.
type Resolve struct {
	Question *flow.DNSMessage
	Raw      []byte // the question as it is sent, owned by the command
	Large    bool   // the answer may be larger than a datagram
}

// Command marks a command.
func (*Resolve) Command() {}

// Resolved answers Resolve.
type Resolved struct {
	Cmd *Resolve
	Raw []byte // the answer, owned by the event
	Err error
}

// Event marks an event.
func (*Resolved) Event() {}

// Of returns the command that is answered.
func (e *Resolved) Of() Command { return e.Cmd }
