package edit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// encodingOf returns the content coding of a message, "" for none.
func encodingOf(m *flow.HTTPMessage) string {
	return strings.ToLower(strings.TrimSpace(strings.Join(m.Headers.Values("Content-Encoding"), ", ")))
}

// decoded returns the content of a message without its content coding. coded
// says that setContent has to apply it again; content that cannot be decoded is
// edited as it is. The bytes must not be written to.
func decoded(m *flow.HTTPMessage) (data []byte, coded bool, err error) {
	switch m.Body.Gap() {
	case flow.Unrecorded:
		return nil, false, errors.New("the content was streamed and not recorded: set store_streamed_bodies to keep it")
	case flow.Dropped:
		return nil, false, errors.New("the content was let go to save memory")
	case flow.Cut:
		return nil, false, errors.New("only the front of the content was recorded: raise " + m.Body.CutBy() + " to keep all of the next")
	}
	raw, encoding := m.Body.Bytes(), encodingOf(m)
	plain, err := coding.Decode(encoding, raw, content.MaxDecoded)
	switch {
	case errors.Is(err, coding.ErrTooLarge):
		return nil, false, fmt.Errorf("the decoded content is larger than %d MiB: too large to edit", content.MaxDecoded>>20)
	case err != nil:
		return raw, false, nil
	}
	return plain, coding.Known(encoding), nil
}

// setContent replaces the content of a message, applies its content coding if it
// is coded, and sets Content-Length unless the message has a transfer coding (RFC 9112 §6.2).
func setContent(m *flow.HTTPMessage, data []byte, coded bool) error {
	if coded && len(data) > 0 {
		packed, err := coding.Encode(encodingOf(m), data)
		if err != nil {
			return err
		}
		data = packed
	}
	m.Body = flow.BodyOf(data)
	if !m.Headers.Has("Transfer-Encoding") {
		m.Headers = m.Headers.Set(spelled(m, "Content-Length"), strconv.Itoa(len(data)))
	}
	return nil
}

// spelled returns a header's name as a message of this version writes it: in lower case from HTTP/2 on (RFC 9113 §8.2.1).
func spelled(m *flow.HTTPMessage, name string) string {
	if strings.HasPrefix(m.Version, "HTTP/1") || m.Version == "" {
		return name
	}
	return strings.ToLower(name)
}

const formType = "application/x-www-form-urlencoded"

func isForm(m *flow.HTTPMessage) bool {
	return strings.Contains(strings.ToLower(m.Headers.Get("Content-Type")), formType)
}

// readForm returns the fields of a form; none if the request has other content.
func readForm(f *flow.Flow) ([][]string, error) {
	m := &f.Request.HTTPMessage
	if !isForm(m) {
		return nil, nil
	}
	data, _, err := decoded(m)
	return parsePairs(string(data)), err
}

// writeForm makes the content of the request a form.
func writeForm(f *flow.Flow, rows [][]string) error {
	m := &f.Request.HTTPMessage
	old, coded, err := decoded(m)
	if err != nil {
		return err
	}
	if !isForm(m) {
		m.Headers = m.Headers.Set(spelled(m, "Content-Type"), formType)
		old = nil
	}
	return setContent(m, []byte(joinPairs(string(old), rows)), coded)
}
