package content

import (
	"bytes"
	"errors"
	"iter"
	"slices"
	"strings"
)

const (
	xmlIndent  = 2
	maxInline  = 80   // bytes of text that stay on a line with their tags
	maxOpenTag = 1024 // open elements whose names are remembered
)

var (
	// voidElements have no end tag (HTML §13.1.2).
	voidElements = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
	// rawElements hold text in which "<" begins no tag, or whose blanks matter.
	rawElements = []string{"script", "style", "textarea", "pre"}
	// impliedEnd are elements that the next one of their name ends.
	impliedEnd = []string{"p", "li", "tr", "td", "th", "option", "dt", "dd"}
)

func xmlPriority(m Meta, data []byte) float64 {
	t := m.mediaType()
	switch {
	case len(data) == 0:
		return 0
	case t == "text/xml" || t == "text/html" || t == "application/xml" || strings.HasSuffix(t, "+xml"):
		return 1
	}
	if h := head(data); len(h) > 0 && h[0] == '<' {
		return 0.4
	}
	return 0
}

// showXML indents markup by its nesting. It is tolerant: what is no markup is text, end tags
// without a beginning stay where they are, and nothing but blanks is lost.
func showXML(m Meta, data []byte) (iter.Seq[Line], error) {
	text := UTF8(m, data)
	if len(text) == 0 {
		return nil, errors.New("it is empty")
	}
	html := isHTML(m, text)
	return write(func(p *pen) {
		x := &xmlPrinter{p: p, b: text, html: html}
		for x.i < len(x.b) && !p.stopped {
			x.node()
		}
	}), nil
}

func isHTML(m Meta, text []byte) bool {
	if t := m.mediaType(); strings.Contains(t, "html") {
		return true
	} else if strings.Contains(t, "xml") {
		return false
	}
	h := bytes.ToLower(head(text))
	return bytes.HasPrefix(h, []byte("<!doctype html")) || bytes.Contains(h, []byte("<html"))
}

type xmlPrinter struct {
	p    *pen
	b    []byte
	i    int
	html bool
	open [][]byte // names of open elements, outermost first
	more int      // open elements beyond those
}

func (x *xmlPrinter) column() int { return xmlIndent * len(x.open) }

// node writes what begins at i.
func (x *xmlPrinter) node() {
	rest := x.b[x.i:]
	switch {
	case !beginsMarkup(rest):
		x.text()
	case bytes.HasPrefix(rest, []byte("<!--")):
		x.block(Comment, "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		x.block(Text, "]]>")
	case rest[1] == '?':
		x.block(Comment, "?>")
	case rest[1] == '!':
		x.block(Keyword, ">")
	case rest[1] == '/':
		x.endTag()
	default:
		x.startTag()
	}
}

// beginsMarkup reports whether b, which is not empty, begins with a tag, a comment or the like.
func beginsMarkup(b []byte) bool {
	return len(b) > 1 && b[0] == '<' && (isNameStart(b[1]) || b[1] == '/' || b[1] == '!' || b[1] == '?')
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= 0x80
}

// text writes up to the next markup.
func (x *xmlPrinter) text() {
	n := x.i + 1
	for n < len(x.b) {
		k := bytes.IndexByte(x.b[n:], '<')
		if k < 0 {
			n = len(x.b)
			break
		}
		if n += k; beginsMarkup(x.b[n:]) {
			break
		}
		n++
	}
	x.p.trimmed(Text, x.b[x.i:n], x.column())
	x.i = n
}

// block writes up to the end of a mark, all in one role.
func (x *xmlPrinter) block(role Role, mark string) {
	n := len(x.b)
	if k := bytes.Index(x.b[x.i:], []byte(mark)); k >= 0 {
		n = x.i + k + len(mark)
	}
	x.p.trimmed(role, x.b[x.i:n], x.column())
	x.i = n
}

func (x *xmlPrinter) endTag() {
	end := tagEnd(x.b, x.i)
	x.pop(tagName(x.b[x.i+2 : end]))
	x.p.indent(x.column())
	x.tag(x.b[x.i:end])
	x.p.end()
	x.i = end
}

func (x *xmlPrinter) push(name []byte) {
	if len(x.open) == maxOpenTag {
		x.more++
		return
	}
	x.open = append(x.open, name)
}

// pop closes the innermost open element of a name and all in it. Without one it does nothing.
func (x *xmlPrinter) pop(name []byte) {
	if x.more > 0 {
		x.more--
		return
	}
	const near = 64 // a stray end tag must not cost a walk through all open elements
	for i := len(x.open) - 1; i >= max(0, len(x.open)-near); i-- {
		if x.same(x.open[i], name) {
			x.open = x.open[:i]
			return
		}
	}
}

func (x *xmlPrinter) same(a, b []byte) bool {
	if x.html {
		return bytes.EqualFold(a, b)
	}
	return bytes.Equal(a, b)
}

func (x *xmlPrinter) startTag() {
	end := tagEnd(x.b, x.i)
	tag := x.b[x.i:end]
	name := tagName(tag[1:])
	if n := len(x.open); x.html && n > 0 && x.same(x.open[n-1], name) && x.oneOf(impliedEnd, name) {
		x.open = x.open[:n-1]
	}
	x.p.indent(x.column())
	x.tag(tag)
	x.i = end
	switch {
	case bytes.HasSuffix(tag, []byte("/>")), x.html && x.oneOf(voidElements, name):
	case x.inline(name):
	case x.html && x.oneOf(rawElements, name):
		x.p.end()
		x.raw(name)
	default:
		x.push(name)
	}
	x.p.fresh()
}

func (x *xmlPrinter) oneOf(names []string, name []byte) bool {
	return len(name) <= 8 && slices.Contains(names, strings.ToLower(string(name)))
}

// inline writes a short text and the end tag on the line of the start tag, if that is all the element has.
func (x *xmlPrinter) inline(name []byte) bool {
	window := x.b[x.i:min(len(x.b), x.i+maxInline)]
	n := bytes.IndexByte(window, '<')
	if n < 0 || !x.endsElement(x.b[x.i+n:], name) {
		return false
	}
	text := bytes.TrimSpace(window[:n])
	if bytes.IndexByte(text, '\n') >= 0 {
		return false
	}
	end := tagEnd(x.b, x.i+n)
	x.p.put(Text, text)
	x.tag(x.b[x.i+n : end])
	x.i = end
	return true
}

// endsElement reports whether b begins with the end tag of an element.
func (x *xmlPrinter) endsElement(b, name []byte) bool {
	n := 2 + len(name)
	return len(b) > n && b[0] == '<' && b[1] == '/' && x.same(b[2:n], name) && !isCodeWord(b[n])
}

// raw writes the content of an element up to its end tag, scripts and styles as code.
func (x *xmlPrinter) raw(name []byte) {
	n := x.i
	for n < len(x.b) {
		k := bytes.Index(x.b[n:], []byte("</"))
		if k < 0 {
			n = len(x.b)
			break
		}
		if n += k; x.endsElement(x.b[n:], name) {
			break
		}
		n += 2
	}
	inner := x.b[x.i:n]
	x.i = n
	x.push(name)
	switch {
	case len(bytes.TrimSpace(inner)) == 0:
	case bytes.EqualFold(name, []byte("script")):
		printCode(x.p, &javascript, bytes.Trim(inner, "\r\n"), x.column())
	case bytes.EqualFold(name, []byte("style")):
		printCode(x.p, &css, bytes.Trim(inner, "\r\n"), x.column())
	default:
		block(x.p, 0, Text, bytes.Trim(inner, "\r\n"))
	}
}
