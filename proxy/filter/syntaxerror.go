package filter

import (
	"fmt"
	"strings"

	"sluice/proxy/spell"
)

// A SyntaxError says where an expression is wrong and what to write instead.
type SyntaxError struct {
	Expr string
	Pos  int // of the part that is wrong, in bytes from the front of Expr
	Len  int // of that part, in bytes; 0 where something is missing
	Msg  string
}

// Error returns the expression and the message.
func (e *SyntaxError) Error() string {
	if strings.TrimSpace(e.Expr) == "" {
		return e.Msg
	}
	return fmt.Sprintf("invalid filter expression '%s': %s", e.Expr, e.Msg)
}

func errorAt(pos, n int, format string, args ...any) *SyntaxError {
	return &SyntaxError{Pos: pos, Len: n, Msg: fmt.Sprintf(format, args...)}
}

// unknownOperator explains a word with a tilde that is no operator.
func unknownOperator(pos int, name string) *SyntaxError {
	digits := strings.TrimPrefix(name, "~c")
	switch {
	case name == "~":
		return errorAt(pos, 1, "an operator is missing after ~: write one as in ~u, or '~' for the character")
	case digits != name && digits != "" && digits[0] >= '0' && digits[0] <= '9':
		return errorAt(pos, len(name), "a blank is missing after ~c: write ~c %s", digits)
	}
	if near := nearest(name); near != "" {
		return errorAt(pos, len(name), "unknown operator %s: did you mean %s?", name, near)
	}
	return errorAt(pos, len(name), "unknown operator %s: see the help for all of them", name)
}

// maxName is the longest word that is compared with the operators.
const maxName = 16

// nearest returns the operator that looks most like a name: by case first, then by edits, or "" if none does.
func nearest(name string) string {
	if len(name) > maxName {
		return ""
	}
	best, least := "", 3
	for i := range operators {
		have := operators[i].Name
		if strings.EqualFold(have, name) {
			return have
		}
		if d := spell.Distance(strings.ToLower(name), have); d < least && d < len(have)-1 {
			best, least = have, d
		}
	}
	if best == "" {
		// A letter too many or another one after the tilde: the operator that begins alike.
		if o := lookup(strings.ToLower(name[:min(2, len(name))])); o != nil {
			return o.Name
		}
	}
	return best
}
