package har

import (
	"bytes"
	"encoding/json"
)

// The objects of an archive, with the fields in the order they are written in.

type entry struct {
	Started      text        `json:"startedDateTime"`
	Time         float64     `json:"time"` // milliseconds, as in timings
	Request      request     `json:"request"`
	Response     response    `json:"response"`
	Cache        struct{}    `json:"cache"`
	Timings      timings     `json:"timings"`
	ServerIP     text        `json:"serverIPAddress,omitempty"`
	Comment      text        `json:"comment,omitempty"`
	ResourceType text        `json:"_resourceType,omitempty"`
	Messages     []wsMessage `json:"_webSocketMessages,omitempty"`
}

type request struct {
	Method      text      `json:"method"`
	URL         text      `json:"url"`
	Version     text      `json:"httpVersion"`
	Cookies     []cookie  `json:"cookies"`
	Headers     []header  `json:"headers"`
	Query       []header  `json:"queryString"`
	PostData    *postData `json:"postData,omitempty"`
	HeadersSize int64     `json:"headersSize"`
	BodySize    int64     `json:"bodySize"`
	Trailers    []header  `json:"_trailers,omitempty"`
}

type postData struct {
	MimeType text   `json:"mimeType"`
	Text     *text  `json:"text,omitempty"` // nil: it is not here
	Params   params `json:"params"`
	Comment  text   `json:"comment,omitempty"`
	Encoding text   `json:"_encoding,omitempty"` // "base64"
	Encoded  bool   `json:"_encoded,omitempty"`  // the content coding is still on it
	// Some write the encoding as responses have it.
	Foreign text `json:"encoding,omitempty"`
}

type response struct {
	Status       int      `json:"status"` // 0: there is none
	StatusText   text     `json:"statusText"`
	Version      text     `json:"httpVersion"`
	Cookies      []cookie `json:"cookies"`
	Headers      []header `json:"headers"`
	Content      content  `json:"content"`
	RedirectURL  text     `json:"redirectURL"`
	HeadersSize  int64    `json:"headersSize"`
	BodySize     int64    `json:"bodySize"`
	TransferSize *int64   `json:"_transferSize,omitempty"`
	Error        *text    `json:"_error,omitempty"`
	Trailers     []header `json:"_trailers,omitempty"`
}

type content struct {
	Size        int64  `json:"size"`
	Compression int64  `json:"compression"`
	MimeType    text   `json:"mimeType"`
	Text        *text  `json:"text,omitempty"` // nil: it is not here
	Encoding    string `json:"encoding,omitempty"`
	Comment     text   `json:"comment,omitempty"`
	Encoded     bool   `json:"_encoded,omitempty"` // the content coding is still on it
}

// header is a name with a value: of a header line, a query or a form.
type header struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

// UnmarshalJSON reads an object, or a pair as old versions of mitmproxy wrote it.
func (h *header) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		var pair []text
		if err := json.Unmarshal(b, &pair); err != nil {
			return err
		}
		if len(pair) == 2 {
			h.Name, h.Value = pair[0], pair[1]
			return nil
		}
	}
	type plain header
	return json.Unmarshal(b, (*plain)(h))
}

// params are the fields of a form. What has no fields may stand there as anything.
type params []header

// UnmarshalJSON reads a list, and takes anything else for an empty one.
func (p *params) UnmarshalJSON(b []byte) error {
	if !bytes.HasPrefix(b, []byte("[")) {
		return nil
	}
	return json.Unmarshal(b, (*[]header)(p))
}

type cookie struct {
	Name     text    `json:"name"`
	Value    text    `json:"value"`
	Path     *text   `json:"path,omitempty"`
	Domain   *text   `json:"domain,omitempty"`
	HTTPOnly *bool   `json:"httpOnly,omitempty"`
	Secure   *bool   `json:"secure,omitempty"`
	SameSite *string `json:"sameSite,omitempty"`
}

// UnmarshalJSON takes any cookie and keeps none of it: the header lines have it all.
func (*cookie) UnmarshalJSON([]byte) error { return nil }

// timings are milliseconds; less than 0 is not known.
type timings struct {
	Connect float64 `json:"connect"`
	SSL     float64 `json:"ssl"`
	Send    float64 `json:"send"`
	Receive float64 `json:"receive"`
	Wait    float64 `json:"wait"`
}

type wsMessage struct {
	Type   string  `json:"type"` // "send" or "receive"
	Time   float64 `json:"time"` // seconds since 1970
	Opcode int     `json:"opcode"`
	Data   text    `json:"data"`
}
