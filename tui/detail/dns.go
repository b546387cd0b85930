package detail

import (
	"fmt"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/text"
)

// dnsOf returns the message that a tab shows, or nil.
func (l look) dnsOf() *flow.DNSMessage {
	if l.kind == request {
		return l.flow.DNSRequest
	}
	return l.flow.DNSResponse
}

// dns returns the text of a DNS message.
func (l look) dns() text.Source {
	m := l.dnsOf()
	if m == nil && l.kind == request {
		return remark("No request.")
	}
	if m == nil {
		return l.noAnswer()
	}
	var lines []content.Line
	section := func(title string, rows []content.Line) {
		if len(lines) > 0 {
			lines = append(lines, content.Line{})
		}
		lines = append(append(lines, content.Line{{Text: title, Role: text.Header}}), rows...)
	}
	if !m.Query {
		section("Response Code", []content.Line{{{Text: "  " + flow.DNSCodeName(m.ResponseCode)}}})
	}
	title := "Question"
	if m.RecursionDesired {
		title = "Recursive Question"
	}
	var questions []content.Line
	for _, q := range m.Questions {
		questions = append(questions, content.Line{{Text: fmt.Sprintf("  %s %s %s", dnsName(q.Name), flow.DNSTypeName(q.Type), flow.DNSClassName(q.Class))}})
	}
	section(title, questions)
	title = "Answer"
	if m.RecursionAvailable {
		title = "Recursive " + title
	}
	if m.AuthoritativeAnswer {
		title = "Authoritative " + title
	}
	if m.Truncation {
		title += " (truncated)"
	}
	section(title, records(m.Answers))
	section("Authority", records(m.Authorities))
	section("Addition", records(m.Additionals))
	return text.Source{Lines: text.Of(lines)}
}

func records(list []flow.DNSRecord) []content.Line {
	lines := make([]content.Line, len(list))
	for i := range list {
		r := &list[i]
		lines[i] = content.Line{{Text: fmt.Sprintf("  %s %s %s %d ", dnsName(r.Name), flow.DNSTypeName(r.Type), flow.DNSClassName(r.Class), r.TTL)}, {Text: r.Text()}}
	}
	return lines
}

// dnsName writes the name of the root as a dot.
func dnsName(s string) string {
	if s == "" {
		return "."
	}
	return s
}

func (l look) noAnswer() text.Source {
	f := l.flow
	switch {
	case f.Error != nil:
		return text.Source{Lines: text.Of([]content.Line{{}, {{Text: "Error: " + f.Error.Message, Role: content.Error}}, {}, {{Text: "No response.", Role: text.Remark}}})}
	case f.Live && !f.Intercepted:
		return remark("No response yet.")
	}
	return remark("No response.")
}

// dnsTitle says what is asked.
func dnsTitle(f *flow.Flow) string {
	if f.DNSRequest == nil || len(f.DNSRequest.Questions) == 0 {
		return ends(f)
	}
	q := f.DNSRequest.Questions[0]
	return clean(dnsName(q.Name), 300) + " " + flow.DNSTypeName(q.Type)
}

// dnsOutcome says what came of it.
func (h header) dnsOutcome() []span {
	switch r := h.f.DNSResponse; {
	case r != nil:
		return []span{{h.theme.Faint, "←"}, {h.theme.Status(flow.DNSStatus(r.ResponseCode)), flow.DNSCodeName(r.ResponseCode)},
			{h.theme.Muted, count(len(r.Answers), "answer")}}
	case h.f.Error == nil && h.f.Live && !h.f.Intercepted:
		return []span{{h.theme.InFlight, "waiting for the answer"}}
	}
	return nil
}
