package grid

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/external"
)

// maxLoad is the largest file that is loaded into a field, in bytes.
const maxLoad = 16 << 20

// loaded is a file for the field that was focused when a model had so many things pending.
type loaded struct {
	model   *Model
	pending int
	data    string
	err     error
}

// Load fills the focused field with a file: its raw content, or the text in it with escapes undone.
func (m *Model) Load(path string, escaped bool) (tea.Cmd, error) {
	m = m.active()
	if err := m.fillable(); err != nil {
		return nil, err
	}
	m.pending++
	model, pending := m, m.pending
	return func() tea.Msg {
		data, err := readUpTo(path, maxLoad)
		if err == nil && escaped {
			data, err = Unescape(data)
		}
		return loaded{model, pending, data, err}
	}, nil
}

func readUpTo(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		return "", fmt.Errorf("%s is larger than %d MiB, the most that a field takes", path, limit>>20)
	}
	return string(b), err
}

// Editor edits the focused field in the person's editor. The external.Edited that comes of it belongs into Update.
func (m *Model) Editor() (tea.Cmd, error) {
	m = m.active()
	if err := m.fillable(); err != nil {
		return nil, err
	}
	m.pending++
	return external.Edit([]byte(m.rows[m.row][m.col]), "text/plain"), nil
}

// fillable reports why the focused field cannot be filled from outside. An edit of it that is under way is kept first.
func (m *Model) fillable() error {
	switch {
	case len(m.rows) == 0:
		return errNoCell
	case m.spec.Columns[m.col].Kind == Attributes:
		return ErrAttributes
	case !m.commit():
		return fmt.Errorf("finish this field first: %s", m.note)
	}
	return nil
}

// Update takes the results of Load and Editor, and pasted text.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	m = m.active()
	switch msg := msg.(type) {
	case tea.PasteMsg:
		m.paste(msg.Content)
	case loaded:
		if msg.model == m && msg.pending == m.pending {
			return m.receive(msg.data, msg.err)
		}
	case external.Edited:
		if msg.Err != nil || !msg.Changed {
			return notice("", msg.Err)
		}
		return m.edited(msg)
	}
	return nil
}

// edited takes the text of an editor without the newline that it put at the end, or keeps it in a file.
func (m *Model) edited(msg external.Edited) tea.Cmd {
	if len(m.rows) == 0 {
		return external.Keep(msg, errNoCell)
	}
	if err := m.fill(strings.TrimSuffix(string(msg.Data), "\n")); err != nil {
		return external.Keep(msg, err)
	}
	return nil
}

func (m *Model) receive(data string, err error) tea.Cmd {
	if err == nil && m.row < len(m.rows) {
		err = m.fill(data)
	}
	return notice("", err)
}

func (m *Model) paste(text string) {
	if m.edit == nil {
		return
	}
	m.edit.Paste(text)
	m.note = ""
	m.settle()
}

// Save writes the rows as they are now as CSV and says so in a Notice.
func (m *Model) Save(path string) tea.Cmd {
	rows := m.active().Rows()
	return func() tea.Msg {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if err := w.WriteAll(rows); err != nil {
			return Notice{Err: fmt.Errorf("write rows as CSV: %w", err)}
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			return Notice{Err: err}
		}
		return Notice{Text: fmt.Sprintf("Saved %d rows as CSV.", len(rows))}
	}
}

func notice(text string, err error) tea.Cmd {
	if text == "" && err == nil {
		return nil
	}
	return func() tea.Msg { return Notice{text, err} }
}
