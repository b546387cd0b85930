package flow

// A Header is one field line: the name as it was written and the value without surrounding blanks.
type Header struct{ Name, Value string }

// Headers is an ordered list of field lines, duplicates kept. A list is never
// written in place, so lists may be shared: every change returns a new one.
type Headers []Header

// Get returns the first value of a name, in any case, or "".
func (h Headers) Get(name string) string {
	v, _ := h.Lookup(name)
	return v
}

// Lookup returns the first value of a name and whether there is one.
func (h Headers) Lookup(name string) (string, bool) {
	for i := range h {
		if equalFold(h[i].Name, name) {
			return h[i].Value, true
		}
	}
	return "", false
}

// Has reports whether a name is present.
func (h Headers) Has(name string) bool {
	_, ok := h.Lookup(name)
	return ok
}

// Values returns all values of a name in order.
func (h Headers) Values(name string) []string {
	var vs []string
	for _, f := range h {
		if equalFold(f.Name, name) {
			vs = append(vs, f.Value)
		}
	}
	return vs
}

// Add returns the list with one more line at its end.
func (h Headers) Add(name, value string) Headers {
	return append(h[:len(h):len(h)], Header{name, value})
}

// Set returns the list with exactly one line of that name, in the place and spelling of the first one it had.
func (h Headers) Set(name, value string) Headers {
	out := make(Headers, 0, len(h)+1)
	done := false
	for _, f := range h {
		if !equalFold(f.Name, name) {
			out = append(out, f)
		} else if !done {
			out, done = append(out, Header{f.Name, value}), true
		}
	}
	if !done {
		out = append(out, Header{name, value})
	}
	return out
}

// Del returns the list without the lines of that name; the same list when there is none.
func (h Headers) Del(name string) Headers {
	if !h.Has(name) {
		return h
	}
	out := make(Headers, 0, len(h))
	for _, f := range h {
		if !equalFold(f.Name, name) {
			out = append(out, f)
		}
	}
	return out
}

// Size returns how many bytes the names and the values have.
func (h Headers) Size() (n int64) {
	for i := range h {
		n += int64(len(h[i].Name) + len(h[i].Value))
	}
	return n
}

// AppendTo appends the lines as "Name: value\r\n" each.
func (h Headers) AppendTo(b []byte) []byte {
	for i := range h {
		b = append(b, h[i].Name...)
		b = append(b, ": "...)
		b = append(b, h[i].Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

// equalFold compares names without regard to ASCII case. Unlike strings.EqualFold it folds nothing
// else, so that a Kelvin sign is no "k" (RFC 9110 §5.1).
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y && lower(x) != lower(y) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
