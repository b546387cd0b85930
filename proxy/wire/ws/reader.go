package ws

// A Reader splits what one peer sends into pieces of frames and checks the rules that the frames must keep
// (RFC 6455 §5). It keeps at most the head of a frame, or one control frame. The zero Reader reads what a server sends without extensions.
type Reader struct {
	FromClient bool  // frames are masked, and otherwise must not be (RFC 6455 §5.1)
	RSV        uint8 // the bits that an extension gives a meaning in the first frame of a message
	Loose      bool  // an extension that is not known may use the reserved bits as it likes

	head    Head
	inFrame bool  // the head has been read
	pos     int64 // of the payload that has been read
	message bool  // more frames of a message are to come

	kept [MaxHead]byte // of a head, or
	part []byte        // of a control frame; nil: none
	n    int           // bytes in kept
}

// A Piece is a part of the payload of a data frame, or a whole control frame. It may be empty.
type Piece struct {
	Head   Head
	Pos    int64  // where in the payload Data begins; 0: the frame begins
	Data   []byte // lent, and as it came: under the mask
	Begins bool   // the frame begins
	Ends   bool   // the frame ends
}

// Append appends the piece without its mask to b.
func (p *Piece) Append(b []byte) []byte { return p.Head.AppendPayload(b, p.Data, p.Pos) }

// Next reads a piece from the front of b, of which it always uses something. ok is false where what is there
// makes no piece yet. An error, which is an *Error, is final.
func (r *Reader) Next(b []byte) (p Piece, n int, ok bool, err error) {
	if !r.inFrame {
		if n, err = r.readHead(b); err != nil || !r.inFrame {
			return p, n, false, err
		}
	}
	p.Head = r.head
	if r.head.Op.Control() {
		return r.control(p, b, n)
	}
	p.Pos, p.Begins = r.pos, r.pos == 0
	data := b[n:]
	if left := r.head.Length - r.pos; int64(len(data)) >= left {
		data, p.Ends = data[:left], true
	}
	if len(data) == 0 && !p.Ends {
		return p, n, false, nil
	}
	p.Data = data
	if r.pos += int64(len(data)); p.Ends {
		r.inFrame = false
	}
	return p, n + len(data), true, nil
}

// readHead reads a head and returns how many bytes of b it used. r.inFrame says whether it is whole.
func (r *Reader) readHead(b []byte) (n int, err error) {
	h, n, err := Head{}, 0, error(nil)
	if r.n == 0 {
		h, n, err = ParseHead(b)
	} else {
		had := r.n
		r.n += copy(r.kept[had:], b)
		if h, n, err = ParseHead(r.kept[:r.n]); n > 0 {
			n -= had
		}
	}
	switch {
	case err != nil:
		return len(b), err
	case h == (Head{}) && n == 0:
		if r.n == 0 {
			r.n = copy(r.kept[:], b)
		}
		return len(b), nil
	}
	r.n = 0
	if err := r.check(&h); err != nil {
		return len(b), err
	}
	r.head, r.inFrame, r.pos = h, true, 0
	if !h.Op.Control() {
		r.message = !h.Fin
	}
	return n, nil
}

// check refuses a frame that must not come now.
func (r *Reader) check(h *Head) error {
	if h.Masked != r.FromClient { // RFC 6455 §5.1
		if r.FromClient {
			return breach("a frame of the client is not masked")
		}
		return breach("a frame of the server is masked")
	}
	if err := r.checkOp(h); err != nil || r.Loose {
		return err
	}
	allowed := r.RSV
	if h.Op.Control() || h.Op == Continuation { // RFC 7692 §6
		allowed = 0
	}
	if h.RSV&^allowed != 0 {
		return breach("a %s frame has a reserved bit set that no extension has a use for", h.Op)
	}
	return nil
}

func (r *Reader) checkOp(h *Head) error {
	switch h.Op {
	case Close, Ping, Pong:
		if !h.Fin { // RFC 6455 §5.5
			return breach("a %s frame is fragmented", h.Op)
		}
		if h.Length > MaxControl {
			return breach("a %s frame has %d bytes, more than the %d that a control frame may have", h.Op, h.Length, MaxControl)
		}
	case Text, Binary:
		if r.message { // RFC 6455 §5.4
			return breach("a %s frame begins a message inside of another", h.Op)
		}
	case Continuation:
		if !r.message {
			return breach("a continuation frame has no message to continue")
		}
	default:
		return breach("a frame has the reserved %s", h.Op)
	}
	return nil
}

// control returns a control frame when it is whole.
func (r *Reader) control(p Piece, b []byte, n int) (Piece, int, bool, error) {
	left := int(r.head.Length) - len(r.part)
	data := b[n:min(len(b), n+left)]
	n += len(data)
	if len(data) < left {
		r.part = append(r.part, data...)
		return p, n, false, nil
	}
	if len(r.part) > 0 {
		data = append(r.part, data...)
		r.part = nil
	}
	r.inFrame = false
	p.Data, p.Begins, p.Ends = data, true, true
	return p, n, true, nil
}
