// Package content turns the bytes of a message into lines that a person can
// read: JSON, markup, forms, dumps and more.
//
// Views are pure and lazy. A view returns an iter.Seq, which does its work as it is
// ranged over, a line at a time, so that the first screen of a huge body costs no more
// than that of a small one, and whoever stops ranging stops the work. What a view
// is given it only reads, also after it has returned; it must not be changed while
// lines are wanted. Everything here may be used from any goroutine.
//
// No span ever holds a control character, whatever the input: see Clean.
package content

import (
	"bytes"
	"fmt"
	"iter"
	"mime"
	"slices"
	"strings"

	"sluice/proxy/flow"
)

// Meta is what is known of some content besides its bytes. The zero Meta knows nothing.
type Meta struct {
	ContentType string // the header's value, with its parameters
	Path        string // path and query of the request; "" where there is none
	Request     bool   // it is a request's, not a response's
	Headers     flow.Headers
	Protos      *Protos // names fields of Protobuf; nil: they have numbers only
}

// MetaOf returns what the headers of a message say. Path is the request's, for a response too.
func MetaOf(h flow.Headers, path string, request bool) Meta {
	return Meta{ContentType: h.Get("Content-Type"), Path: path, Request: request, Headers: h}
}

// mediaType returns type/subtype in lower case, "" if there is none.
func (m Meta) mediaType() string {
	t, _, _ := strings.Cut(m.ContentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// param returns a parameter of the content type, or "".
func (m Meta) param(name string) string {
	_, params, err := mime.ParseMediaType(m.ContentType)
	if err != nil {
		return ""
	}
	return params[name]
}

// query returns the query of the path without its "?", or "".
func (m Meta) query() string {
	_, q, _ := strings.Cut(m.Path, "?")
	q, _, _ = strings.Cut(q, "#")
	return q
}

// A View is one way to show content.
type View struct {
	Name  string // lower case, as options and commands name it
	Title string // as the content bar shows it

	// Priority says how well the view suits; the greatest is auto's choice. It looks at a bounded part of data.
	Priority func(m Meta, data []byte) float64

	// Lines returns the content as lines, or an error if none of it can be shown so.
	// What turns out to be wrong later is said in a line with the role Error, and the rest is shown raw.
	Lines func(m Meta, data []byte) (iter.Seq[Line], error)
}

// A Doc is content in a view.
type Doc struct {
	View  string // the title of the view
	Note  string // "" or a remark for the content bar: [failed to parse as JSON]
	Lines iter.Seq[Line]
}

// Auto is the name that stands for the view that suits best.
const Auto = "auto"

// views are in the order in which the first of equals is chosen.
var views = []View{
	{"css", "CSS", ofType("text/css"), showCSS},
	{"graphql", "GraphQL", graphqlPriority, showGraphQL},
	{"grpc", "gRPC", ofType("application/grpc", "application/grpc+proto", "application/prpc"), showGRPC},
	{"image", "Image", imagePriority, showImage},
	{"javascript", "JavaScript", ofType(javascriptTypes...), showJavaScript},
	{"json", "JSON", jsonPriority, showJSON},
	{"multipart form", "Multipart Form", ofType("multipart/form-data"), showMultipart},
	{"msgpack", "MsgPack", ofType("application/msgpack", "application/x-msgpack"), showMsgPack},
	{"protobuf", "Protobuf", ofType("application/x-protobuf", "application/x-protobuffer", "application/protobuf"), showProtobuf},
	{"query", "Query", queryPriority, showQuery},
	{"url-encoded", "URL-encoded", ofType("application/x-www-form-urlencoded"), showForm},
	{"xml/html", "XML/HTML", xmlPriority, showXML},
	{"yaml", "YAML", ofType("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"), showYAML},
	{"zip archive", "ZIP Archive", zipPriority, showZip},
	{"hex dump", "Hex Dump", binaryPriority(0.5), showHex},
	{"hex stream", "Hex Stream", binaryPriority(0.4), showHexStream},
	{"raw", "Raw", func(Meta, []byte) float64 { return 0.1 }, showRaw},
}

// aliases are other names that people type.
var aliases = map[string]string{
	"viewcss": "css", "hex": "hex dump", "hexdump": "hex dump", "hexstream": "hex stream", "form": "url-encoded",
	"urlencoded": "url-encoded", "multipart": "multipart form", "xml": "xml/html", "html": "xml/html",
	"zip": "zip archive", "js": "javascript",
}

// Names returns auto and the names of all views in order.
func Names() []string {
	names := make([]string, len(views))
	for i := range views {
		names[i] = views[i].Name
	}
	slices.Sort(names)
	return append([]string{Auto}, names...)
}

// Lookup returns the view of a name in any case. Auto is not a view.
func Lookup(name string) (View, bool) {
	name = strings.ToLower(name)
	if a, ok := aliases[name]; ok {
		name = a
	}
	for _, v := range views {
		if v.Name == name {
			return v, true
		}
	}
	return View{}, false
}

// Detect returns the name of the view that suits best: by the content type, else by the first bytes.
func Detect(m Meta, data []byte) string { return best(m, data, "").Name }

// best chooses among the views but one.
func best(m Meta, data []byte, but string) View {
	var choice View
	top := -1.0
	for _, v := range views {
		if v.Name == but {
			continue
		}
		if p := v.Priority(m, data); p > top {
			choice, top = v, p
		}
	}
	return choice
}

// Format shows data, whose content coding has been undone, in the view of a name; a
// name that is not known means auto. If the view that auto chose fails, raw or a
// dump takes its place and the note says so; a view that was asked for shows its error.
func Format(name string, m Meta, data []byte) Doc {
	v, chosen := Lookup(name)
	if !chosen {
		v = best(m, data, "")
	}
	lines, err := v.Lines(m, data)
	if err == nil {
		return Doc{View: v.Title, Lines: lines}
	}
	if chosen {
		return Doc{View: v.Title, Lines: write(func(p *pen) {
			p.note(fmt.Sprintf("Couldn't parse as %s: %v", v.Title, err))
		})}
	}
	raw, _ := Lookup("raw")
	if Binary(data) {
		raw, _ = Lookup("hex dump")
	}
	lines, err = raw.Lines(m, data)
	if err != nil {
		lines = write(func(p *pen) { p.note(err.Error()) })
	}
	return Doc{View: raw.Title, Note: "[failed to parse as " + v.Title + "]", Lines: lines}
}

// ofType is the priority of a view that knows its content by type.
func ofType(types ...string) func(Meta, []byte) float64 {
	return func(m Meta, data []byte) float64 {
		if len(data) > 0 && slices.Contains(types, m.mediaType()) {
			return 1
		}
		return 0
	}
}

// untyped reports whether the content type says nothing about the content.
func (m Meta) untyped() bool {
	switch m.mediaType() {
	case "", "application/octet-stream", "binary/octet-stream", "text/plain":
		return true
	}
	return false
}

// head returns the first bytes of data without blanks in front, at most 512.
func head(data []byte) []byte {
	data = bytes.TrimPrefix(data[:min(len(data), 512)], utf8BOM)
	return bytes.TrimLeft(data, " \t\r\n")
}
