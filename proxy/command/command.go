// Package command is the one currency of Sluice: every key, prompt line, mouse
// click and script runs a command from a Registry, with typed arguments and completion.
//
// A registry is filled once, before it is used, and is then read from any goroutine.
// What a command does, and on which goroutine it may block, is its owner's affair.
package command

import (
	"context"

	"sluice/proxy/flow"
)

// A Type is the type of a parameter or of a result: how its text is parsed, completed and shown.
type Type string

// The types, under the names that signatures show.
const (
	Str      Type = "str"      // string, Python-style escapes replaced
	Bytes    Type = "bytes"    // []byte
	Bool     Type = "bool"     // bool
	Int      Type = "int"      // int
	Path     Type = "path"     // string, ~ expanded
	Cmd      Type = "cmd"      // string, a registered command's name
	Arg      Type = "arg"      // string, literal
	StrSeq   Type = "str[]"    // []string, split at commas
	CutSpec  Type = "cut[]"    // []string, split at commas
	Flow     Type = "flow"     // *flow.Flow, a snapshot
	FlowSeq  Type = "flow[]"   // []*flow.Flow, snapshots
	Data     Type = "data[][]" // [][]string, results only
	Choice   Type = "choice"   // string, one of what Param.Choices lists
	Marker   Type = "marker"   // string
	Unknown  Type = "unknown"  // string, never valid: one argument too many
	NoResult Type = ""
)

// A Param is one parameter of a command.
type Param struct {
	Name     string
	Type     Type
	Variadic bool   // takes all further arguments; last only; its value is a []any
	Default  any    // used when the argument is missing; nil: it is required
	Pattern  bool   // for Str: it may be a pattern or what takes the place of one, in which \1 to \9 and \b have a meaning and stay
	Choices  string // for Choice: the name of the command, returning str[], that lists them
}

// Args are the parsed arguments in the order of the parameters, defaults filled in.
type Args []any

// A Command is something that a person can do.
type Command struct {
	Name   string // "view.focus.next"
	Params []Param
	Result Type
	Help   string // a sentence
	// Run does it. The value it returns has the type that Result names. The error is shown to the person.
	Run func(ctx context.Context, args Args) (any, error)
}

// An Env resolves what the types cannot know by themselves.
type Env interface {
	// Resolve returns the flows of a flow spec: @all, @focus, @shown, @hidden, @marked, @unmarked, @id[,id...], or a filter.
	Resolve(spec string) ([]*flow.Flow, error)
}
