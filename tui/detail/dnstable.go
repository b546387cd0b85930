package detail

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/text"
)

// maxDNSName bounds the column of names in cells. A name that is longer has a row of its own, above the rest of its record.
const maxDNSName = 30

// The columns of a table of records, in order.
const (
	dnsNameColumn = iota
	dnsTypeColumn
	dnsClassColumn
	dnsTTLColumn
	dnsDataColumn
	dnsColumns
)

type dnsCells [dnsColumns]string

var dnsHeadings = dnsCells{"Name", "Type", "Class", "TTL", "Data"}

// A dnsTable collects the sections of a message. Their columns stand below each other.
type dnsTable struct {
	sheet
	width [dnsDataColumn]int // of the columns that others follow, in cells
}

// fitted returns an empty table whose columns have room for what is in a message.
func fitted(m *flow.DNSMessage) *dnsTable {
	t := &dnsTable{}
	widen := func(c dnsCells) {
		for i := range t.width {
			if n := utf8.RuneCountInString(c[i]); i != dnsNameColumn || n <= maxDNSName {
				t.width[i] = max(t.width[i], n)
			}
		}
	}
	widen(dnsHeadings)
	for _, c := range questionCells(m.Questions) {
		widen(c)
	}
	for _, list := range [][]flow.DNSRecord{m.Answers, m.Authorities, m.Additionals} {
		for _, c := range recordCells(list) {
			widen(c)
		}
	}
	return t
}

// section writes a title and below it a row for each record.
func (t *dnsTable) section(title string, rows []dnsCells) {
	if len(t.lines) > 0 {
		t.add(nil, 0)
	}
	t.add(content.Line{{Text: title, Role: text.Header}}, 0)
	if len(rows) == 0 {
		t.add(content.Line{{Text: "  none", Role: content.Comment}}, 0)
		return
	}
	t.add(content.Line{{Text: t.front(dnsHeadings) + dnsHeadings[dnsDataColumn], Role: content.Comment}}, 0)
	for _, c := range rows {
		if utf8.RuneCountInString(c[dnsNameColumn]) > t.width[dnsNameColumn] {
			t.add(content.Line{{Text: "  " + c[dnsNameColumn]}}, 2)
			c[dnsNameColumn] = ""
		}
		front := t.front(c)
		t.add(content.Line{{Text: front}, {Text: c[dnsDataColumn], Role: content.String}}, utf8.RuneCountInString(front))
	}
}

// front is a row up to its data. Numbers stand at the right of their column.
func (t *dnsTable) front(c dnsCells) string {
	w := t.width
	return fmt.Sprintf("  %-*s  %-*s  %-*s  %*s  ", w[0], c[0], w[1], c[1], w[2], c[2], w[3], c[3])
}

func questionCells(list []flow.DNSQuestion) []dnsCells {
	rows := make([]dnsCells, len(list))
	for i, q := range list {
		rows[i] = dnsCells{cleanName(q.Name), flow.DNSTypeName(q.Type), flow.DNSClassName(q.Class)}
	}
	return rows
}

func recordCells(list []flow.DNSRecord) []dnsCells {
	rows := make([]dnsCells, len(list))
	for i := range list {
		r := &list[i]
		rows[i] = dnsCells{cleanName(r.Name), flow.DNSTypeName(r.Type), flow.DNSClassName(r.Class),
			strconv.FormatUint(uint64(r.TTL), 10), content.Clean(r.Text())}
		if rows[i][dnsTypeColumn] == "OPT" {
			rows[i][dnsClassColumn], rows[i][dnsTTLColumn], rows[i][dnsDataColumn] = "", "", extension(r)
		}
	}
	return rows
}

// extension says what the pseudo-record of EDNS holds: it has other things where records have class and TTL (RFC 6891 §6.1.3).
func extension(r *flow.DNSRecord) string {
	words := []string{fmt.Sprintf("EDNS %d, up to %d bytes", byte(r.TTL>>16), r.Class)}
	if r.TTL&(1<<15) != 0 {
		words = append(words, "DNSSEC OK")
	}
	if len(r.Data) > 0 {
		words = append(words, "options "+r.Text())
	}
	return strings.Join(words, ", ")
}

func cleanName(s string) string { return content.Clean(dnsName(s)) }
