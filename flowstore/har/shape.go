package har

import (
	"bytes"

	"sluice/flowstore/dump"
)

// The objects of an archive. What is not here is skipped.

type entry struct {
	started, serverIP, comment, resourceType string
	time                                     float64 // milliseconds, as in timings
	request                                  request
	response                                 response
	timings                                  timings
	messages                                 []wsMessage // nil: there is no list
	closed                                   *wsClose
}

type request struct {
	method, url, version string
	headers, trailers    []header
	body                 content
	bodySize             float64
	hasData              bool
}

type response struct {
	status            float64 // 0: there is none
	reason, version   string
	headers, trailers []header
	body              content
	failed, charles   string
}

// A content is the body of a request or a response.
type content struct {
	mimeType, encoding string
	text               []byte // nil: it is not here
	size, missing      float64
	encoded            bool // the content coding is still on it
	measured           bool // it is said what the content coding saved
	params             []param
}

// header is a name with a value.
type header struct{ name, value string }

// A param is a field of a form, or a file of it.
type param struct {
	header
	fileName, contentType string
}

type wsMessage struct {
	kind              string  // "send", "receive" or "error"
	time              float64 // seconds since 1970
	opcode, missing   float64
	data              []byte
	dropped, injected bool
}

type wsClose struct {
	kind, reason string
	time, code   float64
}

// parseEntry reads an entry that begins at a byte of the archive. What it returns does not share b.
func parseEntry(b []byte, at int64, kept *dump.Texts) (*entry, error) {
	p := &parser{b, 0, at, kept}
	e := &entry{timings: timings{-1, -1, -1, -1, -1, -1, -1}}
	return e, p.object(func(name string) error {
		switch name {
		case "startedDateTime":
			return p.text(&e.started)
		case "time":
			return p.float(&e.time)
		case "request":
			return p.request(&e.request)
		case "response":
			return p.response(&e.response)
		case "timings":
			return p.timings(&e.timings)
		case "serverIPAddress":
			return p.text(&e.serverIP)
		case "comment":
			return p.text(&e.comment)
		case "_resourceType":
			return p.text(&e.resourceType)
		case "_webSocketMessages":
			e.messages = []wsMessage{}
			return p.list(func() error {
				e.messages = append(e.messages, wsMessage{opcode: 1})
				return p.message(&e.messages[len(e.messages)-1])
			})
		case "_webSocketClose":
			e.closed = new(wsClose)
			return p.closing(e.closed)
		}
		return p.pass()
	})
}

// pass skips a value that nobody wants.
func (p *parser) pass() error {
	_, err := p.skip()
	return err
}

func (p *parser) request(r *request) error {
	return p.object(func(name string) error {
		switch name {
		case "method":
			return p.text(&r.method)
		case "url":
			return p.text(&r.url)
		case "httpVersion":
			return p.text(&r.version)
		case "headers":
			return p.headers(&r.headers)
		case "_trailers":
			return p.headers(&r.trailers)
		case "postData":
			r.hasData = true
			return p.content(&r.body)
		case "bodySize":
			return p.float(&r.bodySize)
		}
		return p.pass()
	})
}

func (p *parser) response(r *response) error {
	return p.object(func(name string) error {
		switch name {
		case "status":
			return p.float(&r.status)
		case "statusText":
			return p.text(&r.reason)
		case "httpVersion":
			return p.text(&r.version)
		case "headers":
			return p.headers(&r.headers)
		case "_trailers":
			return p.headers(&r.trailers)
		case "content":
			return p.content(&r.body)
		case "_error":
			return p.anyText(&r.failed)
		case "_charlesStatus":
			return p.text(&r.charles)
		}
		return p.pass()
	})
}

// anyText reads a text, and takes anything else for an empty one.
func (p *parser) anyText(to *string) error {
	if p.blanks(); p.i < len(p.b) && p.b[p.i] == '"' {
		return p.text(to)
	}
	return p.pass()
}

func (p *parser) content(c *content) error {
	return p.object(func(name string) error {
		switch name {
		case "mimeType":
			return p.text(&c.mimeType)
		case "text":
			return p.bytes(&c.text)
		case "encoding", "_encoding": // some have it in requests too, where the format knows none
			return p.anyText(&c.encoding)
		case "size":
			return p.float(&c.size)
		case "compression":
			c.measured = true
			return p.pass()
		case "params":
			return p.params(&c.params)
		case "_missing":
			return p.float(&c.missing)
		case "_encoded":
			return p.bool(&c.encoded)
		}
		return p.pass()
	})
}

// params reads the fields of a form. What has no fields may stand there as anything.
func (p *parser) params(to *[]param) error {
	if p.blanks(); !bytes.HasPrefix(p.b[p.i:], []byte("[")) {
		return p.pass()
	}
	return p.list(func() error {
		var f param
		err := p.object(func(name string) error {
			switch name {
			case "name":
				return p.text(&f.name)
			case "value":
				return p.text(&f.value)
			case "fileName":
				return p.text(&f.fileName)
			case "contentType":
				return p.text(&f.contentType)
			}
			return p.pass()
		})
		*to = append(*to, f)
		return err
	})
}

// headers reads a list of objects, or of pairs as old versions of mitmproxy wrote it.
func (p *parser) headers(to *[]header) error {
	return p.list(func() error {
		var h header
		var err error
		if p.blanks(); bytes.HasPrefix(p.b[p.i:], []byte("[")) {
			parts := []*string{&h.name, &h.value}
			err = p.list(func() error {
				if len(parts) == 0 {
					return p.pass()
				}
				part := parts[0]
				parts = parts[1:]
				return p.text(part)
			})
		} else {
			err = p.object(func(name string) error {
				switch name {
				case "name":
					return p.text(&h.name)
				case "value":
					return p.text(&h.value)
				}
				return p.pass()
			})
		}
		*to = append(*to, h)
		return err
	})
}

func (p *parser) timings(t *timings) error {
	return p.object(func(name string) error {
		switch name {
		case "blocked":
			return p.float(&t.blocked)
		case "dns":
			return p.float(&t.dns)
		case "connect":
			return p.float(&t.connect)
		case "ssl":
			return p.float(&t.ssl)
		case "send":
			return p.float(&t.send)
		case "wait":
			return p.float(&t.wait)
		case "receive":
			return p.float(&t.receive)
		}
		return p.pass()
	})
}

func (p *parser) message(m *wsMessage) error {
	return p.object(func(name string) error {
		switch name {
		case "type":
			return p.text(&m.kind)
		case "time":
			return p.float(&m.time)
		case "opcode":
			return p.float(&m.opcode)
		case "data":
			return p.bytes(&m.data)
		case "_dropped":
			return p.bool(&m.dropped)
		case "_injected":
			return p.bool(&m.injected)
		case "_missing":
			return p.float(&m.missing)
		}
		return p.pass()
	})
}

func (p *parser) closing(c *wsClose) error {
	return p.object(func(name string) error {
		switch name {
		case "type":
			return p.text(&c.kind)
		case "time":
			return p.float(&c.time)
		case "code":
			return p.float(&c.code)
		case "reason":
			return p.text(&c.reason)
		}
		return p.pass()
	})
}
