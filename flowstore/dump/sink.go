package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-strftime"

	"sluice/proxy/flow"
)

// An Output is a file of flows that is being written: a File, or one of another kind. It belongs to one goroutine.
type Output interface {
	// Add has a flow written, at Flush at the latest. Its error is like that of Flush, or says that this flow has no place in the file.
	Add(f *flow.Flow) error
	// Flush writes what has been added. Flows for which that fails are forgotten, and a *WriteError counts them.
	Flush() error
	// Waiting returns how many flows Flush would write.
	Waiting() int
	// Close writes what has been added and closes the file.
	Close() error
}

// A sink is the file that a Stream writes to, or the one after the other. It belongs to one goroutine.
type sink struct {
	log    *slog.Logger
	moved  *atomic.Int64 // counts what the disk takes of flow files
	target Target
	file   Output // nil: none is open
	path   string // of file
	latest string // the latest time, as a clock shows it, at which a file of the target was opened
	missed int    // flows that could not be written since one could
	lost   int    // flows that could not be written since the target was set
}

// name returns the path at a time.
func (t *Target) name(now time.Time) string {
	if t.Open != nil {
		return t.Path
	}
	path := strings.TrimPrefix(t.Path, "+")
	if strings.Contains(path, "%") {
		path = strftime.Format(path, now)
	}
	return filepath.Clean(path)
}

// file opens the file of a time. Unless appending is set, or the path says so, what was in it is gone.
func (t *Target) file(now time.Time, appending bool) (out Output, path string, err error) {
	path = t.name(now)
	switch {
	case t.Open != nil:
		out, err = t.Open(path)
	case strings.TrimPrefix(t.Path, "+") == "":
		err = errors.New("a path is needed, as in: ./flows.mitm")
	case strings.TrimPrefix(t.Path, "+") == "-":
		err = errors.New("flows are not written to the standard output, which - stands for: name a file, as in ./flows.mitm; ./- is one too")
	case os.IsPathSeparator(t.Path[len(t.Path)-1]), isFolder(path):
		err = fmt.Errorf("cannot write flows to the folder %s: name a file in it, as in %s", path, filepath.Join(path, "flows.mitm"))
	default:
		out, err = openFile(path, appending || strings.HasPrefix(t.Path, "+"), t.Format)
	}
	return out, path, err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// openFile opens a file in a folder that may have to be made.
func openFile(path string, appending bool, format Format) (*File, error) {
	made, err := makeFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	file, err := Open(path, appending, format)
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

// turnedBack reports whether the clock shows a time that it has shown before, as in the hour after summer time: the file of
// that time may have flows already.
func (s *sink) turnedBack(now time.Time) bool { return clock(now) < s.latest }

func clock(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000000") }

// goesOn reports whether a target is of the same path, or of the file that is open already: what is in that is not lost.
func (s *sink) goesOn(t *Target) bool {
	return t.Path == s.target.Path || t.Open == nil && s.target.Open == nil && s.file != nil && t.Path != "" && t.name(time.Now()) == s.path
}

// retarget goes on with the same file.
func (s *sink) retarget(t Target) {
	s.target = t
	if file, ok := s.file.(*File); ok {
		file.Format = t.Format
	}
}

// add writes a flow to the file that its time says.
func (s *sink) add(f *flow.Flow) {
	if s.target.Path == "" || !s.target.Filter.Match(f) || f.OpensTunnel() {
		return
	}
	if s.file == nil || s.another() {
		s.close()
		now := time.Now()
		file, path, err := s.target.file(now, s.turnedBack(now))
		if err != nil {
			s.report(&WriteError{1, err})
			return
		}
		s.file, s.path, s.latest = file, path, max(s.latest, clock(now))
		s.follow()
	}
	waiting := s.file.Waiting()
	if err := s.file.Add(f); err != nil {
		s.report(err)
	} else if s.file.Waiting() < waiting || Weight(f) > maxPending && f.Request != nil {
		s.written()
	}
	s.tell()
}

// follow counts what the disk takes of the file.
func (s *sink) follow() {
	if file, ok := s.file.(*File); ok {
		file.moved = s.moved
	}
}

// tell says what a person should know of the file.
func (s *sink) tell() {
	file, ok := s.file.(*File)
	if !ok {
		return
	}
	for _, text := range file.Notices() {
		s.log.Warn(text)
	}
}

// another is true when it is time for the next file.
func (s *sink) another() bool {
	return strings.Contains(s.target.Path, "%") && s.target.name(time.Now()) != s.path
}

// waiting returns how many flows flush would write.
func (s *sink) waiting() int {
	if s.file == nil {
		return 0
	}
	return s.file.Waiting()
}

// flush writes what waits for being written.
func (s *sink) flush() {
	if s.waiting() > 0 {
		if err := s.file.Flush(); err != nil {
			s.report(err)
		} else {
			s.written()
		}
		s.tell()
	}
}

// report tells of an error once, until writing works again.
func (s *sink) report(err error) {
	failed, ok := errors.AsType[*WriteError](err)
	switch {
	case ok:
		if s.missed == 0 {
			s.log.Error(err.Error() + ". Flows are missing in the file until it can be written again.")
		}
		s.missed += failed.Flows
		s.lost += failed.Flows
	case err != nil:
		s.log.Warn("a flow is not written to the file", "err", err)
	}
}

// written tells that writing works again, after flows have been written.
func (s *sink) written() {
	if s.missed > 0 {
		s.log.Warn(fmt.Sprintf("flows are written to %s again: %d are missing", s.path, s.missed))
		s.missed = 0
	}
}

func (s *sink) close() {
	if s.file == nil {
		return
	}
	s.flush()
	if err := s.file.Close(); err != nil {
		s.report(&WriteError{1, fmt.Errorf("cannot finish writing flows: %w", err)})
	}
	s.file = nil
}
