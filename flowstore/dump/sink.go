package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
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
	if os.IsPathSeparator(t.Path[len(t.Path)-1]) {
		return nil, fmt.Errorf("cannot write flows to the folder %s: name a file in it, as in %sflows.mitm", t.name(now), strings.TrimPrefix(t.Path, "+"))
	}
	made, err := makeFolder(filepath.Dir(t.name(now)))
	if err != nil {
		return nil, err
	}
	file, err := Open(t.name(now), strings.HasPrefix(t.Path, "+"), t.Format)
	if err == nil && made != "" {
		file.notices = append(file.notices, made)
	}
	return file, err
}

// makeFolder makes a folder and those it is in, and says so if it was not there.
func makeFolder(path string) (made string, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		made = "flows go to a new folder, " + path
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("cannot write flows: %w", err)
	}
	return made, nil
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
	if now := time.Now(); s.file == nil || s.target.name(now) != s.file.path {
		s.close()
		file, err := s.target.file(now)
		if err != nil {
			s.report(&WriteError{1, err})
			return
		}
		s.file = file
	}
	s.report(s.file.Add(f))
	s.tell()
}

// tell says what a person should know of the file.
func (s *sink) tell() {
	if s.file == nil {
		return
	}
	for _, text := range s.file.Notices() {
		s.log.Warn(text)
	}
}

// opensTunnel is true for a CONNECT that went well: what passes through the tunnel is written.
func opensTunnel(f *flow.Flow) bool {
	return f.Request != nil && f.Request.Method == "CONNECT" && f.Error == nil && f.Response != nil && f.Response.Status/100 == 2
}

// flush writes what waits for being written.
func (s *sink) flush() {
	if s.file != nil && len(s.file.ends) > 0 {
		s.report(s.file.Flush())
		s.tell()
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
