package addon

import (
	"net/http"
	"strings"
	"time"

	"sluice/proxy/flow"
)

// refresh moves the dates of a recorded response by the time that has passed since.
func refresh(r *flow.Response, now time.Time) {
	if r.Start.IsZero() {
		return
	}
	by := now.Sub(r.Start)
	headers := make(flow.Headers, 0, len(r.Headers))
	for _, h := range r.Headers {
		switch strings.ToLower(h.Name) {
		case "date", "expires", "last-modified":
			if t, err := http.ParseTime(h.Value); err == nil {
				h.Value = t.Add(by).UTC().Format(http.TimeFormat)
			}
		case "set-cookie":
			h.Value = refreshCookie(h.Value, by)
		}
		headers = append(headers, h)
	}
	r.Headers = headers
}

// cookieDates are the forms of a date in Expires that servers write (RFC 6265 §5.1.1).
var cookieDates = []string{time.RFC1123, "Mon, 02-Jan-2006 15:04:05 MST", "Monday, 02-Jan-06 15:04:05 MST", time.ANSIC, time.RFC1123Z}

// refreshCookie moves the date of a Set-Cookie, or takes it out if it is none. All else stays as it was written.
func refreshCookie(value string, by time.Duration) string {
	parts := strings.Split(value, ";")
	kept := parts[:1]
	for _, p := range parts[1:] {
		name, date, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "expires") {
			kept = append(kept, p)
			continue
		}
		if t, ok := parseCookieDate(strings.TrimSpace(date)); ok {
			kept = append(kept, name+"="+t.Add(by).UTC().Format(http.TimeFormat))
		}
	}
	return strings.Join(kept, ";")
}

func parseCookieDate(s string) (t time.Time, ok bool) {
	for _, form := range cookieDates {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
