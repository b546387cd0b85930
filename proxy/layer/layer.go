// Package layer is the vocabulary of the protocol core. A protocol is a Layer: a
// state machine that is told what happened, an Event, and says what should be
// done, a list of Commands. Layers nest; each hands events down to its child and the child's commands up.
//
// A layer owns no socket, clock, goroutine or logger. All layers of one client
// run under that client's lock, one event at a time; none may block.
package layer

import (
	"log/slog"
	"time"

	"sluice/proxy/flow"
)

// A Layer turns one event into the commands it causes, appended to cmds.
// Bytes in ev are lent until Handle returns; whoever keeps them copies them.
// Bytes in commands are lent until the next Handle.
type Layer interface {
	Handle(ev Event, cmds []Command) []Command
}

// An Event is something that has happened.
type Event interface{ Event() }

// A Completion is the answer to a command that its issuer waits for.
type Completion interface {
	Event
	Of() Command
}

// A Lender is an event that holds lent bytes. Keep returns one that owns them.
type Lender interface {
	Event
	Keep() Event
}

// A Joiner is an event that may take over what one that follows it brings. Join reports whether it did; an event whose
// bytes are lent never does.
type Joiner interface {
	Event
	Join(next Event) bool
}

// Sized is an event that brings content, Size bytes of it.
type Sized interface {
	Event
	Size() int
}

// The events that come from the driver.
type (
	// Start is every layer's first event.
	Start struct{}
	// DataReceived is what a connection's peer sent.
	DataReceived struct {
		Conn *flow.Conn
		Data []byte // lent
	}
	// ConnectionClosed says that a connection's peer will send no more. It also follows our own close.
	ConnectionClosed struct{ Conn *flow.Conn }
	// OpenCompleted answers OpenConnection.
	OpenCompleted struct {
		Cmd *OpenConnection
		Err error // nil: the connection is open
	}
	// HookCompleted says that all addons have seen a hook, and a person let it go on where one held it.
	HookCompleted struct{ Hook Hook }
	// Wakeup answers RequestWakeup. Nobody waits for it.
	Wakeup struct{ Cmd *RequestWakeup }
	// Injected is a message that a person puts into a live flow.
	Injected struct {
		Flow    flow.ID
		Message flow.Message
	}
	// Drained says that what was sent on a connection that was behind has been written.
	Drained struct{ Conn *flow.Conn }
	// Kill ends a live flow at once, whatever its layer is doing. A layer that does not know the flow ignores it.
	Kill struct{ Flow flow.ID }
)

// Event marks an event.
func (Start) Event() {}

// Event marks an event.
func (*DataReceived) Event() {}

// Event marks an event.
func (*ConnectionClosed) Event() {}

// Event marks an event.
func (*OpenCompleted) Event() {}

// Event marks an event.
func (*HookCompleted) Event() {}

// Event marks an event.
func (*Wakeup) Event() {}

// Event marks an event.
func (*Injected) Event() {}

// Event marks an event.
func (*Drained) Event() {}

// Event marks an event.
func (*Kill) Event() {}

// Of returns the command that is answered.
func (e *OpenCompleted) Of() Command { return e.Cmd }

// Of returns the command that is answered.
func (e *HookCompleted) Of() Command { return e.Hook }

// Of returns the command that is answered.
func (e *Wakeup) Of() Command { return e.Cmd }

// Keep returns an event with its own copy of the data.
func (e *DataReceived) Keep() Event {
	return &DataReceived{e.Conn, append([]byte(nil), e.Data...)}
}

// Keep returns ev, or a copy that owns its bytes where ev lends them.
func Keep(ev Event) Event {
	if l, ok := ev.(Lender); ok {
		return l.Keep()
	}
	return ev
}

// KeepIn adds ev, which may lend its bytes, to those that are kept in list. Small ones that
// follow each other become one, so that what they cost is what they bring.
func KeepIn(list []Event, ev Event) []Event {
	if n := len(list); n > 0 {
		if j, ok := list[n-1].(Joiner); ok && j.Join(ev) {
			return list
		}
	}
	return append(list, Keep(ev))
}

// A Command is something that shall be done.
type Command interface{ Command() }

// The commands that the driver carries out.
type (
	// SendData sends bytes. On a connection that is not open it does nothing.
	SendData struct {
		Conn *flow.Conn
		Data []byte // lent until the next Handle
	}
	// OpenConnection connects to Server.Address. It is answered by OpenCompleted.
	OpenConnection struct{ Server *flow.Server }
	// CloseConnection closes a connection after what was sent before, or only its writing half.
	CloseConnection struct {
		Conn *flow.Conn
		Half bool
	}
	// Pause has a connection not read until it is commanded again with On false, or the connection is closed. What has been read
	// still comes. Several may pause a connection: it is read when each of them has ended its pause.
	Pause struct {
		Conn *flow.Conn
		On   bool
	}
	// RequestWakeup asks for a Wakeup after some time.
	RequestWakeup struct{ After time.Duration }
	// CancelWakeup takes a RequestWakeup back: its Wakeup does not come.
	CancelWakeup struct{ Wakeup *RequestWakeup }
	// Update has a flow shown that has changed without a hook, as a body that grows does.
	Update struct {
		Flow  *flow.Flow
		Later bool // within a tenth of a second is soon enough
	}
	// Log is a line for the event log.
	Log struct {
		Level slog.Level
		Text  string
	}
)

// Command marks a command.
func (*SendData) Command() {}

// Command marks a command.
func (*OpenConnection) Command() {}

// Command marks a command.
func (*CloseConnection) Command() {}

// Command marks a command.
func (*Pause) Command() {}

// Command marks a command.
func (*RequestWakeup) Command() {}

// Command marks a command.
func (*CancelWakeup) Command() {}

// Command marks a command.
func (*Update) Command() {}

// Command marks a command.
func (*Log) Command() {}

// LevelAlert lies between info and warn: it needs a person's attention.
const LevelAlert = slog.LevelInfo + 2
