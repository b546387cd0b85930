package rule

import (
	"strconv"
	"strings"

	"sluice/proxy/filter"
)

// A Template is what takes the place of a match: text with references to its groups, \1 and \g<name>.
type Template struct {
	parts []part
}

// A part is a text, or the group of a number.
type part struct {
	text  string
	group int // -1: text
}

// Literal returns a template without references.
func Literal(text string) *Template { return &Template{[]part{{text, -1}}} }

// Template reads the replacement for matches of re. Besides references to groups it knows the escapes of char.
func (r *Rule) Template(re *filter.Regexp) (*Template, error) {
	t := &Template{}
	var text strings.Builder
	for rest := r.Replacement; rest != ""; {
		if rest[0] != '\\' {
			text.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		at := r.replaceAt + len(r.Replacement) - len(rest)
		out, group, n, problem := escape(rest, re)
		if problem != "" {
			return nil, &Error{r.option, r.Source, at, n, problem}
		}
		if group < 0 {
			text.WriteString(out)
		} else {
			t.parts = append(t.parts, part{text.String(), -1}, part{"", group})
			text.Reset()
		}
		rest = rest[n:]
	}
	t.parts = append(t.parts, part{text.String(), -1})
	return t, nil
}

// escape reads an escape of n bytes: text, or a group, which is -1 otherwise.
func escape(s string, re *filter.Regexp) (text string, group, n int, problem string) {
	switch c := s[min(1, len(s)-1)]; {
	case c >= '1' && c <= '9':
		n = 2
		if len(s) > 2 && s[2] >= '0' && s[2] <= '9' {
			n = 3
		}
		group, _ = strconv.Atoi(s[1:n])
		if group > re.Groups() {
			return "", -1, n, "there is no such group: the expression has " + strconv.Itoa(re.Groups())
		}
		return "", group, n, ""
	case c == 'g':
		return namedGroup(s, re)
	}
	text, n, problem = char(s)
	return text, -1, n, problem
}

// char reads an escape of n bytes that stands for one, as they do in Python. What is no escape stays as it is.
func char(s string) (text string, n int, problem string) {
	if len(s) == 1 {
		return "", 1, `a backslash at the end escapes nothing: write \\`
	}
	if s[1] == 'x' {
		if len(s) >= 4 {
			if b, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				return string([]byte{byte(b)}), 4, ""
			}
		}
		return "", 2, `\x needs two hex digits, as in \x0a`
	}
	i := strings.IndexByte(`\nrt0abfv"'`, s[1])
	if i < 0 {
		return s[:2], 2, ""
	}
	return "\\\n\r\t\x00\a\b\f\v\"'"[i : i+1], 2, ""
}

// Text returns the replacement with what its escapes stand for: those of a Template but for groups.
func (r *Rule) Text() (string, error) {
	var text strings.Builder
	for rest := r.Replacement; ; {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			return text.String() + rest, nil
		}
		text.WriteString(rest[:i])
		out, n, problem := char(rest[i:])
		if problem != "" {
			return "", &Error{r.option, r.Source, r.replaceAt + len(r.Replacement) - len(rest) + i, n, problem}
		}
		text.WriteString(out)
		rest = rest[i+n:]
	}
}

// namedGroup reads \g<name> or \g<1>.
func namedGroup(s string, re *filter.Regexp) (text string, group, n int, problem string) {
	end := strings.IndexByte(s, '>')
	if len(s) < 4 || s[2] != '<' || end < 0 {
		return "", -1, 2, `\g needs the name or the number of a group: write \g<1>`
	}
	name := s[3:end]
	group, err := strconv.Atoi(name)
	if err != nil {
		group = re.GroupNamed(name)
	}
	if group < 0 || group > re.Groups() {
		return "", -1, end + 1, "there is no such group in the expression"
	}
	return "", group, end + 1, ""
}

// Replace puts the template in the place of every match of re in s, and says how many there were.
func (t *Template) Replace(re *filter.Regexp, s string) (string, int) {
	found := re.FindAll(s, -1)
	if len(found) == 0 {
		return s, 0
	}
	var b strings.Builder
	at := 0
	for _, m := range found {
		b.WriteString(s[at:m[0]])
		for _, p := range t.parts {
			switch {
			case p.group < 0:
				b.WriteString(p.text)
			case m[2*p.group] >= 0:
				b.WriteString(s[m[2*p.group]:m[2*p.group+1]])
			}
		}
		at = m[1]
	}
	b.WriteString(s[at:])
	return b.String(), len(found)
}
