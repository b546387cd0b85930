package main

import (
	"log/slog"

	"sluice/flowstore/dump"
	"sluice/proxy/option"
)

// openStream returns what writes flows to save_stream_file, as the options say from now on.
func openStream(opts *option.Options, log *slog.Logger) (*dump.Stream, error) {
	s := dump.NewStream(log)
	apply := func([]string) error {
		wanted, err := filterOf(opts, "save_stream_filter")
		if err != nil {
			return err
		}
		plus, path := "", opts.Str("save_stream_file")
		if len(path) > 0 && path[0] == '+' {
			plus, path = "+", path[1:]
		}
		return s.Set(dump.Target{Path: plus + option.ExpandHome(path), Filter: wanted, Format: formatOf(opts)})
	}
	opts.Subscribe(apply, "save_stream_file", "save_stream_filter", "save_format")
	if err := apply(nil); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// formatOf returns the format of files to be written.
func formatOf(opts *option.Options) dump.Format {
	if opts.Int("save_format") == 8 {
		return dump.Old
	}
	return dump.Newest
}
