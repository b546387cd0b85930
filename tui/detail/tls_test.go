package detail

import (
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// TestTLSLines: a connection that was passed through says why it was, however it ended.
func TestTLSLines(t *testing.T) {
	for name, c := range map[string]struct{ reason, err, want string }{
		"failed":              {"", "bad certificate", "TLS|Why:        bad certificate|What to do: this"},
		"passed":              {"it was refused twice", "", "TLS|Why:        it was refused twice|What to do: this"},
		"passed, then broken": {"it was refused twice", "Client disconnected.", "TLS|Why:        it was refused twice|Ended:      Client disconnected.|What to do: this"},
	} {
		f := &flow.Flow{Kind: flow.TCP, Metadata: map[string]string{flow.MetaTLS: "TLS", flow.MetaReason: c.reason, flow.MetaRemedy: "this"}}
		if c.err != "" {
			f.Error = &flow.Error{Message: c.err, Time: time.Unix(1, 0)}
		}
		lines, _ := tlsLines(f)
		var got []string
		for _, l := range lines {
			if l.Text() != "" {
				got = append(got, l.Text())
			}
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
