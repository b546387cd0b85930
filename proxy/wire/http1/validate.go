package http1

import (
	"fmt"

	"sluice/proxy/flow"
)

// ValidateRequest checks the fields of a request of any version. Its error
// names the first thing that a server behind us could read in another way than
// we do, and so take one request for two.
func ValidateRequest(r *flow.Request) error {
	f, err := validate(r.Headers, r.Version)
	if err != nil {
		return err
	}
	return f.checkRequestCoding(r.Version)
}

// ValidateResponse checks the fields of a response as ValidateRequest does those of a request.
func ValidateResponse(resp *flow.Response) error {
	f, err := validate(resp.Headers, resp.Version)
	if err != nil {
		return err
	}
	// RFC 9112 §6.1
	if f.codings > 0 && (resp.Status < 200 || resp.Status == 204) {
		return fmt.Errorf("unexpected HTTP transfer-encoding %.100q for response with status code %d", f.coding, resp.Status)
	}
	return nil
}

// breaksLine reports whether a value would not stay inside its line.
func breaksLine(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && (c == '\r' || c == '\n' || c == 0) {
			return true
		}
	}
	return false
}

func validate(h flow.Headers, version string) (f bodyFields, err error) {
	for i := range h {
		if !validToken(h[i].Name) {
			return f, fmt.Errorf("invalid header name: %.100q", h[i].Name)
		}
		// RFC 9110 §5.5
		if breaksLine(h[i].Value) {
			return f, fmt.Errorf("invalid header value: %.100q", h[i].Value)
		}
	}
	f = bodyFieldsOf(h)
	if err := f.check(); err != nil {
		return f, err
	}
	if f.codings > 0 {
		if version != "HTTP/1.1" {
			return f, fmt.Errorf("unexpected HTTP transfer-encoding %.100q for %.20s", f.coding, version)
		}
		if _, err := parseCoding(f.coding); err != nil {
			return f, err
		}
	}
	if f.lengths > 0 {
		if _, err := parseLength(f.length); err != nil {
			return f, err
		}
	}
	return f, nil
}
