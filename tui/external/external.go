// Package external hands data to the person's editor or viewer in a temporary
// file, while the screen is theirs.
//
// Nothing typed is lost: a text that could not be taken over stays in a file, and the error names it.
package external

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	tea "charm.land/bubbletea/v2"
)

// maxRead is the largest file that is read back from an editor, in bytes.
const maxRead = 1 << 30

// linger is how long the file of a viewer stays that has returned at once, as one does that shows a window.
const linger = time.Second

// Edited is what came back from an editor.
type Edited struct {
	Data        []byte // what was to be edited, if Err is set
	Changed     bool   // Data differs from what was to be edited
	ContentType string
	Err         error // why nothing was changed; for the person
}

// Viewed says that a viewer has ended.
type Viewed struct{ Err error }

// Kept says why an edit was not applied, and where its text is.
type Kept struct{ Err error }

// Edit runs an editor on data and gives an Edited. The screen is the editor's meanwhile.
func Edit(data []byte, contentType string) tea.Cmd {
	s := &session{data: data, contentType: contentType, edit: true}
	return tea.Exec(s, func(err error) tea.Msg { return s.edited(err) })
}

// View runs a viewer on a copy of data that cannot be written and gives a Viewed.
func View(data []byte, contentType string) tea.Cmd {
	s := &session{data: data, contentType: contentType}
	return tea.Exec(s, func(err error) tea.Msg { return s.viewed(err) })
}

// Keep writes the text of an edit that could not be applied into a file and gives a Kept with the cause and the file's name.
func Keep(e Edited, cause error) tea.Cmd {
	return func() tea.Msg {
		path, err := writeTemp(e.Data, e.ContentType, 0o600)
		if err != nil {
			return Kept{fmt.Errorf("%w; its text could not be kept: %w", cause, err)}
		}
		return Kept{fmt.Errorf("%w; your text is kept in %s", cause, path)}
	}
}

// A session is one run of a program; it is the tea.ExecCommand that runs while the terminal is released.
type session struct {
	data        []byte
	contentType string
	edit        bool

	in       io.Reader
	out, err io.Writer
	result   []byte
	path     string // of a viewer's file that must still be removed
}

// SetStdin takes the terminal itself from one that is looked into: a program needs the file.
func (s *session) SetStdin(r io.Reader) {
	s.in = r
	if t, ok := r.(interface{ Terminal() *os.File }); ok {
		s.in = t.Terminal()
	}
}

func (s *session) SetStdout(w io.Writer) { s.out = w }
func (s *session) SetStderr(w io.Writer) { s.err = w }

// Run writes the file, runs the program and reads the file back. It blocks until the program ends.
func (s *session) Run() error {
	args, mode, err := s.program()
	if err != nil {
		return err
	}
	path, err := writeTemp(s.data, s.contentType, mode)
	if err != nil {
		return err
	}
	cmd := exec.Command(args[0], append(args[1:], path)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.in, s.out, s.err
	begun := time.Now()
	err = s.explain(args[0], cmd.Run())
	if s.edit {
		return s.readBack(path, err)
	}
	if time.Since(begun) < linger && err == nil {
		s.path = path
		return nil
	}
	return errors.Join(err, os.Remove(path))
}

func (s *session) program() (args []string, mode os.FileMode, err error) {
	if s.edit {
		args, err = editor(s.data)
		return args, 0o600, err
	}
	args, err = viewer()
	return args, 0o400, err
}

// explain says what it means that a program failed.
func (s *session) explain(name string, err error) error {
	what, rest := "viewer", ""
	if s.edit {
		what, rest = "editor", ": nothing was changed"
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return fmt.Errorf("the %s %s ended with %s%s", what, filepath.Base(name), exit, rest)
	}
	return fmt.Errorf("can't start %s: %w; set $SLUICE_EDITOR to another one", what, err)
}

// readBack reads the edited file and removes it, unless it has a text that would be lost then.
func (s *session) readBack(path string, failed error) error {
	data, err := readFile(path)
	if err != nil {
		return errors.Join(failed, fmt.Errorf("read the edited text: %w", err))
	}
	if failed != nil && !bytes.Equal(data, s.data) {
		return fmt.Errorf("%w; your text is kept in %s", failed, path)
	}
	s.result = data
	_ = os.Remove(path) // a file that stays is no reason to refuse the text
	return failed
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err == nil && len(b) > maxRead {
		err = fmt.Errorf("%s is too large", path)
	}
	return b, err
}

func (s *session) edited(err error) Edited {
	if err != nil {
		return Edited{Data: s.data, ContentType: s.contentType, Err: err}
	}
	return Edited{Data: s.result, Changed: !bytes.Equal(s.result, s.data), ContentType: s.contentType}
}

// viewed tells the program that the viewer has ended, and removes a file that was left to it a little later.
func (s *session) viewed(err error) tea.Msg {
	if s.path == "" {
		return Viewed{err}
	}
	path := s.path
	return tea.BatchMsg{
		func() tea.Msg { return Viewed{err} },
		tea.Tick(linger, func(time.Time) tea.Msg { return remove(path) }),
	}
}

func remove(path string) tea.Msg {
	if err := os.Remove(path); err != nil {
		return Viewed{err}
	}
	return nil
}

// writeTemp writes a new file that only this user can read.
func writeTemp(data []byte, contentType string, mode os.FileMode) (string, error) {
	f, err := os.CreateTemp("", "sluice-*"+suffix(contentType)) // mode 0600
	if err != nil {
		return "", fmt.Errorf("write a temporary file: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write a temporary file: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}
