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
	v.other = v.other[:0]
	add := func(s string) {
		if len(v.other) > 0 {
			v.other = append(v.other, "\r\n"...)
		}
		v.other = append(v.other, s...)
	}
	for _, q := range m.Questions {
		add(q.Name)
	}
	for _, section := range [][]flow.DNSRecord{m.Answers, m.Authorities, m.Additionals} {
		for i := range section {
			add(section[i].Text())
		}
	}
	return p.matchBytes(v.other)
}
