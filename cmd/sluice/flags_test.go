package main

import (
	"strings"
	"testing"

	"sluice/proxy/option"
)

// TestOldFlags: what is to be written instead of an old flag exists.
func TestOldFlags(t *testing.T) {
	root := newRoot()
	flags := root.Flags()
	dump, _, err := root.Find([]string{"dump"})
	if err != nil {
		t.Fatal(err)
	}
	for old, now := range oldFlags {
		name, rest, _ := strings.Cut(now, " ")
		switch {
		case now == "":
		case name == "--set":
			name, _, _ = strings.Cut(rest, "=")
			if _, err := option.Lookup(name); err != nil {
				t.Errorf("%s: %v", old, err)
			}
		case strings.HasPrefix(name, "--") && flags.Lookup(name[2:]) == nil && dump.Flags().Lookup(name[2:]) == nil,
			len(name) == 2 && flags.ShorthandLookup(name[1:]) == nil:
			t.Errorf("%s: there is no flag %s", old, name)
		}
		if flags.Lookup(old) != nil || len(old) == 1 && flags.ShorthandLookup(old) != nil {
			t.Errorf("%s is a flag", old)
		}
	}
}
