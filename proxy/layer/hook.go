package layer

import (
	"crypto/tls"

	"sluice/proxy/flow"
)

// A Hook is a command that shows addons what happens. Its issuer waits for
// HookCompleted. Its name is the one that addons know it by.
type Hook interface {
	Command
	Name() string
}

// A FlowHook is a hook about a flow. Addons may change the flow inside it, and a person may hold it.
type FlowHook interface {
	Hook
	Subject() *flow.Flow
}

// A Verdict is what was decided about a held flow.
type Verdict struct {
	Kill bool
	Edit *flow.Edit // nil: as it was
	Do   func()     // changes the flow, where an Edit does not serve; nil: nothing. It is called as hooks are shown, and must not block.
}

// OfFlow is the part that all flow hooks share.
type OfFlow struct{ Flow *flow.Flow }

// Command marks a command.
func (OfFlow) Command() {}

// Subject returns the flow.
func (h OfFlow) Subject() *flow.Flow { return h.Flow }

// The hooks about HTTP and TCP flows.
type (
	HTTPConnect         struct{ OfFlow } // CONNECT has come; a response that is not 2xx refuses it
	HTTPConnectUpstream struct{ OfFlow } // CONNECT is about to be sent to an upstream proxy
	HTTPConnected       struct{ OfFlow }
	HTTPConnectError    struct{ OfFlow }
	Request             struct{ OfFlow } // the request is whole, or has been streamed
	ResponseHeaders     struct{ OfFlow }
	Response            struct{ OfFlow }
	Error               struct{ OfFlow } // instead of Response
	WebSocketStart      struct{ OfFlow }
	WebSocketMessage    struct{ OfFlow }
	WebSocketEnd        struct{ OfFlow }
	TCPStart            struct{ OfFlow }
	TCPMessage          struct{ OfFlow } // the last message has come; it may be replaced
	TCPEnd              struct{ OfFlow }
	TCPError            struct{ OfFlow }
)

// RequestHeaders is when the head of a request has come. Request.Stream may be set.
type RequestHeaders struct {
	OfFlow
	ForProxy bool // an upstream proxy reads the request itself, which goes through no tunnel
}

// Name returns the hook's name.
func (*HTTPConnect) Name() string { return "http_connect" }

// Name returns the hook's name.
func (*HTTPConnectUpstream) Name() string { return "http_connect_upstream" }

// Name returns the hook's name.
func (*HTTPConnected) Name() string { return "http_connected" }

// Name returns the hook's name.
func (*HTTPConnectError) Name() string { return "http_connect_error" }

// Name returns the hook's name.
func (*RequestHeaders) Name() string { return "requestheaders" }

// Name returns the hook's name.
func (*Request) Name() string { return "request" }

// Name returns the hook's name.
func (*ResponseHeaders) Name() string { return "responseheaders" }

// Name returns the hook's name.
func (*Response) Name() string { return "response" }

// Name returns the hook's name.
func (*Error) Name() string { return "error" }

// Name returns the hook's name.
func (*WebSocketStart) Name() string { return "websocket_start" }

// Name returns the hook's name.
func (*WebSocketMessage) Name() string { return "websocket_message" }

// Name returns the hook's name.
func (*WebSocketEnd) Name() string { return "websocket_end" }

// Name returns the hook's name.
func (*TCPStart) Name() string { return "tcp_start" }

// Name returns the hook's name.
func (*TCPMessage) Name() string { return "tcp_message" }

// Name returns the hook's name.
func (*TCPEnd) Name() string { return "tcp_end" }

// Name returns the hook's name.
func (*TCPError) Name() string { return "tcp_error" }

// ClientHello is what a client said when it began TLS.
type ClientHello struct {
	Raw          []byte // the records as they came
	SNI          string // "" if there is none
	ALPN         []string
	CipherSuites []uint16
	Groups       []uint16 // of key exchange
	Versions     []uint16
}

// The hooks about TLS.
type (
	// TLSClientHello has two flags for addons to set.
	TLSClientHello struct {
		Context *Context
		Hello   *ClientHello
		// Ignore passes the connection through untouched.
		Ignore bool
		// Reason makes a connection that is passed through a flow which says why; Remedy is what to do. "": the options decide whether it is one.
		Reason, Remedy string
		// ServerFirst opens TLS to the server before it goes on with the client.
		ServerFirst bool
	}
	// TLSStart wants a Config for one side. An addon provides it.
	TLSStart struct {
		Context *Context
		Conn    *flow.Conn   // the client's or the server's
		Client  bool         // Conn is the client's: we are the TLS server
		Hello   *ClientHello // nil unless Client
		Config  *tls.Config
		// Explain puts an error of the certificate's verification into words, and what to do about
		// it; "" is an error it does not know. It may be nil.
		Explain func(error) (cause, remedy string)
		// Trust is the file that the client has to trust; "": not known.
		Trust string
	}
	// TLSEstablished says that the facts on Conn are set.
	TLSEstablished struct {
		Context *Context
		Conn    *flow.Conn
		Client  bool
	}
	// TLSFailed says that Conn.Error is set.
	TLSFailed struct {
		Context *Context
		Conn    *flow.Conn
		Client  bool
		Refused bool // the client has turned the certificate down, or left on seeing it
	}
)

// Command marks a command.
func (*TLSClientHello) Command() {}

// Command marks a command.
func (*TLSStart) Command() {}

// Command marks a command.
func (*TLSEstablished) Command() {}

// Command marks a command.
func (*TLSFailed) Command() {}

// Name returns the hook's name.
func (*TLSClientHello) Name() string { return "tls_clienthello" }

// Name returns the hook's name.
func (h *TLSStart) Name() string { return "tls_start_" + side(h.Client) }

// Name returns the hook's name.
func (h *TLSEstablished) Name() string { return "tls_established_" + side(h.Client) }

// Name returns the hook's name.
func (h *TLSFailed) Name() string { return "tls_failed_" + side(h.Client) }

func side(client bool) string {
	if client {
		return "client"
	}
	return "server"
}

// The hooks about connections, issued by the driver itself.
type (
	ClientConnected    struct{ Client *flow.Client } // Client.Error refuses it
	ClientDisconnected struct{ Client *flow.Client }
	ServerConnect      struct {
		Server *flow.Server // Server.Error refuses to connect
		Client *flow.Client
	}
	ServerConnected struct {
		Server *flow.Server
		Client *flow.Client
	}
	ServerDisconnected struct {
		Server *flow.Server
		Client *flow.Client
	}
	ServerConnectError struct {
		Server *flow.Server
		Client *flow.Client
	}
)

// Command marks a command.
func (*ClientConnected) Command() {}

// Command marks a command.
func (*ClientDisconnected) Command() {}

// Command marks a command.
func (*ServerConnect) Command() {}

// Command marks a command.
func (*ServerConnected) Command() {}

// Command marks a command.
func (*ServerDisconnected) Command() {}

// Command marks a command.
func (*ServerConnectError) Command() {}

// Name returns the hook's name.
func (*ClientConnected) Name() string { return "client_connected" }

// Name returns the hook's name.
func (*ClientDisconnected) Name() string { return "client_disconnected" }

// Name returns the hook's name.
func (*ServerConnect) Name() string { return "server_connect" }

// Name returns the hook's name.
func (*ServerConnected) Name() string { return "server_connected" }

// Name returns the hook's name.
func (*ServerDisconnected) Name() string { return "server_disconnected" }

// Name returns the hook's name.
func (*ServerConnectError) Name() string { return "server_connect_error" }

// Next asks which layer comes next. An addon calls Layer.Decide, or leaves it
// undecided to be asked again when there is more data.
type Next struct{ Layer *NextLayer }

// Command marks a command.
func (*Next) Command() {}

// Name returns the hook's name.
func (*Next) Name() string { return "next_layer" }
