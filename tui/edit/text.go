package edit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/proxy/flow"
)

// Text returns what the editor gets of a part: a body without its content
// coding, the url, or the last message. The bytes must not be written to.
func Text(f *flow.Flow, part string) ([]byte, error) {
	if err := textual(f, part); err != nil {
		return nil, err
	}
	switch part {
	case URL:
		return []byte(f.Request.URL()), nil
	case WebSocket, TCP, UDP:
		m, err := lastMessage(f)
		return m.Content, err
	}
	if _, view, ok := inView(part); ok {
		return viewed(f, part, view)
	}
	m := bodyOf(f, part)
	if m == nil {
		return nil, nil
	}
	data, _, err := decoded(m)
	return data, err
}

// ContentType returns the content type of a part, so that an editor can be told what it gets; "" if none is known.
func ContentType(f *flow.Flow, part string) string {
	if _, view, ok := inView(part); ok && view != "json" {
		return "text/plain"
	}
	if m := bodyOf(f, part); m != nil {
		return m.Headers.Get("Content-Type")
	}
	return "text/plain"
}

// ApplyText gives a part the text that came from the editor. A newline that the
// editor put at the end of a text that is otherwise as it was changes nothing.
// Newlines at the end are dropped from a url, and from a message unless it had one before.
func ApplyText(f *flow.Flow, part string, data []byte) error {
	before, err := Text(f, part)
	if err != nil {
		return err
	}
	ended := bytes.HasSuffix(before, []byte("\n"))
	if bytes.Equal(data, before) || !ended && bytes.Equal(bytes.TrimSuffix(data, []byte("\n")), before) {
		return nil
	}
	switch part {
	case URL:
		return setURL(f.Request, strings.TrimSpace(string(data)))
	case WebSocket, TCP, UDP:
		if !ended {
			data = bytes.TrimRight(data, "\r\n")
		}
		return setLastMessage(f, data)
	}
	if _, view, ok := inView(part); ok && isMessage(plainPart(part)) {
		return setViewedMessage(f, view, data)
	}
	if part == ResponseBody {
		response(f)
	}
	m := bodyOf(f, part)
	plain, coded, err := decoded(m)
	if err != nil {
		return err
	}
	if _, view, ok := inView(part); ok {
		if data, err = encoded(view, plain, data); err != nil {
			return err
		}
	}
	return setContent(m, bytes.Clone(data), coded)
}

func setURL(r *flow.Request, url string) error {
	if url == "" {
		return errors.New("the url is empty: nothing was changed")
	}
	if url == r.URL() {
		return nil
	}
	if err := r.SetURL(url); err != nil {
		return fmt.Errorf("set the url: %w", err)
	}
	return nil
}

func textual(f *flow.Flow, part string) error {
	if err := editable(f, part); err != nil {
		return err
	}
	if How(part) != ByEditor {
		return fmt.Errorf("%s is not edited as a text", part)
	}
	return nil
}

// bodyOf returns the message whose body a part is, nil if it is none or the flow has none.
func bodyOf(f *flow.Flow, part string) *flow.HTTPMessage {
	switch part = plainPart(part); {
	case part == RequestBody && f.Request != nil:
		return &f.Request.HTTPMessage
	case part == ResponseBody && f.Response != nil:
		return &f.Response.HTTPMessage
	}
	return nil
}

func isMessage(part string) bool { return part == WebSocket || part == TCP || part == UDP }

func lastMessage(f *flow.Flow) (flow.Message, error) {
	list := f.AllMessages()
	if len(list) == 0 {
		return flow.Message{}, errNoMessage
	}
	m := list[len(list)-1]
	if m.Lost > 0 {
		return m, errors.New("the content of the message was let go to save memory")
	}
	return m, nil
}

// setViewedMessage replaces the last message by one that was edited in a view. The line ends that frame it stay.
func setViewedMessage(f *flow.Flow, view string, text []byte) error {
	m, err := lastMessage(f)
	if err != nil {
		return err
	}
	data, err := encoded(view, m.Content, text)
	if err != nil {
		return err
	}
	if front := bytes.TrimRight(m.Content, "\r\n"); view != hexView && len(front) > 0 {
		data = append(bytes.TrimRight(bytes.Clone(data), "\r\n"), m.Content[len(front):]...)
	}
	return setLastMessage(f, data)
}

// setLastMessage replaces the last message in a new list.
func setLastMessage(f *flow.Flow, data []byte) error {
	list := slices.Clone(f.AllMessages())
	m := &list[len(list)-1]
	if m.Text && !utf8.Valid(data) {
		return errors.New("a text message must be UTF-8 (RFC 6455 §5.6)")
	}
	m.Content = bytes.Clone(data)
	if f.WebSocket == nil {
		f.Messages = list
		return nil
	}
	w := *f.WebSocket
	w.Messages = list
	f.WebSocket = &w
	return nil
}
