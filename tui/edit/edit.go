// Package edit says which parts of a flow a person can edit, and takes the
// parts out of a flow and puts them back.
//
// A part that was not changed stays as it was, byte for byte, and so do the
// fields of it that were not. The package does no I/O. Whatever applies an edit is
// given a private copy of a flow, as an edit of the store is, whose messages may be
// written but not the lists and bodies behind them.
package edit

import (
	"errors"
	"fmt"
	"slices"

	"sluice/proxy/flow"
	"sluice/tui/grid"
)

// The parts of a flow, under the names that the chooser shows.
const (
	Cookies         = "cookies"
	URLEncodedForm  = "urlencoded form"
	MultipartForm   = "multipart form"
	Path            = "path"
	Method          = "method"
	Query           = "query"
	Reason          = "reason"
	RequestHeaders  = "request-headers"
	ResponseHeaders = "response-headers"
	RequestBody     = "request-body"
	ResponseBody    = "response-body"
	StatusCode      = "status_code"
	SetCookies      = "set-cookies"
	URL             = "url"
	WebSocket       = "websocket-message"
	TCP             = "tcp-message"
	UDP             = "udp-message"
	DNSAnswers      = "dns-answers"
	Comment         = "comment"
)

// A Way is how a part is edited.
type Way uint8

// The ways.
const (
	NoWay    Way = iota // there is no such part
	ByGrid              // Grid and ApplyGrid
	ByEditor            // Text and ApplyText
	ByPrompt            // the command: flow.set @focus <part> …
)

// ErrDNS says that there is nothing to edit of a DNS flow yet.
var ErrDNS = errors.New("a DNS flow cannot be edited before it has an answer: hold the answer with the filter ~dns & ~s")

// errNoRequest and the like say why a part is not there.
var (
	errNoRequest = errors.New("this flow has no request to edit")
	errNoMessage = errors.New("there is no message to edit yet")
)

// ofHTTP are the parts of every HTTP flow but its comment.
var ofHTTP = []string{Cookies, URLEncodedForm, MultipartForm, Path, Method, Query, Reason, RequestHeaders,
	ResponseHeaders, RequestBody, ResponseBody, StatusCode, SetCookies, URL}

// All returns the parts that flows of some kind have.
func All() []string { return append(slices.Clone(ofHTTP), WebSocket, TCP, UDP, DNSAnswers, Comment) }

// Parts returns the parts of a flow that can be edited, in the order of the
// chooser. There are none of a DNS flow without an answer or of no flow.
func Parts(f *flow.Flow) []string {
	switch {
	case f == nil || f.Kind == flow.DNS && f.DNSResponse == nil:
		return nil
	case f.Kind == flow.DNS:
		return []string{DNSAnswers, Comment}
	case f.Kind == flow.TCP:
		return []string{TCP, Comment}
	case f.Kind == flow.UDP:
		return []string{UDP, Comment}
	}
	parts := slices.Clone(ofHTTP)
	switch {
	case f.WebSocket == nil:
	case f.Intercepted && len(f.WebSocket.Messages) > 0: // what it is held for
		parts = append([]string{WebSocket}, parts...)
	default:
		parts = append(parts, WebSocket)
	}
	return append(parts, Comment)
}

// How returns how a part is edited.
func How(part string) Way {
	if body, _, ok := inView(part); ok {
		part = body
	}
	switch part {
	case Method, Reason, StatusCode:
		return ByPrompt
	case RequestBody, ResponseBody, URL, WebSocket, TCP, UDP:
		return ByEditor
	}
	if _, ok := tables[part]; ok {
		return ByGrid
	}
	return NoWay
}

// A table is a part that is edited as rows.
type table struct {
	spec  grid.Spec
	read  func(f *flow.Flow) ([][]string, error)
	write func(f *flow.Flow, rows [][]string) error
}

// Grid returns the table in which a part is edited, with the rows it has now.
func Grid(f *flow.Flow, part string) (grid.Spec, error) {
	t, err := tableOf(f, part)
	if err != nil {
		return grid.Spec{}, err
	}
	spec := t.spec
	spec.Rows, err = t.read(f)
	return spec, err
}

// ApplyGrid gives a part the rows that it should have. Rows that are as they
// were keep the bytes they have in the message.
func ApplyGrid(f *flow.Flow, part string, rows [][]string) error {
	t, err := tableOf(f, part)
	if err != nil {
		return err
	}
	before, err := t.read(f)
	if err != nil {
		return err
	}
	if slices.EqualFunc(before, rows, slices.Equal[[]string]) {
		return nil
	}
	known := make(map[string]bool, len(before))
	for _, row := range before {
		known[whole(row)] = true
	}
	for i, row := range rows {
		if len(row) != len(t.spec.Columns) {
			return fmt.Errorf("row %d has %d values, want %d", i+1, len(row), len(t.spec.Columns))
		}
		if err := t.validate(row); err != nil && !known[whole(row)] {
			return err
		}
	}
	return t.write(f, rows)
}

// validate checks the values of a row. One that was there before may be as it likes.
func (t *table) validate(row []string) error {
	if t.spec.Validate == nil {
		return nil
	}
	for col := range row {
		if why := t.spec.Validate(row, col); why != "" {
			return errors.New(why)
		}
	}
	return nil
}

func tableOf(f *flow.Flow, part string) (*table, error) {
	if err := editable(f, part); err != nil {
		return nil, err
	}
	t, ok := tables[part]
	if !ok {
		return nil, fmt.Errorf("%s is not edited as a table", part)
	}
	return &t, nil
}

// editable reports why a flow does not have a part.
func editable(f *flow.Flow, part string) error {
	switch {
	case f == nil:
		return errors.New("no flow selected")
	case f.Kind == flow.DNS && f.DNSResponse == nil:
		return ErrDNS
	case How(part) == NoWay:
		return fmt.Errorf("there is no %q to edit; take one of those that e offers", part)
	case part == Comment:
		return nil
	case !slices.Contains(Parts(f), plainPart(part)):
		return fmt.Errorf("a %s flow has no %s", f.Kind, part)
	case f.Kind == flow.HTTP && f.Request == nil:
		return errNoRequest
	}
	return nil
}

// response returns the response of a private copy, after making an empty one if there is none.
func response(f *flow.Flow) *flow.Response {
	if f.Response == nil {
		r := &flow.Response{Status: 200, Reason: "OK"}
		r.Version, r.Start, r.End = f.Request.Version, f.Request.End, f.Request.End
		r.Headers = flow.Headers{{Name: "Content-Length", Value: "0"}}
		f.Response = r
	}
	return f.Response
}
