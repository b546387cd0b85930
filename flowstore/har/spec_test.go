package har

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// spec lists the fields of HAR 1.2 by the object that they are in, with their types; ? is behind the optional ones.
var spec = map[string]string{
	"":        "log:log",
	"log":     "version:string creator:creator browser?:creator pages?:list entries:[entry comment?:string",
	"creator": "name:string version:string comment?:string",
	"entry": "pageref?:string startedDateTime:time time:number request:request response:response cache:cache timings:timings " +
		"serverIPAddress?:string connection?:string comment?:string",
	"request": "method:string url:string httpVersion:string cookies:[cookie headers:[pair queryString:[pair postData?:postData " +
		"headersSize:number bodySize:number comment?:string",
	"response": "status:number statusText:string httpVersion:string cookies:[cookie headers:[pair content:content redirectURL:string " +
		"headersSize:number bodySize:number comment?:string",
	"cookie": "name:string value:string path?:string domain?:string expires?:time httpOnly?:bool secure?:bool comment?:string " +
		"sameSite?:string", // which is newer than the format
	"pair":     "name:string value:string comment?:string",
	"postData": "mimeType:string params:[param text?:string comment?:string",
	"param":    "name:string value?:string fileName?:string contentType?:string comment?:string",
	"content":  "size:number compression?:number mimeType:string text?:string encoding?:string comment?:string",
	"cache":    "beforeRequest?:object afterRequest?:object comment?:string",
	"timings":  "blocked?:number dns?:number connect?:number send:number wait:number receive:number ssl?:number comment?:string",
}

// violations returns where a value is not what the format demands of an object.
func violations(at, kind string, v any) (bad []string) {
	say := func(format string, args ...any) { bad = append(bad, at+": "+fmt.Sprintf(format, args...)) }
	if element, ok := strings.CutPrefix(kind, "["); ok {
		list, ok := v.([]any)
		if !ok {
			say("is no list")
		}
		for i, e := range list {
			bad = append(bad, violations(fmt.Sprintf("%s[%d]", at, i), element, e)...)
		}
		return bad
	}
	fields, is := spec[kind]
	if !is {
		if !ofKind(kind, v) {
			say("%v is no %s", v, kind)
		}
		return bad
	}
	object, ok := v.(map[string]any)
	if !ok {
		say("is no object")
	}
	known := map[string]bool{}
	for f := range strings.FieldsSeq(fields) {
		name, kind, _ := strings.Cut(f, ":")
		name, optional := strings.CutSuffix(name, "?")
		known[name] = true
		if value, ok := object[name]; ok {
			bad = append(bad, violations(at+"."+name, kind, value)...)
		} else if !optional {
			say("has no %s", name)
		}
	}
	for name := range object {
		if !known[name] && !strings.HasPrefix(name, "_") {
			say("must not have %s", name)
		}
	}
	return bad
}

func ofKind(kind string, v any) (ok bool) {
	switch kind {
	case "string":
		_, ok = v.(string)
	case "number":
		_, ok = v.(float64)
	case "bool":
		_, ok = v.(bool)
	case "list":
		_, ok = v.([]any)
	case "object":
		_, ok = v.(map[string]any)
	case "time":
		s, _ := v.(string)
		_, err := time.Parse(time.RFC3339Nano, s)
		ok = err == nil
	}
	return ok
}

// Every archive has what HAR 1.2 demands, in its types, and nothing else but fields whose names begin with _. The parts of the time
// are its whole, and TLS is a part of connecting.
func TestSpec(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f, _ := anyFlow(rt)
		g, _ := anyFlow(rt)
		g.Server = f.Server
		data := write(rt, false, f, anyOther(rt), g)
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			rt.Fatal(err)
		}
		for _, bad := range violations("archive", "", v) {
			rt.Error(bad)
		}
		for _, e := range v.(map[string]any)["log"].(map[string]any)["entries"].([]any) {
			part := func(name string) float64 { return e.(map[string]any)["timings"].(map[string]any)[name].(float64) }
			sum := 0.0
			for _, name := range []string{"blocked", "dns", "connect", "send", "wait", "receive"} {
				if part(name) < 0 && (part(name) != -1 || name == "send" || name == "wait" || name == "receive") {
					rt.Errorf("%s is %v", name, part(name))
				}
				sum += max(part(name), 0)
			}
			if whole := e.(map[string]any)["time"].(float64); max(whole-sum, sum-whole) > 1e-6 || part("ssl") > part("connect") {
				rt.Errorf("%v: %v is not the whole of its parts", e.(map[string]any)["timings"], whole)
			}
		}
	})
}
