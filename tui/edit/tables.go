package edit

import (
	"strings"

	"sluice/proxy/flow"
	"sluice/tui/grid"
)

// tables are the parts that are edited as rows.
var tables = map[string]table{
	Query: {
		spec:  grid.Spec{Title: "Edit Query", Columns: pair("Key", "Value", grid.Text, true)},
		read:  func(f *flow.Flow) ([][]string, error) { return parsePairs(queryOf(f.Request.Path)), nil },
		write: writeQuery,
	},
	URLEncodedForm: {
		spec:  grid.Spec{Title: "Edit UrlEncoded Form", Columns: pair("Key", "Value", grid.Text, true)},
		read:  readForm,
		write: writeForm,
	},
	MultipartForm: {
		spec:  grid.Spec{Title: "Edit Multipart Form", Columns: pair("Key", "Value", grid.Bytes, true), Validate: validPart},
		read:  readMultipart,
		write: writeMultipart,
	},
	Path: {
		spec:  grid.Spec{Title: "Edit Path Components", Columns: []grid.Column{{Name: "Component"}}},
		read:  func(f *flow.Flow) ([][]string, error) { return parsePath(f.Request.Path), nil },
		write: writePath,
	},
	RequestHeaders: {
		spec:  grid.Spec{Title: "Edit Request Headers", Columns: pair("Key", "Value", grid.Bytes, false), Validate: validHeader},
		read:  func(f *flow.Flow) ([][]string, error) { return headerRows(f.Request.Headers), nil },
		write: func(f *flow.Flow, rows [][]string) error { f.Request.Headers = headersOf(rows); return nil },
	},
	ResponseHeaders: {
		spec:  grid.Spec{Title: "Edit Response Headers", Columns: pair("Key", "Value", grid.Bytes, false), Validate: validHeader},
		read:  readResponseHeaders,
		write: func(f *flow.Flow, rows [][]string) error { response(f).Headers = headersOf(rows); return nil },
	},
	Cookies: {
		spec:  grid.Spec{Title: "Edit Cookies", Columns: pair("Name", "Value", grid.Text, false), Validate: validCookie},
		read:  func(f *flow.Flow) ([][]string, error) { return readCookies(f.Request.Headers), nil },
		write: writeCookies,
	},
	SetCookies: {
		spec: grid.Spec{
			Title:    "Edit SetCookie Header",
			Columns:  append(pair("Name", "Value", grid.Text, false), grid.Column{Name: "Attributes", Kind: grid.Attributes}),
			Validate: validCookie,
		},
		read:  readSetCookies,
		write: writeSetCookies,
	},
	DNSAnswers: dnsAnswers,
	Comment: {
		spec:  grid.Spec{Title: "Edit Comment", Columns: []grid.Column{{Multiline: true}}},
		read:  readComment,
		write: writeComment,
	},
}

func pair(first, second string, kind grid.Kind, multiline bool) []grid.Column {
	return []grid.Column{{Name: first, Kind: kind}, {Name: second, Kind: kind, Multiline: multiline}}
}

func readComment(f *flow.Flow) ([][]string, error) {
	if f.Comment == "" {
		return nil, nil
	}
	return [][]string{{f.Comment}}, nil
}

// writeComment takes the first value of the first row, "" if there is none.
func writeComment(f *flow.Flow, rows [][]string) error {
	f.Comment = ""
	if len(rows) > 0 {
		f.Comment = rows[0][0]
	}
	return nil
}

func readResponseHeaders(f *flow.Flow) ([][]string, error) {
	if f.Response == nil {
		return nil, nil
	}
	return headerRows(f.Response.Headers), nil
}

func headerRows(h flow.Headers) [][]string {
	rows := make([][]string, len(h))
	for i, line := range h {
		rows[i] = []string{line.Name, line.Value}
	}
	return rows
}

func headersOf(rows [][]string) flow.Headers {
	h := make(flow.Headers, len(rows))
	for i, row := range rows {
		h[i] = flow.Header{Name: row[0], Value: row[1]}
	}
	return h
}

// validHeader refuses what would end a field line or begin another one (RFC 9112 §5), and leaves the rest to the person.
func validHeader(row []string, col int) string {
	switch {
	case strings.ContainsAny(row[col], "\r\n\x00"):
		return "a header has no line break and no NUL"
	case col == 0 && strings.ContainsAny(row[0], ": \t"):
		return "the name of a header has no colon and no blank, write the value into the next column"
	case row[0] == "" && row[1] != "":
		return "a header needs a name: write it into the first column, or press d to delete the row"
	}
	return ""
}
