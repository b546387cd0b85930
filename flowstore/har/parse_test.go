package har

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

// anything reads a value of any kind as encoding/json gives it.
func anything(p *parser) (v any, err error) {
	p.blanks()
	switch p.b[p.i] {
	case '{':
		m := map[string]any{}
		err = p.object(func(name string) error {
			m[name], err = anything(p)
			return err
		})
		return m, err
	case '[':
		list := []any{}
		err = p.list(func() error {
			x, err := anything(p)
			list = append(list, x)
			return err
		})
		return list, err
	case '"':
		var s string
		err = p.text(&s)
		return s, err
	case 't', 'f':
		var is bool
		err = p.bool(&is)
		return is, err
	case 'n':
		return nil, p.pass()
	}
	var x float64
	err = p.float(&x)
	return x, err
}

// FuzzParser reads all JSON as encoding/json does, but for the escapes that stand for bytes.
func FuzzParser(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,"x\n\u00e9\ud83d\ude00",true,false,null,{}],"b":{"c":"","a":[]}}`, ` [ "\\\"" , 0 ] `, `"/\/"`, `1e400`, `{"a":1,"a":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var want any
		if json.Unmarshal(b, &want) != nil || !utf8.Valid(b) || bytes.Contains(bytes.ToLower(b), []byte(`\udc`)) {
			return
		}
		p := &parser{b: b}
		got, err := anything(p)
		if p.blanks(); err != nil || p.i != len(b) || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %#v up to %d with %v, encoding/json has %#v", b, got, p.i, err, want)
		}
		if kind, err := (&parser{b: b}).skip(); err != nil {
			t.Errorf("%q is a %s with %v", b, kind, err)
		}
	})
}
