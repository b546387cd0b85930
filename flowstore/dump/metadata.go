package dump

import (
	"maps"
	"slices"

	"sluice/proxy/flow"
)

// ownMeta is the metadata in which lies what the format has no place for: how large bodies are that are not here, what became of
// messages, and proxies that only we know.
const ownMeta = "sluice"

func encodeMetadata(f *flow.Flow) *dict {
	d := &dict{}
	for _, name := range slices.Sorted(maps.Keys(f.Metadata)) {
		if name != ownMeta {
			d.add(name, f.Metadata[name])
		}
	}
	own := &dict{}
	if f.Request != nil {
		addGap(own, "request", &f.Request.Body)
	}
	if f.Response != nil {
		addGap(own, "response", &f.Response.Body)
	}
	if fates := encodeFates(f.AllMessages(), f.Kind == flow.HTTP); len(fates) > 0 {
		own.add("messages", fates)
	}
	addOurs(own, f)
	if len(own.fields) > 0 {
		d.add(ownMeta, own)
	}
	return d
}

func addGap(d *dict, name string, b *flow.Body) {
	if b.Gap() != flow.Whole && (b.Len() > 0 || b.Gap() != flow.Unrecorded) {
		d.add(name, []any{int(b.Len()), int(b.Gap())})
	}
}

// encodeFates lists the messages of which the format can't say all: number, dropped, injected, lost bytes. For a
// WebSocket it can say the first two.
func encodeFates(messages []flow.Message, webSocket bool) []any {
	var list []any
	for i := range messages {
		if m := &messages[i]; m.Lost > 0 || !webSocket && (m.Dropped || m.Injected) {
			list = append(list, []any{i, m.Dropped, m.Injected, m.Lost})
		}
	}
	return list
}

// metadata takes the texts of d, and what encodeMetadata has added to it.
func (r *reader) metadata(f *flow.Flow, d *dict) {
	if d == nil {
		return
	}
	for _, m := range d.fields {
		if text, ok := m.value.(string); ok {
			if f.Metadata == nil {
				f.Metadata = map[string]string{}
			}
			f.Metadata[m.name] = text
		}
	}
	own := d.dict(ownMeta)
	if own == nil {
		return
	}
	if f.Request != nil {
		gap(own, "request", &f.Request.Body)
	}
	if f.Response != nil {
		gap(own, "response", &f.Response.Body)
	}
	takeOurs(own, f)
	messages := f.AllMessages()
	for _, v := range r.list(own, "messages") {
		fate(v, messages)
	}
}

func gap(d *dict, name string, b *flow.Body) {
	list, _ := d.get(name).([]any)
	if len(list) != 2 || b.Gap() == flow.Whole {
		return
	}
	size, ok := list[0].(int)
	why, ok2 := list[1].(int)
	if ok && ok2 && size >= 0 && (flow.Gap(why) == flow.Unrecorded || flow.Gap(why) == flow.Dropped) {
		*b = flow.BodyGap(int64(size), flow.Gap(why))
	}
}

func fate(v any, messages []flow.Message) {
	parts, _ := v.([]any)
	if len(parts) != 4 {
		return
	}
	i, ok := parts[0].(int)
	if !ok || i < 0 || i >= len(messages) {
		return
	}
	m := &messages[i]
	m.Dropped, _ = parts[1].(bool)
	m.Injected, _ = parts[2].(bool)
	if lost, _ := parts[3].(int); lost > 0 {
		m.Content, m.Lost = nil, lost
	}
}
