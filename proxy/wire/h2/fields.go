package h2

import (
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// maxFields is how many field lines a section may have.
const maxFields = 1000

// A Decoder decompresses the field sections of one connection.
type Decoder struct {
	dec   *hpack.Decoder
	list  *fieldList // nil while the connection rests
	size  int
	limit int
	over  bool
}

type fieldList struct{ fields []hpack.HeaderField }

var fieldLists = sync.Pool{New: func() any { return &fieldList{} }}

// Rest gives up memory until the next field section comes.
func (d *Decoder) Rest() {
	if d.list != nil {
		clear(d.list.fields)
		fieldLists.Put(d.list)
		d.list = nil
	}
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
	if d.size > d.limit || len(d.list.fields) == maxFields {
		d.over = true
		d.dec.SetEmitEnabled(false)
		return
	}
	d.list.fields = append(d.list.fields, f)
}

// Decode decompresses a whole field section. The list is lent until the next call. An error is final.
func (d *Decoder) Decode(block []byte) ([]hpack.HeaderField, error) {
	if d.list == nil {
		d.list = fieldLists.Get().(*fieldList)
	}
	d.list.fields, d.size = d.list.fields[:0], 0
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
	return d.list.fields, nil
}
