package detail

import (
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
	t := fitted(m)
	if !m.Query {
		t.add(content.Line{{Text: "Response Code", Role: text.Header}}, 0)
		t.add(content.Line{{Text: "  " + flow.DNSCodeName(m.ResponseCode)}}, 0)
	}
	title := "Question"
	if m.RecursionDesired {
		title = "Recursive Question"
	}
	t.section(title, questionCells(m.Questions))
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
	t.section(title, recordCells(m.Answers))
	t.section("Authority", recordCells(m.Authorities))
	t.section("Addition", recordCells(m.Additionals))
	return text.Source{Lines: text.Of(t.lines), Hang: t.hang}
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
