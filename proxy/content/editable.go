package content

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// An Editing is how content is edited in a view of it rather than as it is.
type Editing struct {
	// Text writes content as a person edits it. It fails for content that the view does not fit.
	Text func(m Meta, data []byte) ([]byte, error)
	// Encode makes content of an edited text, in the manner of the content that the text was written
	// of. An error says what is wrong with the text, and where.
	Encode func(before, text []byte) ([]byte, error)
}

// editings are the views that can be edited, by their names.
var editings = map[string]Editing{
	"hex stream": {hexText, hexEncode},
	"json":       {jsonText, jsonEncode},
	"msgpack":    {msgpackText, msgpackEncode},
}

// Editable returns the name of the view that Format would choose, and how it is edited, if it is.
func Editable(name string, m Meta, data []byte) (string, Editing, bool) {
	v, chosen := Lookup(name)
	if !chosen {
		v = best(m, data, "")
	}
	e, ok := editings[v.Name]
	return v.Name, e, ok
}

// hexText writes 32 bytes on a line.
func hexText(_ Meta, data []byte) ([]byte, error) {
	var b []byte
	for len(data) > 0 {
		n := min(len(data), 32)
		b = append(hex.AppendEncode(b, data[:n]), '\n')
		data = data[n:]
	}
	return b, nil
}

// hexEncode reads hex digits, between which there may be blanks and line breaks.
func hexEncode(_, text []byte) ([]byte, error) {
	digits := bytes.Join(bytes.Fields(text), nil)
	data, err := hex.DecodeString(string(digits))
	var bad hex.InvalidByteError
	switch {
	case errors.As(err, &bad):
		at := bytes.IndexByte(text, byte(bad))
		return nil, fmt.Errorf("line %d: %q is no hex digit", lineOf(text, at), rune(bad))
	case err != nil:
		return nil, fmt.Errorf("%d hex digits are no whole bytes: write two for each", len(digits))
	}
	return data, nil
}

func jsonText(m Meta, data []byte) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, bytes.TrimSpace(UTF8(m, data)), "", strings.Repeat(" ", jsonIndent)); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// jsonEncode takes JSON as it was written, or on one line if it was on one before.
func jsonEncode(before, text []byte) ([]byte, error) {
	text = bytes.TrimSpace(text)
	var b bytes.Buffer
	var bad *json.SyntaxError
	switch err := json.Unmarshal(text, new(json.RawMessage)); {
	case errors.As(err, &bad):
		return nil, fmt.Errorf("line %d: %w", lineOf(text, int(bad.Offset)-1), err)
	case err != nil:
		return nil, err
	case bytes.Contains(bytes.TrimSpace(before), newline):
		return text, nil
	}
	err := json.Compact(&b, text)
	return b.Bytes(), err
}

// lineOf returns the number of the line that a byte is on.
func lineOf(text []byte, at int) int {
	return 1 + bytes.Count(text[:min(max(at, 0), len(text))], newline)
}
