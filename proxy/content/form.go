package content

import (
	"bytes"
	"errors"
	"iter"
	"net/url"
	"strings"
)

// field writes a named value as YAML does: on one line, or as a block below the name if it has more lines.
func field(p *pen, column int, name, value string) {
	p.indent(column)
	p.put(Key, []byte(name))
	value = strings.ReplaceAll(value, "\r\n", "\n")
	if !strings.Contains(value, "\n") {
		p.word(Punct, ": ")
		p.put(String, []byte(value))
		p.end()
		return
	}
	p.word(Punct, ": |")
	p.end()
	block(p, column+2, String, []byte(value))
}

// block writes every line of b at a column.
func block(p *pen, column int, role Role, b []byte) {
	for len(b) > 0 && !p.stopped {
		line, rest, _ := bytes.Cut(b, newline)
		b = rest
		p.indent(column)
		p.put(role, bytes.TrimSuffix(line, []byte{'\r'}))
		p.end()
	}
}

func showForm(m Meta, data []byte) (iter.Seq[Line], error) {
	return write(func(p *pen) { printPairs(p, m, data) }), nil
}

func queryPriority(m Meta, data []byte) float64 {
	if len(data) == 0 && m.query() != "" {
		return 0.3
	}
	return 0
}

func showQuery(m Meta, _ []byte) (iter.Seq[Line], error) {
	q := m.query()
	if q == "" {
		return nil, errors.New("the URL has no query")
	}
	return write(func(p *pen) { printPairs(p, Meta{}, []byte(q)) }), nil
}

// printPairs writes the fields of a form in their order, a line each, repeated names repeated.
// What is no valid percent-encoding stays as it is.
func printPairs(p *pen, m Meta, b []byte) {
	b = bytes.TrimRight(b, "\r\n")
	for len(b) > 0 && !p.stopped {
		pair, rest, _ := bytes.Cut(b, []byte{'&'})
		b = rest
		if len(pair) == 0 {
			continue
		}
		name, value, _ := strings.Cut(string(pair), "=")
		field(p, 0, formText(m, name), formText(m, value))
	}
}

func formText(m Meta, s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	if m.param("charset") == "" {
		return plain
	}
	return string(UTF8(m, []byte(plain)))
}
