package dump

import (
	"fmt"
	"strings"
	"time"

	"sluice/proxy/flow"
)

// Close writes all that was put, and flows that have not ended too, and closes the file. A disk on
// which nothing goes forward any more is given up on. A *MissingError counts the flows that are missing in the last file.
func (s *Stream) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	tell(s.wake)
	for before := (progress{tasks: -1}); ; {
		late := time.NewTimer(s.patience)
		select {
		case <-s.over:
			late.Stop()
			return missing(s.sink.lost, strings.TrimPrefix(s.sink.target.Path, "+"))
		case <-late.C:
		}
		now, left := s.progress()
		if now == before {
			return fmt.Errorf("the disk does not answer: up to %d flows are missing in the file", left)
		}
		before = now
	}
}

// A progress says how far a stream has come.
type progress struct {
	tasks int   // that are done
	bytes int64 // that the disk has taken of flow files
}

// progress also returns how many flows are left, and some more that may have been written just now.
func (s *Stream) progress() (p progress, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return progress{s.done, s.moved.Load()}, len(s.todo) + s.taken + len(s.open)
}

func missing(flows int, path string) error {
	if flows == 0 {
		return nil
	}
	return &MissingError{flows, path}
}

// A MissingError says how many flows are missing in a file.
type MissingError struct {
	Flows int
	Path  string
}

func (e *MissingError) Error() string {
	if e.Flows == 1 {
		return "1 flow is missing in " + e.Path
	}
	return fmt.Sprintf("%d flows are missing in %s", e.Flows, e.Path)
}

// finish writes what has not ended and closes the file.
func (s *Stream) finish() {
	s.mu.Lock()
	open := s.open
	s.open = map[flow.ID]*flow.Flow{}
	s.taken += len(open)
	s.mu.Unlock()
	for _, f := range open {
		s.sink.add(f)
	}
	s.sink.close()
}
