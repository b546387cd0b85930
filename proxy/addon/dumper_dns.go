package addon

import (
	"strings"

	"sluice/proxy/content"
	"sluice/proxy/flow"
)

// dns prints a question and what came of it.
func (d *Dumper) dns(s *dumpSettings, f *flow.Flow) {
	q := f.DNSRequest
	name, kind := "", ""
	if q != nil && len(q.Questions) > 0 {
		name, kind = q.Questions[0].Name, " ("+flow.DNSTypeName(q.Questions[0].Type)+")"
	}
	op := flow.DNSOpCodeName(0)
	if q != nil {
		op = flow.DNSOpCodeName(q.OpCode)
	}
	d.printf("%s: %s %s\n", d.client(f), d.brush.paint(inkMethod, "DNS "+op+kind), content.Clean(name))
	if r := f.DNSResponse; r != nil {
		d.printf("%s%s\n", arrow(s, f, 0), d.answers(s, r))
	}
	if f.Error != nil {
		d.printf("%s%s\n", arrow(s, f, 0), d.brush.paint(inkBad, content.Clean(f.Error.Message)))
	}
}

// answers is what a response says: its answers, or why there are none.
func (d *Dumper) answers(s *dumpSettings, r *flow.DNSMessage) string {
	if len(r.Answers) == 0 || r.ResponseCode != flow.DNSNoError {
		return d.brush.paint(statusInk(flow.DNSStatus(r.ResponseCode)), flow.DNSCodeName(r.ResponseCode))
	}
	list := make([]string, len(r.Answers))
	for i := range r.Answers {
		list[i] = content.Clean(r.Answers[i].Text())
	}
	text := strings.Join(list, ", ")
	if w := d.width(); s.detail == 1 && w > 0 {
		text = cut(text, max(w-25, 50))
	}
	return text
}
