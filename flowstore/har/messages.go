package har

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/http"
	"time"

	"sluice/proxy/flow"
)

// The opcodes of frames (RFC 6455 §5.2) that an archive has. Some programs write none, and mean text.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// webSocket writes the messages of a WebSocket as Chrome does, and in a field of our own how it was closed.
func (w *indenter) webSocket(s *flow.WebSocket) {
	if s == nil {
		return
	}
	w.text("_resourceType", "websocket")
	w.key("_webSocketMessages")
	w.open('[')
	for i := range s.Messages {
		w.message(&s.Messages[i])
	}
	w.close(']')
	if s.CloseCode == 0 {
		return
	}
	w.key("_webSocketClose")
	w.open('{')
	w.text("type", direction(s.ClosedByClient))
	if !s.End.IsZero() {
		w.float("time", seconds(s.End))
	}
	w.int("code", int64(s.CloseCode))
	w.text("reason", s.CloseReason)
	w.close('}')
}

func direction(fromClient bool) string {
	if fromClient {
		return "send"
	}
	return "receive"
}

func (w *indenter) message(m *flow.Message) {
	w.next()
	w.open('{')
	w.text("type", direction(m.FromClient))
	w.float("time", seconds(m.Time))
	if m.Text {
		w.int("opcode", opText)
		w.key("data")
		w.b = appendQuoted(w.b, m.Content)
	} else {
		w.int("opcode", opBinary)
		w.base64("data", m.Content)
	}
	if m.Dropped {
		w.bool("_dropped", true)
	}
	if m.Injected {
		w.bool("_injected", true)
	}
	if m.Lost > 0 {
		w.int("_missing", int64(m.Lost))
	}
	w.close('}')
}

// seconds returns a time as messages have it.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}

// moment is the opposite of seconds. Some programs count milliseconds or microseconds.
func moment(x float64) time.Time {
	switch {
	case !(x > 0):
		return time.Time{}
	case x >= 1e14:
		x /= 1e6
	case x >= 1e11:
		x /= 1e3
	}
	return time.UnixMicro(int64(math.Round(min(x, 9e9) * 1e6))) // so that no digit is lost
}

// webSocket gives a flow the messages of its entry.
func (e *entry) webSocket(f *flow.Flow) {
	upgraded := e.resourceType == "websocket" && f.Response != nil && f.Response.Status == http.StatusSwitchingProtocols
	if e.messages == nil && e.closed == nil && !upgraded {
		return
	}
	f.WebSocket = &flow.WebSocket{}
	for i := range e.messages {
		e.messages[i].into(f)
	}
	if c := e.closed; c != nil {
		w := f.WebSocket
		w.ClosedByClient, w.CloseCode, w.CloseReason, w.End = c.kind == "send", int(min(max(c.code, 0), 65535)), c.reason, moment(c.time)
	}
}

// into adds a message to a flow. Pings are none.
func (m *wsMessage) into(f *flow.Flow) {
	w, at := f.WebSocket, moment(m.time)
	b, fromClient := m.data, m.kind == "send"
	switch {
	case m.opcode == opPing || m.opcode == opPong:
		return
	case m.opcode < 0 || m.kind == "error": // Chrome says so why the connection was lost
		if f.Error == nil {
			f.Error = &flow.Error{Message: string(m.data), Time: at}
		}
		return
	case m.opcode != opText && m.opcode != opContinuation:
		b = unpacked(b)
	}
	if w.End = at; m.opcode == opClose {
		w.ClosedByClient, w.CloseCode = fromClient, 1005 // none was sent (RFC 6455 §7.1.5)
		if len(b) >= 2 {
			w.CloseCode, w.CloseReason = int(binary.BigEndian.Uint16(b)), string(b[2:])
		}
		return
	}
	w.Messages = append(w.Messages, flow.Message{FromClient: fromClient, Time: at, Text: m.opcode == opText || m.opcode == opContinuation,
		Content: b, Dropped: m.dropped, Injected: m.injected, Lost: int(min(max(m.missing, 0), 1<<50))})
}

// unpacked undoes base64. What is none stays as it is.
func unpacked(b []byte) []byte {
	plain := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, err := base64.StdEncoding.Decode(plain, b)
	if err != nil {
		return b
	}
	return plain[:n]
}
