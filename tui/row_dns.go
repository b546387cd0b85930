package tui

import (
	"sluice/flowstore"
	"sluice/proxy/content"
)

// dnsLine puts what was asked and what was answered into the columns that a request has.
func (v rowView) dnsLine(p *painter, r flowstore.Row, c columns) {
	t := v.theme
	onRequest, onResponse := r.Intercepted && !r.HasResponse, r.Intercepted && r.HasResponse
	p.left(held(t.Scheme("dns"), onlyIf(onRequest, t)), content.Clean(clip(r.QuestionType, c.method)), c.method)
	p.blank(1)
	p.rightSpans(c.host, hostSpans(t, r.Question, c.host)...)
	p.blank(1)
	p.left(held(t.Text, onlyIf(onResponse, t)), dnsAnswer(r, c.path), c.path)
}

// dnsText is the same in one text, for the list.
func dnsText(r flowstore.Row, w int) string {
	return content.Clean(clip(r.Question, w)) + " (" + content.Clean(clip(r.QuestionType, 16)) + ") " + dnsAnswer(r, w)
}

// dnsAnswer is what a name stands for: … while that is not known, ? if there is nothing.
func dnsAnswer(r flowstore.Row, w int) string {
	switch {
	case r.Error != "":
		return ""
	case !r.HasResponse:
		return "= …"
	case r.Answer == "":
		return "= ?"
	}
	return "= " + content.Clean(clip(r.Answer, w))
}
