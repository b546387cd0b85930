package layers

import (
	"log/slog"
	"strconv"

	"sluice/proxy/layer"
)

// normalize sets how the next field section is written, as the options say.
func (c *http2Conn) normalize() { c.enc.KeepCase = c.h.ctx.Options().KeepHeaderCase }

// tellCase says which names of a message have been written in lower case, which is not how somebody has set them.
func (st *HTTPStream) tellCase(lowered []string) {
	for _, name := range lowered {
		st.Do(&layer.Log{Level: slog.LevelInfo, Text: "The header name " + strconv.Quote(name) +
			" was written in lower case, as HTTP/2 wants it. Turn normalize_outbound_headers off to have it written as it is."})
	}
}
