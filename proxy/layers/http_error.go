package layers

import (
	"html"
	"strconv"

	"sluice/proxy/flow"
	"sluice/proxy/wire/http1"
)

// An errorCode says why an exchange failed, for the protocol on the other side to express.
type errorCode uint8

// The codes.
const (
	genericClientError errorCode = iota + 1
	genericServerError
	requestTooLarge
	responseTooLarge
	connectFailed
	passthroughClose
	killFlow
	http11Required
	destinationUnknown
	clientDisconnected
	cancelStream
	requestValidationFailed
	responseValidationFailed
)

// status is the status of the error page for a code; 0: there is none, the connection or stream just ends.
func (c errorCode) status() int {
	switch c {
	case genericClientError, destinationUnknown, requestValidationFailed:
		return 400
	case requestTooLarge:
		return 413
	case genericServerError, responseTooLarge, connectFailed, responseValidationFailed:
		return 502
	}
	return 0
}

func reason(status int) string {
	switch status {
	case 400:
		return "Bad Request"
	case 413:
		return "Content Too Large"
	case 502:
		return "Bad Gateway"
	}
	return ""
}

// errorPage is a small HTML page that says what went wrong.
func errorPage(status int, text string) []byte {
	title := strconv.Itoa(status) + " " + reason(status)
	return []byte("<html>\n<head>\n<title>" + title + "</title>\n</head>\n<body>\n<h1>" + title +
		"</h1>\n<p>" + html.EscapeString(text) + "</p>\n</body>\n</html>\n")
}

// errorResponse is the answer to a request that failed, after which its connection is closed.
func errorResponse(status int, text string) *flow.Response {
	page := errorPage(status, text)
	return &flow.Response{Status: status, Reason: reason(status), HTTPMessage: flow.HTTPMessage{
		Version: "HTTP/1.1",
		Headers: flow.Headers{
			{Name: "Server", Value: "sluice"},
			{Name: "Connection", Value: "close"},
			{Name: "Content-Type", Value: "text/html"},
			{Name: "content-length", Value: strconv.Itoa(len(page))},
		},
		Body: flow.BodyOf(page),
	}}
}

func appendErrorPage(b []byte, status int, text string) []byte {
	r := errorResponse(status, text)
	return append(http1.AppendResponse(b, r), r.Body.Bytes()...)
}
