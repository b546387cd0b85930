package main

import (
	"fmt"
	"log/slog"
	"os"

	"sluice/flowstore/dump"
	"sluice/proxy/option"
)

// openStream returns what writes flows to save_stream_file, as the options say from now on.
func openStream(opts *option.Options, log *slog.Logger) (*dump.Stream, error) {
	s := dump.NewStream(log)
	err := opts.Follow(func() error {
		wanted, err := filterOf(opts, "save_stream_filter")
		if err != nil {
			return err
		}
		plus, path := "", opts.Str("save_stream_file")
		if len(path) > 0 && path[0] == '+' {
			plus, path = "+", path[1:]
		}
		if in := opts.Str("rfile"); path != "" && sameFile(in, path) {
			return fmt.Errorf("save_stream_file and rfile are both %s: write to another file", in)
		}
		if name, in := replayed(opts, path); name != "" && plus == "" {
			return fmt.Errorf("save_stream_file and %s are both %s: write to another file, or to +%[2]s, behind what is in it", name, in)
		}
		if isOutput(path) {
			return fmt.Errorf("the standard output goes to %s too, and would write over the flows: write to another file", path)
		}
		return s.Set(dump.Target{Path: plus + option.ExpandHome(path), Filter: wanted, Format: formatOf(opts)})
	}, "save_stream_file", "save_stream_filter", "save_format")
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// sameFile reports whether two paths are of one file that is there.
func sameFile(a, b string) bool {
	x, err := os.Stat(option.ExpandHome(a))
	y, err2 := os.Stat(option.ExpandHome(b))
	return err == nil && err2 == nil && x.Mode().IsRegular() && os.SameFile(x, y)
}

// replayed returns the option that has the file of a path replayed, and how it names it; "" if none has.
func replayed(opts *option.Options, path string) (name, in string) {
	for _, name := range []string{"client_replay", "server_replay"} {
		for _, in := range opts.Strs(name) {
			if path != "" && sameFile(in, path) {
				return name, in
			}
		}
	}
	return "", ""
}

// isOutput reports whether a path is of the regular file that the standard output goes to.
func isOutput(path string) bool {
	there, err := os.Stat(option.ExpandHome(path))
	out, err2 := os.Stdout.Stat()
	return err == nil && err2 == nil && out.Mode().IsRegular() && os.SameFile(there, out)
}

// formatOf returns the format of files to be written.
func formatOf(opts *option.Options) dump.Format {
	if opts.Int("save_format") == 8 {
		return dump.Old
	}
	return dump.Newest
}
