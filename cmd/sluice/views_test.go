package main

import (
	"strings"
	"testing"

	"sluice/proxy/option"
)

// TestUnknownViews: a content view that mitmproxy has and we have not is named, with those that there are.
func TestUnknownViews(t *testing.T) {
	opts := option.New()
	if err := opts.Set("dumper_default_contentview=MQTT", "console_default_contentview=Hex"); err != nil {
		t.Fatal(err)
	}
	got := unknownViews(opts)
	if len(got) != 1 || !strings.Contains(got[0], `dumper_default_contentview: there is no content view "MQTT"`) || !strings.Contains(got[0], "json") {
		t.Errorf("got %q", got)
	}
	if got := unknownViews(option.New()); got != nil {
		t.Errorf("of the defaults: %q", got)
	}
}
