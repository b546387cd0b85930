package detail

import (
	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/text"
)

// tlsLines explains a flow that stands for TLS which failed, or was passed through:
// what became of it, why, and what can be done. The values stand in one column.
func tlsLines(f *flow.Flow) (lines []content.Line, hang []int) {
	const column = 12
	role, cause, end := content.Error, f.Metadata[flow.MetaReason], ""
	switch {
	case f.Error == nil:
		role = text.Alert
	case cause == "":
		cause = f.Error.Message
	default: // it was passed through, and has not ended well after that
		end = f.Error.Message
	}
	name := f.TLSNote()
	if f.Client != nil && f.Client.SNI != "" {
		name += " for " + f.Client.SNI
	}
	add := func(l content.Line, at int) { lines, hang = append(lines, l), append(hang, at) }
	add(nil, 0)
	add(content.Line{{Text: name, Role: role}}, 0)
	add(nil, 0)
	add(content.Line{{Text: "Why:        ", Role: text.Header}, {Text: cause}}, column)
	if end != "" {
		add(content.Line{{Text: "Ended:      ", Role: text.Header}, {Text: end}}, column)
	}
	if remedy := f.Metadata[flow.MetaRemedy]; remedy != "" {
		add(nil, 0)
		add(content.Line{{Text: "What to do: ", Role: text.Header}, {Text: remedy}}, column)
	}
	return lines, hang
}
