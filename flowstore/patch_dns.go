package flowstore

import (
	"bytes"
	"slices"

	"sluice/proxy/flow"
)

// A dnsPatch is a person's edit of a question or of an answer, with what it was made against. A message of DNS does not
// grow, so that an edit puts the whole of it in the place of the other. The zero value edits nothing.
type dnsPatch struct{ base, mine *flow.DNSMessage }

func diffDNS(base, mine *flow.DNSMessage) dnsPatch {
	if mine == nil || sameDNS(base, mine) {
		return dnsPatch{}
	}
	return dnsPatch{base, mine}
}

func (p dnsPatch) empty() bool { return p.mine == nil }

// merge returns the edit, but a message that has come since wins, and one that the engine took away stays away.
func (p dnsPatch) merge(theirs *flow.DNSMessage) *flow.DNSMessage {
	if p.mine == nil || (theirs == nil) != (p.base == nil) {
		return theirs
	}
	return p.mine
}

// absorb is that of patch for this part.
func (p *dnsPatch) absorb(old, fresh *flow.DNSMessage, given bool) bool {
	if p.mine == nil || !sameDNS(p.merge(fresh), fresh) && (!given || sameDNS(old, fresh)) {
		return false
	}
	*p = dnsPatch{}
	return true
}

// sameDNS reports whether two messages say the same, whenever they came.
func sameDNS(a, b *flow.DNSMessage) bool {
	if a == nil || b == nil || a == b {
		return a == b
	}
	return a.ID == b.ID && a.Query == b.Query && a.OpCode == b.OpCode && a.AuthoritativeAnswer == b.AuthoritativeAnswer &&
		a.Truncation == b.Truncation && a.RecursionDesired == b.RecursionDesired && a.RecursionAvailable == b.RecursionAvailable &&
		a.Reserved == b.Reserved && a.ResponseCode == b.ResponseCode && slices.Equal(a.Questions, b.Questions) &&
		slices.EqualFunc(a.Answers, b.Answers, sameRecord) && slices.EqualFunc(a.Authorities, b.Authorities, sameRecord) &&
		slices.EqualFunc(a.Additionals, b.Additionals, sameRecord)
}

func sameRecord(a, b flow.DNSRecord) bool {
	return a.Name == b.Name && a.Type == b.Type && a.Class == b.Class && a.TTL == b.TTL && bytes.Equal(a.Data, b.Data)
}
