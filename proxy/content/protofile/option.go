package protofile

import "strings"

// setting passes over an option that stands by itself, and reports whether it was there.
func (s *source) setting() bool {
	if !s.says("option") {
		return false
	}
	s.option()
	s.expect(';')
	return true
}

// options passes over those of a field, if there are any. It returns how messages are encoded, if they say it.
func (s *source) options() (encoding Kind) {
	if !s.is('[') {
		return ""
	}
	for again := true; again; again = s.is(',') {
		if e := s.option(); e != "" {
			encoding = e
		}
	}
	s.expect(']')
	return encoding
}

// option passes over the name and the value of an option. It returns how messages are encoded, if it says it.
func (s *source) option() (encoding Kind) {
	name := s.optionName()
	s.expect('=')
	switch {
	case name == "features.message_encoding":
		return encodingOf(s.expect(word))
	case name == "features" && s.tok.kind == '{':
		s.body(func() {
			if s.says("message_encoding") && s.is(':') {
				encoding = encodingOf(s.tok)
			}
			s.aggregate()
		})
		return encoding
	}
	s.value()
	return ""
}

// optionName reads the name of an option, which may have those of extensions in it.
func (s *source) optionName() string {
	var parts []string
	for again := true; again; again = s.is('.') {
		if s.is('(') {
			parts = append(parts, "("+s.dotted().text+")")
			s.expect(')')
		} else {
			parts = append(parts, s.expect(word).text)
		}
	}
	return strings.Join(parts, ".")
}

// encodingOf is what a value of message_encoding means.
func encodingOf(value token) Kind {
	switch value.text {
	case "DELIMITED":
		return Group
	case "LENGTH_PREFIXED":
		return Nested
	}
	return ""
}

// value passes over a word, a number, texts or what stands in braces.
func (s *source) value() {
	switch {
	case s.tok.kind == '{':
		s.aggregate()
	case s.tok.kind == quoted:
		s.text()
	default:
		if s.is('-'); !s.is(word) {
			s.expect(number)
		}
	}
}

// aggregate passes over a token, or over all that stands in braces or brackets.
func (s *source) aggregate() {
	switch t := s.tok; t.kind {
	case '{':
		s.between('{', '}', s.aggregate)
	case '[':
		s.between('[', ']', s.aggregate)
	case '}', ']':
		s.fail(t.at, "%v closes nothing: take it out", t)
	default:
		s.next()
	}
}

// ranges passes over numbers and names that are not to be used, and reports whether they were there.
func (s *source) ranges() bool {
	if !s.says("reserved") && !s.says("extensions") {
		return false
	}
	for s.is(word) || s.is(number) || s.is(quoted) || s.is(',') || s.is('-') {
	}
	s.options()
	s.expect(';')
	return true
}
