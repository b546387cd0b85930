package filter

import "sluice/proxy/flow"

// inQuestion looks at the name that a DNS flow asks for.
func inQuestion(v *view, p *pattern) bool {
	m := v.f.DNSRequest
	return m != nil && len(m.Questions) > 0 && p.matchString(m.Questions[0].Name)
}

// inDNS looks at the text of a DNS message: its questions and the data of its records.
func inDNS(v *view, p *pattern, m *flow.DNSMessage) bool {
	if m == nil || v.f.Kind != flow.DNS {
		return false
	}
	v.other = m.AppendText(v.other[:0])
	return p.matchBytes(v.other)
}
