package detail

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unsafe"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/human"
	"sluice/tui/text"
)

// sameStream reports whether two flows have the same messages. Lists only grow at their end, or are replaced.
func sameStream(a, b *flow.Flow) bool {
	x, y := a.AllMessages(), b.AllMessages()
	return len(x) == len(y) && (len(x) == 0 || sameContent(x[len(x)-1], y[len(y)-1])) &&
		a.Intercepted == b.Intercepted && closing(a) == closing(b)
}

// sameContent reports whether two messages are the same one, without looking at what they hold.
func sameContent(a, b flow.Message) bool {
	return len(a.Content) == len(b.Content) && unsafe.SliceData(a.Content) == unsafe.SliceData(b.Content) &&
		a.FromClient == b.FromClient && a.Dropped == b.Dropped && a.Injected == b.Injected && a.Lost == b.Lost
}

// grownTo reports whether the text of o is that of l with something behind it.
func (l look) grownTo(o look) bool {
	if o.only != nil || !l.alike(o) {
		return false // nothing may have been picked so far, and the text says so
	}
	if l.kind == entries && l.flow.ID == o.flow.ID {
		return grownEntries(l.flow, o.flow)
	}
	if l.kind != stream || l.flow.ID != o.flow.ID || l.flow.Intercepted || o.flow.Intercepted {
		return false
	}
	x, y := l.flow.AllMessages(), o.flow.AllMessages()
	n := len(x)
	return n > 0 && n <= len(y) && sameContent(x[0], y[0]) && sameContent(x[n-1], y[n-1]) && closing(l.flow) == ""
}

// newMessages returns what the text of l has behind that of the older flow.
func newMessages(old *flow.Flow, l look) iter.Seq[content.Line] {
	if l.kind == entries {
		return newEntries(old, l)
	}
	return l.messageLines(len(old.AllMessages()))
}

// streamLines returns all messages of a flow, each in its view, with its direction before it.
func (l look) streamLines() iter.Seq[content.Line] {
	f, mode := l.flow, l.mode
	title := strings.ToUpper(mode[:min(len(mode), 1)]) + mode[min(len(mode), 1):]
	bar := l.bar(title)
	if len(f.AllMessages()) == 0 && closing(f) == "" {
		return text.Of([]content.Line{bar, {{Text: "No messages.", Role: text.Remark}}})
	}
	return text.Join(text.Of([]content.Line{bar}), l.messageLines(0))
}

// messageLines returns the messages of a flow from one of them on, and how it was closed.
func (l look) messageLines(first int) iter.Seq[content.Line] {
	f, mode := l.flow, l.mode
	all, isWS := f.AllMessages(), f.WebSocket != nil
	return func(yield func(content.Line) bool) {
		probe, picked := NewProbe(l.only, f), false
		for i := first; i < len(all); i++ {
			if !probe.Match(all[i]) {
				continue
			}
			picked = true
			if !writeMessage(all[i], isWS && !all[i].Text, mode, f.Intercepted && i == len(all)-1, yield) {
				return
			}
		}
		if l.only != nil && !picked && !yield(nonePicked()) {
			return
		}
		if end := closing(f); end != "" {
			role := content.Error
			if c := f.WebSocket.CloseCode; c == 1000 || c == 1001 || c == 1005 {
				role = text.Alert
			}
			yield(content.Line{arrow(f.WebSocket.ClosedByClient), {Text: end, Role: role}})
		}
	}
}

func nonePicked() content.Line { return content.Line{{Text: "No message matches.", Role: text.Remark}} }

// closing says how a WebSocket was closed; "" if it was not.
func closing(f *flow.Flow) string {
	if f.WebSocket == nil || f.WebSocket.CloseCode == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("Connection closed: %d %s", f.WebSocket.CloseCode, f.WebSocket.CloseReason))
}

func arrow(fromClient bool) content.Span {
	if fromClient {
		return content.Span{Text: "⇒ ", Role: text.FromClient}
	}
	return content.Span{Text: "⇐ ", Role: text.ToClient}
}

// writeMessage writes one message: which way it went, when, its size and what it says, which
// stands below the rest if it takes more than a line.
func writeMessage(msg flow.Message, binary bool, mode string, held bool, yield func(content.Line) bool) bool {
	lead := append(content.Line{arrow(msg.FromClient), {Text: figures(msg), Role: content.Comment}}, signs(msg, binary, held)...)
	return writeLed(lead, messageText(msg, mode), held, yield)
}

// writeLed writes lines behind a lead, or below it if there is more than one.
func writeLed(lead content.Line, lines iter.Seq[content.Line], held bool, yield func(content.Line) bool) bool {
	write := func(l content.Line) bool {
		if held {
			for i := range l {
				l[i].Role = text.Held
			}
		}
		return yield(l)
	}
	var first content.Line
	n := 0
	for l := range lines {
		l = shortOffset(l)
		if n++; n == 1 {
			first = slices.Clone(l)
			continue
		}
		if n == 2 && !(write(lead) && write(below(first))) || !write(below(l)) {
			return false
		}
	}
	switch {
	case n == 0:
		return write(append(lead, content.Span{Text: "(empty)", Role: content.Comment}))
	case n == 1 && len(first) > 0 && first[0].Role == content.Offset:
		return write(lead) && write(below(first))
	case n == 1:
		return write(append(lead, first...))
	}
	return true
}

func below(l content.Line) content.Line { return append(content.Line{{Text: "  "}}, l...) }

// figures says when a message came and how long it is.
func figures(msg flow.Message) string {
	size := human.Size(int64(len(msg.Content) + msg.Lost))
	if msg.Time.IsZero() {
		return size + "  "
	}
	return fmt.Sprintf("%s %5s  ", msg.Time.Local().Format("15:04:05.000"), size)
}

// shortOffset makes room for the direction before a row of a dump.
func shortOffset(l content.Line) content.Line {
	if len(l) == 0 || l[0].Role != content.Offset || !strings.HasPrefix(l[0].Text, "00") {
		return l
	}
	short := slices.Clone(l)
	short[0].Text = short[0].Text[2:]
	return short
}

// signs says in words what is special about a message.
func signs(msg flow.Message, binary, held bool) content.Line {
	var l content.Line
	for _, s := range []struct {
		is   bool
		text string
		role content.Role
	}{{held, "[held] ", text.Held}, {binary, "[binary] ", content.Comment}, {msg.Injected, "[injected] ", text.Remark}, {msg.Dropped, "[dropped] ", content.Error}} {
		if s.is {
			l = append(l, content.Span{Text: s.text, Role: s.role})
		}
	}
	return l
}

func messageText(msg flow.Message, mode string) iter.Seq[content.Line] {
	if msg.Lost > 0 {
		return missing(int64(msg.Lost), flow.Dropped)
	}
	if len(msg.Content) == 0 {
		return func(func(content.Line) bool) {}
	}
	return content.Format(mode, content.Meta{}, msg.Content).Lines
}
