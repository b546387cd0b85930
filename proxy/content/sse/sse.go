// Package sse reads the events of an event stream, the content of text/event-stream (HTML Standard §9.2.6).
//
// A Parser is pure and incremental: it is given a stream in pieces of any size, on one goroutine.
package sse

import "bytes"

// MaxData bounds what is kept of the data of one event, in bytes.
const MaxData = 1 << 20

const maxField = 4 << 10 // bytes that are kept of a name, a type or an id

// An Event is one event as a page would be told of it.
type Event struct {
	Type string // "" where the stream names none: the type is message then
	ID   string // the last one that the stream has named
	Data []byte // lines joined by a line feed
	Cut  int    // bytes of data that were not kept
}

// A Parser reads a stream. The zero Parser is at its beginning.
type Parser struct {
	begun bool // a byte order mark can't come any more
	cr    bool // the last byte was a carriage return
	line  []byte
	over  int // bytes of the line that were not kept
	event Event
	data  bool // there is a data field
	id    string
}

// Next reads on in b until an event is complete, and says how many bytes it used. ok is false when b is used up before.
// The event's data belongs to the caller.
func (p *Parser) Next(b []byte) (ev Event, n int, ok bool) {
	for n < len(b) {
		if p.cr && b[n] == '\n' { // the second half of a line's end
			p.cr = false
			n++
			continue
		}
		p.cr = false
		end := bytes.IndexAny(b[n:], "\r\n")
		if end < 0 {
			p.keep(b[n:])
			return Event{}, len(b), false
		}
		p.keep(b[n : n+end])
		p.cr = b[n+end] == '\r'
		n += end + 1
		if ev, ok := p.endLine(); ok {
			return ev, n, true
		}
	}
	return Event{}, n, false
}

// Rest returns what there is of an event that the stream has not completed.
func (p *Parser) Rest() (Event, bool) {
	q := p.Clone()
	if len(q.line) > 0 {
		q.endLine()
	}
	return q.dispatch()
}

func (p *Parser) keep(part []byte) {
	room := MaxData + maxField - len(p.line)
	if len(part) > room {
		p.over += len(part) - room
		part = part[:room]
	}
	p.line = append(p.line, part...)
}

// endLine takes a whole line, and returns the event that it completes.
func (p *Parser) endLine() (Event, bool) {
	line := p.line
	if !p.begun {
		p.begun = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	over := p.over
	p.line, p.over = p.line[:0], 0
	if len(line) == 0 {
		return p.dispatch()
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		p.addData(value, over)
	case "event":
		p.event.Type = string(value[:min(len(value), maxField)])
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			p.id = string(value[:min(len(value), maxField)])
		}
	}
	return Event{}, false
}

func (p *Parser) addData(value []byte, over int) {
	switch {
	case !p.data:
	case len(p.event.Data) < MaxData:
		p.event.Data = append(p.event.Data, '\n')
	default:
		p.event.Cut++
	}
	p.data = true
	if room := max(MaxData-len(p.event.Data), 0); len(value) > room {
		p.event.Cut += len(value) - room
		value = value[:room]
	}
	p.event.Cut += over
	p.event.Data = append(p.event.Data, value...)
}

// dispatch returns the event that has been read, if it has data, and begins another.
func (p *Parser) dispatch() (ev Event, ok bool) {
	ev, ok = p.event, p.data
	ev.ID = p.id
	p.event, p.data = Event{}, false
	return ev, ok
}

// Clone returns a parser that goes on from here by itself.
func (p *Parser) Clone() *Parser {
	q := *p
	q.line, q.event.Data = bytes.Clone(p.line), bytes.Clone(p.event.Data)
	return &q
}
