// Package style holds every style of the terminal program, named by what it
// means. Nothing else names a colour. What a style says is always said by a word or
// a sign as well, so that a theme without colours, as NO_COLOR asks for, loses nothing.
package style

import (
	"image/color"
	"math"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"sluice/proxy/content"
)

// A Theme is a set of styles. It is immutable; two themes are told apart by their pointers.
type Theme struct {
	Foreground, Background color.Color // of the whole screen; nil: the terminal's own

	// The frame: bars, titles and panes.
	Heading, HeadingKey, HeadingInactive lipgloss.Style
	Title, Head, Text, Strong, Muted     lipgloss.Style
	Faint, Key                           lipgloss.Style
	Bar, BarKey, BarAlert                lipgloss.Style // the status line, its letters, its warnings
	Tab, TabActive                       lipgloss.Style

	// Rows.
	Focus              lipgloss.Style // the mark before the focused row
	Intercept, Marked  lipgloss.Style
	Replayed, InFlight lipgloss.Style
	Ellipsis           lipgloss.Style // where a text was cut
	Changed            lipgloss.Style // an option that has not its default

	// Text and fields.
	Header, Offset, Notice            lipgloss.Style
	Selection, Match, MatchFocus      lipgloss.Style
	Field, FieldEdit, FieldError      lipgloss.Style // the focused cell, the one being edited, an invalid one
	CellError, Cursor                 lipgloss.Style
	FromClient, ToClient              lipgloss.Style
	Command, CommandInvalid, Hint     lipgloss.Style // parts of the prompt line
	Candidate, CandidateFocus         lipgloss.Style // its completion menu
	Frame, FrameTitle                 lipgloss.Style // overlays
	Option, OptionFocus, OptionActive lipgloss.Style // their rows

	// Messages and log lines.
	Error, Warn, Alert lipgloss.Style

	URL URLStyles

	row     color.Color // nil without colours
	noColor bool

	method, status, scheme, media map[string]lipgloss.Style
	roles                         [content.Error + 1]lipgloss.Style
	scale                         [6]lipgloss.Style // from large and slow to small and fast
}

// URLStyles are the parts of a host name and a path.
type URLStyles struct {
	Host, Domain, Suffix, Path, File, Ext, Punct, QueryKey, QueryValue lipgloss.Style
}

// New returns the theme of a palette, the default one if the name is not
// known. A transparent theme keeps the terminal's background and takes the
// palette's sibling where that fits its brightness better. noColor leaves bold,
// underlined and reversed text only.
func New(palette string, dark, transparent, noColor bool) *Theme {
	p := choose(palette, dark, transparent)
	t := &Theme{noColor: noColor}
	if !noColor {
		t.row = pigment(p.row)
		if !transparent {
			t.Foreground, t.Background = pigment(p.foreground), pigment(p.background)
		}
	}
	t.frame(p)
	t.rows(p)
	t.fields(p)
	t.vocabulary(p)
	return t
}

// NoColor reports whether the theme has no colours.
func (t *Theme) NoColor() bool { return t.noColor }

// ink returns a style with a foreground.
func (t *Theme) ink(spec string) lipgloss.Style { return t.paint(spec, "") }

// paint returns a style with a foreground and a background, neither where there are no colours.
func (t *Theme) paint(fg, bg string) lipgloss.Style {
	s := lipgloss.NewStyle()
	if t.noColor {
		return s
	}
	if fg != "" {
		s = s.Foreground(parse(fg))
	}
	if bg != "" {
		s = s.Background(parse(bg))
	}
	return s
}

// block is paint for what must stand out: without colours it is reversed.
func (t *Theme) block(fg, bg string) lipgloss.Style { return t.paint(fg, bg).Reverse(t.noColor) }

func parse(spec string) color.Color { return lipgloss.Color(spec) }

func (t *Theme) frame(p palette) {
	t.Heading = t.block(p.barText, p.bar).Bold(true)
	t.HeadingKey = t.block(p.barKey, p.bar).Bold(true)
	t.HeadingInactive = t.paint(p.idleText, p.idle).Underline(t.noColor)
	t.Title = t.ink(p.accent)
	t.Head = t.ink(p.strong).Bold(true)
	t.Text = t.ink(p.text)
	t.Strong = t.ink(p.strong)
	t.Muted = t.ink(p.muted)
	t.Faint = t.ink(p.faint)
	t.Key = t.ink(p.accent).Bold(t.noColor)
	t.Bar = t.block(p.barText, p.bar)
	t.BarKey = t.block(p.barKey, p.bar).Bold(true)
	t.BarAlert = t.block(p.orange, p.bar).Bold(true)
	t.Tab = t.paint(p.idleText, p.idle)
	t.TabActive = t.block(p.barText, p.bar).Bold(true)
	t.Frame = t.ink(p.faint)
	t.FrameTitle = t.ink(p.strong).Bold(true)
	t.Option = t.ink(p.text)
	t.OptionFocus = t.block(p.strong, p.field)
	t.OptionActive = t.ink(p.orange).Bold(true)
	t.Error = t.ink(p.red)
	t.Warn = t.ink(p.orange)
	t.Alert = t.ink(p.magenta)
}

func (t *Theme) rows(p palette) {
	t.Focus = t.ink(p.yellow).Bold(true)
	t.Intercept = t.ink(p.red).Bold(true)
	t.Marked = t.ink(p.yellow)
	t.Replayed = t.ink(p.green)
	t.InFlight = t.ink(p.blue)
	t.Ellipsis = t.ink(p.faint)
	t.Changed = t.ink(p.orange)
	t.URL = URLStyles{
		Host: t.ink(p.muted), Domain: t.ink(p.strong), Suffix: t.ink(p.text), Path: t.ink(p.text),
		File: t.ink(p.strong), Ext: t.ink(p.violet), Punct: t.ink(p.faint),
		QueryKey: t.ink(p.cyan), QueryValue: t.ink(p.muted),
	}
}

func (t *Theme) fields(p palette) {
	t.Header = t.ink(p.blue)
	t.Offset = t.ink(p.faint)
	t.Notice = t.ink(p.yellow)
	t.Selection = t.block(p.strong, p.field)
	t.Match = t.paint(p.strong, p.field).Underline(true)
	t.MatchFocus = t.paint(p.background, p.yellow).Bold(true).Reverse(t.noColor)
	t.Field = t.block(p.strong, p.field)
	t.FieldEdit = t.paint(p.strong, p.row).Underline(true)
	t.FieldError = t.block(p.red, p.field).Bold(true)
	t.CellError = t.ink(p.red).Bold(t.noColor)
	t.Cursor = lipgloss.NewStyle().Reverse(true)
	t.FromClient = t.ink(p.blue)
	t.ToClient = t.ink(p.red)
	t.Command = t.ink(p.accent).Bold(t.noColor)
	t.CommandInvalid = t.ink(p.orange).Underline(t.noColor)
	t.Hint = t.ink(p.faint)
	t.Candidate = t.paint(p.text, p.row)
	t.CandidateFocus = t.block(p.strong, p.field).Bold(true)
}

func (t *Theme) vocabulary(p palette) {
	t.method = map[string]lipgloss.Style{
		"GET": t.ink(p.green), "POST": t.ink(p.orange), "PUT": t.ink(p.yellow), "PATCH": t.ink(p.yellow),
		"DELETE": t.ink(p.red), "HEAD": t.ink(p.cyan), "OPTIONS": t.ink(p.cyan), "": t.ink(p.magenta),
	}
	t.status = map[string]lipgloss.Style{
		"2": t.ink(p.green), "3": t.ink(p.blue), "4": t.ink(p.orange), "5": t.ink(p.red).Bold(true), "": t.ink(p.magenta),
	}
	t.scheme = map[string]lipgloss.Style{
		"http": t.ink(p.cyan), "https": t.ink(p.green), "ws": t.ink(p.yellow), "wss": t.ink(p.yellow),
		"tcp": t.ink(p.violet), "udp": t.ink(p.violet), "dns": t.ink(p.blue), "quic": t.ink(p.orange), "": t.ink(p.magenta),
	}
	t.media = map[string]lipgloss.Style{
		"script": t.ink(p.green), "text": t.ink(p.text), "media": t.ink(p.blue), "data": t.ink(p.yellow),
		"raw": t.ink(p.orange), "other": t.ink(p.magenta), "": t.ink(p.faint),
	}
	t.roles = [content.Error + 1]lipgloss.Style{
		content.Text: t.ink(p.text), content.Key: t.ink(p.green), content.String: t.ink(p.cyan),
		content.Number: t.ink(p.blue), content.Keyword: t.ink(p.magenta), content.Comment: t.ink(p.faint),
		content.Punct: t.ink(p.muted), content.Tag: t.ink(p.blue), content.Attr: t.ink(p.violet),
		content.Offset: t.ink(p.faint), content.Heading: t.Head, content.Error: t.Error,
	}
	for i, spec := range []string{p.red, p.orange, p.text, p.text, p.muted, p.muted} {
		t.scale[i] = t.ink(spec)
	}
}

// Role returns the style of a span of content.
func (t *Theme) Role(r content.Role) lipgloss.Style {
	if int(r) < len(t.roles) {
		return t.roles[r]
	}
	return t.Text
}

// Method returns the style of a request method.
func (t *Theme) Method(m string) lipgloss.Style { return pick(t.method, m) }

// Status returns the style of a status code, by its class.
func (t *Theme) Status(code int) lipgloss.Style {
	if code < 200 || code > 599 {
		return t.status[""]
	}
	return t.status[string(rune('0'+code/100))]
}

// Scheme returns the style of a scheme or protocol in lower case.
func (t *Theme) Scheme(s string) lipgloss.Style { return pick(t.scheme, s) }

func pick(m map[string]lipgloss.Style, key string) lipgloss.Style {
	if s, ok := m[key]; ok {
		return s
	}
	return m[""]
}

// ContentType returns the style of a media type; the empty one is that of remarks such as [no content].
func (t *Theme) ContentType(ct string) lipgloss.Style { return t.media[mediaClass(ct)] }

func mediaClass(ct string) string {
	kind, sub, _ := strings.Cut(ct, "/")
	switch {
	case ct == "":
		return ""
	case strings.HasSuffix(sub, "javascript"):
		return "script"
	case kind == "text":
		return "text"
	case kind == "image", kind == "video", kind == "audio", kind == "font", strings.HasPrefix(sub, "x-font-"):
		return "media"
	case strings.HasSuffix(sub, "json"), strings.HasSuffix(sub, "xml"):
		return "data"
	case kind == "application":
		return "raw"
	}
	return "other"
}

// Size returns the style of a number of bytes: warm from some 160 KiB, and more so from 3 MiB.
func (t *Theme) Size(bytes int64) lipgloss.Style {
	return t.warmth(math.Log2(1+float64(max(bytes, 0))) / 26)
}

// Duration returns the style of a time span: warm from some 1.6 s, and more so from 10 s.
func (t *Theme) Duration(d time.Duration) lipgloss.Style {
	return t.warmth(math.Log2(math.Max(1, float64(d)/float64(time.Millisecond))) / 16)
}

// warmth picks from the scale; 0 is cool, 1 and more is warm.
func (t *Theme) warmth(share float64) lipgloss.Style {
	return t.scale[min(int((1-min(share, 0.99))*float64(len(t.scale))), len(t.scale)-1)]
}

// OnRow returns s as it looks on the focused row.
func (t *Theme) OnRow(s lipgloss.Style) lipgloss.Style {
	if t.row == nil {
		return s.Bold(true)
	}
	return s.Background(t.row)
}

// Log returns the style of a log level: error, warn, alert, info or debug.
func (t *Theme) Log(level string) lipgloss.Style {
	switch level {
	case "error":
		return t.Error
	case "warn":
		return t.Warn
	case "alert":
		return t.Alert
	case "debug":
		return t.Muted
	}
	return t.Text
}
