package prompt

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// maxLine bounds what can be typed or pasted into a line, in bytes.
const maxLine = 16 << 20

// A Line is a text that is being edited, with a cursor and the last killed
// text. It may hold any bytes; only how it is drawn is made safe for a terminal.
type Line struct {
	text   string
	cursor int // byte offset, between two grapheme clusters
	first  int // byte offset of the first one drawn
	killed string
}

// NewLine returns a line with the cursor at its end.
func NewLine(text string) *Line { return &Line{text: text, cursor: len(text)} }

// Text returns what the line says.
func (l *Line) Text() string { return l.text }

// Cursor returns the cursor's place as a byte offset.
func (l *Line) Cursor() int { return l.cursor }

// Set replaces the whole line. The cursor is a byte offset.
func (l *Line) Set(text string, cursor int) {
	l.text, l.cursor, l.first = text, max(0, min(cursor, len(text))), 0
}

// Insert puts a text before the cursor, unless the line would grow too long.
func (l *Line) Insert(s string) {
	if len(l.text)+len(s) > maxLine {
		return
	}
	l.text = l.text[:l.cursor] + s + l.text[l.cursor:]
	l.cursor += len(s)
}

// Paste inserts a text that came in one piece: its line breaks and tabs become blanks, other control characters go.
func (l *Line) Paste(s string) {
	s = strings.TrimRight(s, "\r\n")
	s = strings.ReplaceAll(s, "\r\n", " ")
	l.Insert(strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s))
}

// motions are the keys that move the cursor; each returns where to.
var motions = map[string]func(*Line) int{
	"left": (*Line).before, "ctrl+b": (*Line).before,
	"right": (*Line).after, "ctrl+f": (*Line).after,
	"home": (*Line).start, "ctrl+a": (*Line).start,
	"end": (*Line).end, "ctrl+e": (*Line).end,
	"alt+b": (*Line).wordBefore, "ctrl+left": (*Line).wordBefore, "alt+left": (*Line).wordBefore,
	"alt+f": (*Line).wordAfter, "ctrl+right": (*Line).wordAfter, "alt+right": (*Line).wordAfter,
}

// deletions are the keys that take away what is between the cursor and a place.
var deletions = map[string]func(*Line) int{
	"backspace": (*Line).before, "shift+backspace": (*Line).before, "ctrl+h": (*Line).before,
	"delete": (*Line).after, "ctrl+d": (*Line).after,
}

// kills are deletions that ctrl-y brings back.
var kills = map[string]func(*Line) int{
	"ctrl+w": (*Line).wordBefore, "alt+backspace": (*Line).wordBefore, "ctrl+backspace": (*Line).wordBefore,
	"alt+d": (*Line).wordAfter, "ctrl+delete": (*Line).wordAfter,
	"ctrl+u": (*Line).start, "ctrl+k": (*Line).end,
}

// Key does what a key says. It is false if the key says nothing to a line.
func (l *Line) Key(k tea.KeyPressMsg) bool {
	name := k.Keystroke()
	switch {
	case motions[name] != nil:
		l.cursor = motions[name](l)
	case deletions[name] != nil:
		l.cut(deletions[name](l))
	case kills[name] != nil:
		if gone := l.cut(kills[name](l)); gone != "" {
			l.killed = gone
		}
	case name == "ctrl+y":
		l.Insert(l.killed)
	case k.Text != "" && k.Mod&(tea.ModAlt|tea.ModCtrl) == 0:
		l.Insert(k.Text)
	default:
		return false
	}
	return true
}

// cut takes away what is between the cursor and a place, and returns it.
func (l *Line) cut(to int) string {
	from, to := min(l.cursor, to), max(l.cursor, to)
	gone := l.text[from:to]
	l.text, l.cursor = l.text[:from]+l.text[to:], from
	l.first = min(l.first, l.cursor)
	return gone
}

func (l *Line) start() int { return 0 }

func (l *Line) end() int { return len(l.text) }

// maxCluster is how far back the beginning of a grapheme cluster is looked for, in bytes.
const maxCluster = 64

// before returns the beginning of the cluster left of the cursor.
func (l *Line) before() int {
	i := max(0, l.cursor-maxCluster)
	for i > 0 && i < l.cursor && !utf8.RuneStart(l.text[i]) {
		i++
	}
	for i < l.cursor {
		n := clusterLen(l.text[i:])
		if i+n >= l.cursor {
			break
		}
		i += n
	}
	return i
}

// after returns the end of the cluster right of the cursor.
func (l *Line) after() int {
	if l.cursor == len(l.text) {
		return l.cursor
	}
	return l.cursor + clusterLen(l.text[l.cursor:])
}

// wordBefore returns the beginning of the word left of the cursor. Words are what blanks part.
func (l *Line) wordBefore() int {
	s := strings.TrimRightFunc(l.text[:l.cursor], unicode.IsSpace)
	return strings.LastIndexFunc(s, unicode.IsSpace) + 1
}

// wordAfter returns the end of the word right of the cursor.
func (l *Line) wordAfter() int {
	rest := l.text[l.cursor:]
	word := strings.TrimLeftFunc(rest, unicode.IsSpace)
	if i := strings.IndexFunc(word, unicode.IsSpace); i >= 0 {
		word = word[i:]
	} else {
		word = ""
	}
	return len(l.text) - len(word)
}

// clusterLen returns the length of the first grapheme cluster of s in bytes, at least 1.
func clusterLen(s string) int {
	c, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return max(1, len(c))
}
