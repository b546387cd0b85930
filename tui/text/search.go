package text

import (
	"fmt"
	"iter"
	"regexp"
	"sort"

	tea "charm.land/bubbletea/v2"

	"sluice/proxy/content"
)

// maxHits is how many matches are counted.
const maxHits = 1 << 17

// A hit is a match: its line and its first byte.
type hit struct{ line, from uint32 }

func (h hit) pos() pos { return pos{int(h.line), int(h.from)} }

// A search goes through a source from its beginning, whatever of it shows.
type search struct {
	pattern string
	re      *regexp.Regexp // nil until the first lines have been searched
	from    *puller
	more    []iter.Seq[content.Line]
	line    int // searched so far; belongs to whoever searches
	running bool
	done    bool

	hits    []hit
	current int  // the hit that was gone to; -1: none
	turn    int  // go to the next hit, 1, or the last one, -1, as soon as it is known
	origin  pos  // from where
	quiet   bool // say nothing if there is none
}

// Search looks for a pattern in the whole text and goes to the first match from where the
// view is. It is a regular expression, or a plain text if it cannot be one; without
// capitals their case does not count. The empty pattern ends searching.
func (m *Model) Search(pattern string) tea.Cmd {
	m.ClearSearch()
	if pattern == "" || m.doc == nil {
		return nil
	}
	m.find = m.searchFor(pattern)
	m.find.turn = 1
	if all := m.visible(); len(all) > 0 {
		m.find.origin = pos{all[0].line, all[0].from}
	}
	return m.searchOn()
}

func (m *Model) searchFor(pattern string) *search {
	return &search{pattern: pattern, current: -1, from: pulling(m.doc.src.Lines)}
}

// ClearSearch forgets what was searched for.
func (m *Model) ClearSearch() {
	if m.find != nil {
		m.find.from.cancel()
	}
	m.find, m.isDrawn = nil, false
}

// Searching returns the pattern that is searched for, or "".
func (m *Model) Searching() string {
	if m.find == nil {
		return ""
	}
	return m.find.pattern
}

// research searches a document that has taken the place of another.
func (m *Model) research() tea.Cmd {
	old := m.find
	if old == nil {
		return nil
	}
	old.from.cancel()
	m.find = m.searchFor(old.pattern)
	m.find.re, m.find.quiet, m.find.turn, m.find.origin = old.re, old.quiet, old.turn, old.origin
	if old.turn == 0 { // the same hit is the current one again, without going there
		m.find.quiet = true
		if old.current >= 0 {
			m.find.origin = old.hits[old.current].pos()
		}
	}
	return m.searchOn()
}

// searchMore goes on with lines that came later.
func (m *Model) searchMore(more iter.Seq[content.Line]) tea.Cmd {
	if m.find == nil {
		return nil
	}
	m.find.more = append(m.find.more, more)
	m.find.done = false
	return m.searchOn()
}

type foundMsg struct {
	find *search
	re   *regexp.Regexp
	hits []hit
	done bool
}

// searchOn searches the next lines.
func (m *Model) searchOn() tea.Cmd {
	s := m.find
	if s.running || s.done {
		return nil
	}
	s.running = true
	re, more, room := s.re, s.more, maxHits-len(s.hits)
	s.more = nil
	return func() tea.Msg {
		if re == nil {
			re = Compile(s.pattern)
		}
		s.from.add(more)
		hits, done := s.read(re, room)
		return foundMsg{s, re, hits, done}
	}
}

// read searches some lines, for at most so many hits.
func (s *search) read(re *regexp.Regexp, room int) (hits []hit, done bool) {
	n, size := 0, 0
	done = s.from.pull(func(l content.Line) bool {
		text := content.Clean(l.Text())
		if room > 0 && mayMatch(text, s.pattern) {
			for _, at := range re.FindAllStringIndex(text, room) {
				if at[1] > at[0] {
					hits = append(hits, hit{uint32(s.line), uint32(at[0])})
					room--
				}
			}
		}
		s.line++
		n++
		size += len(text)
		return room > 0 && n < batchLines && size < batchBytes
	})
	return hits, done || room <= 0
}

func (m *Model) found(msg foundMsg) tea.Cmd {
	s := m.find
	if msg.find != s || s == nil {
		return nil
	}
	s.re, s.running = msg.re, false
	s.hits = append(s.hits, msg.hits...)
	s.done = msg.done && len(s.more) == 0
	if len(s.hits) >= maxHits {
		s.from.cancel()
	}
	m.isDrawn = false
	s.recall()
	cmd := m.turn()
	if s.done && len(s.hits) == 0 && !s.quiet {
		s.quiet = true
		cmd = tea.Batch(cmd, func() tea.Msg { return Notice{"Search not found."} })
	}
	return tea.Batch(cmd, m.searchOn())
}

// recall finds the hit again that was the current one in the last document.
func (s *search) recall() {
	if s.turn != 0 || s.current >= 0 || !s.quiet {
		return
	}
	if i := s.after(s.origin); i < len(s.hits) && s.hits[i].pos() == s.origin {
		s.current = i
	}
}

// after returns the first hit that is not before a place.
func (s *search) after(p pos) int {
	return sort.Search(len(s.hits), func(i int) bool { return !s.hits[i].pos().less(p) })
}

// SearchNext goes to the next match, or to the one before if dir is negative, from
// the one that was gone to last if that shows, else from where the view is. It goes on at the other end.
func (m *Model) SearchNext(dir int) tea.Cmd {
	s := m.find
	if s == nil || m.doc == nil {
		return nil
	}
	s.turn = 1
	if dir < 0 {
		s.turn = -1
	}
	if all := m.visible(); len(all) > 0 {
		s.origin = pos{all[0].line, all[0].from}
	}
	if s.current >= 0 && (m.shows(s.hits[s.current].pos()) || m.goal == s.hits[s.current].pos()) {
		s.origin = s.hits[s.current].pos()
		if dir > 0 {
			s.origin.sub++
		}
	}
	if s.done && len(s.hits) == 0 {
		return func() tea.Msg { return Notice{"Search not found."} }
	}
	return m.turn()
}

// turn goes to the hit that was asked for, if it is known yet.
func (m *Model) turn() tea.Cmd {
	s := m.find
	i := s.after(s.origin)
	switch {
	case s.turn == 0 || len(s.hits) == 0:
		return nil
	case s.turn < 0 && i > 0:
		i--
	case s.turn < 0 && s.done:
		i = len(s.hits) - 1
	case s.turn > 0 && i < len(s.hits):
	case s.turn > 0 && s.done:
		i = 0
	default:
		return nil
	}
	s.turn, s.current = 0, i
	m.goal = s.hits[i].pos()
	return m.settle()
}

// Status says which of how many matches is the current one.
func (s *search) Status() string {
	switch {
	case !s.done:
		return fmt.Sprintf("%d/%d...", s.current+1, len(s.hits))
	case len(s.hits) == 0:
		return "no match"
	case len(s.hits) >= maxHits:
		return fmt.Sprintf("%d/%d+", s.current+1, len(s.hits))
	}
	return fmt.Sprintf("%d/%d", s.current+1, len(s.hits))
}
