package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	jsonIndent = 4
	jsonDepth  = 10000 // as deep as encoding/json reads
)

var errJSONShort = errors.New("the JSON ends here, unfinished")

func jsonPriority(m Meta, data []byte) float64 {
	if len(data) == 0 {
		return 0
	}
	if isJSON(m.mediaType()) {
		return 1
	}
	if m.untyped() && looksLikeJSON(head(data)) {
		return 0.4
	}
	return 0
}

func isJSON(t string) bool {
	switch t {
	case "application/json-rpc", "application/x-ndjson", "text/json":
		return true
	}
	return strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "json")
}

// looksLikeJSON reports whether text begins as an object or an array does.
func looksLikeJSON(b []byte) bool {
	if len(b) < 2 || b[0] != '{' && b[0] != '[' {
		return false
	}
	next := bytes.TrimLeft(b[1:], " \t\r\n")
	if len(next) == 0 {
		return false
	}
	if b[0] == '{' {
		return next[0] == '"' || next[0] == '}'
	}
	return next[0] == ']' || beginsJSON(next[0])
}

func beginsJSON(c byte) bool {
	return c == '{' || c == '[' || c == '"' || c == '-' || c >= '0' && c <= '9' || c == 't' || c == 'f' || c == 'n'
}

// startsJSON reports whether b begins with a value, or with a bracket or quote that opens one.
func startsJSON(b []byte) bool {
	if len(b) == 0 || !beginsJSON(b[0]) {
		return false
	}
	return !isWord(b[0]) || json.Valid(b[:wordEnd(b, 0)])
}

// showJSON writes one value or many after one another, with the order of keys
// and the text of numbers as they are. Escapes of non-ASCII characters are resolved, others are kept.
func showJSON(m Meta, data []byte) (iter.Seq[Line], error) {
	text := UTF8(m, data)
	guard := jsonGuard(text)
	if !startsJSON(bytes.TrimLeft(text[guard:], " \t\r\n")) {
		return nil, errors.New("no JSON value at its beginning")
	}
	return write(func(p *pen) {
		if guard > 0 {
			p.put(Comment, bytes.TrimSpace(text[:guard]))
			p.end()
		}
		printJSON(p, text, guard)
	}), nil
}

// jsonGuard returns the length of a prefix that keeps scripts from reading the value.
func jsonGuard(b []byte) int {
	for _, g := range []string{")]}',", ")]}'"} {
		if bytes.HasPrefix(b, []byte(g)) {
			return len(g)
		}
	}
	return 0
}

// printJSON writes the values from i on, and what is no JSON raw after a note.
func printJSON(p *pen, b []byte, i int) {
	j := &jsonPrinter{p: p, b: b, i: i}
	err := j.run()
	if err == nil {
		p.fresh()
		return
	}
	p.note(err.Error())
	printRaw(p, b[j.i:])
}

// A jsonPrinter reads tokens and writes them at once. It keeps one byte for each open container.
type jsonPrinter struct {
	p       *pen
	b       []byte
	i       int
	stack   []byte // the bracket that will close each open container
	want    jsonWant
	scratch []byte
}

// jsonWant is what may come next.
type jsonWant uint8

const (
	wantDocument  jsonWant = iota // a value, or the end
	wantFirst                     // the first member of a container, or its end
	wantMember                    // a member
	wantSeparator                 // a comma, or the end of the container
)

func (j *jsonPrinter) run() error {
	for !j.p.stopped {
		c, ok := j.next()
		if !ok {
			if j.want == wantDocument {
				return nil
			}
			return errJSONShort
		}
		if err := j.step(c); err != nil {
			return err
		}
	}
	return nil
}

// next skips blanks and returns the byte after them without taking it.
func (j *jsonPrinter) next() (byte, bool) {
	for ; j.i < len(j.b); j.i++ {
		switch c := j.b[j.i]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, true
		}
	}
	return 0, false
}

func (j *jsonPrinter) step(c byte) error {
	switch j.want {
	case wantFirst, wantSeparator:
		if c == j.stack[len(j.stack)-1] {
			j.close(c)
			return nil
		}
		if j.want == wantSeparator {
			return j.comma(c)
		}
		fallthrough
	case wantMember:
		j.newline()
		if j.stack[len(j.stack)-1] == '}' {
			return j.member(c)
		}
	}
	return j.value(c)
}

func (j *jsonPrinter) newline() {
	j.p.end()
	j.p.indent(jsonIndent * len(j.stack))
}

func (j *jsonPrinter) comma(c byte) error {
	if c != ',' {
		return j.unexpected(c)
	}
	j.p.word(Punct, ",")
	j.i++
	j.want = wantMember
	return nil
}

func (j *jsonPrinter) close(c byte) {
	j.stack = j.stack[:len(j.stack)-1]
	if j.want == wantSeparator {
		j.newline()
	}
	j.p.word(Punct, string(rune(c)))
	j.i++
	j.done()
}

// done follows a value.
func (j *jsonPrinter) done() {
	j.want = wantSeparator
	if len(j.stack) == 0 {
		j.want = wantDocument
		j.p.end()
	}
}

// member reads a name, its colon and the beginning of its value.
func (j *jsonPrinter) member(c byte) error {
	if c != '"' {
		return j.unexpected(c)
	}
	if err := j.text(Key); err != nil {
		return err
	}
	c, ok := j.next()
	if !ok {
		return errJSONShort
	}
	if c != ':' {
		return j.unexpected(c)
	}
	j.i++
	j.p.word(Punct, ": ")
	if c, ok = j.next(); !ok {
		return errJSONShort
	}
	return j.value(c)
}

func (j *jsonPrinter) value(c byte) error {
	switch c {
	case '{', '[':
		if len(j.stack) == jsonDepth {
			return fmt.Errorf("the JSON is nested more than %d deep", jsonDepth)
		}
		j.p.word(Punct, string(rune(c)))
		j.stack = append(j.stack, c+2) // '}' and ']' are two after their partners
		j.i++
		j.want = wantFirst
		return nil
	case '"':
		if err := j.text(String); err != nil {
			return err
		}
	default:
		if err := j.literal(c); err != nil {
			return err
		}
	}
	j.done()
	return nil
}

func (j *jsonPrinter) literal(c byte) error {
	n := wordEnd(j.b, j.i)
	word := j.b[j.i:n]
	if !json.Valid(word) {
		return j.unexpected(c)
	}
	role := Keyword
	if c == '-' || c >= '0' && c <= '9' {
		role = Number
	}
	j.p.put(role, word)
	j.i = n
	return nil
}

// wordEnd returns the index after the number or name at i.
func wordEnd(b []byte, i int) int {
	for i < len(b) && isWord(b[i]) {
		i++
	}
	return i
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '+' || c == '.'
}

func (j *jsonPrinter) unexpected(c byte) error {
	return fmt.Errorf("no JSON from byte %d on: unexpected %q", j.i, c)
}

// text reads a string and writes it piece by piece: it may be as long as the body.
func (j *jsonPrinter) text(role Role) error {
	out := append(j.scratch[:0], '"')
	defer func() { j.scratch = out[:0] }()
	for j.i++; j.i < len(j.b) && !j.p.stopped; {
		switch c := j.b[j.i]; c {
		case '"':
			j.i++
			j.p.put(role, append(out, '"'))
			return nil
		case '\\':
			out = j.escape(out)
		default:
			out = append(out, c)
			j.i++
		}
		if len(out) > 1024 && (j.i == len(j.b) || utf8.RuneStart(j.b[j.i]) || len(out) > 1024+utf8.UTFMax) {
			j.p.put(role, out)
			out = out[:0]
		}
	}
	j.p.put(role, out)
	if j.p.stopped {
		return nil
	}
	return errJSONShort
}

// escape appends what the escape at i stands for if that is easier to read and means the same, else the escape.
func (j *jsonPrinter) escape(out []byte) []byte {
	rest := j.b[j.i:]
	if r, ok := unescape(rest); ok && r >= utf8.RuneSelf {
		n := 6
		if utf16.IsSurrogate(r) {
			low, _ := unescape(rest[6:])
			r = utf16.DecodeRune(r, low)
			n = 12
		}
		if r != utf8.RuneError {
			j.i += n
			return utf8.AppendRune(out, r)
		}
	}
	if len(rest) > 1 && rest[1] == '/' {
		j.i += 2
		return append(out, '/')
	}
	n := min(2, len(rest))
	j.i += n
	return append(out, rest[:n]...)
}

// unescape reads \uXXXX.
func unescape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}
