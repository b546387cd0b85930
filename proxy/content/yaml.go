package content

import (
	"bytes"
	"iter"
)

// showYAML colours keys, comments and scalars, and keeps every line as it is.
func showYAML(m Meta, data []byte) (iter.Seq[Line], error) {
	text := UTF8(m, data)
	return write(func(p *pen) {
		for len(text) > 0 && !p.stopped {
			line, rest, _ := bytes.Cut(text, newline)
			text = rest
			printYAMLLine(p, bytes.TrimSuffix(line, []byte{'\r'}))
			p.end()
		}
	}), nil
}

func printYAMLLine(p *pen, b []byte) {
	n := 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t' || b[n] == '-' && n+1 < len(b) && b[n+1] == ' ') {
		n++
	}
	p.put(Text, b[:n])
	b = b[n:]
	switch {
	case bytes.HasPrefix(b, []byte("#")):
		p.put(Comment, b)
		return
	case bytes.HasPrefix(b, []byte("---")), bytes.HasPrefix(b, []byte("...")), bytes.HasPrefix(b, []byte("%")):
		p.put(Keyword, b)
		return
	}
	if k := yamlKey(b); k > 0 {
		p.put(Key, b[:k])
		p.word(Punct, ":")
		b = b[k+1:]
	}
	comment := len(b)
	if k := bytes.Index(b, []byte(" #")); k >= 0 && !bytes.ContainsAny(b[:k], `"'`) {
		comment = k
	}
	p.put(yamlRole(bytes.TrimSpace(b[:comment])), b[:comment])
	p.put(Comment, b[comment:])
}

// yamlKey returns the length of the key at the front of a line, 0 if there is none.
func yamlKey(b []byte) int {
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
		if n := quoteEnd(b, false); n < len(b) && b[n] == ':' {
			return n
		}
		return 0
	}
	if k := bytes.Index(b, []byte(": ")); k >= 0 {
		return k
	}
	if bytes.HasSuffix(b, []byte(":")) {
		return len(b) - 1
	}
	return 0
}

func yamlRole(b []byte) Role {
	if len(b) == 0 {
		return Text
	}
	switch string(b[:min(len(b), 8)]) {
	case "true", "false", "null", "~", "yes", "no", "|", ">", "|-", ">-":
		return Keyword
	}
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != '_' {
			return String
		}
	}
	return Number
}
