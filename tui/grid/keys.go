package grid

import tea "charm.land/bubbletea/v2"

// Key does what a key says. While a value is edited it takes every key but
// ctrl-c; else the keys that move, and enter. Esc and q are its own only in a nested grid.
func (m *Model) Key(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if m.sub != nil {
		return m.subKey(k)
	}
	if m.edit != nil {
		return nil, m.editKey(k)
	}
	return nil, m.moveKey(k)
}

func (m *Model) subKey(k tea.KeyPressMsg) (tea.Cmd, bool) {
	if cmd, taken := m.sub.Key(k); taken {
		return cmd, true
	}
	if name := k.Keystroke(); name == "esc" || name == "q" {
		m.leaveSub()
		return nil, true
	}
	return nil, false
}

func (m *Model) editKey(k tea.KeyPressMsg) bool {
	switch k.Keystroke() {
	case "ctrl+c":
		return false
	case "esc":
		m.leave()
	case "enter":
		if m.spec.Columns[m.col].Multiline {
			m.edit.Insert("\n")
		} else {
			m.commit()
		}
	case "tab":
		m.tab()
	default:
		if m.edit.Key(k) {
			m.note = ""
		}
	}
	m.settle()
	return true
}

// tab keeps the value and edits the next one of the row. Behind the last it goes to the next row.
func (m *Model) tab() {
	if !m.commit() {
		return
	}
	row := m.row
	if m.next(); m.row == row && m.spec.Columns[m.col].Kind != Attributes && m.col > 0 {
		m.begin()
	}
}

// next moves to the next field, and stays at the very last.
func (m *Model) next() {
	switch {
	case m.col+1 < len(m.spec.Columns):
		m.col++
	case m.row+1 < len(m.rows):
		m.row, m.col = m.row+1, 0
	}
}

func (m *Model) moveKey(k tea.KeyPressMsg) bool {
	m.note = ""
	switch k.Keystroke() {
	case "up":
		m.move(-1)
	case "down":
		m.move(+1)
	case "pgup":
		m.move(-m.page())
	case "pgdown":
		m.move(+m.page())
	case "home":
		m.move(-len(m.rows))
	case "end":
		m.move(+len(m.rows))
	case "left":
		m.col = max(0, m.col-1)
	case "right":
		m.col = min(len(m.spec.Columns)-1, m.col+1)
	case "tab":
		m.next()
	case "enter":
		m.begin()
	default:
		return false
	}
	m.settle()
	return true
}

// move moves the focus by rows, to the first or last at most.
func (m *Model) move(rows int) {
	m.row = max(0, min(m.row+rows, len(m.rows)-1))
	m.settle()
}
