package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"sluice/proxy/command"
	"sluice/proxy/option"
	"sluice/tui"
)

// inform does what --version, --options and --commands ask for, and reports whether one of them was given.
func inform(cmd *cobra.Command, opts *option.Options) (bool, error) {
	asked := func(flag string) bool {
		on, _ := cmd.Flags().GetBool(flag)
		return on
	}
	switch {
	case asked("version"):
		return true, printVersion(os.Stdout)
	case asked("options"):
		return true, opts.Dump(os.Stdout)
	case asked("commands"):
		return true, printCommands(os.Stdout, opts)
	}
	return false, nil
}

func printVersion(w io.Writer) error {
	version := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	_, err := fmt.Fprintf(w, "Sluice:   %s\nGo:       %s\nTLS:      crypto/tls of %[2]s\nPlatform: %s/%s\n",
		version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// printCommands lists the signature of every command below what it does.
func printCommands(w io.Writer, opts *option.Options) error {
	cfg, err := consoleConfig(opts)
	if err != nil {
		return err
	}
	app := tui.New(cfg)
	defer app.Close()
	for _, c := range app.Registry().All() {
		if _, err := fmt.Fprintf(w, "# %s\n%s\n\n", c.Help, command.Signature(c)); err != nil {
			return err
		}
	}
	return nil
}
