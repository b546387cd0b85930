package content

import (
	"bytes"
	"iter"
)

const (
	codeIndent   = 2
	maxBrackets  = 4096 // open brackets that are remembered
	minifiedLine = 100  // bytes; code whose lines are longer on average has been minified
	longLine     = 72   // bytes; and so has code that is one line of more
)

var javascriptTypes = []string{
	"application/javascript", "application/x-javascript", "application/ecmascript",
	"text/javascript", "text/ecmascript", "text/x-javascript", "module",
}

// A language is what the printer has to know of one.
type language struct {
	lineComments bool
	templates    bool // strings in back quotes
	regexps      bool
	commaBreaks  bool // between the members of a block
	keywords     map[string]bool
}

var css = language{}

var javascript = language{
	lineComments: true, templates: true, regexps: true, commaBreaks: true,
	keywords: words("async await break case catch class const continue debugger default delete do else export " +
		"extends false finally for from function get if import in instanceof let new null of return set static " +
		"super switch this throw true try typeof undefined var void while with yield"),
}

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range bytes.Fields([]byte(s)) {
		set[string(w)] = true
	}
	return set
}

func showJavaScript(m Meta, data []byte) (iter.Seq[Line], error) {
	return showCode(m, &javascript, data)
}

func showCSS(m Meta, data []byte) (iter.Seq[Line], error) { return showCode(m, &css, data) }

func showCode(m Meta, l *language, data []byte) (iter.Seq[Line], error) {
	text := UTF8(m, data)
	return write(func(p *pen) { printCode(p, l, text, 0) }), nil
}

// printCode colours code. Minified code is broken at blocks and statements and indented; other code keeps its
// lines. Only blanks and line breaks are ever added or taken away.
func printCode(p *pen, l *language, b []byte, column int) {
	c := &codePrinter{p: p, l: l, b: b, column: column, pretty: isMinified(b)}
	for c.i < len(b) && !p.stopped {
		c.token()
	}
	c.flush()
	p.fresh()
}

func isMinified(b []byte) bool {
	b = bytes.TrimSpace(b[:min(len(b), 32<<10)])
	lines := 1 + bytes.Count(b, newline)
	return len(b) > minifiedLine*lines || lines == 1 && len(b) > longLine && bytes.ContainsAny(b, "{;")
}

type codePrinter struct {
	p      *pen
	l      *language
	b      []byte
	i      int
	column int
	pretty bool

	role     Role // of the text from..i that has been read but not put
	from     int
	brackets []byte // open ones
	more     int    // open ones beyond those
	blocks   int    // how many of brackets are "{"
	operand  bool   // the last token was a value, so that "/" divides
}

// token reads one token.
func (c *codePrinter) token() {
	if c.i-c.from >= maxLine { // lest a long line be read whole before any of it is seen
		c.flush()
	}
	rest := c.b[c.i:]
	switch ch := rest[0]; {
	case ch == ' ' || ch == '\t' || ch == '\r':
		c.blank()
	case ch == '\n':
		c.flush()
		if !c.pretty || !c.p.empty() {
			c.p.end()
		}
		c.i, c.from = c.i+1, c.i+1
	case bytes.HasPrefix(rest, []byte("/*")):
		c.span(Comment, markEnd(rest, "*/"))
	case c.l.lineComments && bytes.HasPrefix(rest, []byte("//")):
		n := bytes.IndexByte(rest, '\n')
		if n < 0 {
			n = len(rest)
		}
		c.span(Comment, n)
	case ch == '"' || ch == '\'' || ch == '`' && c.l.templates:
		c.span(String, quoteEnd(rest, ch == '`'))
		c.operand = true
	case ch == '/' && c.l.regexps && !c.operand:
		c.span(String, regexpEnd(rest))
		c.operand = true
	case isCodeWord(ch):
		c.word(rest)
	default:
		c.punct(ch)
	}
}

// blank drops blanks at the beginning of a line of pretty code.
func (c *codePrinter) blank() {
	if c.pretty && c.atStart() {
		c.i++
		c.from = c.i
		return
	}
	c.span(Text, 1)
}

// atStart reports whether nothing has been read for the current line.
func (c *codePrinter) atStart() bool { return c.p.empty() && c.from == c.i }

// span reads n bytes in a role.
func (c *codePrinter) span(role Role, n int) {
	if role != c.role {
		c.flush()
		c.role = role
	}
	c.i += n
}

// flush puts what has been read.
func (c *codePrinter) flush() {
	text := c.b[c.from:c.i]
	c.from = c.i
	if len(text) == 0 {
		return
	}
	if c.p.empty() {
		column := c.column
		if c.pretty {
			column += codeIndent * c.blocks
		}
		c.p.indent(column)
	}
	if bytes.HasSuffix(text, []byte{'\r'}) && c.i < len(c.b) && c.b[c.i] == '\n' {
		text = text[:len(text)-1]
	}
	c.p.lines(c.role, text)
}

func isCodeWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

func (c *codePrinter) word(rest []byte) {
	n := 1
	for n < len(rest) && isCodeWord(rest[n]) {
		n++
	}
	digit := rest[0] >= '0' && rest[0] <= '9'
	keyword := c.l.keywords[string(rest[:n])]
	switch {
	case digit:
		c.span(Number, n)
	case keyword:
		c.span(Keyword, n)
	default:
		c.span(Text, n)
	}
	c.operand = !keyword || string(rest[:n]) == "this"
}

// punct reads a mark and breaks the line around it where pretty code does.
func (c *codePrinter) punct(ch byte) {
	c.operand = ch == ')' || ch == ']' || ch == '}'
	switch ch {
	case '{', '(', '[':
		c.span(Text, 1)
		c.push(ch)
		if c.pretty && ch == '{' && !c.followedBy('}') {
			c.newline()
		}
		return
	case '}':
		empty := c.i > 0 && c.b[c.i-1] == '{'
		if c.pretty && !empty {
			c.newline()
		}
		c.pop(ch)
		c.span(Text, 1)
		if c.pretty && !c.goesOn() {
			c.newline()
		}
		return
	case ')', ']':
		c.pop(ch)
	}
	c.span(Text, 1)
	if c.pretty && c.inBlock() && (ch == ';' || ch == ',' && c.l.commaBreaks && len(c.brackets) > 0) {
		c.newline()
	}
}

// newline ends the line, unless it is empty.
func (c *codePrinter) newline() {
	c.flush()
	c.p.fresh()
}

func (c *codePrinter) push(ch byte) {
	if len(c.brackets) == maxBrackets {
		c.more++
		return
	}
	c.flush()
	c.brackets = append(c.brackets, ch)
	if ch == '{' {
		c.blocks++
	}
}

// pop closes the innermost bracket if it is the partner of ch, which may be any in code that is not whole.
func (c *codePrinter) pop(ch byte) {
	if c.more > 0 {
		c.more--
		return
	}
	n := len(c.brackets)
	if n == 0 || c.brackets[n-1] != partner(ch) {
		return
	}
	if ch == '}' {
		c.blocks--
	}
	c.brackets = c.brackets[:n-1]
}

// partner returns the bracket that a closing one closes.
func partner(ch byte) byte {
	if ch == ')' {
		return '('
	}
	return ch - 2 // "[" and "{" are two before theirs
}

// inBlock reports whether the innermost bracket is a brace, or there is none.
func (c *codePrinter) inBlock() bool {
	n := len(c.brackets)
	return n == 0 || c.brackets[n-1] == '{'
}

func (c *codePrinter) followedBy(ch byte) bool { return c.i < len(c.b) && c.b[c.i] == ch }

// goesOn reports whether what follows a closing brace belongs on its line.
func (c *codePrinter) goesOn() bool {
	rest := c.b[c.i:]
	return len(rest) == 0 || bytes.IndexByte([]byte(";,).]([:?=*/&|<>`"), rest[0]) >= 0 ||
		bytes.HasPrefix(rest, []byte("else")) || bytes.HasPrefix(rest, []byte("catch")) ||
		bytes.HasPrefix(rest, []byte("finally")) || bytes.HasPrefix(rest, []byte("while("))
}
