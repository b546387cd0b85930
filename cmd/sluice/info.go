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

// inform does what --options and --commands ask for, and reports whether one of them was given.
func inform(cmd *cobra.Command, opts *option.Options) (bool, error) {
	if on, _ := cmd.Flags().GetBool("options"); on {
		return true, opts.Dump(os.Stdout)
	}
	if on, _ := cmd.Flags().GetBool("commands"); on {
		return true, printCommands(os.Stdout, opts)
	}
	return false, nil
}

// version says in several lines what the program is made of.
func version() string {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		v = info.Main.Version
	}
	return fmt.Sprintf("Sluice:   %s\nGo:       %s\nTLS:      crypto/tls of %[2]s\nPlatform: %s/%s\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
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
