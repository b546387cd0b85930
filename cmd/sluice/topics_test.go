package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluice/proxy/option"
)

// What the pages of help name as an option is one, or the front of several.
func TestTopicsNameOptions(t *testing.T) {
	specs := option.New().All()
	word := regexp.MustCompile(`\s([a-z]+(?:_[a-z]+)+(?:_\*)?)`)
	for _, c := range topics() {
		if strings.Contains(c.Long, "\t") {
			t.Errorf("%s has tabs in it", c.Name())
		}
		for _, m := range word.FindAllStringSubmatch(c.Long, -1) {
			name := m[1]
			front, several := strings.CutSuffix(name, "*")
			is := func(s option.Spec) bool { return s.Name == name || several && strings.HasPrefix(s.Name, front) }
			if !slices.ContainsFunc(specs, is) {
				t.Errorf("%s: there is no option %s", c.Name(), name)
			}
		}
	}
}
