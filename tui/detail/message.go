package detail

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/human"
	"sluice/tui/text"
)

// maxNameColumn bounds the column of header names, in cells.
const maxNameColumn = 30

// same reports whether the text of o is that of l.
func (l look) same(o look) bool {
	if !l.alike(o) || l.flow.ID != o.flow.ID {
		return false
	}
	if l.flow.Kind == flow.DNS && l.kind != facts {
		return l.dnsOf() == o.dnsOf() && l.flow.Error == o.flow.Error && l.flow.Live == o.flow.Live && l.flow.Intercepted == o.flow.Intercepted
	}
	switch l.kind {
	case request:
		a, b := l.flow.Request, o.flow.Request
		return a == b || a != nil && b != nil && a.Path == b.Path && sameMessage(&a.HTTPMessage, &b.HTTPMessage)
	case response:
		a, b := l.flow.Response, o.flow.Response
		if a == nil || b == nil {
			return a == b && l.flow.Error == o.flow.Error && l.flow.Live == o.flow.Live
		}
		return samePath(l.flow.Request, o.flow.Request) && sameMessage(&a.HTTPMessage, &b.HTTPMessage)
	case stream:
		return sameStream(l.flow, o.flow)
	case entries:
		return sameEntries(l.flow, o.flow)
	}
	return l.flow == o.flow
}

func samePath(a, b *flow.Request) bool { return a == b || a != nil && b != nil && a.Path == b.Path }

func sameMessage(a, b *flow.HTTPMessage) bool {
	return a.Body.Same(&b.Body) && a.End.IsZero() == b.End.IsZero() &&
		slices.Equal(a.Headers, b.Headers) && slices.Equal(a.Trailers, b.Trailers)
}

// source returns the text of a tab. It decodes the body, which may take a while.
func (l look) source() text.Source {
	f := l.flow
	if f.Kind == flow.DNS && l.kind != facts {
		return l.dns()
	}
	switch l.kind {
	case stream:
		if f.TLSNote() != "" && len(f.Messages) == 0 {
			lines, hang := tlsLines(f)
			return text.Source{Lines: text.Of(lines), Hang: hang}
		}
		return text.Source{Lines: l.streamLines()}
	case entries:
		return text.Source{Lines: l.entryLines()}
	case facts:
		s := factsOf(f)
		return text.Source{Lines: text.Of(s.lines), Hang: s.hang}
	case request:
		if f.Request == nil {
			return remark("No request.")
		}
		return l.message(&f.Request.HTTPMessage, f.Request.Path)
	}
	if f.Response == nil {
		return noResponse(f)
	}
	path := ""
	if f.Request != nil {
		path = f.Request.Path
	}
	return l.message(&f.Response.HTTPMessage, path)
}

func remark(s string) text.Source {
	return text.Source{Lines: text.Of([]content.Line{{}, {{Text: s, Role: text.Remark}}})}
}

func noResponse(f *flow.Flow) text.Source {
	var say content.Line
	switch {
	case f.Kind != flow.HTTP:
		return remark("No response.")
	case f.Error == nil && f.Live && !f.Intercepted:
		return remark("No response yet.")
	default:
		say = content.Line{{Text: "No response. Press "}, {Text: "e", Role: text.Alert}, {Text: " and edit any aspect to add one."}}
	}
	lines := []content.Line{{}}
	if f.Error != nil {
		lines = append(lines, content.Line{{Text: "Error: " + f.Error.Message, Role: content.Error}}, content.Line{})
	}
	return text.Source{Lines: text.Of(append(lines, say))}
}

// message returns the headers of a message, a bar and its content.
func (l look) message(msg *flow.HTTPMessage, path string) text.Source {
	lines, hang := headerLines(msg.Headers)
	src := text.Source{Hang: slices.Repeat([]int{hang}, len(lines))}
	head := text.Of(lines)
	var tail iter.Seq[content.Line] = func(func(content.Line) bool) {}
	if len(msg.Trailers) > 0 {
		trailers, _ := headerLines(msg.Trailers)
		tail = text.Of(append([]content.Line{{{Text: "Trailers", Role: text.Bar}}}, trailers...))
	}
	if l.empty(msg, path) {
		src.Lines = text.Join(head, text.Of([]content.Line{{}, {{Text: l.emptyText(msg), Role: text.Remark}}}), tail)
		return src
	}
	bar, body := l.body(msg, path)
	src.Lines = text.Join(head, text.Of([]content.Line{bar}), body, tail)
	return src
}

// empty reports whether there is nothing to show below the headers.
func (l look) empty(msg *flow.HTTPMessage, path string) bool {
	return msg.Body.Gap() == flow.Whole && msg.Body.Len() == 0 && (l.kind == response || !strings.Contains(path, "?"))
}

func (l look) emptyText(msg *flow.HTTPMessage) string {
	switch {
	case l.flow.Live && msg.End.IsZero():
		return "No content yet."
	case l.kind == request:
		return "No request content"
	}
	return "No content"
}

// headerLines returns the lines of headers and the column at which values begin.
func headerLines(h flow.Headers) (lines []content.Line, column int) {
	names := make([]string, len(h))
	for i := range h {
		names[i] = content.Clean(h[i].Name)
		column = max(column, len([]rune(names[i])))
	}
	column = min(column, maxNameColumn)
	for i := range h {
		gap := strings.Repeat(" ", max(column-len([]rune(names[i])), 0)+2)
		lines = append(lines, content.Line{
			{Text: names[i] + ":", Role: text.Header}, {Text: gap}, {Text: h[i].Value},
		})
	}
	return lines, column + 3
}

// bar is the line between headers and content: what is shown, in which mode, and which messages if not all.
func (l look) bar(left string) content.Line {
	end := "[m:" + l.mode + "]"
	if l.only != nil {
		end = "[only:" + l.only.String() + "]" + end
	}
	return content.Line{{Text: left + " ", Role: text.Bar}, {Text: end, Role: text.BarEnd}}
}

// body returns the bar and the content, or why it is not here.
func (l look) body(msg *flow.HTTPMessage, path string) (content.Line, iter.Seq[content.Line]) {
	if gap := msg.Body.Gap(); gap != flow.Whole && gap != flow.Cut {
		return l.bar(""), missing(msg.Body.Len(), gap)
	}
	plain, note := content.Decode(msg.Headers, msg.Body.Front())
	meta := content.MetaOf(msg.Headers, path, l.kind == request)
	meta.Protos = l.protos
	doc := content.Format(l.mode, meta, plain)
	words := []string{doc.View}
	for _, w := range []string{note, doc.Note, sizes(msg.Body.Kept(), int64(len(plain))), cut(&msg.Body)} {
		if w != "" {
			words = append(words, w)
		}
	}
	if l.flow.Live && msg.End.IsZero() {
		words = append(words, "so far")
	}
	return l.bar(strings.Join(words, " ")), doc.Lines
}

// sizes says how large content is, and how large it was on the wire where that differs.
func sizes(wire, plain int64) string {
	switch {
	case plain == 0:
		return ""
	case plain == wire:
		return human.Size(plain)
	}
	return human.Size(plain) + " from " + human.Size(wire)
}

// cut says how much is kept of a body that was cut, "" of any other one.
func cut(b *flow.Body) string {
	if b.Gap() != flow.Cut {
		return ""
	}
	return "first " + human.Size(b.Kept()) + " of " + human.Size(b.Len()) + " kept"
}

// missing says that content is not here and what can be done.
func missing(size int64, why flow.Gap) iter.Seq[content.Line] {
	say := fmt.Sprintf("%s were streamed without being recorded; set store_streamed_bodies to keep the next", human.Size(size))
	if why == flow.Dropped {
		say = fmt.Sprintf("%s were let go to bound memory; save flows to keep them", human.Size(size))
	}
	return text.Of([]content.Line{{{Text: "[content missing]", Role: content.Error}}, {{Text: say, Role: text.Remark}}})
}
