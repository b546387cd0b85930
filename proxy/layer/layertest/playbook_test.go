package layertest

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// echo opens a server when the client speaks, and keeps a slice that it should not.
type echo struct {
	ctx  *layer.Context
	kept []byte
}

func (e *echo) Handle(ev layer.Event, cmds []layer.Command) []layer.Command {
	switch ev := ev.(type) {
	case *layer.DataReceived:
		e.kept = ev.Data
		cmds = append(cmds, &layer.SendData{Conn: ev.Conn, Data: ev.Data[:1]}, &layer.SendData{Conn: ev.Conn, Data: ev.Data[1:]})
		return append(cmds, &layer.OpenConnection{Server: e.ctx.Server})
	case *layer.OpenCompleted:
		return append(cmds, &layer.TCPStart{})
	case *layer.ConnectionClosed:
		return append(cmds, &layer.CloseConnection{Conn: ev.Conn})
	}
	return cmds
}

func TestRun(t *testing.T) {
	ctx := Context(layer.Options{})
	e := &echo{ctx: ctx}
	p := New(t, ctx, e)
	p.Run(`
		>> client "hello"
		<< send client "hel"
		<< send client "lo"
		<< open server …
		>> opened
		<< hook tcp_start
		>> answer tcp_start
		>> client closed
		<< close client
	`)
	if string(e.kept) == "hello" {
		t.Error("lent bytes survived")
	}
	if ctx.Client.State != 0 || ctx.Server.State != flow.Open {
		t.Error("states", ctx.Client.State, ctx.Server.State)
	}
}

// fake records a failure instead of ending the test.
type fake struct {
	testing.TB
	failed string
}

type stop struct{}

func (f *fake) Helper()        {}
func (f *fake) Cleanup(func()) {}
func (f *fake) Fatalf(format string, args ...any) {
	for _, a := range args {
		if s, ok := a.(string); ok {
			f.failed += s
		}
	}
	panic(stop{})
}

func TestDifferenceIsShown(t *testing.T) {
	ctx := Context(layer.Options{})
	f := &fake{TB: t}
	func() {
		defer func() { _ = recover().(stop) }()
		New(f, ctx, &echo{ctx: ctx}).Run(`
			>> client "hello"
			<< send client "hallo"
			<< open server :0
		`)
	}()
	for _, want := range []string{`>> client "hello"`, "want\t<< send client \"hallo\"", "got\t<< send client \"hello\""} {
		if !strings.Contains(f.failed, want) {
			t.Errorf("no %q in\n%s", want, f.failed)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"a…c", "abc", true}, {"a…c", "ab", false}, {"…", "x", true}, {"a…b…c", "a1b2c", true}, {"a…b…c", "a1c", false},
		{"send client `x`", `send client "x"`, true},
	} {
		if matches(c.pattern, c.s) != c.want {
			t.Error(c.pattern, c.s)
		}
	}
}
