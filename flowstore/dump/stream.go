package dump

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-strftime"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

// queued is how many batches of flows wait for being written before whoever puts them waits.
const queued = 256

// A Target says where a Stream writes what.
type Target struct {
	// Path is the file, in which strftime fields are filled in for every flow. A + in front appends. Empty: nothing is written.
	Path string
	// Filter lets through what is written; nil: everything.
	Filter *filter.Filter
	// Format is that of the file.
	Format Format
}

// A Stream writes flows to a file as they end, and at its own end those that have not. Put is called by one goroutine,
// Set by any.
type Stream struct {
	log  *slog.Logger
	in   chan []*flow.Flow
	over chan struct{}

	mu     sync.Mutex
	target Target
	file   *File
	open   map[flow.ID]*flow.Flow // flows that have not ended, as they were last
	missed int                    // flows that could not be written since one could
}

// NewStream returns a stream that writes nothing until Set. Close must be called.
func NewStream(log *slog.Logger) *Stream {
	s := &Stream{log: log, in: make(chan []*flow.Flow, queued), over: make(chan struct{}), open: map[flow.ID]*flow.Flow{}}
	go s.run()
	return s
}

// Set changes where flows go from now on. The file is opened at once; if that fails everything stays as it was.
func (s *Stream) Set(t Target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Path == s.target.Path {
		s.target = t
		if s.file != nil {
			s.file.Format = t.Format
		}
		return nil
	}
	var file *File
	if t.Path != "" {
		var err error
		if file, err = t.file(time.Now()); err != nil {
			return err
		}
	}
	s.finish()
	s.target, s.file, s.missed = t, file, 0
	return nil
}

// name returns the path at a time.
func (t *Target) name(now time.Time) string {
	path := strings.TrimPrefix(t.Path, "+")
	if strings.Contains(path, "%") {
		path = strftime.Format(path, now)
	}
	return filepath.Clean(path)
}

func (t *Target) file(now time.Time) (*File, error) {
	if strings.TrimPrefix(t.Path, "+") == "" {
		return nil, errors.New("a path is needed, as in: ./flows.mitm")
	}
	return Open(t.name(now), strings.HasPrefix(t.Path, "+"), t.Format)
}

// Put takes snapshots in the order in which they were published.
func (s *Stream) Put(batch []*flow.Flow) {
	if len(batch) > 0 {
		s.in <- batch
	}
}

// Close writes all that was put, and flows that have not ended too, and closes the file.
func (s *Stream) Close() {
	close(s.in)
	<-s.over
}

func (s *Stream) run() {
	defer close(s.over)
	for batch := range s.in {
		s.mu.Lock()
		s.take(batch)
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish()
}

func (s *Stream) take(batch []*flow.Flow) {
	if s.target.Path == "" {
		return
	}
	for _, f := range batch {
		if f.Live || f.Intercepted {
			s.open[f.ID] = f
			continue
		}
		delete(s.open, f.ID)
		s.add(f)
	}
	if s.file != nil && s.file.count > 0 {
		s.report(s.file.Flush())
	}
}

// add writes a flow to the file that its time says.
func (s *Stream) add(f *flow.Flow) {
	if !s.target.Filter.Match(f) || opensTunnel(f) {
		return
	}
	if now := time.Now(); s.file == nil || s.target.name(now) != s.file.path {
		s.closeFile()
		file, err := s.target.file(now)
		if err != nil {
			s.report(&WriteError{1, err})
			return
		}
		s.file = file
	}
	s.report(s.file.Add(f))
}

// opensTunnel is true for a CONNECT that went well: what passes through the tunnel is written.
func opensTunnel(f *flow.Flow) bool {
	return f.Request != nil && f.Request.Method == "CONNECT" && f.Error == nil && f.Response != nil && f.Response.Status/100 == 2
}

// report tells of an error once, until writing works again.
func (s *Stream) report(err error) {
	failed, ok := errors.AsType[*WriteError](err)
	switch {
	case ok && s.missed == 0:
		s.log.Error(err.Error() + ". Flows are missing in the file until it can be written again.")
		s.missed += failed.Flows
	case ok:
		s.missed += failed.Flows
	case err != nil:
		s.log.Warn("a flow is not written to the file", "err", err)
	case s.missed > 0 && s.file != nil && s.file.count == 0:
		s.log.Warn(fmt.Sprintf("flows are written to %s again: %d are missing", s.file.path, s.missed))
		s.missed = 0
	}
}

func (s *Stream) closeFile() {
	if s.file != nil {
		s.report(s.file.Close())
		s.file = nil
	}
}

// finish writes what has not ended and closes the file.
func (s *Stream) finish() {
	for id, f := range s.open {
		delete(s.open, id)
		s.add(f)
	}
	s.closeFile()
}
