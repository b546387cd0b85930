package addon

import (
	"fmt"
	"strings"

	"sluice/proxy/content"
	"sluice/proxy/flow"
)

// message prints one message of a conversation.
func (d *Dumper) message(s *dumpSettings, f *flow.Flow, m *flow.Message) {
	kind := f.Kind.String()
	if f.WebSocket != nil {
		kind = "WebSocket binary message"
		if m.Text {
			kind = "WebSocket text message"
		}
	}
	arrow := "->"
	if !m.FromClient {
		arrow = "<-"
	}
	d.printf("%s %s %s %s %s\n", d.client(f), arrow, kind, arrow, content.Clean(target(f)))
	if s.detail < 3 || len(m.Content) == 0 {
		return
	}
	d.lines(s, content.Meta{Request: m.FromClient}, m.Content)
	d.printf("\n")
}

// ending prints how a conversation ended.
func (d *Dumper) ending(s *dumpSettings, f *flow.Flow) {
	switch w := f.WebSocket; {
	case f.TLSNote() != "":
		d.tlsNote(f)
		return
	case w != nil && w.CloseCode != 0:
		d.closing(f, w)
	case f.Error == nil && w == nil && s.detail > 1:
		d.printf("%s: %s closed\n", d.client(f), f.Kind)
	}
	if f.Error != nil {
		d.failed(f, f.Error.Message)
	}
}

// failed prints what ended a conversation that was to go on.
func (d *Dumper) failed(f *flow.Flow, why string) {
	kind := strings.ToUpper(f.Kind.String())
	if f.WebSocket != nil {
		kind = "WebSocket"
	}
	d.printf("%s\n", d.brush.paint(inkError, fmt.Sprintf("Error in %s connection to %s: %s", kind, content.Clean(server(f)), content.Clean(why))))
}

// closeNames are the codes with which a WebSocket is closed because something is wrong (RFC 6455 §7.4.1).
var closeNames = map[int]string{
	1002: "PROTOCOL_ERROR", 1003: "UNSUPPORTED_DATA", 1006: "ABNORMAL_CLOSURE", 1007: "INVALID_FRAME_PAYLOAD_DATA", 1008: "POLICY_VIOLATION",
	1009: "MESSAGE_TOO_BIG", 1010: "MANDATORY_EXT", 1011: "INTERNAL_ERROR", 1012: "SERVICE_RESTART", 1013: "TRY_AGAIN_LATER",
	1015: "TLS_HANDSHAKE_FAILED",
}

// closing prints who closed a WebSocket, or what was wrong with it.
func (d *Dumper) closing(f *flow.Flow, w *flow.WebSocket) {
	switch w.CloseCode {
	case 1000, 1001, 1005:
		who := "server"
		if w.ClosedByClient {
			who = "client"
		}
		reason := strings.TrimSpace(fmt.Sprintf("%d %s", w.CloseCode, w.CloseReason))
		d.printf("WebSocket connection closed by %s: %s\n", who, content.Clean(reason))
		return
	}
	why := closeNames[w.CloseCode]
	if why == "" {
		why = fmt.Sprintf("UNKNOWN_ERROR=%d", w.CloseCode)
	}
	if w.CloseReason != "" {
		why += " (reason: " + w.CloseReason + ")"
	}
	d.failed(f, "WebSocket Error: "+why)
}

// tlsNote prints what became of TLS, why, and what to do.
func (d *Dumper) tlsNote(f *flow.Flow) {
	why, i := f.Metadata[flow.MetaReason], inkWarn
	if f.Error != nil {
		why, i = f.Error.Message, inkBad
	}
	d.printf("%s: %s\n%s%s\n", d.client(f), d.brush.paint(i, content.Clean(f.TLSNote())), indent, content.Clean(why))
	if remedy := f.Metadata[flow.MetaRemedy]; remedy != "" {
		d.printf("%sWhat to do: %s\n", indent, content.Clean(remedy))
	}
}

// server is host:port of what a conversation is with.
func server(f *flow.Flow) string {
	if f.Server.Address.IsZero() && f.Request != nil {
		return flow.JoinHostPort(f.Request.Host, f.Request.Port)
	}
	return f.Server.Address.String()
}

// target is what a conversation is with: host:port, and the path of a WebSocket.
func target(f *flow.Flow) string {
	if f.Request != nil {
		return server(f) + f.Request.Path
	}
	return server(f)
}
