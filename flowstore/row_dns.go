package flowstore

import (
	"strings"

	"sluice/proxy/flow"
)

// maxAnswers bounds the text of the answers that a row shows, in bytes.
const maxAnswers = 256

// dns puts a question and its answer into a row.
func (r *Row) dns(f *flow.Flow) {
	q := f.DNSRequest
	r.Method, r.Start, r.End = flow.DNSOpCodeName(q.OpCode), f.Created, f.Created
	if len(q.Questions) > 0 {
		r.Question, r.QuestionType = q.Questions[0].Name, flow.DNSTypeName(q.Questions[0].Type)
	}
	p := f.DNSResponse
	if p == nil {
		return
	}
	r.HasResponse, r.Status, r.Reason = true, flow.DNSStatus(p.ResponseCode), flow.DNSCodeName(p.ResponseCode)
	if r.Answer, r.End = answerText(p), p.Time; r.End.Before(r.Start) {
		r.End = r.Start
	}
}

// answerText joins what answers say.
func answerText(m *flow.DNSMessage) string {
	var b strings.Builder
	for i := range m.Answers {
		if b.Len() > maxAnswers {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		text := m.Answers[i].Text()
		b.WriteString(text[:min(len(text), maxAnswers)])
	}
	return b.String()
}
