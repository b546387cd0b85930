package filter

// An Operator is one word of the language, as the help page shows it.
type Operator struct {
	Name string // with its tilde; "" for a pattern alone
	Arg  string // "regex", "int", or "" for none
	Help string // one line
}

// An operator says how an Operator reads a flow.
type operator struct {
	Operator
	flags string // of the pattern, beside i: m, s or none
	bytes bool   // the pattern is one of bytes, not of text
	body  sides  // whose bodies and messages it reads
	match func(v *view, l *leaf) bool
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
func op(name, help string, match func(*view) bool) operator {
	return operator{Operator: Operator{name, "", help},
		match: func(v *view, _ *leaf) bool { return match(v) }}
}

// rex returns an operator with a pattern.
func rex(name, flags, help string, match func(*view, *pattern) bool) operator {
	return operator{Operator: Operator{name, argRegex, help}, flags: flags,
		match: func(v *view, l *leaf) bool { return match(v, l.pat) }}
}

// ofBytes and ofBody say more of an operator.
func (o operator) ofBytes() operator          { o.bytes = true; return o }
func (o operator) ofBody(from sides) operator { o.body, o.bytes = from, true; return o }

// operators are in the order of the help page.
var operators = []operator{
	op("~a", "asset in response: script, style sheet, image, font", isAsset),
	op("~all", "every flow", func(*view) bool { return true }),
	rex("~b", "s", "body of either side, or a message", inBody).ofBody(fromClient | fromServer),
	rex("~bq", "s", "body or message of the client", inRequestBody).ofBody(fromClient),
	rex("~bs", "s", "body or message of the server", inResponseBody).ofBody(fromServer),
	operator{Operator: Operator{"~c", argInt, "response status, as in 404 or 4xx"}, match: hasStatus},
	rex("~comment", "m", "comment of the flow", inComment),
	rex("~d", "", "host of the request, or of TLS that failed", inHost),
	op("~dns", "DNS flow", isDNS),
	rex("~dst", "", "server address, host:port", inDestination),
	op("~e", "flow with an error", hasError),
	rex("~h", "m", "header line of either side", inHeaders).ofBytes(),
	rex("~hq", "m", "header line of the request", inRequestHeaders).ofBytes(),
	rex("~hs", "m", "header line of the response", inResponseHeaders).ofBytes(),
	op("~http", "HTTP flow", isHTTP),
	rex("~m", "", "method of the request", inMethod).ofBytes(),
	op("~marked", "marked flow", isMarked),
	rex("~marker", "", "name of the marker", inMarker),
	rex("~meta", "m", "metadata, as key: value lines", inMetadata),
	op("~q", "request without response", hasNoResponse),
	op("~replay", "replayed flow", isReplayed),
	op("~replayq", "replayed by us as client", isReplayedRequest),
	op("~replays", "answered by us as server", isReplayedResponse),
	op("~s", "flow with a response", hasResponse),
	rex("~src", "", "client address, ip:port", inSource),
	rex("~t", "", "Content-Type of either side", inContentType).ofBytes(),
	rex("~tq", "", "Content-Type of the request", inRequestType).ofBytes(),
	rex("~ts", "", "Content-Type of the response", inResponseType).ofBytes(),
	op("~tcp", "TCP flow", isTCP),
	op("~udp", "UDP flow", isUDP),
	rex("~u", "", "URL of the request, as the client named it", inURL),
	op("~websocket", "WebSocket flow", isWebSocket),
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
