package filter

import "strconv"

// An Operator is one word of the language, as the help page shows it.
type Operator struct {
	Name string // with its tilde; "" for a pattern alone
	Arg  string // "regex", "int", or "" for none
	Help string // one line
}

// An operator says how an Operator reads a flow.
type operator struct {
	Operator
	says     string // the words before the pattern, or all of them
	flags    string // of the pattern, beside i: m, s or none
	bytes    bool   // the pattern is one of bytes, not of text
	body     sides  // whose bodies and messages it reads
	response bool   // reads the response
	match    func(v *view, l *leaf) bool
}

// sides are the peers that something comes from.
type sides uint8

const (
	fromClient sides = 1 << iota
	fromServer
)

const (
	argRegex = "regex"
	argInt   = "int"
)

// op returns an operator without argument.
func op(name, says, help string, match func(*view) bool) operator {
	return operator{Operator: Operator{name, "", help}, says: says,
		match: func(v *view, _ *leaf) bool { return match(v) }}
}

// rex returns an operator with a pattern.
func rex(name, flags, says, help string, match func(*view, *pattern) bool) operator {
	return operator{Operator: Operator{name, argRegex, help}, says: says, flags: flags,
		match: func(v *view, l *leaf) bool { return match(v, l.pat) }}
}

// ofBytes, ofBody and ofResponse say more of an operator.
func (o operator) ofBytes() operator    { o.bytes = true; return o }
func (o operator) ofResponse() operator { o.response = true; return o }
func (o operator) ofBody(from sides) operator {
	o.body, o.bytes, o.response = from, true, from&fromServer != 0
	return o
}

// operators are in the order of the help page.
var operators = []operator{
	op("~a", "is an asset", "asset in response: script, style sheet, image, font", isAsset).ofResponse(),
	op("~all", "is any flow", "every flow", func(*view) bool { return true }),
	rex("~b", "s", "body matches", "body of either side, or a message", inBody).ofBody(fromClient | fromServer),
	rex("~bq", "s", "request body matches", "body or message of the client", inRequestBody).ofBody(fromClient),
	rex("~bs", "s", "response body matches", "body or message of the server", inResponseBody).ofBody(fromServer),
	operator{Operator: Operator{"~c", argInt, "response status, as in 404 or 4xx"}, response: true, match: hasStatus},
	rex("~comment", "m", "comment matches", "comment of the flow", inComment),
	rex("~d", "", "domain matches", "host of the request, or of TLS that failed", inHost),
	op("~dns", "is a DNS flow", "DNS flow", isDNS),
	rex("~dst", "", "destination address matches", "server address, host:port", inDestination),
	op("~e", "has an error", "flow with an error", hasError),
	rex("~h", "m", "header matches", "header line of either side", inHeaders).ofBytes().ofResponse(),
	rex("~hq", "m", "request header matches", "header line of the request", inRequestHeaders).ofBytes(),
	rex("~hs", "m", "response header matches", "header line of the response", inResponseHeaders).ofBytes().ofResponse(),
	op("~http", "is an HTTP flow", "HTTP flow", isHTTP),
	rex("~m", "", "method matches", "method of the request", inMethod).ofBytes(),
	op("~marked", "is marked", "marked flow", isMarked),
	rex("~marker", "", "marker matches", "name of the marker", inMarker),
	rex("~meta", "m", "metadata matches", "metadata, as key: value lines", inMetadata),
	op("~q", "has no response", "request without response", hasNoResponse).ofResponse(),
	op("~replay", "is replayed", "replayed flow", isReplayed),
	op("~replayq", "is a replayed request", "replayed by us as client", isReplayedRequest),
	op("~replays", "is a replayed response", "answered by us as server", isReplayedResponse),
	op("~s", "has a response", "flow with a response", hasResponse).ofResponse(),
	rex("~src", "", "source address matches", "client address, ip:port", inSource),
	rex("~t", "", "content type matches", "Content-Type of either side", inContentType).ofBytes().ofResponse(),
	rex("~tq", "", "request content type matches", "Content-Type of the request", inRequestType).ofBytes(),
	rex("~ts", "", "response content type matches", "Content-Type of the response", inResponseType).ofBytes().ofResponse(),
	op("~tcp", "is a TCP flow", "TCP flow", isTCP),
	op("~udp", "is a UDP flow", "UDP flow", isUDP),
	rex("~u", "", "url matches", "URL of the request, as the client named it", inURL),
	op("~websocket", "is a WebSocket flow", "WebSocket flow", isWebSocket).ofResponse(),
}

// bare is the operator of a pattern that stands alone.
var bare = func() *operator {
	o := *lookup("~u")
	o.Name, o.Help = "", "a pattern alone is the same as ~u"
	return &o
}()

// aliases are other spellings, which the help page does not show.
var aliases = map[string]string{"~ws": "~websocket"}

// lookup returns the operator of a name with its tilde, or nil.
func lookup(name string) *operator {
	if full, ok := aliases[name]; ok {
		name = full
	}
	for i := range operators {
		if operators[i].Name == name {
			return &operators[i]
		}
	}
	return nil
}

// Operators returns every operator in the order of the help page; the last one is the pattern alone.
func Operators() []Operator {
	list := make([]Operator, 0, len(operators)+1)
	for i := range operators {
		list = append(list, operators[i].Operator)
	}
	return append(list, bare.Operator)
}

// describe says an operator with its argument in words.
func (o *operator) describe(l *leaf) string {
	switch o.Arg {
	case argRegex:
		return o.says + " " + l.pat.String()
	case argInt:
		if l.lo != l.hi {
			return "response code is " + strconv.Itoa(l.lo/100) + "xx"
		}
		return "response code is " + strconv.Itoa(l.lo)
	}
	return o.says
}
