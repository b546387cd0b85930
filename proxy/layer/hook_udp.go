package layer

// The hooks about UDP flows.
type (
	UDPStart   struct{ OfFlow }
	UDPMessage struct{ OfFlow } // the last message has come; it may be replaced
	UDPEnd     struct{ OfFlow }
	UDPError   struct{ OfFlow }
)

// Name returns the hook's name.
func (*UDPStart) Name() string { return "udp_start" }

// Name returns the hook's name.
func (*UDPMessage) Name() string { return "udp_message" }

// Name returns the hook's name.
func (*UDPEnd) Name() string { return "udp_end" }

// Name returns the hook's name.
func (*UDPError) Name() string { return "udp_error" }
