package edit

import (
	"fmt"
	"slices"
	"strings"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// maxDetect is how large a decoded body may be for Parts to look for its view.
const maxDetect = 1 << 20

// InViews returns the bodies of a flow that can be edited in the view of a name, as
// request-body (json). Auto is the view that suits best.
func InViews(f *flow.Flow, view string) []string {
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
	return parts
}

// WithViews returns the parts of a flow as Parts does, and before the comment those of InViews.
func WithViews(f *flow.Flow, view string) []string {
	parts := Parts(f)
	if f == nil || f.Kind != flow.HTTP {
		return parts
	}
	return slices.Insert(parts, len(parts)-1, InViews(f, view)...)
}

// inView takes apart the name of a body that is edited in a view.
func inView(part string) (body, view string, ok bool) {
	body, view, ok = strings.Cut(strings.TrimSuffix(part, ")"), " (")
	if !ok || body != RequestBody && body != ResponseBody {
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

// viewed returns the content of a body as it is edited in a view.
func viewed(f *flow.Flow, part, view string) ([]byte, error) {
	m := bodyOf(f, part)
	if m == nil {
		return nil, nil
	}
	data, _, err := decoded(m)
	if err != nil {
		return nil, err
	}
	meta := metaOf(f, part, m)
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
