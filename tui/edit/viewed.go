package edit

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// maxDetect is how large a decoded body may be for Parts to look for its view.
const maxDetect = 1 << 20

// hexView is the view in which any content can be edited.
const hexView = "hex stream"

// InViews returns the bodies of a flow that can be edited in the view of a name, as
// request-body (json), and the last message as tcp-message (json). Auto is the view that suits best.
func InViews(f *flow.Flow, view string) []string {
	if kind := messageKind(f); kind != "" && f.Kind != flow.HTTP {
		return messageInView(f, kind, view)
	}
	var parts []string
	for _, part := range []string{RequestBody, ResponseBody} {
		m := bodyOf(f, part)
		if m == nil || m.Body.Gap() != flow.Whole || m.Body.Len() == 0 || m.Body.Len() > maxDetect {
			continue
		}
		data := m.Body.Bytes()
		if plain, err := coding.Decode(encodingOf(m), data, maxDetect); err == nil {
			data = plain
		}
		if name, _, ok := content.Editable(view, metaOf(f, part, m), data); ok {
			parts = append(parts, part+" ("+name+")")
		}
	}
	return append(parts, messageInView(f, messageKind(f), view)...)
}

// messageKind returns the part that a message of the flow is, "" if it has none.
func messageKind(f *flow.Flow) string {
	switch {
	case f.WebSocket != nil:
		return WebSocket
	case f.Kind == flow.TCP:
		return TCP
	case f.Kind == flow.UDP:
		return UDP
	}
	return ""
}

// messageInView returns the last message in a view. Where there is no way back from the best view of what is no text
// that is its bytes as digits.
func messageInView(f *flow.Flow, kind, view string) []string {
	m, err := lastMessage(f)
	if kind == "" || err != nil || len(m.Content) == 0 || len(m.Content) > maxDetect {
		return nil
	}
	name, _, ok := content.Editable(view, content.Meta{}, m.Content)
	if !ok && !utf8.Valid(m.Content) {
		name, ok = hexView, true
	}
	if !ok {
		return nil
	}
	return []string{kind + " (" + name + ")"}
}

// WithViews returns the parts of a flow as Parts does, and before the comment those of InViews. A held message comes first
// in its view too.
func WithViews(f *flow.Flow, view string) []string {
	parts := Parts(f)
	if len(parts) == 0 || f.Kind == flow.DNS {
		return parts
	}
	viewed := InViews(f, view)
	if n := len(viewed) - 1; parts[0] == WebSocket && n >= 0 && strings.HasPrefix(viewed[n], WebSocket) {
		parts, viewed = slices.Insert(parts, 1, viewed[n]), viewed[:n]
	}
	return slices.Insert(parts, len(parts)-1, viewed...)
}

// inView takes apart the name of a body or message that is edited in a view.
func inView(part string) (body, view string, ok bool) {
	body, view, ok = strings.Cut(strings.TrimSuffix(part, ")"), " (")
	if !ok || !slices.Contains([]string{RequestBody, ResponseBody, WebSocket, TCP, UDP}, body) {
		return "", "", false
	}
	v, known := content.Lookup(view)
	return body, v.Name, known
}

// plainPart returns a part without its view.
func plainPart(part string) string {
	if body, _, ok := inView(part); ok {
		return body
	}
	return part
}

func metaOf(f *flow.Flow, part string, m *flow.HTTPMessage) content.Meta {
	return content.MetaOf(m.Headers, f.Request.Path, plainPart(part) == RequestBody)
}

// viewed returns the content of a body or message as it is edited in a view.
func viewed(f *flow.Flow, part, view string) ([]byte, error) {
	var data []byte
	var meta content.Meta
	var err error
	if m := bodyOf(f, part); m != nil {
		meta = metaOf(f, part, m)
		data, _, err = decoded(m)
	} else if isMessage(plainPart(part)) {
		var last flow.Message
		last, err = lastMessage(f)
		data = last.Content
	} else {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, e, ok := content.Editable(view, meta, data)
	if !ok {
		return nil, fmt.Errorf("there is no way back from the %s view: edit the %s itself", view, plainPart(part))
	}
	text, err := e.Text(meta, data)
	if err != nil {
		return nil, fmt.Errorf("edit the %s itself, as %s it cannot be read: %w", plainPart(part), view, err)
	}
	return text, nil
}

// encoded makes content of a text that was edited in a view.
func encoded(view string, before, text []byte) ([]byte, error) {
	_, e, _ := content.Editable(view, content.Meta{}, before)
	data, err := e.Encode(before, text)
	if err != nil {
		return nil, fmt.Errorf("this is no %s: %w", view, err)
	}
	return data, nil
}
