package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// maxGraphQL bounds the bodies that are looked at whole, in bytes.
const maxGraphQL = 1 << 20

// A graphQL operation is a JSON object whose query has been taken out.
type graphQL struct {
	rest  []byte // the object with "..." for the query
	query string
}

func graphqlPriority(m Meta, data []byte) float64 {
	if m.mediaType() != "application/json" || !bytes.Contains(data[:min(len(data), maxGraphQL)], []byte(`"query"`)) {
		return 0
	}
	ops, _, err := parseGraphQL(data)
	if err != nil || !strings.Contains(ops[0].query, "\n") {
		return 0
	}
	return 2
}

// showGraphQL writes each operation as JSON and below it the query in its own lines.
func showGraphQL(m Meta, data []byte) (iter.Seq[Line], error) {
	ops, batch, err := parseGraphQL(data)
	if err != nil {
		return nil, err
	}
	return write(func(p *pen) {
		for i, op := range ops {
			if batch {
				p.word(Comment, fmt.Sprintf("--- %d/%d", i+1, len(ops)))
				p.end()
			}
			printJSON(p, op.rest, 0)
			p.word(Comment, "---")
			p.end()
			printRaw(p, []byte(op.query))
		}
	}), nil
}

// parseGraphQL reads one operation, or a batch of at least one.
func parseGraphQL(data []byte) (ops []graphQL, batch bool, err error) {
	if len(data) > maxGraphQL {
		return nil, false, errors.New("too large for a GraphQL query, see it as json")
	}
	if first := head(data); len(first) == 0 || first[0] != '[' {
		op, err := parseOperation(data)
		return []graphQL{op}, false, err
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, true, err
	}
	for _, item := range list {
		op, err := parseOperation(item)
		if err != nil {
			return nil, true, err
		}
		ops = append(ops, op)
	}
	if len(ops) == 0 {
		return nil, true, errors.New("an empty batch")
	}
	return ops, true, nil
}

// parseOperation takes the query out of an object whose other members keep their order.
func parseOperation(data []byte) (op graphQL, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return op, errors.New("no JSON object")
	}
	found := false
	sep := byte('{')
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return op, err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return op, err
		}
		if name == "query" && json.Unmarshal(value, &op.query) == nil {
			found = true
			value = json.RawMessage(`"..."`)
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return op, err
		}
		op.rest = append(append(op.rest, sep), quoted...)
		op.rest = append(append(op.rest, ':'), value...)
		sep = ','
	}
	if !found {
		return op, errors.New("no query in it")
	}
	op.rest = append(op.rest, '}')
	return op, nil
}
