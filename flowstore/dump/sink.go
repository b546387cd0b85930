package dump

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"sluice/proxy/flow"
)

// A sink is the file that a Stream writes to, or the one after the other. It belongs to one goroutine.
type sink struct {
	log    *slog.Logger
	target Target
	file   *File
	missed int // flows that could not be written since one could
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

// retarget goes on with the same file.
func (s *sink) retarget(t Target) {
	s.target = t
	if s.file != nil {
		s.file.Format = t.Format
	}
}

// add writes a flow to the file that its time says.
func (s *sink) add(f *flow.Flow) {
	if s.target.Path == "" || !s.target.Filter.Match(f) || opensTunnel(f) {
		return
	}
	if s.file == nil || s.another() {
		s.close()
		file, err := s.target.file(time.Now())
		if err != nil {
			s.report(&WriteError{1, err})
			return
		}
		s.file = file
	}
	s.report(s.file.Add(f))
}

// another is true when it is time for the next file.
func (s *sink) another() bool {
	return strings.Contains(s.target.Path, "%") && s.target.name(time.Now()) != s.file.path
}

// opensTunnel is true for a CONNECT that went well: what passes through the tunnel is written.
func opensTunnel(f *flow.Flow) bool {
	return f.Request != nil && f.Request.Method == "CONNECT" && f.Error == nil && f.Response != nil && f.Response.Status/100 == 2
}

// flush writes what waits for being written.
func (s *sink) flush() {
	if s.file != nil && len(s.file.ends) > 0 {
		s.report(s.file.Flush())
	}
}

// report tells of an error once, until writing works again.
func (s *sink) report(err error) {
	failed, ok := errors.AsType[*WriteError](err)
	switch {
	case ok && s.missed == 0:
		s.log.Error(err.Error() + ". Flows are missing in the file until it can be written again.")
		s.missed += failed.Flows
	case ok:
		s.missed += failed.Flows
	case err != nil:
		s.log.Warn("a flow is not written to the file", "err", err)
	case s.missed > 0 && s.file != nil && len(s.file.ends) == 0:
		s.log.Warn(fmt.Sprintf("flows are written to %s again: %d are missing", s.file.path, s.missed))
		s.missed = 0
	}
}

func (s *sink) close() {
	if s.file != nil {
		s.report(s.file.Close())
		s.file = nil
	}
}
