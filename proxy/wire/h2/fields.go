package h2

import (
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// maxFields is how many field lines a section may have.
const maxFields = 1000

// A Decoder decompresses the field sections of one connection.
type Decoder struct {
	dec    *hpack.Decoder
	fields []hpack.HeaderField
	size   int
	limit  int
	over   bool
}

// NewDecoder returns a decoder for field sections whose lines together have at most limit bytes, counted as RFC 9113 §6.5.2 does.
func NewDecoder(limit int) *Decoder {
	d := &Decoder{limit: limit}
	d.dec = hpack.NewDecoder(TableSize, d.emit)
	d.dec.SetMaxStringLength(limit)
	return d
}

func (d *Decoder) emit(f hpack.HeaderField) {
	d.size += int(f.Size())
	if d.size > d.limit || len(d.fields) == maxFields {
		d.over = true
		d.dec.SetEmitEnabled(false)
		return
	}
	d.fields = append(d.fields, f)
}

// Decode decompresses a whole field section. The list is lent until the next call. An error is final.
func (d *Decoder) Decode(block []byte) ([]hpack.HeaderField, error) {
	d.fields, d.size = d.fields[:0], 0
	_, err := d.dec.Write(block)
	if err == nil {
		err = d.dec.Close()
	}
	switch {
	case d.over || err == hpack.ErrStringLength:
		return nil, Errorf(http2.ErrCodeEnhanceYourCalm, "field section over %d bytes or %d lines", d.limit, maxFields)
	case err != nil: // RFC 9113 §4.3
		return nil, Errorf(http2.ErrCodeCompression, "%v", err)
	}
	return d.fields, nil
}
