package prompt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	keepLines = 512     // how many lines a history is cut to
	maxLines  = 1024    // when it has as many as this
	maxEntry  = 4 << 10 // longer lines are not remembered, in bytes
	maxFile   = 8 << 20 // no more of a file is read, in bytes
)

// A History remembers the lines that were typed, the newest last, in a file
// with a line each. Several programs may append to one file. Its methods may be called from any goroutine.
type History struct {
	path string // "": nothing is written

	mu      sync.Mutex
	lines   []string
	unsaved []string
	found   []string // what Filter chose
	at      int

	saving sync.Mutex // orders writes to the file
}

// OpenHistory reads a history. A missing file is an empty one. With an empty
// path nothing is read or written. After an error it works, but is not written.
func OpenHistory(path string) (*History, error) {
	h := &History{}
	if path == "" {
		return h, nil
	}
	lines, err := readLines(path)
	if err != nil {
		return h, fmt.Errorf("read command history: %w", err)
	}
	h.path, h.lines = path, lines[max(0, len(lines)-maxLines):]
	return h, nil
}

func readLines(path string) ([]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && len(line) <= maxEntry {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// Persistent reports whether Save writes a file.
func (h *History) Persistent() bool { return h.path != "" }

// Entries returns the lines, the oldest first.
func (h *History) Entries() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lines)
}

// Add remembers a line until Save writes it down. Blank and very long lines and such with line breaks are not remembered.
func (h *History) Add(line string) {
	if strings.TrimSpace(line) == "" || len(line) > maxEntry || strings.ContainsAny(line, "\r\n") {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
	if len(h.lines) >= 2*maxLines {
		h.lines = slices.Clone(h.lines[len(h.lines)-maxLines:])
	}
	h.found = nil
	if h.path != "" {
		h.unsaved = append(h.unsaved, line)
	}
}

// Filter chooses the lines that begin with a prefix, for Prev and Next to go through from the newest.
func (h *History) Filter(prefix string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.filter(prefix)
}

func (h *History) filter(prefix string) {
	h.found = make([]string, 0, 16)
	for _, line := range h.lines {
		if strings.HasPrefix(line, prefix) && line != prefix {
			h.found = append(h.found, line)
		}
	}
	h.found = append(slices.Compact(h.found), prefix)
	h.at = len(h.found) - 1
}

// Prev returns the next older line, the oldest one again and again.
func (h *History) Prev() string { return h.step(-1) }

// Next returns the next newer line; behind the newest it is the prefix itself.
func (h *History) Next() string { return h.step(+1) }

func (h *History) step(n int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.found == nil {
		h.filter("")
	}
	h.at = max(0, min(h.at+n, len(h.found)-1))
	return h.found[h.at]
}

// Clear forgets all lines and empties the file. It does I/O.
func (h *History) Clear() error {
	h.saving.Lock()
	defer h.saving.Unlock()
	h.mu.Lock()
	h.lines, h.unsaved, h.found = nil, nil, nil
	h.mu.Unlock()
	if h.path == "" {
		return nil
	}
	return replaceFile(h.path, nil)
}

// Save appends the new lines to the file, and cuts it when it has grown long.
// Lines that could not be written are tried again by the next Save. It does I/O.
func (h *History) Save() error {
	h.saving.Lock()
	defer h.saving.Unlock()
	h.mu.Lock()
	fresh := h.unsaved
	h.unsaved = nil
	h.mu.Unlock()
	if len(fresh) == 0 {
		return nil
	}
	if err := appendLines(h.path, fresh); err != nil {
		h.mu.Lock()
		h.unsaved = append(fresh, h.unsaved...)
		h.unsaved = h.unsaved[max(0, len(h.unsaved)-maxLines):]
		h.mu.Unlock()
		return fmt.Errorf("write command history: %w", err)
	}
	return h.shorten()
}

// shorten keeps the newest lines of a file that has too many.
func (h *History) shorten() error {
	lines, err := readLines(h.path)
	if err != nil || len(lines) < maxLines {
		return err
	}
	return replaceFile(h.path, lines[len(lines)-keepLines:])
}

func appendLines(path string, lines []string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(join(lines))
	return errors.Join(err, f.Close())
}

// replaceFile writes a file beside the old one and puts it in its place, so that one of the two is always whole.
func replaceFile(path string, lines []string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".command_history-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(join(lines))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func join(lines []string) []byte {
	var b bytes.Buffer
	for _, line := range lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.Bytes()
}
