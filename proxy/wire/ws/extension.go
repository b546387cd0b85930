package ws

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The name of the compression extension (RFC 7692 §7).
const permessageDeflate = "permessage-deflate"

// MaxWindowBits is the largest window, and the one where none was agreed.
const MaxWindowBits = 15

// Params is what was agreed about the messages of one side.
type Params struct {
	NoContext  bool // no message builds on those before it
	WindowBits int  // how far back a message refers: 1<<WindowBits bytes
}

// Extensions is what client and server agreed on.
type Extensions struct {
	Deflate        bool
	Client, Server Params   // of the messages that each of them sends; if Deflate
	Unknown        []string // names of those that we cannot read
}

// ParseExtensions reads the Sec-WebSocket-Extensions lines of a response (RFC 6455 §9.1).
func ParseExtensions(values []string) (e Extensions, err error) {
	for _, item := range split(strings.Join(values, ","), ',') {
		parts := split(item, ';')
		if len(parts) == 0 {
			continue
		}
		switch name := parts[0]; {
		case !strings.EqualFold(name, permessageDeflate):
			e.Unknown = append(e.Unknown, name)
		case e.Deflate:
			return e, errors.New("permessage-deflate is agreed on twice")
		default:
			if err := e.deflate(parts[1:]); err != nil {
				return e, fmt.Errorf("read %q: %w", item, err)
			}
		}
	}
	return e, nil
}

// deflate reads the parameters of permessage-deflate (RFC 7692 §7.1).
func (e *Extensions) deflate(params []string) error {
	e.Deflate = true
	e.Client.WindowBits, e.Server.WindowBits = MaxWindowBits, MaxWindowBits
	seen := map[string]bool{}
	for _, p := range params {
		name, value, valued := strings.Cut(p, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if seen[name] {
			return fmt.Errorf("%s is there twice", name)
		}
		seen[name] = true
		side := &e.Server
		if strings.HasPrefix(name, "client_") {
			side = &e.Client
		}
		switch name {
		case "server_no_context_takeover", "client_no_context_takeover":
			if side.NoContext = true; valued {
				return fmt.Errorf("%s has a value", name)
			}
		case "server_max_window_bits", "client_max_window_bits":
			bits, err := strconv.Atoi(strings.Trim(strings.TrimSpace(value), `"`))
			if err != nil || bits < 8 || bits > MaxWindowBits { // RFC 7692 §7.1.2
				return fmt.Errorf("%s is not 8 to 15", name)
			}
			side.WindowBits = bits
		default:
			return fmt.Errorf("the parameter %s is not known", name)
		}
	}
	return nil
}

// split cuts s at a separator that is not in quotes, and drops blanks around the parts and empty parts.
func split(s string, sep byte) (parts []string) {
	quoted, from := false, 0
	add := func(to int) {
		if p := strings.TrimSpace(s[from:to]); p != "" {
			parts = append(parts, p)
		}
		from = to + 1
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == sep && !quoted:
			add(i)
		}
	}
	add(len(s))
	return parts
}
