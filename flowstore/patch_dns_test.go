package flowstore

import (
	"testing"

	"sluice/proxy/flow"
)

// heldAnswer returns a store with a flow that is held at its answer.
func heldAnswer() (*Store, *flow.Flow) {
	f := flow.New(flow.DNS, &flow.Client{}, &flow.Server{}, epoch)
	f.DNSRequest = &flow.DNSMessage{Query: true, Questions: []flow.DNSQuestion{{Name: "a.test", Type: 1, Class: 1}}}
	f.DNSResponse = &flow.DNSMessage{Questions: f.DNSRequest.Questions, Answers: []flow.DNSRecord{{Name: "a.test", Type: 1, Class: 1, TTL: 9, Data: []byte{192, 0, 2, 1}}}}
	f.Intercepted = true
	s := New(Config{})
	f = f.Snapshot()
	s.Put(f)
	return s, f
}

// withTTL puts another answer in the place of a flow's.
func withTTL(ttl uint32) func(*flow.Flow) {
	return func(f *flow.Flow) {
		m := *f.DNSResponse
		m.Answers = []flow.DNSRecord{m.Answers[0]}
		m.Answers[0].TTL = ttl
		f.DNSResponse = &m
	}
}

func ttl(f *flow.Flow) uint32 { return f.DNSResponse.Answers[0].TTL }

func TestEditOfADNSAnswer(t *testing.T) {
	s, f := heldAnswer()
	edit(t, s, f.ID, withTTL(9))
	expect(t, "pending after an edit that changes nothing", s.PendingEdit(f.ID), nil)
	edit(t, s, f.ID, withTTL(60))
	expect(t, "TTL", ttl(s.Get(f.ID)), 60)
	expect(t, "TTL of the snapshot", ttl(f), 9)
	pending := s.PendingEdit(f.ID)
	if pending == nil || pending.DNSResponse == nil || pending.DNSRequest != nil {
		t.Fatalf("pending: %+v", pending)
	}
	f = after(resume(f, pending), withTTL(61)) // by an addon
	s.Put(f)
	expect(t, "the engine's word counts", ttl(s.Get(f.ID)), 61)
	expect(t, "nothing is pending", s.PendingEdit(f.ID), nil)
	vs := versions(s, f.ID)
	expect(t, "versions", names(vs), "received edited sent ")
	expect(t, "received", ttl(vs[0].flow), 9)
	expect(t, "reverted", s.Revert(f.ID), 1)
	expect(t, "TTL as received", ttl(s.Get(f.ID)), 9)
}

func TestRevertOfADNSAnswerThatIsHeld(t *testing.T) {
	s, f := heldAnswer()
	edit(t, s, f.ID, withTTL(60))
	expect(t, "reverted", s.Revert(f.ID), 1)
	expect(t, "TTL", ttl(s.Get(f.ID)), 9)
	expect(t, "nothing is pending", s.PendingEdit(f.ID), nil)
}

// An answer that comes after its question was edited does not undo the edit, and is among what was received.
func TestEditOfADNSQuestion(t *testing.T) {
	_, f := heldAnswer()
	answer := f.DNSResponse
	f = after(f, func(f *flow.Flow) { f.DNSResponse = nil })
	s := New(Config{})
	s.Put(f)
	edit(t, s, f.ID, func(f *flow.Flow) {
		m := *f.DNSRequest
		m.Questions = []flow.DNSQuestion{{Name: "b.test", Type: 1, Class: 1}}
		f.DNSRequest = &m
	})
	f = resume(f, s.PendingEdit(f.ID))
	s.Put(f)
	f = after(f, func(f *flow.Flow) { f.DNSResponse, f.Intercepted = answer, true })
	s.Put(f)
	expect(t, "question", s.Get(f.ID).DNSRequest.Questions[0].Name, "b.test")
	expect(t, "answer", ttl(s.Get(f.ID)), 9)
	edit(t, s, f.ID, withTTL(60))
	received := versions(s, f.ID)[0].flow
	expect(t, "question as received", received.DNSRequest.Questions[0].Name, "a.test")
	expect(t, "answer as received", ttl(received), 9)
}
