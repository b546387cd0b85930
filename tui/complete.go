package tui

import (
	"strings"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/proxy/option"
	"sluice/tui/prompt"
)

// takesOption are the commands whose first argument is the name of an option.
var takesOption = map[string]bool{"set": true, "options.reset.one": true, "console.command.set": true}

// A finder finds what the part of a line that ends at the cursor can become. It may be called on any goroutine.
type finder = func(text string, cursor int) []prompt.Candidate

// completeOptions completes the names of options and their values, and everything else by find.
func completeOptions(specs []option.Spec, find finder) finder {
	return func(text string, cursor int) []prompt.Candidate {
		start := command.CompletionStart(text, cursor)
		words := wordsOf(text[:start])
		if len(words) == 0 || !takesOption[words[0]] {
			return find(text, cursor)
		}
		typed := strings.TrimLeft(text[start:cursor], `'"`)
		switch {
		case len(words) == 1:
			return optionNames(specs, typed, start, wordEnd(text, start, cursor))
		case len(words) == 2 && words[0] == "set":
			return optionValues(words[1], typed, start, wordEnd(text, start, cursor))
		}
		return nil
	}
}

func optionNames(specs []option.Spec, prefix string, start, end int) []prompt.Candidate {
	var list []prompt.Candidate
	for _, s := range specs {
		if strings.HasPrefix(s.Name, prefix) {
			help, _, _ := strings.Cut(s.Help, "\n")
			list = append(list, prompt.Candidate{Text: s.Name, Help: help, Start: start, End: end})
		}
	}
	return list
}

// optionValues offers the choices of an option, what a switch can be, or the operators of a filter.
func optionValues(name, prefix string, start, end int) []prompt.Candidate {
	spec, err := option.Lookup(name)
	if err != nil {
		return nil
	}
	var list []prompt.Candidate
	add := func(text, help string) {
		if strings.HasPrefix(text, prefix) {
			list = append(list, prompt.Candidate{Text: command.Quote(text), Help: help, Start: start, End: end})
		}
	}
	for _, c := range spec.Choices {
		add(c, "")
	}
	if spec.Type == option.Bool {
		add("false", "")
		add("toggle", "")
		add("true", "")
	}
	if name == "view_filter" || name == "intercept" {
		for _, op := range filter.Operators() {
			if strings.HasPrefix(op.Name, "~") {
				add(op.Name, op.Help)
			}
		}
	}
	return list
}

// wordsOf returns the words of a piece of a command line.
func wordsOf(text string) []string {
	var words []string
	for _, t := range command.Split(text) {
		if !t.Space {
			words = append(words, command.Unquote(t.Text))
		}
	}
	return words
}

// wordEnd returns where the word ends that begins at start and has the cursor.
func wordEnd(text string, start, cursor int) int {
	for _, t := range command.Split(text) {
		if end := t.Pos + len(t.Text); !t.Space && t.Pos >= start && t.Pos < cursor && cursor < end {
			return end
		}
	}
	return cursor
}
