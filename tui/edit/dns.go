package edit

import (
	"slices"
	"strconv"

	"sluice/proxy/flow"
	"sluice/tui/grid"
)

// classInternet is the class of a new record (RFC 1035 §3.2.4).
const classInternet = 1

// dnsAnswers is the table of what was answered. Names and data are written as zone files do, with the
// backslashes that these have.
var dnsAnswers = table{
	spec: grid.Spec{
		Title: "Edit DNS Answers",
		Columns: []grid.Column{{Name: "Name", Kind: grid.Plain}, {Name: "Type", Kind: grid.Plain, Width: 10},
			{Name: "TTL", Kind: grid.Plain, Width: 10}, {Name: "Data", Kind: grid.Plain}},
		Validate: validRecord,
	},
	read: func(f *flow.Flow) ([][]string, error) {
		if f.DNSResponse == nil {
			return nil, ErrDNS
		}
		return rowsOf(recordPieces(f.DNSResponse.Answers)), nil
	},
	write: writeAnswers,
}

func recordPieces(records []flow.DNSRecord) []piece {
	pieces := make([]piece, len(records))
	for i := range records {
		r := &records[i]
		pieces[i].row = []string{r.Name, flow.DNSTypeName(r.Type), strconv.FormatUint(uint64(r.TTL), 10), r.ZoneText()}
	}
	return pieces
}

// writeAnswers puts another answer in the place of the one that came. A record that comes from one that was there has its class.
func writeAnswers(f *flow.Flow, rows [][]string) error {
	m := *f.DNSResponse
	pieces, old := recordPieces(m.Answers), m.Answers
	from := match(pieces, rows)
	m.Answers = make([]flow.DNSRecord, len(rows))
	for i, row := range rows {
		if at := from[i]; at >= 0 && slices.Equal(pieces[at].row, row) {
			m.Answers[i] = old[at]
			continue
		}
		r, err := recordOf(row)
		if err != nil {
			return err
		}
		if at := from[i]; at >= 0 {
			r.Class = old[at].Class
		}
		m.Answers[i] = r
	}
	f.DNSResponse = &m
	return nil
}

func recordOf(row []string) (r flow.DNSRecord, err error) {
	kind, err := flow.ParseDNSType(row[1])
	if err != nil {
		return r, err
	}
	ttl, err := strconv.ParseUint(row[2], 10, 32)
	if err != nil {
		return r, err
	}
	data, err := flow.ParseDNSData(kind, row[3])
	return flow.DNSRecord{Name: row[0], Type: kind, Class: classInternet, TTL: uint32(ttl), Data: data}, err
}

// validRecord refuses what no record can say. Data is looked at once its type is known.
func validRecord(row []string, col int) string {
	kind, err := flow.ParseDNSType(row[1])
	switch col {
	case 0:
		if !flow.ValidDNSName(row[0]) {
			return "a name has labels of 1 to 63 bytes between its dots, and 255 bytes at most"
		}
	case 1:
		if err != nil {
			return err.Error()
		}
	case 2:
		if _, err := strconv.ParseUint(row[2], 10, 31); err != nil { // RFC 2181 §8
			return "the TTL is a number of seconds, at most 2147483647"
		}
	case 3:
		if err != nil {
			return ""
		}
		if _, err := flow.ParseDNSData(kind, row[3]); err != nil {
			return err.Error()
		}
	}
	return ""
}
