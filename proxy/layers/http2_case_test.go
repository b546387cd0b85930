package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TestHeaderCase: what somebody has put into an HTTP/2 message leaves in lower case, as it has to, and the log says
// so; or as it is, where that is asked for, to see what the peer makes of it.
func TestHeaderCase(t *testing.T) {
	for name, c := range map[string]struct {
		opts          layer.Options
		out, in, said string
	}{
		"normalized": {layer.Options{}, "x-odd=1", "x-back=2", `
			<< log info "The header name \"%s\" was written in lower case…`},
		"kept": {layer.Options{KeepHeaderCase: true}, "X-Odd=1", "X-Back=2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := h2Play(t, true, true, c.opts)
			b.ShowLogs = true
			b.OnHook = func(h layer.Hook) {
				switch h := h.(type) {
				case *layer.Request:
					h.Flow.Request.Headers = append(h.Flow.Request.Headers, flow.Header{Name: "X-Odd", Value: "1"})
				case *layer.Response:
					h.Flow.Response.Headers = append(h.Flow.Response.Headers, flow.Header{Name: "X-Back", Value: "2"})
				}
			}
			said := func(name string) string { return strings.ReplaceAll(c.said, "%s", name) }
			b.play(`
				>> client headers 1 end $GET
				<< server headers 1 end $GET ` + c.out + said("X-Odd") + `
				>> server headers 1 end :status=204
				<< client headers 1 end :status=204 ` + c.in + said("X-Back") + `
			`)
		})
	}
}

// TestHeaderCaseOfHTTP1: what came over HTTP/1 is in lower case whatever the option says, and nothing is said of it.
func TestHeaderCaseOfHTTP1(t *testing.T) {
	b := h2Play(t, false, true, layer.Options{KeepHeaderCase: true})
	b.play(`
		>> client "$ONEX-Odd: 1\r\n\r\n"
		<< server headers 1 end $GET x-odd=1
	`)
}
