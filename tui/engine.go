package tui

import (
	"context"
	"crypto/x509"
	"iter"

	"sluice/flowstore"
	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/proxy/option"
	"sluice/tui/actions"
	"sluice/tui/events"
	"sluice/tui/keymap"
)

// Engine is the running proxy as the terminal program sees it.
type Engine = actions.Engine

// Config is what the program works on. Store, Options, Events and Keymap must be
// given; they are shared with whoever else has them, but for Keymap, which the
// program owns from then on.
type Config struct {
	Store   *flowstore.Store
	Options *option.Options
	Events  *events.Log // its handler takes what is logged while the program has the terminal
	Keymap  *keymap.Map
	// Engine may be nil, when flows are only looked at.
	Engine Engine
	// CA is the authority of the proxy's certificates, for browsers to trust; nil: they trust none.
	CA *x509.Certificate
	// Read reads the flows of a file; an error is the last of them, that of ctx if it ends before. Nil: files cannot be read.
	Read func(ctx context.Context, path string) iter.Seq2[*flow.Flow, error]
	// Aim returns what changes the flows of a file before they are listed. Nil, or if it returns nil: they stay as they are.
	Aim func() func(*flow.Flow)
	// Commands are more commands to register.
	Commands []command.Command
	// Confdir is the directory of the command history; empty: nothing is kept.
	Confdir string
	// Getenv reads the environment; nil: os.Getenv.
	Getenv func(name string) string
}
