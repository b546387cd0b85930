package main

import (
	"strings"
	"testing"

	"sluice/proxy/option"
)

// TestUnknownViews: a content view that mitmproxy has and we have not is named, with those that there are, and can't be set later.
func TestUnknownViews(t *testing.T) {
	opts := option.New()
	if err := opts.Set("dumper_default_contentview=MQTT", "console_default_contentview=Hex"); err != nil {
		t.Fatal(err)
	}
	got := checkViews(opts)
	if len(got) != 1 || !strings.Contains(got[0], `dumper_default_contentview: there is no content view "MQTT"`) || !strings.Contains(got[0], "json") {
		t.Errorf("got %q", got)
	}
	if got := checkViews(option.New()); got != nil {
		t.Errorf("of the defaults: %q", got)
	}
	if err := opts.Set("dumper_default_contentview=nope"); err == nil || opts.Str("dumper_default_contentview") != "MQTT" {
		t.Errorf("%v, and the view is %q", err, opts.Str("dumper_default_contentview"))
	}
	if err := opts.Set("console_default_contentview=json"); err != nil {
		t.Error(err)
	}
}
