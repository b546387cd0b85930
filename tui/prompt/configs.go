package prompt

import (
	"errors"
	"strings"
	"unicode"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/tui/style"
)

// Command returns the configuration of the command prompt: parts are coloured
// by whether they are valid, what is missing is hinted at, and tab completes.
func Command(theme *style.Theme, r *command.Registry, h *History, text string) Config {
	return Config{
		Label: ": ", Text: text, History: h, Trim: true,
		Complete: func(text string, cursor int) []Candidate { return commandCandidates(r, text, cursor) },
		Style:    func(text string) []Span { return commandSpans(theme, r.Parse(text)) },
		Hint:     func(text string, _ int) string { return missing(r.Parse(text), text) },
		Help:     func(text string) string { return commandHelp(r, text) },
	}
}

func commandCandidates(r *command.Registry, text string, cursor int) []Candidate {
	start, end := command.CompletionStart(text, cursor), cursor
	if start < cursor {
		for _, t := range command.Split(text) {
			if t.Pos < cursor && cursor < t.Pos+len(t.Text) && !t.Space {
				end = t.Pos + len(t.Text)
			}
		}
	}
	var list []Candidate
	for _, s := range r.Complete(text, cursor) {
		c := Candidate{Text: s, Start: start, End: end}
		if cmd, ok := r.Lookup(s); ok {
			c.Help = cmd.Help
		}
		list = append(list, c)
	}
	return list
}

func commandSpans(theme *style.Theme, p command.Parsed) []Span {
	var spans []Span
	for _, part := range p.Parts {
		if part.Space {
			continue
		}
		look := theme.Text
		switch {
		case !part.Valid:
			look = theme.CommandInvalid
		case part.Type == command.Cmd:
			look = theme.Command
		}
		spans = append(spans, Span{part.Pos, part.Pos + len(part.Text), look})
	}
	return spans
}

// missing names the parameters that nothing was given for.
func missing(p command.Parsed, text string) string {
	if len(p.Parts) == 0 || len(p.Remaining) == 0 {
		return ""
	}
	var b strings.Builder
	if last := text[len(text)-1]; !unicode.IsSpace(rune(last)) {
		b.WriteByte(' ')
	}
	for _, param := range p.Remaining {
		b.WriteString(param.String() + " ")
	}
	return b.String()
}

// commandHelp returns the signature of the command at the front of the line and what it does.
func commandHelp(r *command.Registry, text string) string {
	name := strings.TrimSpace(text)
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		name = name[:i]
	}
	c, ok := r.Lookup(name)
	if !ok {
		return ""
	}
	if c.Help == "" {
		return command.Signature(c)
	}
	return command.Signature(c) + "  " + c.Help
}

// Filter returns the configuration of a line that takes a filter. Errors show
// while it is typed; tab completes operators and what the flows have had.
func Filter(theme *style.Theme, seen filter.Seen, label, text string) Config {
	return Config{
		Label: label, Text: text, Trim: true,
		Complete: func(text string, cursor int) []Candidate {
			var list []Candidate
			for _, c := range filter.Complete(text, cursor, seen) {
				list = append(list, Candidate{c.Text, c.Help, c.From, c.To})
			}
			return list
		},
		Check: checkFilter,
		Style: func(text string) []Span { return filterSpans(theme, text) },
	}
}

// Messages returns the configuration of a line that takes a filter of messages. A text without operators is looked for in them.
func Messages(theme *style.Theme, text string, parse func(string) (*filter.Filter, error)) Config {
	cfg := Filter(theme, filter.Seen{}, "Show messages: ", text)
	cfg.Check = func(text string) (int, string) {
		_, err := parse(text)
		pos, msg := mistake(err)
		if !strings.Contains(text, "~") { // what was parsed has more in front
			pos = 0
		}
		return pos, msg
	}
	return cfg
}

func checkFilter(text string) (pos int, msg string) {
	if strings.TrimSpace(text) == "" {
		return 0, ""
	}
	_, err := filter.Parse(text)
	return mistake(err)
}

// mistake says where a filter is wrong, and how.
func mistake(err error) (pos int, msg string) {
	var wrong *filter.SyntaxError
	switch {
	case err == nil:
		return 0, ""
	case errors.As(err, &wrong):
		return wrong.Pos, wrong.Msg
	}
	return 0, err.Error()
}

// filterSpans sets off the operators: a tilde with the letters behind it at the beginning of a word.
func filterSpans(theme *style.Theme, text string) []Span {
	var spans []Span
	for i := 0; i < len(text); i++ {
		if text[i] != '~' || i > 0 && !strings.ContainsRune(" \t(!&|", rune(text[i-1])) {
			continue
		}
		end := i + 1
		for end < len(text) && (text[end] >= 'a' && text[end] <= 'z' || text[end] >= 'A' && text[end] <= 'Z') {
			end++
		}
		spans = append(spans, Span{i, end, theme.Command})
		i = end - 1
	}
	return spans
}
