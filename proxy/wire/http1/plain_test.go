package http1

import "testing"

func TestPlain(t *testing.T) {
	for fields, want := range map[string]bool{
		"":                         true,
		"A: b\r\n":                 true,
		"A: b\r\nX-Y_z|~1:\r\n":    true,
		"A/b: c\r\n":               false,
		"A: b\r\nC\xe9: d\r\n":     false,
		"(A): b\r\nD: e\r\n":       false,
		"A: b\r\nC[]: d\r\n":       false,
		"A: \xe9 @/[]\r\nB: c\r\n": true,
	} {
		var s Scanner
		r, n, err := s.Request([]byte("GET / HTTP/1.1\r\n"+fields+"\r\n"), Limits{})
		if n == 0 || err != nil {
			t.Errorf("%q: %v", fields, err)
			continue
		}
		if s.Plain() != want || want != (ValidateRequest(r) == nil) {
			t.Errorf("%q: plain %v, valid: %v", fields, s.Plain(), ValidateRequest(r))
		}
	}
}
