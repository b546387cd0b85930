package tui

import (
	"fmt"
	"slices"
	"strings"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/proxy/option"
	"sluice/tui/edit"
	"sluice/tui/keymap"
	"sluice/tui/prompt"
)

// takesOption are the commands whose first argument is the name of an option.
var takesOption = map[string]bool{"set": true, "options.reset.one": true, "console.command.set": true}

// A finder finds what the part of a line that ends at the cursor can become. It may be called on any goroutine.
type finder = func(text string, cursor int) []prompt.Candidate

// pathOptions are the options whose values are paths.
var pathOptions = map[string]bool{
	"rfile": true, "save_stream_file": true, "hardump": true, "client_replay": true, "server_replay": true, "confdir": true,
	"client_certs": true, "protobuf_definitions": true, "ssl_verify_upstream_trusted_ca": true, "ssl_verify_upstream_trusted_confdir": true,
}

// bodyParts are the parts of a flow that have a body.
var bodyParts = []string{"request", "response"}

// known are the texts that some argument of some commands can be. The command and the place of the argument are the key.
var known = map[string][]string{
	"flow.decode 2": bodyParts, "flow.encode 2": bodyParts, "flow.encode.toggle 2": bodyParts,
	"console.edit.focus 1": edit.All(),
	"console.key.bind 1":   keymap.Contexts(), "console.key.unbind 1": keymap.Contexts(),
}

// completeOptions completes the names of options and their values, and what is known of arguments; everything else by find.
func completeOptions(specs []option.Spec, find finder, paths func(word string) []string) finder {
	return func(text string, cursor int) []prompt.Candidate {
		start := command.CompletionStart(text, cursor)
		words := wordsOf(text[:start])
		if len(words) == 0 {
			return find(text, cursor)
		}
		typed, end := strings.TrimLeft(text[start:cursor], `'"`), wordEnd(text, start, cursor)
		texts, fixed := known[fmt.Sprint(words[0], " ", len(words))]
		switch {
		case fixed:
			return ofList(texts, typed, start, end)
		case !takesOption[words[0]]:
			return find(text, cursor)
		case len(words) == 1:
			return optionNames(specs, typed, start, end)
		case len(words) == 2 && words[0] == "set" && pathOptions[words[1]]:
			return ofPaths(paths(typed), start, end)
		case len(words) == 2 && words[0] == "set":
			return optionValues(words[1], typed, start, end)
		}
		return nil
	}
}

// ofList offers texts for a word, or for what is behind the last comma in it.
func ofList(texts []string, typed string, start, end int) []prompt.Candidate {
	head := typed[:strings.LastIndexByte(typed, ',')+1]
	var list []prompt.Candidate
	for _, text := range texts {
		if strings.HasPrefix(text, typed[len(head):]) {
			list = append(list, prompt.Candidate{Text: command.Quote(head + text), Start: start, End: end})
		}
	}
	return list
}

// ofPaths offers paths. The quote behind a folder stays open, so that what is in it can be typed.
func ofPaths(paths []string, start, end int) []prompt.Candidate {
	slices.Sort(paths)
	list := make([]prompt.Candidate, len(paths))
	for i, path := range paths {
		text := command.Quote(path)
		if text != path && strings.HasSuffix(path, "/") {
			text = text[:len(text)-1]
		}
		list[i] = prompt.Candidate{Text: text, Start: start, End: end}
	}
	return list
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
	for _, c := range choicesOf(spec) {
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
