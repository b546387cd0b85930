// Sluice is a terminal intercepting proxy: it shows every flow between a client
// and the servers it talks to, holds the ones you ask for, and lets you edit,
// resume and replay them.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"sluice/proxy/addon/rule"
	"sluice/proxy/content"
	"sluice/proxy/filter"
)

func main() {
	tuneGC()
	if err := newRoot().Execute(); err != nil {
		explain(os.Stderr, err)
		os.Exit(1)
	}
}

// tuneGC lets the heap grow to five times what is alive before it is
// collected: a proxy has little that lives long and makes much that does not, so the usual factor of two has it
// collecting all the time. Near 2 GiB, which the bodies that are kept may well
// come to, the factor shrinks again. GOGC and GOMEMLIMIT go first.
func tuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(2 << 30)
	}
}

// explain prints an error in one line, and below it, if a filter or a rule is wrong, the place.
func explain(w io.Writer, err error) {
	if bad, ok := errors.AsType[*rule.Error](err); ok {
		fmt.Fprintf(w, "sluice: bad rule of %s: %s\n", bad.Option, oneLine(bad.Msg))
		showPlace(w, bad.Rule, bad.Pos, bad.Len)
		return
	}
	if bad, ok := errors.AsType[*filter.SyntaxError](err); ok {
		of := ""
		if option, ok := strings.CutSuffix(err.Error(), ": "+bad.Error()); ok {
			of = " of " + option
		}
		fmt.Fprintf(w, "sluice: bad filter%s: %s\n", of, oneLine(bad.Msg))
		showPlace(w, bad.Expr, bad.Pos, bad.Len)
		return
	}
	fmt.Fprintf(w, "sluice: %s\n", oneLine(err.Error()))
}

// showPlace prints a text that a person wrote, and marks a part of it.
func showPlace(w io.Writer, text string, pos, n int) {
	if strings.TrimSpace(text) == "" {
		return
	}
	pos = min(pos, len(text))
	before, part := content.Clean(text[:pos]), content.Clean(text[pos:min(pos+n, len(text))])
	fmt.Fprintf(w, "  %s\n", content.Clean(text))
	fmt.Fprintf(w, "  %s%s\n", strings.Repeat(" ", utf8.RuneCountInString(before)), strings.Repeat("^", max(utf8.RuneCountInString(part), 1)))
}

func oneLine(s string) string {
	return content.Clean(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; "))
}
