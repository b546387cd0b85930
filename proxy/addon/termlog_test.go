package addon

import (
	"errors"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"sluice/proxy/option"
)

func TestTermLog(t *testing.T) {
	var out strings.Builder
	opts := option.New()
	log := slog.New(NewTermLog(opts, &out, false))
	client := netip.MustParseAddrPort("127.0.0.1:9")
	for _, tt := range []struct {
		emit func()
		want string // without the time
	}{
		{func() { log.Info("client connect", "client", client) }, "[127.0.0.1:9] client connect"},
		{func() { log.Error("cannot", "err", errors.New("too bad"), "n", 1) }, " cannot: too bad n=1"},
		{func() { log.Warn("x\x1b[2J\r") }, " x␛[2J␍"},
		{func() { log.With("client", client).Info("a\nb") }, "[127.0.0.1:9] a\n    b"},
		{func() { log.Debug("quiet") }, ""},
	} {
		out.Reset()
		tt.emit()
		got := out.String()
		if tt.want == "" {
			if got != "" {
				t.Errorf("printed %q", got)
			}
			continue
		}
		if want := `^\[\d\d:\d\d:\d\d\.\d{3}\]` + regexp.QuoteMeta(tt.want) + "\n$"; !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("got %q, want %s", got, want)
		}
	}
}

func TestTermLogFollowsItsOption(t *testing.T) {
	var out strings.Builder
	opts := option.New()
	log := slog.New(NewTermLog(opts, &out, true))
	for _, level := range []string{"debug", "error"} {
		if err := opts.Set("termlog_verbosity=" + level); err != nil {
			t.Fatal(err)
		}
		log.Debug(level)
		log.Error(level)
	}
	if got := strings.Count(out.String(), "\n"); got != 3 {
		t.Errorf("%d lines, want 3:\n%s", got, out.String())
	}
	if !strings.Contains(out.String(), "\x1b[31merror\x1b[0m") {
		t.Errorf("errors are not red: %q", out.String())
	}
}
