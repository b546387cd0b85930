package flowstore

import (
	"errors"
	"maps"
	"slices"

	"sluice/proxy/flow"
)

// ErrNotFound is the error of an edit of a flow that is not in the store.
var ErrNotFound = errors.New("this flow has been removed")

// Edit gives edit a private copy of a flow and makes what it leaves there the flow's
// latest state. It may set every field of the request and the response and the list of
// messages; header lists, bodies and messages of DNS are replaced, never written to or appended to. Mark
// and comment are taken over. Other fields of the flow are not a person's to change, and
// a request or response cannot be taken away. When edit returns an error, nothing happens.
//
// The first edit keeps the flow as it was, for Revert. An edit stays on top
// of what the engine publishes later, field by field, until the engine has taken it over:
// see PendingEdit. edit is called without a lock and may call the store, but not Edit.
func (s *Store) Edit(id flow.ID, edit func(f *flow.Flow) error) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	s.mu.Lock()
	e := s.byID[id]
	if e == nil {
		s.mu.Unlock()
		return ErrNotFound
	}
	engine, before := e.engine, e.current()
	s.mu.Unlock()

	mine := private(before)
	if err := edit(mine); err != nil {
		return err
	}
	changed := diff(before, mine)
	if changed.empty() && mine.Marked == before.Marked && mine.Comment == before.Comment {
		return nil
	}
	whole := diff(engine, mine)

	s.mu.Lock()
	defer s.notify()
	defer s.mu.Unlock()
	if s.byID[id] != e {
		return ErrNotFound
	}
	p := e.own()
	p.annotate(before, mine)
	if !changed.empty() {
		p.take(before, engine, whole)
		p.absorb(engine, e.engine)
		p.edited = p.over(e.engine)
	}
	s.renew(e)
	return nil
}

// annotate takes over a mark and a comment that an edit set.
func (p *person) annotate(before, mine *flow.Flow) {
	if mine.Marked != before.Marked {
		p.marked = &mine.Marked
	}
	if mine.Comment != before.Comment {
		p.comment = &mine.Comment
	}
}

// take makes whole, the difference to the engine's snapshot, what the person wants.
func (p *person) take(before, engine *flow.Flow, whole patch) {
	if p.received == nil {
		p.received = before
	} else {
		p.received = p.complete(engine)
	}
	p.patch = whole
}

// complete returns the version as received with what has come since: messages, and
// a response where no edit has had one.
func (p *person) complete(engine *flow.Flow) *flow.Flow {
	c := *p.received
	if c.Response == nil && p.edited.Response == nil {
		c.Response = engine.Response
	}
	if c.DNSResponse == nil && p.edited.DNSResponse == nil {
		c.DNSResponse = engine.DNSResponse
	}
	had, has := p.received.AllMessages(), engine.AllMessages()
	if len(has) <= len(had) {
		return &c
	}
	all := append(slices.Clip(had), has[len(had):]...)
	if engine.WebSocket == nil {
		c.Messages = all
		return &c
	}
	w := *engine.WebSocket
	w.Messages = all
	c.WebSocket = &w
	return &c
}

// private returns a copy whose messages and metadata may be written.
func private(f *flow.Flow) *flow.Flow {
	c := *f
	if f.Request != nil {
		r := *f.Request
		c.Request = &r
	}
	if f.Response != nil {
		r := *f.Response
		c.Response = &r
	}
	if f.WebSocket != nil {
		w := *f.WebSocket
		w.Messages = slices.Clone(w.Messages)
		c.WebSocket = &w
	}
	c.Messages = slices.Clone(f.Messages)
	c.Metadata = maps.Clone(f.Metadata)
	return &c
}

// PendingEdit returns what a held flow must be resumed with, or nil when the person
// changed nothing that the engine does not know of. The engine's first snapshot
// after that contains the edit, perhaps changed further by addons, and from then on its word counts.
func (s *Store) PendingEdit(id flow.ID) *flow.Edit {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[id]; e != nil && e.person != nil {
		return e.person.patch.edit(e.engine)
	}
	return nil
}

// Modified reports whether a flow differs by a person's hand from what was received.
func (s *Store) Modified(id flow.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byID[id]
	return e != nil && e.person != nil && e.person.modified()
}

// Revert takes edits back. Parts that were edited and sent are shown as
// they were received. Mark and comment stay. It returns how many flows were modified.
func (s *Store) Revert(ids ...flow.ID) int {
	n := 0
	s.mu.Lock()
	for _, id := range ids {
		e := s.byID[id]
		if e == nil || e.person == nil || !e.person.modified() {
			continue
		}
		e.person.revert(e.engine)
		s.renew(e)
		n++
	}
	s.mu.Unlock()
	s.notify()
	return n
}

// revert shows the parts that a person edited as they were received, which for
// one that has not been sent is what the engine has.
func (p *person) revert(engine *flow.Flow) {
	p.patch = patch{}
	if p.sent {
		edited, back := diff(p.received, p.edited), diff(engine, p.complete(engine))
		if edited.request != nil {
			p.patch.baseRequest, p.patch.request = back.baseRequest, back.request
		}
		if edited.response != nil {
			p.patch.baseResponse, p.patch.response = back.baseResponse, back.response
		}
		if edited.messages != nil {
			p.patch.baseMessages, p.patch.messages = back.baseMessages, back.messages
		}
		if !edited.question.empty() {
			p.patch.question = back.question
		}
		if !edited.answer.empty() {
			p.patch.answer = back.answer
		}
	}
	p.received, p.edited, p.sent = nil, nil, false
}
